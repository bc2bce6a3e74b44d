"""Numbers of the stages as curves on a log axis, several in one band, with their marks where there is room for them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.figures import power_of_ten, rounded, short

from ...text.axis_words import AXIS_WORDS
from ...text.graph import Axes, Graph
from ...text.language import tr
from ...text.spans import Line, Span, first_fit, fit, runs, text_of, width_of
from ..frame.timeaxis import MARGIN, TimeAxis

#: A band is at least a factor of 4 high: what hardly differs is to look alike.
_LEAST_SPAN = math.log10(4.0)
#: From so many decades on the axis ends at powers of ten, which fit beside it.
_MANY = 2.0
#: Shares of a band that stay free above and below the marks.
_MARGIN_SHARE = 0.08
#: Each stage has its mark where they are so many columns apart; else the selected one alone.
_APART = 3
#: Marks instead of a line stand at least so many columns apart: the line is seen between them.
_SPARSE = 6


@dataclass(frozen=True)
class Marks:
    """One curve: the glyph of its marks, its style, and a number per stage (None where there is none).

    sparse: marks here and there instead of a line, so that it is told from a line in the same place.
    """

    glyph: str
    style: str
    values: Sequence[float | None]
    sparse: bool = False


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

    def place(self, value: float) -> float:
        """log10 of a value. 0 lies at the lower end, what is not finite at the upper one."""
        if not math.isfinite(value):
            return self.high
        return math.log10(value) if value > 0 else self.low

    def labels(self) -> tuple[tuple[float, str], ...]:
        """1 and the ends, in at most MARGIN cells each."""
        return (0.0, "1"), (self.low, _label(self.low)), (self.high, _label(self.high))


def _label(exponent: float) -> str:
    """10^exponent: 0.236, 0.04, 1e-18, and 1e-308, the one kind that takes six cells."""
    if exponent == int(exponent):
        return power_of_ten(int(exponent))
    text = short(10.0**exponent)
    return text if len(text) < MARGIN else rounded(10.0**exponent, 1)


def band(
    stages: TimeAxis, selected: int, series: Sequence[Marks], both: str, rows: int, name: str, known: int = 0
) -> list[Line]:
    """The series over the stages in so many rows; `both` is where two marks meet. On the right the selected numbers.

    Below the stage `known` a curve is faint: the gradient has not come there yet.
    """
    axis = LogAxis.of(value for marks in series for value in marks.values)
    columns = len(stages.columns)
    graph = Graph(Axes((-0.25, columns - 0.75), (axis.low, axis.high)), columns + 1, rows)
    graph.level(0.0, "reference", "─")
    places = centres(stages)
    apart = columns >= _APART * len(places)
    every = {stage for number, stage in enumerate(places) if number % math.ceil(_SPARSE * len(places) / columns) == 0}
    for marks in series:
        for run in _runs(marks, places) if not marks.sparse else ():
            _curve(graph, axis, run, known, marks)
    for marks, (stage, column) in itertools.product(series, places.items()):
        value = marks.values[stage]
        marked = apart or stage == stages.shown_for(selected) or (marks.sparse and stage in every)
        if value is None or not (marked or not math.isfinite(value)):
            continue
        row = graph.row(axis.place(value))
        there = graph.cells[row][column][0]
        glyph = both if there in (both, *(other.glyph for other in series)) else marks.glyph
        style = "dim" if stage < known else marks.style
        graph.cells[row][column] = (glyph, style) if math.isfinite(value) else ("!", "broken")
    labels: dict[int, str] = {}
    for place, label in axis.labels():
        labels.setdefault(graph.row(place), label)
    # The graph is a column wider than the stages.
    beside = _beside(series, selected, name, rows, stages.right - 1)
    return [
        [(labels.get(row, "").rjust(MARGIN - 1).ljust(MARGIN), "label"), *runs(graph.cells[row]), *beside[row]]
        for row in range(rows)
    ]


def _runs(marks: Marks, places: dict[int, int]) -> list[list[tuple[int, int, float]]]:
    """(stage, column, value) of neighbours that all have a finite number."""
    found: list[list[tuple[int, int, float]]] = [[]]
    for stage, column in places.items():
        value = marks.values[stage]
        if value is None or not math.isfinite(value):
            found.append([])
        else:
            found[-1].append((stage, column, value))
    return [run for run in found if run]


def _curve(graph: Graph, axis: LogAxis, run: list[tuple[int, int, float]], known: int, marks: Marks) -> None:
    letter = marks.glyph
    faint, bright = ([point for point in run if side(point[0])] for side in (known.__gt__, known.__le__))
    for points, style in ((faint, "dim"), (bright, marks.style)):
        if points:
            x, y = [float(column) for _, column, _ in points], [axis.place(value) for _, _, value in points]
            graph.path(np.array(x), np.array(y), style, letter)


def _beside(series: Sequence[Marks], selected: int, name: str, rows: int, room: int) -> list[Line]:
    """The band's name and the selected stage's numbers, – where it has none; these alone where there is no room."""
    numbers: list[Line] = [
        _fitting(
            room, marks.style, f" {marks.glyph} {short(marks.values[selected])}", f" {short(marks.values[selected])}"
        )
        for marks in series
        if any(value is not None for value in marks.values)
    ]
    head: list[Line] = [_fitting(room, "label", f" {name}")] if rows > len(numbers) else []
    return ([*head, *numbers] + [[] for _ in range(rows)])[:rows]


def _fitting(room: int, style: str, *texts: str) -> Line:
    """The first of the texts that fits, or nothing."""
    return first_fit(room, *([(text, style)] for text in texts), [])


def centres(stages: TimeAxis) -> dict[int, int]:
    """Stage → the column in the middle of those that show it."""
    columns: dict[int, list[int]] = {}
    for column, stage in enumerate(stages.columns):
        columns.setdefault(stage, []).append(column)
    return {stage: stage_columns[(len(stage_columns) - 1) // 2] for stage, stage_columns in columns.items()}


def ruler(stages: TimeAxis, selected: int, axis: str, walls: frozenset[int] = frozenset()) -> Line:
    """The stages' numbers under the bands, with what they count on the left, and the walls of truncation."""
    return [margin(tr(AXIS_WORDS[axis].ruler)), *stages.ruler(selected, walls=walls)[1:]]


def margin(text: str) -> Span:
    """A text in the margin, against the axis; a longer one is cut, as the axis must not move."""
    room = MARGIN - 1
    size = width_of([(text, "label")])
    return (" " * (room - size) + text if size <= room else text_of(fit([(text, "label")], room))) + " ", "label"
