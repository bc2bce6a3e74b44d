"""What came out of measuring: a number, or a name; and the ratio of two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out: a number, or a name (kind); None with the reason where there is none."""

    value: float | str | None
    share: bool = False
    problem: str = ""
    #: Whether its places are steps in time instead of layers.
    over_time: bool = False
    #: Whether it counts iterations.
    whole: bool = False


def divide(top: Measured, under: Measured) -> Measured:
    """The ratio of two measured numbers; 0/0 is nan, as the engine has it."""
    for measured in (top, under):
        if measured.value is None:
            return measured
    above, below = top.value, under.value
    assert isinstance(above, float)
    assert isinstance(below, float)
    if below == 0:
        none = math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)
        return Measured(none, over_time=top.over_time)
    return Measured(above / below, over_time=top.over_time)
