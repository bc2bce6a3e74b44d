"""The Network: an Experiment built, and the one code path that runs it, recorded."""

from __future__ import annotations

import numpy as np

from . import datasets
from .cells import CELLS, Sizes
from .experiment import Experiment
from .initialisers import INITIALISERS
from .node import Node, Workspace, allocate, allocate_block
from .numerics import Array, Purpose, generator, norm
from .operations import OPERATIONS
from .problems import ExperimentError, Problem
from .program import Parameter, Program
from .trace import Trace

#: A trace larger than this is refused before anything of it is allocated.
MOST_BYTES = 2 * 2**30
# Python objects of an unrolled stage (instructions, slots, views, steps): 6 kB measured at depth 10,000, rounded up.
STAGE_BYTES = 8192


class Network:
    """Parameters under PyTorch's `state_dict` names and layouts, the program, and one batch of data.

    A network is not changed by running it: `run` gives the same trace every time, and `Trace.updated` holds
    the parameters after the update.
    """

    def __init__(
        self, experiment: Experiment, program: Program, parameters: dict[str, Array], batch: datasets.Batch
    ) -> None:
        self.experiment = experiment
        self.program = program
        self.parameters = parameters
        self.batch = batch
        self._operations = [OPERATIONS[each.operation] for each in program.instructions]
        self._scratch = program.scratch()
        self._measured = [[name for name in each.inputs if name in self._scratch] for each in program.instructions]
        read = {name for each in program.instructions for name in each.inputs}
        kept = {name: slot for name, slot in program.slots.items() if slot.whole in program.kept}
        written = {name for each in program.instructions for name in each.outputs}
        # Gradients that nothing writes but that a backward step adds to: the last cell state's.
        self._unread = [name for name in kept if name in written and name not in read]

    def run(self) -> Trace:
        """One iteration: forward, loss, backward, update. Overflow neither raises nor warns: see `Trace.outcome`."""
        program, dtype = self.program, np.dtype(self.experiment.dtype)
        values = allocate(program, [name for name, _ in program.owned()], dtype)
        gradients = allocate(program, program.kept, dtype)
        shapes = {name: array.shape for name, array in self.parameters.items()}
        parameter_gradients = allocate_block(shapes, dtype)
        workspace = Workspace()
        working = dict(gradients)
        for name, number in self._scratch.items():
            working[name] = workspace.buffer(f"gradient {number}", program.slots[name].shape, dtype)
        values[program.input][...] = self.batch.inputs
        for name in program.initial:
            values[name].fill(0)
        for name in self._unread:
            gradients[name].fill(0)
        norms: dict[str, float] = {}
        with np.errstate(all="ignore"):
            nodes = [
                Node(each, values, working, self.parameters, parameter_gradients, self.batch.target, workspace)
                for each in program.instructions
            ]
            for operation, node in zip(self._operations, nodes, strict=True):
                operation.forward(node)
            for operation, node, measured in zip(
                reversed(self._operations), reversed(nodes), reversed(self._measured), strict=True
            ):
                operation.backward(node)
                for name in measured:
                    norms[name] = norm(working[name])
        return Trace(
            experiment=self.experiment,
            program=program,
            values=values,
            gradients=gradients,
            parameters=self.parameters,
            parameter_gradients=parameter_gradients,
            target=self.batch.target,
            scratch_norms=norms,
        )


def build(experiment: Experiment) -> Network:
    """The network of an experiment, ready to run. Raises ExperimentError (missing file, impossible size)."""
    _check_size(experiment, planned_sizes(experiment))
    batch = datasets.load(experiment.request())
    sizes = Sizes.of(batch)
    experiment = experiment.replace(
        batch=sizes.batch,
        inputs=sizes.inputs,
        steps=sizes.steps if CELLS[experiment.cell].over_time else experiment.steps,
    )
    _check_size(experiment, sizes)
    program = CELLS[experiment.cell].build(experiment, sizes, batch.loss)
    dtype = np.dtype(experiment.dtype)
    parameters = {}
    for name, parameter in program.parameters.items():
        with np.errstate(over="ignore"):
            parameters[name] = initialise(name, parameter, experiment).astype(dtype)
        parameters[name].flags.writeable = False
    target = batch.target if batch.loss == "cross_entropy" else batch.target.astype(dtype)
    target.flags.writeable = False
    batch = datasets.Batch(batch.inputs.astype(dtype), target, batch.outputs, batch.loss)
    return Network(experiment, program, parameters, batch)


def initialise(name: str, parameter: Parameter, experiment: Experiment) -> Array:
    """A parameter's start, in float64. Its random stream is its own, whatever stands beside it."""
    rng = generator(experiment.seed, Purpose.PARAMETER, name)
    if parameter.fans is None:
        bias = np.zeros(parameter.shape)
        if parameter.offset is not None:
            first, last, value = parameter.offset
            bias[first:last] = value
        return bias
    draw = INITIALISERS[experiment.init].draw
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([draw(rng, *parameter.fans, experiment.gain) for _ in range(parameter.blocks)])


def planned_sizes(experiment: Experiment) -> Sizes | None:
    """The sizes that the experiment alone decides; None where a file does."""
    outputs = datasets.find(str(experiment.data)).outputs
    if outputs is None or experiment.batch is None or experiment.inputs is None:
        return None
    over_time = CELLS[experiment.cell].over_time
    return Sizes(experiment.batch, experiment.inputs, outputs, (experiment.steps or 1) if over_time else 1)


def _check_size(experiment: Experiment, sizes: Sizes | None) -> None:
    """Refuse an impossible size before anything of it is allocated."""
    if sizes is None:
        return
    cell = CELLS[experiment.cell]
    stages = sizes.steps if cell.over_time else experiment.depth
    size = cell.numbers(experiment, sizes) * np.dtype(experiment.dtype).itemsize + stages * STAGE_BYTES
    if size > MOST_BYTES:
        length = f"{sizes.steps} steps" if cell.over_time else f"depth {experiment.depth}"
        message = (
            f"{length} × width {experiment.width} × batch {sizes.batch} × inputs {sizes.inputs} in "
            f"{experiment.dtype} needs {size / 2**30:,.1f} GiB of trace; allowed: up to {MOST_BYTES / 2**30:g} GiB; "
            "lower one of them"
        )
        raise ExperimentError([Problem("size", message)])


def simulate(experiment: Experiment) -> Trace:
    """Build and run: a pure function of the experiment (and of the file that a csv:PATH names)."""
    return build(experiment).run()
