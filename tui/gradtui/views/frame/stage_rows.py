"""Stages as rows, where there may be more stages than rows: every row stands for as many neighbouring stages.

A sample would pretend: of rows 30, 29, 27 and 26 the neighbours do not multiply. Of groups they do: the gradient at a
row's lowest stage, times the next row's factor, is the gradient at the lowest stage of that one. How many stages a row
has depends on their number and on the rows alone, so nothing moves while the cursor does.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import cut_left, width_of

#: One number per stage; None where there is none.
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class StageRow:
    """The stages from `low` to `high`, both of them: one or several neighbours.

    stride is how many the rows have that are full: the lowest one may have fewer.
    """

    low: int
    high: int
    stride: int = field(default=1, compare=False)

    def __contains__(self, stage: int) -> bool:
        return self.low <= stage <= self.high

    @property
    def stages(self) -> range:
        """The highest first: as the gradient comes down."""
        return range(self.high, self.low - 1, -1)

    def label(self, room: int) -> str:
        """12 of one stage, 30–28 of several; where there is no room for both, the lowest, where the value stands."""
        whole = f"{self.high}–{self.low}"
        return whole if self.low < self.high and len(whole) <= room else str(self.low)

    # -- what a row has of numbers that stages have ------------------------------------------------------------

    def lowest(self, values: Values) -> float | None:
        """What is left at the end of the row's way."""
        return values[self.low]

    def product(self, factors: Values) -> float | None:
        """The row's factor, of ‖∂L/∂h_k‖ / ‖∂L/∂h_(k+1)‖ of its stages; the last stage of all has none."""
        known = self._known(factors)
        return math.prod(known) if known else None

    def mean(self, values: Values) -> float | None:
        known = self._known(values)
        return math.fsum(known) / len(known) if known and all(map(math.isfinite, known)) else _broken(known)

    def geometric_mean(self, values: Values) -> float | None:
        """The mean on a log axis: of factors the one that, as often as there are stages, makes their product."""
        known = self._known(values)
        if not known or not all(0.0 <= value < math.inf for value in known):
            return _broken(known)
        if 0.0 in known:
            return 0.0
        return known[0] if len(known) == 1 else math.exp(math.fsum(map(math.log, known)) / len(known))

    def _known(self, values: Values) -> list[float]:
        return [value for value in values[self.low : self.high + 1] if value is not None]


def _broken(values: list[float]) -> float | None:
    """The sum where some value is none, nan or infinite: it says which."""
    return sum(values) if values else None


#: Modules have names instead of numbers, which take this part of the pane's width at the most.
_NAMES, _LEAST_NAME = 4, 3


def names_room(names: Sequence[str], rows: Sequence[StageRow], width: int) -> int:
    """Cells of the longest name of a row, as far as a pane of this width has room for names."""
    longest = max((width_of([(named(row, names, width), "")]) for row in rows), default=0)
    return min(longest, max(width // _NAMES, _LEAST_NAME))


def named(row: StageRow, names: Sequence[str], room: int) -> str:
    """The name of a row's module. Of several the last one's and the first one's, 24–22, or, where there is no room for
    both, the first one's, where the value stands, and how many more there are."""
    if row.low == row.high:
        return cut_left(names[row.low], room)
    both, more = f"{names[row.high]}–{names[row.low]}", f" +{row.high - row.low}"
    return both if width_of([(both, "")]) <= room else f"{cut_left(names[row.low], room - len(more))}{more}"


@functools.lru_cache(maxsize=64)
def stage_rows(count: int, height: int, first: int = 0) -> tuple[StageRow, ...]:
    """Rows of the stages from `first` to count − 1, the last on top, in at most `height` rows.

    All have the same number of stages, `stride`; only the lowest one may have fewer, as the input beside full groups.
    """
    step = stride(count, height, first)
    return tuple(StageRow(max(high - step + 1, first), high, step) for high in range(count - 1, first - 1, -step))


def stride(count: int, height: int, first: int = 0) -> int:
    """How many stages a row has, in so many rows."""
    return max(1, math.ceil((count - first) / max(1, height)))


@functools.lru_cache(maxsize=64)
def label_room(count: int, height: int, first: int = 0) -> int:
    """Cells of the widest label, 30–28, of these rows; two at the least, so that rows of two networks are alike."""
    rows = stage_rows(count, height, first)
    return max([2, *(len(row.label(99)) for row in rows)])


def each_row(axis: str, stages: int) -> str:
    """3 layers a row; nothing where it is one."""
    return tr("{stages} a row", stages=AXIS_WORDS[axis].counted(stages)) if stages > 1 else ""
