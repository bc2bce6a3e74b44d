"""The log axis that bars share, with its fixed reference line at 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .formats import power_of_ten

#: The axis goes at least so many decades below 1: bars that are alike look alike, and a cure is seen as one.
LEAST_DECADES = 4
#: Eighths of a cell, from empty to full: across and up.
ACROSS = " ▏▎▍▌▋▊▉█"
UP = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class LogScale:
    """Powers of ten from `low` to `high`, which always hold 1 = 10⁰."""

    low: int
    high: int

    @classmethod
    def of(cls, values: Iterable[float]) -> LogScale:
        """The smallest whole powers of ten around the positive finite values and 1."""
        exponents = [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
        low = math.floor(min([*exponents, 0.0]))
        high = math.ceil(max([*exponents, 0.0]))
        return cls(min(low, -LEAST_DECADES), high)

    @property
    def label(self) -> str:
        return f"{power_of_ten(self.low)} … {power_of_ten(self.high)}"

    def position(self, value: float) -> float:
        """Where a value lies, 0 (low) to 1 (high). 0 and NaN lie at 0, inf at 1."""
        if math.isnan(value) or value <= 0:
            return 0.0
        if math.isinf(value):
            return 1.0
        return min(1.0, max(0.0, (math.log10(value) - self.low) / (self.high - self.low)))

    def reference(self, cells: int) -> int:
        """The cell of the reference line at 1, in a bar of so many cells."""
        return min(cells - 1, math.floor(self.position(1.0) * cells))

    def eighths(self, value: float, cells: int) -> int:
        """A bar's length in eighths of a cell; one that is not 0 is at least one eighth."""
        length = round(self.position(value) * cells * 8)
        return max(length, 1) if value > 0 else length

    def bar(self, value: float, cells: int, blocks: bool = True) -> str:
        """A horizontal bar with the reference line, where the bar does not cover it."""
        full, part = divmod(self.eighths(value, cells), 8)
        if blocks:
            text = "█" * full + (ACROSS[part] if part else "")
        else:
            text = "#" * (full + (part >= 4)) or ("." if value > 0 else "")
        mark = self.reference(cells)
        text = text.ljust(cells)[:cells]
        if text[mark] == " ":
            text = text[:mark] + ("│" if blocks else "|") + text[mark + 1 :]
        return text
