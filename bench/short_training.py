"""A short training: whether an experiment learns, the answer that a verdict on its first iteration is compared with.

The network is bound to memory once, and its parameters change in place. Clipping and the optimiser are the
experiment's own; batches come from a pool of the same data, of which some are held out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gradtui_engine import Experiment, build
from gradtui_engine.core.numerics import Array
from gradtui_engine.data.datasets import Batch, find
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.run.memory import Bound
from gradtui_engine.run.network import Network
from gradtui_engine.run.optimiser_step import chain_of

#: Samples of a made data set, held-out ones included: 150 batches of 64 see each of them once.
POOL = 8192
#: Held-out batches: of 16 × 32 samples the mean loss of a classifier that guesses is known to 1 %.
HELD_OUT = 16
#: What decides the data, and nothing else.
_DATA_FIELDS = ("cell", "data", "loss", "readout", "steps", "inputs", "seed", "dtype")


class Pool:
    """Samples of an experiment's data, standardised once; those held out are in no batch."""

    def __init__(self, experiment: Experiment) -> None:
        resolved = experiment.resolved
        size = find(resolved.data).samples or POOL
        fields = {name: getattr(experiment, name) for name in _DATA_FIELDS}
        # The smallest network reads the batch as any other one would.
        network = build(Experiment(**fields, depth=1, width=1, batch=size))
        self._whole, self._size = network.batch, int(resolved.batch or size)
        self._input_axis = self._whole.inputs.ndim - 2
        self._target_axis = int(resolved.kind.over_time and resolved.readout == "all")
        self._rng = np.random.default_rng(experiment.seed)
        order, held = self._rng.permutation(size), HELD_OUT * self._size
        # Digits in large batches: never more than a quarter.
        held = min(held, size // 4 // self._size * self._size)
        self._held, self._rest = order[:held], order[held:]

    @property
    def held_out(self) -> list[Batch]:
        """Batches of the samples that are in no other batch."""
        return [self._take(chosen) for chosen in self._held.reshape(-1, self._size)]

    def batches(self) -> Iterator[Batch]:
        """Batches without end: all samples in a new order, again and again."""
        while True:
            order = self._rng.permutation(self._rest)
            for start in range(0, len(order) - self._size + 1, self._size):
                yield self._take(order[start : start + self._size])

    def _take(self, chosen: Array) -> Batch:
        whole = self._whole
        inputs, target = whole.inputs.take(chosen, self._input_axis), whole.target.take(chosen, self._target_axis)
        return Batch(inputs, target, whole.outputs, whole.loss)


class Trainer:
    """A network that is trained. Each iteration computes exactly what `Network.run` and `Network.updated` do."""

    def __init__(self, network: Network) -> None:
        resolved = network.resolved
        # All parameters lie in one block: the optimisers work number by number, so one call serves all of them.
        self._block = np.concatenate([array.ravel() for array in network.parameters.values()])
        self.parameters = _views(self._block, network.parameters)
        live = Network(
            network.experiment, network.program, self.parameters, network.batch, network.layout, network.resolved
        )
        self._bound = Bound(live)
        self._input = self._bound.values[network.program.input]
        self._loss = self._bound.values["loss"]
        self._loss_node = self._bound.nodes[-1]
        self._clip, self._threshold = CLIPPINGS[resolved.clip], resolved.clip_threshold or 0.0
        self._rate = resolved.learning_rate
        self._chain = chain_of(resolved)
        self._state = self._chain.init({"": self._block})

    def loss(self, batch: Batch) -> float:
        """The loss on a batch; BatchNorm takes the batch's own statistics."""
        self._input[...] = batch.inputs
        self._loss_node.target = batch.target
        with np.errstate(all="ignore"):
            for forward, node in self._bound.forward:
                forward(node)
        return float(self._loss)

    def step(self, batch: Batch) -> float:
        """One iteration on a batch; gives its loss before the update."""
        bound = self._bound
        bound.reset()
        loss = self.loss(batch)
        with np.errstate(all="ignore"):
            for backward, node, addends, _ in bound.backward:
                backward(node)
                for _, total, addend in addends:
                    total += addend
            gradients = bound.parameter_gradients
            clipped = self._clip.clip(gradients, self.parameters, self._threshold, gradients)
            gradient = np.concatenate([clipped[name].ravel() for name in self.parameters])
            self._chain.update({"": gradient}, self._state, {"": self._block}, self._rate, {"": gradient})
            self._block += gradient
            bound.workspace.refresh()
        return loss


def _views(block: Array, like: Mapping[str, Array]) -> dict[str, Array]:
    """The parts of a block under these names, in these shapes."""
    views, start = {}, 0
    for name, array in like.items():
        views[name] = block[start : start + array.size].reshape(array.shape)
        start += array.size
    return views


@dataclass(frozen=True, slots=True)
class Training:
    """What became of a training. losses are those of the batches; start, end and guess are of the held-out samples:
    before, after (inf where a number was not finite), and of answering without looking.
    """

    losses: tuple[float, ...]
    start: float
    end: float
    guess: float

    @property
    def ratio(self) -> float:
        """The loss at the end over that of guessing."""
        return self.end / self.guess if self.guess > 0 else math.inf


def train(network: Network, iterations: int) -> Training:
    """Train a network for so many iterations, or until its loss is not finite."""
    pool, trainer = Pool(network.experiment), Trainer(network)
    held_out, batches = pool.held_out, pool.batches()
    start = _mean_loss(trainer, held_out)
    losses: list[float] = []
    while len(losses) < iterations and (not losses or math.isfinite(losses[-1])):
        losses.append(trainer.step(next(batches)))
    end = _mean_loss(trainer, held_out)
    return Training(tuple(losses), start, end if math.isfinite(end) else math.inf, _guess(network, held_out))


def _mean_loss(trainer: Trainer, batches: list[Batch]) -> float:
    return float(np.mean([trainer.loss(batch) for batch in batches]))


def _guess(network: Network, batches: list[Batch]) -> float:
    row, axis = LOSSES[str(network.resolved.loss)], 0
    if network.resolved.kind.over_time and network.resolved.readout == "all":
        axis = 1
    target = np.concatenate([batch.target for batch in batches], axis)
    return row.start(target, network.program.slots["output"].shape[-1])
