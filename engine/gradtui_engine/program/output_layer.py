"""What follows the hidden stages: the linear output layer and the loss; and the sizes that the data decide."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.datasets import Batch
from .program import Parameter, Program, Site
from .slots import Slot


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


def add_output_layer(program: Program, state: str, width: int, sizes: Sizes, loss: str) -> None:
    """The output layer reads one state, (batch, width), or a whole of them, (time, batch, width)."""
    lead = program.slots[state].shape[:-2]
    program.slot(Slot("output"), (*lead, sizes.batch, sizes.outputs))
    program.slot(Slot("loss"), ())
    program.parameters["output.weight"] = Parameter(
        (sizes.outputs, width), (sizes.outputs, width), place="output", module_fan=width
    )
    program.parameters["output.bias"] = Parameter((sizes.outputs,), bias=True, module_fan=width)
    program.add(
        "linear",
        Site("output"),
        inputs=(state,),
        outputs=("output",),
        parameters=("output.weight", "output.bias"),
    )
    program.add("loss", Site("loss"), inputs=("output",), outputs=("loss",), choice=loss)
    program.kept.append("output")
