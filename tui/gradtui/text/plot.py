"""The one bridge to plotext: plots that people read. Not thread-safe, as plotext has one global figure.

plotext is loaded by `load`, or else with the first plot: it takes 0.15 s, which nobody should wait for at the start.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradtui_engine.core.figures import power_of_ten
from gradtui_engine.core.message import English

from .language import tr

if TYPE_CHECKING:
    from .spans import Span

#: The frame in characters that every terminal has.
_ASCII = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|+++++++++")
#: About how many labels the log axis gets.
_TICKS = 7


def load() -> None:
    """Load plotext, in whatever thread has time, before the first plot is asked for."""
    import plotext  # noqa: F401


def loaded() -> bool:
    return "plotext" in sys.modules


def _figure(width: int, height: int, theme: str) -> Any:
    """plotext's figure, empty, at this size."""
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.theme(theme)
    return figure


#: What runs along the axis of the stages, by what they are.
_ALONG: dict[str, English] = {
    "layer": "layer, 0 = input",
    "time": "time step, 0 = initial state",
    "module": "module, in the order of the forward pass",
}


def gradient_plot(
    series: Sequence[tuple[str, Sequence[float]]], axis: str, width: int, height: int, colour: bool, blocks: bool = True
) -> str:
    """Norms against stage on a log axis, one line per series, with the reference line at 1.

    Zeros and non-finite values have no place on a log axis: they are left out and counted under the plot.
    """
    import plotext

    figure = _figure(max(width, 30), max(height, 8), "simple" if colour else "colorless")
    shown = [value for _, values in series for value in values if _drawable(value)]
    exponents = [math.log10(value) for value in shown] + [0.0]
    low, high = math.floor(min(exponents)), max(math.ceil(max(exponents)), math.floor(min(exponents)) + 1)
    stride = max(1, math.ceil((high - low) / _TICKS))
    ticks = [exponent for exponent in range(low, high + 1) if exponent % stride == 0]
    ruler = figure.ruler("y")
    # The axis is drawn linear in log10: plotext's own log scale labels 1e-12 as 0.000000000001.
    ruler.lim(low, high)
    ruler.ticks(ticks, [power_of_ten(exponent) for exponent in ticks])
    for label, values in series:
        points = [(index, math.log10(value)) for index, value in enumerate(values) if _drawable(value)]
        if points:
            signal = figure.signal([x for x, _ in points], [y for _, y in points], marker="braille" if blocks else "*")
            signal.lines()
            if len(series) > 1:
                signal.label(label)
            figure.draw(signal)
    last = max(len(values) for _, values in series) - 1
    figure.ruler("x").lim(0, max(last, 1))
    marks = range(0, last + 1, max(1, math.ceil(last / _TICKS)))
    figure.ruler("x").ticks(list(marks), [str(mark) for mark in marks])
    figure.line(0.0)
    figure.label(tr(_ALONG[axis]), "x")
    text = str(figure.build().string())
    left_out = sum(not _drawable(value) for _, values in series for value in values)
    lost = tr("{count} values are 0 or not finite: a log axis has no place for them", count=left_out)
    note = f"\n{lost}" if left_out else ""
    text = text if colour else plotext.uncolorize(text)
    return (text if blocks else text.translate(_ASCII)) + note


@dataclass(frozen=True, slots=True)
class Marked:
    """Points, each with a mark ("braille", or a character), joined by lines of it or not."""

    points: Sequence[tuple[float, float]]
    mark: str
    joined: bool = True


def marked_plot(
    drawn: Sequence[Marked], levels: Sequence[float], x: tuple[float, float], y: tuple[float, float],
    y_ticks: Mapping[float, str], width: int, height: int, colour: bool, blocks: bool,
) -> list[str]:  # fmt: skip
    """Points over one another, what comes later on top, with level lines; x has whole numbers as labels."""
    import plotext

    figure = _figure(width, height, "simple" if colour else "colorless")
    figure.ruler("y").lim(*y)
    figure.ruler("y").ticks(list(y_ticks), list(y_ticks.values()))
    for level in levels:
        figure.line(level)
    for each in drawn:
        if each.points:
            signal = figure.signal([at for at, _ in each.points], [at for _, at in each.points], marker=each.mark)
            if each.joined:
                signal.lines()
            figure.draw(signal)
    figure.ruler("x").lim(*x)
    marks = range(int(x[0]), int(x[1]) + 1, max(1, round(step_of(*x, _TICKS))))
    figure.ruler("x").ticks(list(marks), [str(mark) for mark in marks])
    text = str(figure.build().string())
    text = text if colour else plotext.uncolorize(text)
    return [line.rstrip() for line in (text if blocks else text.translate(_ASCII)).rstrip().split("\n")]


def step_of(low: float, high: float, most: int) -> float:
    """The distance of about so many labels: 1, 2 or 5 times a power of ten."""
    # In quarters: the span of the largest numbers is a number too.
    rough = (high * 0.25 - low * 0.25) / most * 4
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9))


def _drawable(value: float) -> bool:
    return math.isfinite(value) and value > 0


# -- plots as lines of spans, for views --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """Points in the style of the palette: joined by a line of braille dots, or, with a marker, that glyph at each."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    style: str
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the canvas spans, and the places that are marked on its edges; y's places have labels."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_ticks: tuple[float, ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()

    @property
    def margin(self) -> int:
        """Cells before the canvas: the labels of y, and the axis."""
        return max((len(label) for _, label in self.y_ticks), default=0) + 1

    def column(self, x: float, width: int) -> int:
        """The cell of the canvas in which x is drawn; width is that of the whole plot."""
        low, high = self.x
        return round((x - low) / (high - low) * (width - self.margin - 1))


#: A plot costs 6 to 20 ms; a screen holds a handful, and arrows go to and fro between a few more.
@functools.lru_cache(maxsize=128)
def plot(series: tuple[Series, ...], axes: Axes, width: int, height: int) -> tuple[tuple[Span, ...], ...]:
    """height lines of width cells, the last one the x axis without labels. What comes later is drawn on top."""
    import plotext

    # plotext gives the labels of x a row of its own: the views write it, with symbols that plotext cannot measure.
    figure = _figure(width, height + 1, "colorless")
    figure.axes(False, axis="y", side="right")
    figure.axes(False, axis="x", side="upper")
    styles = ("label", *dict.fromkeys(line.style for line in series))
    paint = {style: plotext.pixel(_FIRST + number) for number, style in enumerate(styles)}
    figure.axes(True, axis="y", side="left", pixel=paint["label"])
    figure.axes(True, axis="x", side="lower", pixel=paint["label"])
    for axis, (low, high) in (("x", axes.x), ("y", axes.y)):
        figure.ruler(axis).lim(low, high)
        figure.ruler(axis).pixel(paint["label"])
    figure.ruler("x").ticks(list(axes.x_ticks), [" "] * len(axes.x_ticks))
    figure.ruler("y").ticks([place for place, _ in axes.y_ticks], [label for _, label in axes.y_ticks])
    for curve in series:
        for x, y in _pieces(curve, axes):
            signal = figure.signal(x, y, marker=plotext.marker(curve.marker or "braille", paint[curve.style]))
            if not curve.marker:
                signal.lines()
            figure.draw(signal)
    return tuple(_spans(line, styles, width) for line in str(figure.build().string()).split("\n")[:height])


#: plotext's number of the first style's colour: from 16 on colours are no theme's own.
_FIRST = 16
_COLOUR = re.compile(r"\x1b\[([\d;]*)m")


def _spans(text: str, styles: tuple[str, ...], width: int) -> tuple[Span, ...]:
    """A line with colour codes as spans: foreground 16 + k is the k-th style; backgrounds are the theme's."""
    spans: list[Span] = []
    style, start = "text", 0
    for code in _COLOUR.finditer(text):
        _add(spans, text[start : code.start()], style)
        start = code.end()
        kind, *rest = code[1].split(";")
        if kind == "38":
            style = styles[int(rest[1]) - _FIRST]
        elif kind == "0":
            style = "text"
    _add(spans, text[start:], style)
    return tuple(spans)


def _add(spans: list[Span], text: str, style: str) -> None:
    if text and spans and spans[-1][1] == style:
        spans[-1] = (spans[-1][0] + text, style)
    elif text:
        spans.append((text, style))


Points = tuple[list[float], list[float]]


def _pieces(series: Series, axes: Axes) -> Iterator[Points]:
    """The parts of a series that lie on the canvas. A line that leaves it is cut at the edge, not at its last point."""
    points = list(zip(series.x, series.y, strict=True))
    if series.marker:
        inside = [(x, y) for x, y in points if _within(x, axes.x) and _within(y, axes.y)]
        if inside:
            yield [x for x, _ in inside], [y for _, y in inside]
        return
    piece: Points = ([], [])
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        part = _clipped(x0, y0, x1, y1, axes)
        joined = part is not None and piece[0] and (piece[0][-1], piece[1][-1]) == part[0]
        if piece[0] and not joined:
            yield piece
            piece = ([], [])
        for x, y in (part or ())[1 if joined else 0 :]:
            piece[0].append(x)
            piece[1].append(y)
    if piece[0]:
        yield piece


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _clipped(x0: float, y0: float, x1: float, y1: float, axes: Axes) -> tuple[tuple[float, float], ...] | None:
    """The part of a segment inside of the canvas (Liang & Barsky 1984); None where there is none."""
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return None
    start, end = 0.0, 1.0
    for value, step, (low, high) in ((x0, x1 - x0, axes.x), (y0, y1 - y0, axes.y)):
        if step == 0:
            if not low <= value <= high:
                return None
            continue
        enter, leave = sorted(((low - value) / step, (high - value) / step))
        start, end = max(start, enter), min(end, leave)
    if start > end:
        return None
    return tuple(
        (x0, y0) if share == 0 else (x1, y1) if share == 1 else (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        for share in (start, end)
    )
