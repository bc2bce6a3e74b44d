"""The weight matrices of a trace in groups, layer by layer: what each gets of the gradient, and moves by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..cells.residual_blocks import RESIDUALS
from ..core.numerics import norm_inside, ratio
from ..rules.optimisers import OPTIMISERS
from .record import ParameterNumbers

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class Group:
    """The weight matrices of one layer (of a cell W_ih and W_hh, which all steps share), with their numbers together.

    gradient and update are norms, size is how many numbers there are. update_ratio is ‖update‖ / ‖weights‖. taught is
    the norm of the update without a weight decay that stands beside the gradient: AdamW's λθ alone moves a layer that
    gets nothing by a hundredth of what the others move by. waits says that the gradient is 0 only because a learned
    number that all of it is multiplied by (ReZero's α) still is, which gets a gradient of
    its own and moves first.
    """

    names: tuple[str, ...]
    stage: int | None
    size: int
    gradient: float
    update: float
    update_ratio: float
    taught: float
    waits: bool = False

    @property
    def move(self) -> float:
        """The root mean square of the update that the loss asks for."""
        return self.taught / math.sqrt(self.size)

    @property
    def slope(self) -> float:
        """The root mean square of the gradient."""
        return self.gradient / math.sqrt(self.size)


def matrices_of(trace: Trace) -> list[tuple[int | None, tuple[str, ...]]]:
    """The weight matrices layer by layer: the layer's number (None outside of the layers), and their names."""
    known = trace.program.parameters
    rows = (
        (row.site.layer, tuple(name for name in row.parameters if known[name].fans is not None))
        for row in trace.program.instructions
    )
    return [(layer, names) for layer, names in rows if names]


def groups_of(
    trace: Trace,
    matrices: Iterable[tuple[int | None, tuple[str, ...]]],
    numbers: Mapping[str, ParameterNumbers],
) -> tuple[Group, ...]:
    """The groups of these matrices, whose numbers are known; NumPy's warnings must be off."""
    held = _held_at_zero(trace)
    return tuple(_group(trace, layer, names, numbers, held.issuperset(names)) for layer, names in matrices)


def taught(trace: Trace, names: Iterable[str]) -> float:
    """The norm of these weights' update without a decoupled weight decay."""
    decay = trace.resolved.weight_decay
    return math.hypot(
        *(norm_inside(trace.updates[name] + trace.parameters[name] * (trace.rate(name) * decay)) for name in names)
    )


def _moves_from_zero(trace: Trace, name: str) -> bool:
    """Whether all of a parameter is 0, and it gets a gradient."""
    return not trace.parameters[name].any() and bool(trace.parameter_gradients[name].any())


def _held_at_zero(trace: Trace) -> frozenset[str]:
    """The parameters of a branch, from where its skip leaves to where it joins, that wait for the learned number which
    multiplies it: that is 0, and moves first (ReZero's α).
    """
    instructions = trace.program.instructions
    joins = [row for row in instructions if row.operation in _LEARNED and _moves_from_zero(trace, row.parameters[0])]
    if not joins:
        return frozenset()
    writes = {name: row for row in instructions for name in row.outputs}
    held: set[str] = set()
    for join in joins:
        branch, skip = join.inputs[:2]
        left = [branch]
        while left:
            row = writes.get(left.pop())
            if row is not None and skip not in row.outputs:
                held.update(row.parameters)
                left += row.inputs
    return frozenset(held)


#: The operations that multiply a branch by what is learned.
_LEARNED = frozenset(row.operation for row in RESIDUALS.values() if row.learned is not None)


def _group(
    trace: Trace, stage: int | None, names: tuple[str, ...], known: Mapping[str, ParameterNumbers], held: bool
) -> Group:
    rows = [known[name] for name in names]
    update = math.hypot(*(row.update_norm or 0.0 for row in rows))
    decoupled = OPTIMISERS[trace.resolved.optimizer].decoupled and trace.resolved.weight_decay > 0
    gradient = math.hypot(*(row.gradient_norm or 0.0 for row in rows))
    return Group(
        names, stage, sum(trace.parameters[name].size for name in names), gradient, update,
        ratio(update, math.hypot(*(row.norm for row in rows))) if update else 0.0,
        taught(trace, names) if decoupled else update,
        held and gradient == 0.0,
    )  # fmt: skip
