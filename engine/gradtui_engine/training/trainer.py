"""The Trainer: an experiment's network, trained in place. Every iteration is what `Network.run` and the update are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np

from ..analysis.activation_statistics import statistics_of
from ..analysis.stages import state_norms
from ..core.figures import rounded
from ..core.message import Message
from ..core.nested import copied
from ..core.numerics import Array, norm_of_squares, trusted_squares
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch, throttled
from ..experiment.training import OF_THE_UPDATE, Training
from ..program.dropout import draw
from ..program.normalisation import first_statistics, running_statistics
from ..program.rounded_array import exact
from ..program.slots import GATES, Slot, Span
from ..rules import schedules
from ..rules.optimisers import Rates
from ..run.layer_rates import has_own, rates_of
from ..run.loss_scale import LossScale
from ..run.memory import Bound
from ..run.moment import Moment
from ..run.network import Network, build
from ..run.optimiser_step import chain_of, clipped
from ..run.trace import Trace
from .block import PartNorms, block_of, in_one_block, spans_of
from .checkpoints import Checkpoints, State
from .columns import Columns, Widths
from .evaluation import Evaluation, Validation, accuracy
from .stream import Stream

#: All gates of a cell as one array.
_GATES = Slot(GATES, time=Span()).name

#: Bytes of what is kept of all iterations, at the most: 900,000 of 30 layers, 200,000 of an LSTM over 100 steps.
MOST_OF_COLUMNS = 2**30

Rows = Mapping[str, Array]


class Trainer:
    """A training under way: `advance` goes on, `trace` goes back.

    Parameters lie in one block, their gradients in another: clipping and the optimisers work number by number, so that
    one call serves all of them. Its memory is bound once. columns and checkpoints are read by others while it goes on.
    """

    def __init__(
        self,
        training: Training,
        network: Network | None = None,
        stream: Stream | None = None,
        checkpoints: Checkpoints | None = None,
        statistics: bool = True,
    ) -> None:
        """network: that of the experiment, where it has been built; stream: its batches. statistics: whether the
        hidden states' and gates' are kept as well. Raises ExperimentError."""
        self.training = training
        self.network = network = network or build(training.experiment)
        self.stream = stream or Stream(training)
        self.checkpoints = checkpoints or Checkpoints()
        self.program, self.layout = network.program, network.layout
        self._block, self._parameters = in_one_block(network.parameters, self.layout.dtype)
        self._bind()
        self._evaluation = (
            Evaluation(network.resolved, self.stream.validation) if self.stream.validation is not None else None
        )
        self.k = 0
        self.running: Mapping[str, Array] = {}
        self._at = training.in_force(0)
        self._block_rates: tuple[Training, float, Mapping[str, Array]] | None = None
        self._turns = frozenset(iteration for iteration, _ in training.segments)
        self._chain = chain_of(network.resolved)
        self._state = self._chain.init({"": self._block})
        self._scale = LossScale(network.resolved.first_loss_scale)
        self._statistics = statistics
        self.columns = Columns(self._widths())
        if statistics:
            _check_columns(training, self.columns)
        self.validations: list[Validation] = []
        #: Whether a number has stopped being finite: there is nothing to go on from.
        self.diverged = False
        self._recording = True
        #: Told the parameters' gradients by name, as the update gets them; where they are clipped also as they were.
        self.listener: Callable[[Mapping[str, Array]], None] | None = None

    @property
    def live(self) -> Trace:
        """The iteration that was trained last, on arrays that the next one writes anew; the parameters as it left them.
        In place of the parameters' gradients there is the update: `listener` is told them."""
        return self._live

    def _bind(self) -> None:
        network = self.network
        live = Network(network.experiment, self.program, {}, network.batch, self.layout, network.resolved)
        live.parameters = self._parameters
        self._bound = bound = Bound(live)
        self._input = bound.values[self.program.input]
        self._loss_node = bound.nodes[-1]
        for node in bound.nodes:
            node.notes = None  # nobody asks for the paths of the gradient
        self._gradient_block = block_of(bound.parameter_gradients, self._block.size)
        self._spans = spans_of(self._parameters, self._block)
        assert self._spans == spans_of(bound.parameter_gradients, self._gradient_block)
        inside = np.zeros(self._block.size, dtype=bool)
        for span in self._spans.values():
            inside[span] = True
        # What lies between two arrays is no number of anything: 0, and it stays 0.
        self._block[~inside] = 0
        self._gradient_block[~inside] = 0
        values, gradients, parameter_gradients = bound.views()
        self._norms: dict[str, float] = {}
        #: This iteration's arrays as a trace, for whoever reads statistics off it; its arrays change.
        self._live = Trace(
            network.experiment, network.resolved, self.program, values, gradients,
            {name: _read_only(array) for name, array in self._parameters.items()},
            parameter_gradients, network.batch.target, self.layout, self._norms, {},
        )  # fmt: skip
        self._limits = trusted_squares(self.layout.dtype)
        #: Rounds weights, where they are of an emulated type.
        self._rounding = network.resolved.number_type.round if network.resolved.rounds_weights else None
        self._adapts, self._scaled = network.resolved.adapts_loss_scale, network.resolved.first_loss_scale != 1.0
        self._weight_norms = PartNorms(self._block, self._spans)
        self._update_norms = PartNorms(self._gradient_block, self._spans)
        # Two numbers below it have a sum that is finite.
        self._finite = trusted_squares(self.layout.dtype)[1] / 4
        self._keeps_running = bool(first_statistics(self.program, self.layout.dtype))

    # -- going on ------------------------------------------------------------------------------------------

    def advance(self, count: int = 1, watch: Watch | None = None) -> Rows:
        """So many more iterations, or until a number is not finite: what the columns have of them."""
        watch, first = throttled(watch), self.k
        while self.k < first + count and not self.diverged:
            self._one()
            if watch is not None:
                watch((self.k - first) / count)
        return {name: array[first:] for name, array in self.columns.read().items()}

    def _one(self) -> None:
        k = self.k
        if self._recording:
            if k == 0 or self.checkpoints.due():
                self.checkpoints.add(self.state())
            if k % self.training.validate_every == 0:
                self.validate()
        if k in self._turns:
            self._at = self.training.in_force(k)
        rate = self.training.learning_rate(k)
        rates = self._rates(k, rate)
        batch = self.stream.batch(k)
        bound = self._bound
        self._input[...] = batch.inputs
        self._loss_node.target = batch.target
        if self._scaled:
            self._loss_node.constant = self._scale.factor
        if self.program.masks:
            draw(self.program, self.network.resolved.seed, k, bound.values)
        with np.errstate(all="ignore"):
            bound.reset()
            for forward, node in bound.forward:
                forward(node)
            _, most = self._limits
            for backward, node, addends, measured in bound.backward:
                backward(node)
                for _, total, addend in addends:
                    total += addend
                for name, flat, least in measured if self._recording else ():
                    squares = float(flat.dot(flat))
                    trusted = least < squares < most
                    self._norms[name] = math.sqrt(squares) if trusted else norm_of_squares(flat, squares)
            resolved = self._at.experiment.resolved
            takes = not self._scaled or self._unscale()
            if self._rounding is not None:
                self._rounding(self._gradient_block)  # a norm's are float32 so far
            if resolved.clip != "none":
                gradients = bound.parameter_gradients
                if self.listener is not None:
                    self.listener(gradients)
                clipped(resolved, gradients, self._parameters, gradients)
            if self.listener is not None:
                self.listener(bound.parameter_gradients)
            # The update takes the gradient's place: nobody reads that any more.
            update = self._gradient_block
            if takes:
                self._chain.update({"": update}, self._state, {"": self._block}, rates, {"": update})
            else:
                update.fill(0)
            if self._keeps_running:
                self.running = running_statistics(self.program, bound.values, self._input, self.running)
            largest = math.inf
            if self._recording:
                weights, updates = self._weight_norms.read(), self._update_norms.read()
                largest = float(weights.max() + updates.max())
                self.columns.append(self._row(rate, updates / weights, batch.target))
            np.add(self._block, update, self._block)
            if self._rounding is not None:
                self._rounding(self._block)
            bound.workspace.refresh()
            # No number is larger than the norms of what was added up: then there is no need to look at each.
            finite = largest < self._finite or bool(np.isfinite(self._block).all())
            self.diverged = not (finite and math.isfinite(float(bound.values["loss"])))
        self.k += 1

    def _unscale(self) -> bool:
        """Divide every gradient by the loss scale, and move that on; whether the step is taken."""
        factor = self._scale.factor
        self._bound.divide(factor)
        if self._recording:
            self._norms.update({name: value / factor for name, value in self._norms.items()})
        if self._rounding is not None:
            # Gradients of a 16-bit weight have 16 bits: what the scale had saved is lost again.
            self._rounding(self._gradient_block)
        if not self._adapts:
            return True
        finite = bool(np.isfinite(self._gradient_block).all())
        self._scale = self._scale.after(finite)
        return finite

    def _rates(self, k: int, rate: float) -> Rates:
        """η of iteration k: the rate, or one for each number of the block where a layer has its own."""
        at = self._at
        if not has_own(at.experiment.resolved):
            return rate
        share = schedules.share(at.schedule, k, at)
        if self._block_rates is not None and self._block_rates[:2] == (at, share):
            return self._block_rates[2]  # nearly always: made anew they are a fifth of a small network's iteration
        rates = rates_of(self.training.update_at(k), self._spans)
        assert isinstance(rates, dict)
        block = np.zeros_like(self._block)
        for name, span in self._spans.items():
            block[span] = rates[name]
        self._block_rates = at, share, {"": block}
        return self._block_rates[2]

    def validate(self) -> Validation | None:
        """The present parameters on the samples that are held out; noted once an iteration."""
        if self._evaluation is None:
            return None
        if not self.validations or self.validations[-1].iteration != self.k:
            loss, share = self._evaluation.run(self._parameters.__getitem__, self._running_or_start())
            self.validations.append(Validation(self.k, loss, share))
        return self.validations[-1]

    def _running_or_start(self) -> Mapping[str, Array]:
        """BatchNorm's statistics: before the first batch mean 0 and variance 1."""
        return self.running if self.running or self.k else first_statistics(self.program, self.layout.dtype)

    def branch(self, training: Training, k: int) -> Trainer:
        """A trainer of a training that has the iterations before k in common with this one, which it takes over.

        Safe to be called while another thread goes on with this one.
        """
        trainer = Trainer(training, self.network, self.stream, statistics=self._statistics)
        k = min(k, self.columns.count)
        if self.checkpoints.iterations:
            trainer.checkpoints.take_over(self.checkpoints, k)
            trainer.restore(self.checkpoints.before(k))
        trainer._recording = False
        while trainer.k < k:
            trainer._one()
        trainer._recording = True
        trainer.columns.take_over(self.columns, k)
        trainer.validations = [row for row in self.validations if row.iteration <= k]
        return trainer

    @property
    def nbytes(self) -> int:
        """Bytes of its memory, its checkpoints and its columns."""
        return self._bound.size + self._block.nbytes + self.checkpoints.nbytes + self.columns.nbytes

    # -- states --------------------------------------------------------------------------------------------

    def state(self) -> State:
        """The training before the next iteration."""
        return State(self.k, self._block.copy(), copied(self._state), copied(self.running), self._scale)

    def restore(self, state: State) -> None:
        """Go on from a state of this training; its columns and validations stay as they are."""
        self.k, self._state, self.running = state.k, copied(state.optimiser), copied(state.running)
        self._block[...] = state.parameters
        self._scale = state.scale
        self._bound.workspace.refresh()
        self._at = self.training.in_force(state.k)
        self.diverged = False

    def parameters(self) -> dict[str, Array]:
        """The present parameters by name, copied."""
        return {name: array.copy() for name, array in self._parameters.items()}

    def trace(self, k: int, watch: Watch | None = None) -> Trace:
        """Iteration k whole, bit-equal to the one that was (or will be) computed: from the checkpoint before it.

        Raises IndexError for k < 0. Safe to be called while another thread goes on with the training.
        """
        if k < 0:
            raise IndexError(f"iteration {k}: the first is 0")
        return self.network_at(k, watch).run()

    def network_at(self, k: int, watch: Watch | None = None) -> Network:
        """The network of iteration k, with its batch and what the optimiser remembers."""
        replay = Trainer(self.training, self.network, self.stream, Checkpoints(), statistics=False)
        replay._recording = False
        if self.checkpoints.iterations:
            replay.restore(self.checkpoints.before(k))
        watch, first = throttled(watch), replay.k
        while replay.k < k:
            if replay.diverged:
                raise IndexError(f"iteration {k}: the training diverged at {replay.k - 1}")
            replay._one()
            if watch is not None:
                watch((replay.k - first) / (k - first))
        return replay.present()

    def present(self) -> Network:
        """The network of the next iteration, on arrays of its own."""
        now = self.training.in_force(self.k)
        asked = self.training.update_at(self.k)
        resolved = dataclasses.replace(
            self.network.resolved,
            **{name: getattr(asked, name) for name in OF_THE_UPDATE},
        )
        count, averages = self._state
        state = count.copy(), tuple(self._by_name(average[""]) for average in averages)
        return Network(
            now.experiment, self.program, self._by_name(self._block), self.stream.batch(self.k), self.layout, resolved,
            Moment(self.k, state, copied(self.running), self._scale.factor),
        )  # fmt: skip

    def _by_name(self, block: Array) -> dict[str, Array]:
        """A copy of a block, part by part, with the parameters' names and shapes."""
        block = exact(block).copy()
        return {name: block[span].reshape(self._parameters[name].shape) for name, span in self._spans.items()}

    # -- what is kept of an iteration ------------------------------------------------------------------------

    def _widths(self) -> Widths:
        """The columns. Norms as log10: of float32 numbers under 1e-38 the digits would be lost, and 0 is −inf."""
        stages = (len(self.program.stages),)
        widths: dict[str, tuple[tuple[int, ...], str]] = {
            "loss": ((), "f8"),
            "accuracy": ((), "f4"),
            "learning_rate": ((), "f8"),
            "gradient": (stages, "f8"),
            "update_ratio": ((len(self._parameters),), "f8"),
        }
        if self.program.cells:
            widths["cell_gradient"] = (stages, "f8")
        if self._statistics:
            widths |= dict.fromkeys(("std", "saturated", "dead"), (stages, "f4"))
            gates = self._bound.values.get(_GATES)
            if gates is not None:
                kinds = len(self.network.resolved.kind.gates)
                widths["gates"] = ((kinds, len(gates)), "f4")
        return widths

    def _row(self, rate: float, ratios: Array, target: Array) -> dict[str, object]:
        values = self._bound.values
        gradients, cells = state_norms(self._live)
        row: dict[str, object] = {
            "loss": float(values["loss"]),
            "accuracy": accuracy(values["output"], target),
            "learning_rate": rate,
            "gradient": np.log10(gradients),
            "update_ratio": ratios,
        }
        if cells:
            row["cell_gradient"] = np.log10(cells)
        if self._statistics:
            statistics = statistics_of(self._live)
            row["std"] = [stage.std for stage in statistics]
            row["saturated"] = [stage.saturated for stage in statistics]
            row["dead"] = [stage.dead for stage in statistics]
            gates = values.get(_GATES)
            if gates is not None:
                kinds = len(self.network.resolved.kind.gates)
                time, batch, units = gates.shape
                row["gates"] = gates.reshape(time, batch, kinds, units // kinds).mean((1, 3)).T
        return row


def _check_columns(training: Training, columns: Columns) -> None:
    """Refuse more iterations than there is room for what is kept of each. Raises ExperimentError."""
    size = columns.bytes_per_row * training.iterations
    if size > MOST_OF_COLUMNS:
        message = Message(
            "{given} given: what is kept of each iteration is {size} kB; allowed here: 1 to {most}",
            given=training.iterations, size=rounded(columns.bytes_per_row / 1024, 2),
            most=MOST_OF_COLUMNS // columns.bytes_per_row,
        )  # fmt: skip
        raise ExperimentError([Problem("iterations", message)])


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
