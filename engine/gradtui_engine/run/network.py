"""The Network: an Experiment built, and the one code path that runs it, recorded."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from ..core.message import Message
from ..core.numerics import Array, norm_of_squares, trusted_squares
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch, part, throttled, told
from ..data import datasets
from ..experiment.experiment import Experiment
from ..experiment.resolved import Resolved
from ..experiment.weight_rules import weight_rule
from ..program.bound import Arena, Node, Workspace
from ..program.dropout import drawn
from ..program.output_layer import Sizes
from ..program.program import Instruction, Program
from ..rules.losses import LOSSES
from .forward import NO_MASKS, first_values, loss_of
from .initial_parameters import initialise
from .memory import Bounds, Layout
from .moment import Moment
from .saved import Saved
from .size import check_size, check_sizes, largest
from .trace import Merge, Trace

# The forward pass's share of a run, for who watches: the backward pass takes twice its products.
_FORWARD = 1 / 3


class Network:
    """Parameters under PyTorch's `state_dict` names and layouts, the program, and one batch of data.

    A network is not changed by running it: `run` gives the same trace every time, and `updated` is another network,
    with the parameters after the trace's update.
    """

    def __init__(
        self,
        experiment: Experiment,
        program: Program,
        parameters: Mapping[str, Array],
        batch: datasets.Batch,
        layout: Layout | None = None,
        resolved: Resolved | None = None,
        moment: Moment | None = None,
        masks: Mapping[str, Array] | None = None,
        loss_scale: float | None = None,
    ) -> None:
        self.experiment = experiment
        #: What the experiment comes to, with what a CSV file decided.
        self.resolved = resolved or experiment.resolved
        self.program = program
        self.parameters = {name: _frozen(array) for name, array in parameters.items()}
        self.batch = batch
        #: What follows from the program alone: worked out once for it and all networks with other parameters.
        self.layout = layout or Layout(program, self.resolved)
        #: Which iteration of a training it is; None of an experiment alone.
        self.moment = moment
        #: Dropout's masks: those that are given, or drawn by the seed for this iteration; none without dropout.
        self.masks: Mapping[str, Array] = NO_MASKS
        if program.masks:
            self.masks = masks or drawn(
                program, self.resolved.seed, moment.iteration if moment else 0, self.layout.dtype
            )
        #: What the loss's gradient is multiplied by on its way back; what the trace has is divided by it.
        first = self.resolved.first_loss_scale if moment is None else moment.loss_scale
        self.loss_scale = first if loss_scale is None else loss_scale
        self._bounds = Bounds()

    def run(self, watch: Watch | None = None, saved: Saved | None = None) -> Trace:
        """One iteration: forward, loss, backward, update. Overflow neither raises nor warns: see `diagnose`.

        watch is told the share that is done, after an instruction. saved: an iteration of this network that was saved,
        whose arrays take the place of those that are computed. Raises Mismatch where they are not of this network.
        """
        watch = throttled(watch)
        with self._bounds.take(self) as bound:
            norms: dict[str, float] = {}
            merges: dict[str, Merge] = {}
            measure, most = self.program.measure_merges, trusted_squares(self.layout.dtype)[1]
            scale = self.loss_scale
            if scale != 1.0:
                bound.nodes[-1].constant = scale
                saved = saved.scaled(scale) if saved is not None else None
            with np.errstate(all="ignore"):
                bound.reset()
                count = len(bound.forward)
                done = 0
                for forward, node in told(bound.forward, count, part(watch, 0.0, _FORWARD)):
                    forward(node)
                    if saved is not None:
                        saved.after_forward(self.program, bound, done)
                        done += 1
                for backward, node, addends, measured in told(bound.backward, count, part(watch, _FORWARD, 1.0)):
                    backward(node)
                    for name, sum_, addend in addends:
                        if measure:
                            merges[name] = Merge.of(sum_, addend, merges.get(name))
                        sum_ += addend
                    if saved is not None:
                        done -= 1
                        saved.after_backward(self.program, bound, done)
                    # Norms are taken while the gradient is still in the processor's cache: 5 instead of 45 µs at
                    # 256×256. (Over time the states are small, and one call for all of them is cheaper.)
                    for name, flat, least in measured:
                        squares = float(flat.dot(flat))
                        trusted = least < squares < most
                        norms[name] = math.sqrt(squares) if trusted else norm_of_squares(flat, squares)
                if scale != 1.0:
                    bound.divide(scale)
                    if self.resolved.rounds_weights:
                        for array in bound.parameter_gradients.values():
                            array[...] = self.resolved.number_type.cast(array)
                    norms = {name: value / scale for name, value in norms.items()}
                    merges = {name: merge.divided(scale) for name, merge in merges.items()}
            values, gradients, parameter_gradients = bound.views()
            return Trace(
                experiment=self.experiment,
                resolved=self.resolved,
                program=self.program,
                values=values,
                gradients=gradients,
                parameters=self.parameters,
                parameter_gradients=parameter_gradients,
                target=self.batch.target,
                layout=self.layout,
                norms_in_run=norms,
                merges=merges,
                # Of a scaled gradient the notes are scaled, too: its paths are worked out from the arrays.
                paths=tuple(reversed(bound.notes)) if scale == 1.0 else (),
                about=self.batch.about,
                moment=self.moment,
                loss_scale=scale,
            )

    def loss(self, running: Mapping[str, Array] | None = None, held: Mapping[str, Array] | None = None) -> float:
        """The loss of a forward pass alone, with the network's masks; with BatchNorm's running statistics, as in
        evaluation; with these values behind walls (see `loss_of`).
        """
        return loss_of(
            self.program, self.layout, self.parameters.__getitem__, self.batch.inputs, self.batch.target, running,
            self.masks, held,
        )  # fmt: skip

    def updated(self, trace: Trace) -> Network:
        """The network after a trace's update, on the same batch."""
        return self.with_parameters({name: trace.updated(name) for name in trace.parameters})

    def with_parameters(self, parameters: Mapping[str, Array]) -> Network:
        """The same network with other parameters, and the same masks."""
        return Network(
            self.experiment, self.program, parameters, self.batch, self.layout, self.resolved, masks=self.masks,
            loss_scale=self.loss_scale,
        )  # fmt: skip

    def values(self) -> dict[str, Array]:
        """New arrays for all values, the input and the initial state filled in: what a forward pass starts from."""
        return self.values_in(Arena(self.layout.value_sizes, self.layout.dtype))

    def values_in(self, arena: Arena) -> dict[str, Array]:
        return first_values(self.program, self.layout, self.batch.inputs, arena, self.masks)

    def nodes(
        self,
        values: dict[str, Array],
        gradients: dict[str, Array],
        parameter_gradients: dict[str, Array],
        workspace: Workspace,
    ) -> list[Node]:
        return [
            Node(instruction, values, gradients, self.parameters, parameter_gradients, self.batch.target, workspace)
            for instruction in self.program.instructions
        ]


def _frozen(array: Array) -> Array:
    """A read-only view: whoever made the array may go on changing it, nobody who reads it from a network or trace."""
    view = array.view()
    view.setflags(write=False)
    return view


def verify(experiment: Experiment) -> None:
    """Raise ExperimentError for what `build` would refuse, without building: an impossible size, a file's faults."""
    resolved = experiment.resolved
    check_size(resolved)
    if not resolved.is_complete:
        batch = datasets.load(resolved.request())
        check_sizes(as_read(experiment, batch), Sizes.of(batch), largest())


def build(experiment: Experiment, watch: Watch | None = None) -> Network:
    """The network of an experiment, ready to run. Raises ExperimentError (missing file, impossible size).

    watch is told the share that is done, after each block of a parameter that is drawn: what takes long here.
    """
    watch = throttled(watch)
    resolved = experiment.resolved
    check_size(resolved)
    batch = datasets.load(resolved.request())
    sizes = Sizes.of(batch)
    resolved = as_read(experiment, batch)
    check_sizes(resolved, sizes, largest())
    batch = aim(batch, resolved)
    program = resolved.kind.build(resolved, sizes, batch.loss)
    scaled = _is_data_dependent(resolved)
    drawn = 0.5 if scaled else 1.0
    network = Network(
        experiment, program, initialise(program, resolved, part(watch, 0.0, drawn)), batch, resolved=resolved
    )
    return _scale_by_data(network, part(watch, drawn, 1.0)) if scaled else network


def rebuilt(
    experiment: Experiment, loss: str, inputs: Array, target: Array, parameters: Mapping[str, Array],
    saved: Mapping[str, Array] = NO_MASKS,
) -> Network:  # fmt: skip
    """The network of an experiment with these parameters, on this batch: nothing is drawn, and no file is read.

    loss is the one that the experiment came to; dropout's masks are among `saved`. Raises ExperimentError where
    the arrays do not go with the experiment.
    """
    output = parameters.get("output.bias", np.empty(0))
    batch = datasets.Batch(inputs, target, output.size, loss)
    resolved, sizes = as_read(experiment, batch), Sizes.of(batch)
    check_sizes(resolved, sizes, largest())
    program = resolved.kind.build(resolved, sizes, loss)
    dtype = resolved.storage
    wanted = {name: parameter.shape for name, parameter in program.parameters.items()}
    fits = wanted == {name: array.shape for name, array in parameters.items()}
    masks = {name: saved[name] for name in program.masks if name in saved}
    fits &= all(array.dtype == dtype for array in (inputs, *parameters.values(), *masks.values()))
    fits &= {name: program.slots[name].shape for name in program.masks} == {
        name: mask.shape for name, mask in masks.items()
    } and all(bool(((mask == 0) | (mask == 1)).all()) for mask in masks.values())
    if not fits or program.slots[program.input].shape != inputs.shape or not _is_target(target, program, loss, dtype):
        raise ExperimentError([Problem("arrays", Message("are not those of the experiment"))])
    target.flags.writeable = False
    scale = float(saved["loss_scale"]) if "loss_scale" in saved else None
    return Network(experiment, program, parameters, batch, resolved=resolved, masks=masks, loss_scale=scale)


def _is_target(target: Array, program: Program, loss: str, dtype: np.dtype[np.generic]) -> bool:
    """Whether a loss can read the target: class numbers, or numbers in the shape of the output."""
    *rows, outputs = program.slots["output"].shape
    if LOSSES[loss].of_classes:
        in_range = target.dtype == np.int64 and bool(((target >= 0) & (target < outputs)).all())
        return in_range and target.shape == tuple(rows)
    return target.dtype == dtype and target.shape == (*rows, outputs)


def as_read(experiment: Experiment, batch: datasets.Batch) -> Resolved:
    """What the experiment comes to once its data have been read: the one place where a CSV file decides.

    Raises ExperimentError where what the file has does not go with the rest.
    """
    resolved, sizes = experiment.resolved, Sizes.of(batch)
    if resolved.is_complete:
        return resolved
    steps = sizes.steps if resolved.kind.reads_sequences else resolved.steps
    loss = resolved.loss or batch.loss
    # One output: a file with classes has two at the least.
    scale = resolved.scale_of(loss) if sizes.outputs == 1 else resolved.target_scale
    return experiment.replace(
        batch=sizes.batch, inputs=sizes.inputs, steps=steps, loss=loss, target_scale=scale
    ).resolved


def aim(batch: datasets.Batch, resolved: Resolved) -> datasets.Batch:
    """The batch in the experiment's dtype, with the target as its loss and readout want it, read-only."""
    row, target = LOSSES[str(resolved.loss)], batch.target
    if batch.loss != "cross_entropy":
        if row.name == "bce" and not ((target >= 0) & (target <= 1)).all():
            message = Message("'bce' is for targets from 0 to 1; {data} has others; allowed: mse", data=resolved.data)
            if batch.about is not None:
                message = Message(
                    "'bce' is for targets from 0 to 1; {data} has others; allowed: mse, or --target-scale minmax",
                    data=resolved.data,
                )
            raise ExperimentError([Problem("loss", message)])
    elif not row.of_classes:
        target = np.eye(batch.outputs)[target]
    if resolved.kind.reads_sequences:
        steps = len(batch.inputs)
        per_step = batch.target.ndim == 2 and batch.loss == "cross_entropy"
        if per_step and resolved.readout != "all":
            target = target[-1]
        elif not per_step and resolved.readout == "all":
            target = np.broadcast_to(target, (steps, *target.shape))
    numbers = resolved.number_type
    with np.errstate(over="ignore"):  # a number beyond float32 is inf there: the outcome names it
        if not row.of_classes:
            target = target.astype(numbers.storage)
        target, inputs = np.ascontiguousarray(target), numbers.cast(batch.inputs)
    target.flags.writeable = False
    return dataclasses.replace(batch, inputs=inputs, target=target, loss=row.name)


def _is_data_dependent(resolved: Resolved) -> bool:
    return any(weight_rule(resolved, place).row.data_dependent for place in ("layer", "output"))


def _scale_by_data(network: Network, watch: Watch | None) -> Network:
    """LSUV (Mishkin & Matas 2016): layer by layer, scale W so that Var(z) over the batch is gain².

    z − b is linear in W, so one division is exact where the paper iterates to a tolerance of 0.1.
    """
    parameters = dict(network.parameters)
    values = network.values()
    with np.errstate(all="ignore"):
        # All but the loss, which comes last.
        pairs = list(zip(network.program.instructions, network.layout.operations, strict=True))[:-1]
        for instruction, operation in told(pairs, len(pairs), watch):
            operation.forward(_forward_node(network, instruction, values, parameters))
            if instruction.operation != "linear":
                continue
            weight, bias = instruction.parameters
            rule = weight_rule(network.resolved, network.program.parameters[weight].place)
            if rule.row.data_dependent:
                std = float((values[instruction.outputs[0]] - parameters[bias]).std())
                if np.isfinite(std) and std > 0:
                    wanted = rule.gain * network.program.parameters[weight].scale
                    parameters[weight] = parameters[weight] * parameters[weight].dtype.type(wanted / std)
                    parameters[weight].flags.writeable = False
                    operation.forward(_forward_node(network, instruction, values, parameters))
    return network.with_parameters(parameters)


def _forward_node(
    network: Network, instruction: Instruction, values: dict[str, Array], parameters: dict[str, Array]
) -> Node:
    return Node(instruction, values, {}, parameters, {}, network.batch.target, Workspace())
