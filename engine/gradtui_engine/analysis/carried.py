"""The path that carries the gradient: what a verdict judges, and what half-life and average factor belong to.

Of an MLP it is ∂L/∂h from the last layer to the first. Over time it is the state that a step hands on along its direct
path: ∂L/∂c of a cell with a cell state, ∂L/∂h of the others. (‖∂L/∂h‖ of an LSTM also falls once from h_T to c_T, by
o ⊙ (1 − tanh² c): that is one step's, whatever the length.) Where every step has a loss of its own, each of them
renews the gradient, and the norm of their sum says nothing of how far it carries: the last step's loss alone is
followed back then (Bengio et al. 1994 ask for ∂L_T/∂h_k).

Inside of a block of two layers that a skip leads around, the path runs along the skip: with ReZero ∂L/∂h of the layer
inside is exactly 0 while all of the gradient passes beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.residual_blocks import blocks
from ..core.numerics import ratio
from ..core.thresholds import EXPLODED, VANISHED
from ..program.program import first_learning
from ..program.slots import CELL_STATE, HIDDEN
from .decay import average_factor
from .own_losses import last_loss_alone, own_losses

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True)
class CarriedPath:
    """The gradient's norms along the path, one for each stage.

    state is the role of the states: "h" or "c". alone says that of several losses the last one is followed. total is
    ‖∂L/∂h‖ of the first stage that learns over that of the last stage, all losses and both states together.
    """

    axis: str
    state: str
    alone: bool
    norms: tuple[float, ...]
    total: float
    #: Where the gradient is truncated, after how many steps each.
    truncate: int | None = None

    @property
    def first(self) -> int:
        """The first stage that learns; of a truncated gradient the first one that it reaches."""
        return first_learning(self.axis, len(self.norms) - 1, self.truncate)

    @functools.cached_property
    def relative(self) -> tuple[float, ...]:
        """Each norm over the last stage's."""
        return tuple(ratio(value, self.norms[-1]) for value in self.norms)

    @property
    def ratio(self) -> float:
        """The first stage's that learns; 1 where that is the last one, too."""
        return _end_to_end(self.norms, self.first)

    @functools.cached_property
    def factor(self) -> float | None:
        """The average a stage (geometric mean); None where there is but one stage, and no factor."""
        return average_factor(self.relative, self.first) if len(self.norms) - 1 > self.first else None


def carried_path(trace: Trace, states: Sequence[float], cells: Sequence[float]) -> CarriedPath:
    """The path of a trace whose ‖∂L/∂h_k‖ and ‖∂L/∂c_k‖ (empty without cell states) are known.

    NumPy's warnings must be off.
    """
    path = trace.resolved.kind.path
    state = HIDDEN if path is None or not cells else path.state
    truncate = trace.resolved.truncate if trace.axis == "time" else None
    total = _end_to_end(_beside_branches(trace, states), first_learning(trace.axis, len(states) - 1, truncate))
    last = own_losses(trace, -1)
    if last is None:
        norms = tuple(cells if state == CELL_STATE else _beside_branches(trace, states))
        return CarriedPath(trace.axis, state, False, norms, total, truncate)
    return CarriedPath(trace.axis, state, True, tuple(last_loss_alone(trace, last[0], state)), total, truncate)


def _beside_branches(trace: Trace, states: Sequence[float]) -> Sequence[float]:
    """The norms along the skips: inside of a block that of its end, where the skip comes in."""
    resolved = trace.resolved
    if trace.axis != "layer" or resolved.kind.tokens or resolved.residual_span == 1 or resolved.residual == "none":
        return states
    norms = list(states)
    for first, last, skip in blocks(resolved, trace.input.shape[-1]):
        if skip:
            norms[first:last] = [norms[last]] * (last - first)
    return norms


def healthy_up_to(factor: float) -> float:
    """How many stages a constant factor stays between the thresholds: ln limit / ln factor; inf for a factor of 1."""
    if not factor > 0 or factor == 1.0:
        return np.inf if factor == 1.0 else 0.0
    limit = VANISHED if factor < 1 else EXPLODED
    # A hair above: 0.1 stays within 1e-3 for three stages, though the logarithms make it 2.9999999999999996.
    return float(np.floor(np.log(limit) / np.log(factor) + 1e-9))


def _end_to_end(norms: Sequence[float], first: int) -> float:
    return ratio(norms[first], norms[-1]) if len(norms) - 1 > first else 1.0
