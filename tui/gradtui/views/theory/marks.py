"""Marks over the stages: numbers on a log axis, one column per stage, several kinds in one band."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradtui_engine.core.figures import power_of_ten, rounded, short

from ...text.spans import Line, Span, fit, runs, text_of, width_of
from ..frame.timeaxis import MARGIN, TimeAxis

#: A band is at least a factor of 4 high: what hardly differs is to look alike.
_LEAST_SPAN = math.log10(4.0)
#: From so many decades on the axis ends at powers of ten, which fit beside it.
_MANY = 2.0
#: Shares of a band that stay free above and below the marks.
_MARGIN_SHARE = 0.08


@dataclass(frozen=True)
class Marks:
    """One kind of mark: its glyph, its style, and a number per stage (None where there is none)."""

    glyph: str
    style: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class LogAxis:
    """From 10^low to 10^high, wherever the numbers are, 1 among them."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> LogAxis:
        """Around the positive finite values and 1."""
        shown = [math.log10(value) for value in values if value is not None and 0 < value < math.inf]
        low, high = min([*shown, 0.0]), max([*shown, 0.0])
        if high - low > _MANY:
            return cls(math.floor(low), math.ceil(high))
        spare = max(_LEAST_SPAN - (high - low), 0.0) / 2 + _MARGIN_SHARE * (high - low)
        return cls(low - spare, high + spare)

    def row(self, value: float, rows: int) -> int:
        """The row of a value, 0 the lowest. 0 lies in the lowest, inf in the highest."""
        if not value > 0:
            return 0
        if math.isinf(value):
            return rows - 1
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return min(max(math.floor(share * rows), 0), rows - 1)

    def ticks(self, rows: int) -> dict[int, str]:
        """Labels by row, in at most MARGIN cells: the ends, and 1."""
        labels = {0: _label(self.low), rows - 1: _label(self.high)}
        labels[self.row(1.0, rows)] = "1"
        return labels


def _label(exponent: float) -> str:
    """10^exponent: 0.236, 0.04, 1e-18, and 1e-308, the one kind that takes six cells."""
    if exponent == int(exponent):
        return power_of_ten(int(exponent))
    text = short(10.0**exponent)
    return text if len(text) < MARGIN else rounded(10.0**exponent, 1)


def band(stages: TimeAxis, selected: int, series: Sequence[Marks], both: str, rows: int, name: str) -> list[Line]:
    """The series over the stages in so many rows; `both` stands where two meet. On the right the selected numbers."""
    axis = LogAxis.of(value for marks in series for value in marks.values)
    cells: list[list[Span]] = [[(" ", "text")] * len(stages.columns) for _ in range(rows)]
    line = axis.row(1.0, rows)
    cells[line] = [("─", "reference")] * len(stages.columns)
    for stage, column in centres(stages).items():
        for marks in series:
            value = marks.values[stage]
            if value is None:
                continue
            row = rows - 1 if math.isnan(value) else axis.row(value, rows)
            if not math.isfinite(value):
                cells[row][column] = ("!", "broken")
            elif cells[row][column][0] in (" ", "─"):
                cells[row][column] = (marks.glyph, marks.style)
            else:
                cells[row][column] = (both, marks.style)
    ticks, beside = axis.ticks(rows), _beside(series, selected, name, rows)
    return [
        [(ticks.get(row, "").rjust(MARGIN - 1).ljust(MARGIN), "label"), *runs(cells[row]), *beside[rows - 1 - row]]
        for row in range(rows - 1, -1, -1)
    ]


def _beside(series: Sequence[Marks], selected: int, name: str, rows: int) -> list[Line]:
    """The band's name and the selected stage's numbers, – where it has none; these alone where there is no room."""
    numbers: list[Line] = [
        [(f" {marks.glyph} {short(marks.values[selected])}", marks.style)]
        for marks in series
        if any(value is not None for value in marks.values)
    ]
    head: list[Line] = [[(f" {name}", "label")]] if rows > len(numbers) else []
    return ([*head, *numbers] + [[] for _ in range(rows)])[:rows]


def centres(stages: TimeAxis) -> dict[int, int]:
    """Stage → the column in the middle of those that show it."""
    columns: dict[int, list[int]] = {}
    for column, stage in enumerate(stages.columns):
        columns.setdefault(stage, []).append(column)
    return {stage: stage_columns[(len(stage_columns) - 1) // 2] for stage, stage_columns in columns.items()}


def ruler(stages: TimeAxis, selected: int, name: str) -> Line:
    """The stages' numbers under the bands, with what they count on the left."""
    return [margin(name), *stages.ruler(selected)[1:]]


def margin(text: str) -> Span:
    """A text in the margin, against the axis; a longer one is cut, as the axis must not move."""
    room = MARGIN - 1
    size = width_of([(text, "label")])
    return (" " * (room - size) + text if size <= room else text_of(fit([(text, "label")], room))) + " ", "label"
