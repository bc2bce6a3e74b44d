"""What follows the hidden stages: the linear output layer and the loss; and the sizes that the data decide."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.datasets import Batch
from .program import Parameter, Program, Site
from .slots import BARE, Slot


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


def add_output_layer(
    program: Program, state: str, width: int, sizes: Sizes, loss: str, activation: str = "none"
) -> None:
    """The output layer reads one state, (batch, width), or a whole of them, (time, batch, width).

    With an activation of its own it is linear all the same, and the activation stands between it and the loss.
    """
    lead = program.slots[state].shape[:-2]
    shape = (*lead, sizes.batch, sizes.outputs)
    output = linear = program.slot(Slot("output"), shape)
    if activation != "none":
        linear = program.slot(Slot(BARE), shape)
        program.kept.append(linear)
    program.slot(Slot("loss"), ())
    program.parameters["output.weight"] = Parameter(
        (sizes.outputs, width), (sizes.outputs, width), place="output", module_fan=width
    )
    program.parameters["output.bias"] = Parameter((sizes.outputs,), bias=True, module_fan=width)
    program.add(
        "linear",
        Site("output"),
        inputs=(state,),
        outputs=(linear,),
        parameters=("output.weight", "output.bias"),
    )
    if linear != output:
        program.add(
            "output_activation", Site("output activation"), inputs=(linear,), outputs=(output,), choice=activation
        )
    program.add("loss", Site("loss"), inputs=("output",), outputs=("loss",), choice=loss)
    program.kept.append("output")
