"""The table of cells: how an experiment becomes a program. A stage is a layer of an MLP or a step in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .program import Parameter, Program, Site
from .table import Table

if TYPE_CHECKING:
    from .datasets import Batch
    from .experiment import Experiment


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the data decide: (batch, inputs, outputs, steps); steps is 1 without time."""

    batch: int
    inputs: int
    outputs: int
    steps: int

    @classmethod
    def of(cls, batch: Batch) -> Sizes:
        shape = batch.inputs.shape
        return cls(batch.size, int(shape[-1]), batch.outputs, int(shape[0]) if len(shape) == 3 else 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of network.

    build(experiment, sizes, loss) lists the program; numbers(experiment, sizes) is how many numbers its trace
    holds, worked out without building anything, so that an impossible size is refused in time.
    """

    name: str
    axis: str
    over_time: bool
    default_data: str
    formula: str
    build: Callable[[Experiment, Sizes, str], Program]
    numbers: Callable[[Experiment, Sizes], int]
    note: str


def _readout(program: Program, stage: str, width: int, sizes: Sizes, loss: str) -> None:
    """The linear output layer and the loss."""
    program.slot("output", (sizes.batch, sizes.outputs))
    program.slot("loss", ())
    program.parameters["output.weight"] = Parameter((sizes.outputs, width), (sizes.outputs, width))
    program.parameters["output.bias"] = Parameter((sizes.outputs,), None)
    program.add(
        "linear",
        Site("output"),
        inputs=(stage,),
        outputs=("output",),
        parameters=("output.weight", "output.bias"),
    )
    program.add("loss", Site("loss"), inputs=("output",), outputs=("loss",), choice=loss)
    program.kept.append("output")


def _readout_numbers(width: int, sizes: Sizes) -> int:
    return 2 * (sizes.batch * sizes.outputs + sizes.outputs * (width + 1)) + 1


def _mlp(experiment: Experiment, sizes: Sizes, loss: str) -> Program:
    depth, width = experiment.depth, experiment.width
    program = Program("layer", input="h/0")
    program.slot("h/0", (sizes.batch, sizes.inputs))
    program.stack("z", 1, depth, (sizes.batch, width))
    program.stack("h", 1, depth, (sizes.batch, width))
    program.stages = [f"h/{layer}" for layer in range(depth + 1)]
    program.kept = ["h/0", "h"]
    for layer in range(1, depth + 1):
        fan_in = sizes.inputs if layer == 1 else width
        weight, bias = f"layers.{layer}.weight", f"layers.{layer}.bias"
        program.parameters[weight] = Parameter((width, fan_in), (width, fan_in))
        program.parameters[bias] = Parameter((width,), None)
        program.add(
            "linear",
            Site("linear", layer=layer),
            inputs=(f"h/{layer - 1}",),
            outputs=(f"z/{layer}",),
            parameters=(weight, bias),
        )
        program.add(
            "activation",
            Site("activation", layer=layer),
            inputs=(f"z/{layer}",),
            outputs=(f"h/{layer}",),
            choice=experiment.activation,
        )
    _readout(program, program.stages[-1], width, sizes, loss)
    return program


def _mlp_numbers(experiment: Experiment, sizes: Sizes) -> int:
    depth, width = experiment.depth, experiment.width
    states = 2 * sizes.batch * sizes.inputs + 3 * depth * sizes.batch * width
    parameters = 2 * width * ((sizes.inputs + 1) + (depth - 1) * (width + 1))
    return states + parameters + _readout_numbers(width, sizes)


def _lstm(experiment: Experiment, sizes: Sizes, loss: str) -> Program:
    width, steps = experiment.width, sizes.steps
    program = Program("time")
    program.slot("input", (steps, sizes.batch, sizes.inputs))
    program.stack("projection", 1, steps, (sizes.batch, 4 * width), units_first=True)
    program.stack("gates", 1, steps, (sizes.batch, 4 * width), units_first=True)
    program.stack("h", 0, steps + 1, (sizes.batch, width), units_first=True)
    program.stack("c", 0, steps + 1, (sizes.batch, width), units_first=True)
    program.stack("tanh_c", 1, steps, (sizes.batch, width), units_first=True)
    program.initial = ["h/0", "c/0"]
    program.stages = [f"h/{time}" for time in range(steps + 1)]
    program.cells = [f"c/{time}" for time in range(steps + 1)]
    # The projection's gradient is that of the gates' pre-activations: every step's share of the weights' gradient.
    program.kept = ["h", "c", "projection"]
    weight_ih, weight_hh, bias_ih, bias_hh = (
        f"lstm.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    program.parameters = {
        weight_ih: Parameter((4 * width, sizes.inputs), (width, sizes.inputs), blocks=4),
        weight_hh: Parameter((4 * width, width), (width, width), blocks=4),
        bias_ih: Parameter((4 * width,), None, offset=(width, 2 * width, experiment.forget_bias)),
        bias_hh: Parameter((4 * width,), None),
    }
    program.add(
        "lstm_projection",
        Site("input projection"),
        inputs=("input",),
        reads=("h",),
        outputs=("projection",),
        parameters=(weight_ih, weight_hh, bias_ih, bias_hh),
    )
    for time in range(1, steps + 1):
        program.add(
            "lstm_step",
            Site("cell", time=time),
            inputs=(f"projection/{time}", f"h/{time - 1}", f"c/{time - 1}"),
            outputs=(f"h/{time}", f"c/{time}", f"gates/{time}", f"tanh_c/{time}"),
            shared=(weight_hh,),
        )
    _readout(program, program.stages[-1], width, sizes, loss)
    return program


def _lstm_numbers(experiment: Experiment, sizes: Sizes) -> int:
    width, steps = experiment.width, sizes.steps
    rows = sizes.batch * width
    states = steps * sizes.batch * sizes.inputs + 3 * steps * 4 * rows + (5 * steps + 4) * rows
    parameters = 2 * 4 * width * (sizes.inputs + width + 2)
    return states + parameters + _readout_numbers(width, sizes)


CELLS = Table(
    "cell",
    (
        Cell(
            "mlp",
            "layer",
            False,
            "digits",
            "h_l = f(h_(l−1) W_lᵀ + b_l)",
            _mlp,
            _mlp_numbers,
            "Deep in layers: depth hidden layers of width units and a linear output.",
        ),
        Cell(
            "lstm",
            "time",
            True,
            "digits-pixels",
            "i, f, o = σ(x_t W_ihᵀ + h_(t−1) W_hhᵀ + b); g = tanh(…); c_t = f ⊙ c_(t−1) + i ⊙ g; h_t = o ⊙ tanh c_t",
            _lstm,
            _lstm_numbers,
            "Deep in time: one layer, unrolled over the steps, reading out the last hidden state.",
        ),
    ),
)
