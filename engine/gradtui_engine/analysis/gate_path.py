"""The direct path of a gated cell: c_t = f ⊙ c_(t−1) + … (a GRU's h and z), whose factor is the gate itself.

At initialisation the gate is about σ(b), b being its bias: after T steps f^T of the gradient is left, half of it after
ln ½ / ln f (Jozefowicz et al. 2015 set b to 1).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .decay import average_factor, half_life

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class DirectPath:
    """A gate f of bias b (±inf for a gate pinned to 1 or 0) and the half-life of its path, in steps."""

    bias: float
    factor: float
    half_life: float


def at_bias(bias: float) -> DirectPath:
    """The path of a gate σ(b)."""
    # σ of a negative number by e^b, or e^−b overflows.
    factor = 1 / (1 + math.exp(-bias)) if bias >= 0 else math.exp(bias) / (1 + math.exp(bias))
    return DirectPath(bias, factor, half_life(factor))


def at_factor(factor: float) -> DirectPath:
    """The path of a gate that is held at a value: b = ln f/(1 − f)."""
    bias = math.log(factor / (1 - factor)) if 0 < factor < 1 else math.copysign(math.inf, factor - 0.5)
    return DirectPath(bias, factor, half_life(factor))


def predicted(experiment: Resolved) -> DirectPath | None:
    """What the pinned gate, or its bias, gives at initialisation; None for cells without a gate on the path."""
    if not experiment.kind.gated:
        return None
    if experiment.pin_forget is not None:
        return at_factor(experiment.pin_forget)
    # A GRU's update gate has no bias of its own to set.
    return at_bias(experiment.forget_bias if experiment.kind.gate == "f" else 0.0)


def measured(trace: Trace) -> float | None:
    """The direct path's measured factor a step, averaged along the trace (geometric); None without such a path."""
    factors = [stage.factors["direct"] for stage in trace.stages if "direct" in stage.factors]
    if not factors:
        return None
    with np.errstate(all="ignore"):
        products = [*itertools.accumulate(reversed(factors), lambda left, each: left * each, initial=1.0)]
    return average_factor(products[::-1], 0)
