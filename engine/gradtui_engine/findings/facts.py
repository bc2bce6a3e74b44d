"""What all rules read of a recording, worked out once."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..core.message import Message, Verbatim
from ..core.numerics import Array
from ..recordings.columns import Call, Columns
from ..recordings.header import Header, ModuleRow, ParameterRow
from ..recordings.recording import Recording
from .curve import LossCurve
from .networks import class_of

#: A module that is called so often in one step is a cell in a loop: its calls are time steps. What is called for each
#: of a few inputs (the two of a siamese network, the three of a triplet) is not.
CALLS_OVER_TIME = 8
#: The last quarter of a run is its end.
_QUARTER = 4
#: A weight of this size is none: initialisers give 0.02 and, over 10,000 inputs, 0.006.
_NOTHING = 1e-6
_SIDE_HEAD = 30.0
#: Of a matrix's root mean square, in units of 1/√fan_in: PyTorch's own is 0.58, GPT-2's 0.02 over 64 inputs 0.16.
_SMALL = 1 / 30
HALF_PRECISION = ("float16", "bfloat16", "half")


def _above(name: str) -> Iterator[str]:
    """The modules that this one is inside of, down to "", the model."""
    while name:
        name = name.rpartition(".")[0]
        yield name


class Facts:
    """A recording as the rules see it. Events are the recorded steps; arrays are (events,) or (events, what it is of).

    Of a run that is not over (no `end` line) what needs the whole of it is not said yet: `over` is False.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.header: Header = recording.header
        self.columns: Columns = recording.columns
        self.calls: tuple[Call, ...] = recording.calls
        self.count = len(self.columns.steps)
        self.over = recording.ended is not None

    # -- the loss ------------------------------------------------------------------------------------------

    @functools.cached_property
    def curve(self) -> LossCurve:
        steps, losses = self.columns.every_loss
        return LossCurve(steps, losses)

    @functools.cached_property
    def has_several_losses(self) -> bool:
        """Whether a step's loss is the sum of several that pull against each other, as a GAN's: then its size says
        nothing. Several optimizers that share one backward (Muon and AdamW, say) have one loss.
        """
        backwards = self.columns.microbatches[np.isfinite(self.columns.microbatches)]
        return len(self.header.optimizers) > 1 and (not len(backwards) or bool(np.median(backwards) > 1))

    @functools.cached_property
    def loss_is_comparable(self) -> bool:
        """Whether the loss's size says how well it goes. Not where it is negative, as a policy gradient's, whose size
        is an estimate's and may rise while the policy gets better; not of several losses in one number.
        """
        return not self.has_several_losses and not self.curve.is_negative

    @property
    def last_step(self) -> int:
        return self.recording.last_step

    @property
    def is_log(self) -> bool:
        """Whether another tool has written it: of its steps every tenth, or the mean of an epoch, is a row."""
        return self.header.torch is None and self.header.experiment is None

    @property
    def is_empty(self) -> bool:
        """Whether no step was recorded, and no loss of one."""
        return not self.count and not len(self.curve.every_loss)

    @property
    def learning(self) -> bool | None:
        """Whether the loss falls by a tenth and more; None where that cannot be said (yet)."""
        if not self.loss_is_comparable or not (self.over or self.curve.is_long):
            return None
        return self.curve.end_ratio < 0.9 if self.curve.count > 1 else None

    # -- events --------------------------------------------------------------------------------------------

    def step_of(self, event: int) -> int:
        return int(self.columns.steps[event])

    def last_quarter(self, events: Array) -> Array:
        """Of these events, ascending, those in the last quarter of the steps; at the least the last two.

        By steps, as most events are at the start: the first eight steps are all recorded, later ones far apart.
        """
        steps = self.columns.steps[events]
        late = int(np.searchsorted(steps, steps[0] + (steps[-1] - steps[0]) * 3 / _QUARTER))
        return events[min(late, max(len(events) - 2, 0)) :]

    def onset(self, holds: Array, share: float) -> int | None:
        """The first event at which it holds and from which on it holds in this share of the events; None for none."""
        indices = np.flatnonzero(holds)
        if not len(indices):
            return None
        # Mean of holds from each event to the end.
        behind = np.cumsum(holds[::-1])[::-1] / np.arange(len(holds), 0, -1)
        lasting = indices[behind[indices] >= share]
        return int(lasting[0]) if len(lasting) else None

    def onset_in_half(self, values: Array, holds: Array, late: float | None = None) -> int | None:
        """The onset of what holds in half of the events in which a value is known, or in a share `late` of the last
        quarter of them; None where it does in neither."""
        indices = np.flatnonzero(np.isfinite(values))
        if not len(indices):
            return None
        told = holds[indices]
        if told.mean() < 0.5 and (late is None or holds[self.last_quarter(indices)].mean() < late):
            return None
        onset = self.onset(told, 0.5)
        return None if onset is None else int(indices[onset])

    @functools.cached_property
    def fell_apart(self) -> int | None:
        """The first event in which the loss, or what the optimizer got, was not finite; None for none. From then on
        sizes say nothing any more. A step that the scaler left out changes nothing.
        """
        columns = self.columns
        broken = ~np.isfinite(columns.loss) & (columns.is_nan["loss"] | np.isinf(columns.loss))
        gradient = columns.is_nan["gradient_after"] | np.isinf(columns.gradient_after)
        indices = np.flatnonzero(broken | (gradient & ~columns.skipped))
        return int(indices[0]) if len(indices) else None

    @functools.cached_property
    def sound(self) -> Array:
        """Events in which sizes mean something: before all fell apart, and not left out by the scaler."""
        sound = ~self.columns.skipped
        if self.fell_apart is not None:
            sound[self.fell_apart :] = False
        return sound

    # -- modules -------------------------------------------------------------------------------------------

    @functools.cached_property
    def modules(self) -> dict[str, ModuleRow]:
        return {row.name: row for row in self.header.modules}

    @functools.cached_property
    def order(self) -> tuple[str, ...]:
        """The modules that were called, by their first call in forward order."""
        return tuple(dict.fromkeys(call.module for call in self.calls))

    @functools.cached_property
    def columns_of(self) -> dict[str, list[int]]:
        """Where a module's calls stand among the columns of activations, in the order of its calls."""
        places: dict[str, list[int]] = {}
        for index, call in enumerate(self.calls):
            places.setdefault(call.module, []).append(index)
        return {name: sorted(indices, key=lambda index: self.calls[index].call) for name, indices in places.items()}

    @functools.cached_property
    def weights(self) -> dict[str, list[int]]:
        """The matrices of a module: where its own parameters of two and more dimensions stand among the parameters.

        Of a module that is never called, but whose parameters its parent uses (MultiheadAttention.out_proj), the parent
        has them.
        """
        called = set(self.order)
        weights: dict[str, list[int]] = {}
        for index, row in enumerate(self.header.parameters):
            if len(row.shape) < 2:
                continue
            weights.setdefault(self._caller(row, called), []).append(index)
        return weights

    def _caller(self, row: ParameterRow, called: set[str]) -> str:
        name = row.module
        while name and name not in called:
            name = name.rpartition(".")[0]
        return name if name in called else row.module

    @functools.cached_property
    def weighted(self) -> tuple[str, ...]:
        """The called modules that have a matrix of their own, in forward order.

        Not one with such modules inside (a model with its own table of positions): its output comes after all of
        theirs.
        """
        names = [name for name in self.order if name in self.weights]
        outer = {above for name in names for above in _above(name)}
        return tuple(name for name in names if name not in outer)

    @functools.cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The weighted modules by the part of the model that they are in: the whole, but where several optimizers train
        it (a GAN's generator and discriminator) each child of the model by itself.
        """
        parts: dict[str, list[str]] = {}
        for name in self.weighted:
            part = name.partition(".")[0] if len(self.header.optimizers) > 1 else ""
            parts.setdefault(part, []).append(name)
        return {part: tuple(names) for part, names in parts.items()}

    @functools.cached_property
    def last_weighted(self) -> frozenset[str]:
        """The last weighted module in forward order, of each part; what comes behind it is the output."""
        return frozenset(names[-1] for names in self.parts.values())

    @functools.cached_property
    def is_output(self) -> dict[str, bool]:
        """Of each module that was called whether its output is one of the model's: it is a last weighted one, or comes
        between it and the next weighted one of another part.
        """
        outputs: dict[str, bool] = {}
        behind, weighted = False, set(self.weighted)
        for name in self.order:
            behind = name in self.last_weighted if name in weighted else behind
            outputs[name] = behind or not name
        return outputs

    def place(self, module: str) -> Message | Verbatim:
        """How a module is called in a sentence: its name, or the model itself."""
        return self.numbered(module) or Verbatim(module or "model")

    def numbered(self, module: str) -> Message | None:
        """layer 2 (Linear): a module whose name is a number alone, as those in a Sequential are; None of another."""
        if not module.isdecimal():
            return None
        kind = self.modules[module].kind if module in self.modules else ""
        if not kind:
            return Message("layer {layer}", layer=Verbatim(module))
        return Message("layer {layer} ({kind})", layer=Verbatim(module), kind=Verbatim(kind))

    def class_of(self, module: str) -> str:
        return class_of(self.modules[module]) if module in self.modules else ""

    def values(self, column: str, module: str) -> Array:
        """A column of a module's calls, (events, its calls)."""
        return self.columns.activations[column][:, self.columns_of[module]]

    def largest(self, column: str, module: str) -> Array:
        """The largest over a module's calls of each event, (events,); NaN where nothing is known."""
        values = self.values(column, module)
        known = ~np.isnan(values)
        return np.where(known.any(1), np.where(known, values, -np.inf).max(1), np.nan)

    @functools.cached_property
    def gradients(self) -> dict[str, Array]:
        """‖∂L/∂output‖ of each module over all of its calls, (events,); NaN where no gradient is known, and from where
        on all fell apart.
        """
        norms = {}
        for module in self.order:
            values = self.values("grad", module)
            known = np.isfinite(values)
            total = np.sqrt(np.square(np.where(known, values, 0.0)).sum(1))
            norms[module] = np.where(known.any(1) & self.sound, total, np.nan)
        return norms

    def chain(self) -> Iterator[tuple[Sequence[str], Array]]:
        """Of each part of the model its weighted modules through which a gradient came, in forward order, and the
        gradient at each relative to that at the end, (events, modules).

        The end is the last weighted one, but where the one before it gets over 30 times as much: no layer multiplies a
        gradient by that, but a side head that is called last may have a loss of little weight.
        """
        for names in self.parts.values():
            through = [name for name in names if np.isfinite(self.gradients[name]).any()]
            if len(through) < 2:
                continue
            norms = np.stack([self.gradients[name] for name in through], 1)
            last, before = norms[:, -1], norms[:, -2]
            end = np.where(before > _SIDE_HEAD * last, before, last)
            with np.errstate(all="ignore"):
                yield through, norms / np.where(end > 0, end, np.nan)[:, None]

    # -- parameters ----------------------------------------------------------------------------------------

    def parameter(self, column: str) -> Array:
        """(events, parameters)."""
        return self.columns.parameters[column]

    @functools.cached_property
    def matrices(self) -> list[int]:
        """The trainable parameters of two and more dimensions."""
        return [index for index, row in enumerate(self.header.parameters) if row.trainable and len(row.shape) > 1]

    @functools.cached_property
    def began_at_zero(self) -> frozenset[int]:
        """Parameters that are 0, or nothing beside any initialiser's, when they are first seen: LoRA's B, a last layer
        that was zeroed. Updates over them say nothing, and go on to for long.
        """
        zero = set()
        for index in range(len(self.header.parameters)):
            weight = self.parameter("weight")[:, index]
            known = weight[np.isfinite(weight)]
            if len(known) and known[0] <= _NOTHING * math.sqrt(max(self.header.parameters[index].size, 1)):
                zero.add(index)
        return frozenset(zero)

    @functools.cached_property
    def began_small(self) -> frozenset[int]:
        """Matrices that are drawn far under what any initialiser gives, 1/√fan_in or so: on purpose, as a policy's last
        layer is, at a hundredth of it (PPO), and their first updates are large beside them.
        """
        small = set()
        for index in self.matrices:
            row, weight = self.header.parameters[index], self.parameter("weight")[:, index]
            known = weight[np.isfinite(weight)]
            inputs = math.prod(row.shape[1:])
            if len(known) and known[0] * math.sqrt(inputs / max(row.size, 1)) < _SMALL:
                small.add(index)
        return frozenset(small)

    def largest_update(self, event: int, most: int | None = None) -> float:
        """The largest update over weight in the events before this one, at the most so many; 0 where none is known.

        Not of what began at 0. Infinite where no other is known, and one is.
        """
        indices = [index for index in self.matrices if index not in self.began_at_zero]
        updates = self.parameter("update")[0 if most is None else max(0, event - most) : event][:, indices]
        known = updates[np.isfinite(updates)]
        return float(known.max()) if len(known) else (math.inf if np.isinf(updates).any() else 0.0)

    @functools.cached_property
    def stepped(self) -> Array:
        """Whether its optimizer stepped, of each parameter, (events, parameters)."""
        stepped = self.columns.stepped
        rows = self.header.parameters
        if stepped.shape[1] == 0:
            return np.isfinite(self.parameter("weight"))
        nobody = np.zeros(self.count, bool)
        return np.stack(
            [
                stepped[:, row.optimizer]
                if row.optimizer is not None and row.optimizer < stepped.shape[1]
                else nobody
                for row in rows
            ],
            1,
        ) if rows else np.empty((self.count, 0), bool)  # fmt: skip

    @functools.cached_property
    def rate(self) -> Array:
        """The largest learning rate of each event; NaN where none is known."""
        rates = self.columns.learning_rates
        if rates.shape[1] == 0:
            return np.full(self.count, np.nan)
        known = ~np.isnan(rates)
        return np.where(known.any(1), np.where(known, rates, -np.inf).max(1), np.nan)

    # -- over time -----------------------------------------------------------------------------------------

    @functools.cached_property
    def loops(self) -> tuple[str, ...]:
        """Modules that are called again and again in one step: cells in a loop."""
        return tuple(name for name, places in self.columns_of.items() if len(places) >= CALLS_OVER_TIME)

    # -- what is there at all ------------------------------------------------------------------------------

    @property
    def has_activations(self) -> bool:
        return bool(self.calls)
