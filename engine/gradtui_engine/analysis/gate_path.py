"""The direct path of a gated cell: c_t = f ⊙ c_(t−1) + … (a GRU's h and z), whose factor is the gate, or 1 − gate.

At initialisation the gate is about σ(b), b being its bias: after T steps f^T of the gradient is left, half of it after
ln ½ / ln f (Jozefowicz et al. 2015 set b to 1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .decay import average_factor, half_life
from .stage_numbers import StageNumbers

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved


@dataclass(frozen=True, slots=True)
class DirectPath:
    """A gate's bias b (±inf where it is pinned to 1 or 0), its path's factor and the half-life of that, in steps."""

    bias: float
    factor: float
    half_life: float


def at_bias(bias: float, complement: bool = False) -> DirectPath:
    """The path of a gate σ(b); with complement its factor is 1 − σ(b) = σ(−b)."""
    logit = -bias if complement else bias
    # σ of a negative number by e^b, or e^−b overflows.
    factor = 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
    return DirectPath(bias, factor, half_life(factor))


def at_factor(factor: float, complement: bool = False) -> DirectPath:
    """The path of a gate that holds the factor at a value: b = ln f/(1 − f), with complement its negative."""
    logit = math.log(factor / (1 - factor)) if 0 < factor < 1 else math.copysign(math.inf, factor - 0.5)
    return DirectPath(-logit if complement else logit, factor, half_life(factor))


def predicted(resolved: Resolved) -> DirectPath | None:
    """What the pinned gate, or its bias (of chrono the median), gives at first; None for cells without such a gate."""
    cell = resolved.kind
    if cell.path is None:
        return None
    if resolved.pin_forget is not None:
        return at_factor(cell.path.factor(resolved.pin_forget), cell.path.complement)
    # Not every gate has a bias of its own to set.
    offset = cell.path_offset
    bias = offset.sign * getattr(resolved, offset.field) if offset is not None else 0.0
    if resolved.gate_init == "chrono" and cell.chrono and resolved.chrono_steps is not None:
        # Of ln U(1, T − 1) the median: half of the units remember for longer.
        bias += dict(cell.chrono)[cell.path.gate] * math.log(resolved.chrono_steps / 2)
    return at_bias(bias, cell.path.complement)


def measured(stages: Sequence[StageNumbers]) -> float | None:
    """The direct path's measured factor a step, averaged along the stages (geometric); None without such a path."""
    factors = [factor for stage in stages if (factor := stage.factors.get("direct")) is not None]
    if not factors:
        return None
    with np.errstate(all="ignore"):
        products = [*itertools.accumulate(reversed(factors), lambda left, factor: left * factor, initial=1.0)]
    return average_factor(products[::-1], 0)
