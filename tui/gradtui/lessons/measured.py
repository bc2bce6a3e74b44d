"""What came out of measuring: a number, or a name; and the ratio of two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradtui_engine.core.figures import percent, short

from ..text.summary import kind_name


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

    @property
    def text(self) -> str:
        """As it is shown: 2.2e-12, 43 %, vanishing."""
        if self.value is None:
            return "–"
        if isinstance(self.value, str):
            return kind_name(self.value)
        if self.whole and math.isfinite(self.value):
            return str(round(self.value))
        return percent(self.value) if self.share else short(self.value)


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
