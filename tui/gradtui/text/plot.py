"""The one bridge to plotext: the plots that commands print. Not thread-safe, as plotext has one global figure.

plotext is loaded with the first plot: it takes 0.15 s. The screen draws its own, in a tenth of plotext's 6 to 20 ms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.figures import power_of_ten
from gradtui_engine.core.message import English

from .language import tr

#: The frame in characters that every terminal has.
_ASCII = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|+++++++++")
#: About how many labels the log axis gets.
_TICKS = 7


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
    "block": "block, 0 = embedded tokens",
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
    x_ticks: Mapping[float, str] | None = None,
) -> list[str]:  # fmt: skip
    """Points over one another, what comes later on top, with level lines; x_ticks: without them whole numbers."""
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
    if x_ticks is None:
        x_ticks = {mark: str(mark) for mark in range(int(x[0]), int(x[1]) + 1, max(1, round(step_of(*x, _TICKS))))}
    figure.ruler("x").ticks(list(x_ticks), list(x_ticks.values()))
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
