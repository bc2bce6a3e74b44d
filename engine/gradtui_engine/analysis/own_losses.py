"""The losses of single steps, where every step is read out: what each gives its own state, how far the last carries.

All of them meet in ∂L/∂h_t. The chain rule takes them apart: what step t's own loss gives h_t, and what came from
later steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..cells.table import OPERATIONS
from ..core.numerics import Array, norm_inside
from ..program.bound import Node, Workspace
from ..program.slots import BARE, CELL_STATE, HIDDEN, Slot, Span

if TYPE_CHECKING:
    from ..run.trace import Trace


def own_losses(trace: Trace, first: int = 0) -> Array | None:
    """What each step's own loss gives h_t: ∂L_t/∂h_t = ∂L_t/∂o_t W, (time, batch, units), from one step on.

    None with one loss.
    """
    gradient = trace.gradients[BARE if BARE in trace.gradients else "output"]
    # Of one step the own loss is the only one; among tokens all losses are read off the last block.
    if trace.axis != "time" or gradient.ndim != 3 or len(gradient) == 1:
        return None
    # As the states lie in memory, which `cosines` relies on.
    losses = np.empty_like(trace.values[Slot(HIDDEN, time=Span()).name][1:][first:])
    np.matmul(gradient[first:], trace.parameters["output.weight"], out=losses)
    return losses


def of_cell_states(trace: Trace, losses: Array) -> Array:
    """What each step's own loss gives c_t: through h_t, by the very step; losses are ∂L_t/∂h_t of `own_losses`."""
    program, result, workspace = trace.program, np.empty_like(losses), Workspace()
    for index, loss in enumerate(losses):
        gradients = _none(trace, index + 1)
        gradients[program.stages[index + 1]][...] = loss
        _step_back(trace, index + 1, gradients, workspace)
        result[index] = gradients[program.cells[index + 1]]
    return result


def last_loss_alone(trace: Trace, loss: Array, state: str) -> list[float]:
    """The norms along the states of what the last step's loss, which gives h_T this gradient, sends back.

    Lower layers of a stack hand nothing to later steps of this one, so its steps are all that is run.
    """
    program, workspace = trace.program, Workspace()
    names = program.cells if state == CELL_STATE else program.stages
    last = len(names) - 1
    gradients = _none(trace, last)
    gradients[program.stages[-1]][...] = loss
    norms = []
    for time in range(last, 0, -1):
        before = dict(_step_back(trace, time, gradients, workspace))
        # The step completes the gradient of its own cell state.
        norms.append(norm_inside(gradients[names[time]]))
        gradients = _none(trace, time - 1) if time - 1 in program.walls else before
    return [norm_inside(gradients[names[0]]), *reversed(norms)]


def _none(trace: Trace, time: int) -> dict[str, Array]:
    """Gradients of 0 of the states of a step."""
    program = trace.program
    states = [names[time] for names in (program.stages, program.cells) if names]
    return {name: np.zeros_like(trace.values[name]) for name in states}


def _step_back(
    trace: Trace, time: int, gradients: dict[str, Array], workspace: Workspace
) -> Iterator[tuple[str, Array]]:
    """The gradients of the states before a step out of those after it, by the step's own operation."""
    program, values = trace.program, trace.values
    instruction = program.instructions[program.writers[program.stages[time]]]
    # What a step keeps beside its states has a gradient that it writes itself.
    kept = {name: np.empty_like(values[name]) for name in instruction.outputs[len(gradients) :]}
    node = Node(instruction, values, gradients | kept, trace.parameters, {}, trace.target, workspace)
    wanted = [np.empty_like(values[name]) for name in instruction.inputs]
    node.input_gradients = [*wanted]
    OPERATIONS[instruction.operation].backward(node)
    # The first input is the projection of the data.
    return iter(list(zip(instruction.inputs, wanted, strict=True))[1:])
