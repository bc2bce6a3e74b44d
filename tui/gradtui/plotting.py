"""The one bridge to plotext: plots that people read. Not thread-safe, as plotext has one global figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotext

from .formats import power_of_ten

#: The frame in characters that every terminal has.
_ASCII = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|+++++++++")
#: About how many labels the log axis gets.
_TICKS = 7


def gradient_plot(
    series: Sequence[tuple[str, Sequence[float]]], axis: str, width: int, height: int, colour: bool, blocks: bool = True
) -> str:
    """Norms against stage on a log axis, one line per series, with the reference line at 1.

    Zeros and non-finite values have no place on a log axis: they are left out and counted under the plot.
    """
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(max(width, 30), max(height, 8))
    figure.theme("simple" if colour else "colorless")
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
    figure.label("layer, 0 = input" if axis == "layer" else "time step, 0 = initial state", "x")
    text = str(figure.build().string())
    left_out = sum(not _drawable(value) for _, values in series for value in values)
    note = f"\n{left_out} values are 0 or not finite: a log axis has no place for them" if left_out else ""
    text = text if colour else plotext.uncolorize(text)
    return (text if blocks else text.translate(_ASCII)) + note


def _drawable(value: float) -> bool:
    return math.isfinite(value) and value > 0
