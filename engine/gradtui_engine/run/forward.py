"""A forward pass alone: the loss of parameters on a batch, with nothing recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array
from ..program.bound import Arena, Node, Workspace, allocate
from ..program.normalisation import NORMALISATIONS
from ..program.program import Program

if TYPE_CHECKING:
    from .memory import Layout


def first_values(program: Program, layout: Layout, inputs: Array, arena: Arena) -> dict[str, Array]:
    """Arrays for all values, the input and the initial state filled in: what a forward pass starts from."""
    values = allocate(program, layout.owned, arena)
    values[program.input][...] = inputs
    for name in program.initial:
        values[name].fill(0)
    return values


def loss_of(
    program: Program,
    layout: Layout,
    parameters: Mapping[str, Array],
    inputs: Array,
    target: Array,
    running: Mapping[str, Array] | None = None,
) -> float:
    """The loss of these parameters; with BatchNorm's running statistics, as in evaluation, where they are given."""
    workspace = Workspace()
    with np.errstate(all="ignore"):
        values = first_values(program, layout, inputs, Arena(layout.value_sizes, layout.dtype))
        for instruction, operation in zip(program.instructions, layout.operations, strict=True):
            node = Node(instruction, values, {}, parameters, {}, target, workspace)
            normed = instruction.operation == "norm" and NORMALISATIONS[instruction.choice].keeps_running
            if running is not None and normed:
                prefix = instruction.parameters[0].rpartition(".")[0]
                node.running = running[f"{prefix}.running_mean"], running[f"{prefix}.running_var"]
            operation.forward(node)
    return float(values["loss"])
