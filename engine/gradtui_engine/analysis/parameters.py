"""The numbers of parameters: before and after clipping and update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core.numerics import norm_inside, ratio
from ..core.progress import Watch, told
from .record import ParameterNumbers

if TYPE_CHECKING:
    from ..run.trace import Trace


def parameter_numbers(
    trace: Trace, names: Iterable[str] | None = None, watch: Watch | None = None
) -> dict[str, ParameterNumbers]:
    """The norms of these parameters, or of all; NumPy's warnings must be off."""
    gradients, clipped, updates = trace.parameter_gradients, trace.clipped, trace.updates
    chosen = list(trace.parameters if names is None else names)
    numbers = {}
    for name in told(chosen, len(chosen), watch):
        size, gradient = norm_inside(trace.parameters[name]), norm_inside(gradients[name])
        after = gradient if clipped[name] is gradients[name] else norm_inside(clipped[name])
        update = norm_inside(updates[name])
        numbers[name] = ParameterNumbers(size, gradient, after, ratio(update, size), update)
    return numbers
