"""An activation's f and f′ behind the histogram of the pre-activations that it got."""

from __future__ import annotations

import numpy as np

from gradtui_engine.rules.activations import Activation

from ...text.heat import Array, finite_range, histogram
from ...text.language import tr
from ...text.spans import Line, first_fit, runs, width_of


def curves(row: Activation, z: Array, slope: float) -> tuple[Array, Array]:
    """f(z) and f′(z) of a row of the table."""
    value, derivative = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        row.forward(z, value, slope)
        row.derivative(z, value, derivative, slope)
    return value, derivative


def histogram_with_curves(pre: Array, width: int, height: int, row: Activation, slope: float) -> list[Line]:
    """Bars of the pre-activations z; f as ○ and f′ as ·, where no bar stands, each over its own range."""
    brief = tr("  f ○ f′ ·")
    legends = (tr("  z under {symbol} ○ and {symbol}′ ·", symbol=row.symbol), brief)
    # Half of the cells at least are the bars'.
    legend = next((form for form in legends if width_of([(form, "")]) <= width - width // 2), brief)
    wide = width
    width = max(width // 2, width - width_of([(legend, "")]))
    bars = histogram(pre, width, height)
    low, high = finite_range(pre)
    if len(bars) != height + 1 or not high > low:
        return bars
    z = np.linspace(low, high, width)
    grid = [list(line[0][0].ljust(width)) for line in bars[:-1]]
    styles = [["histogram"] * width for _ in grid]
    value, derivative = curves(row, z, slope)
    for values, mark, style in ((derivative, "·", "backward"), (value, "○", "forward")):
        bottom, top = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), 1.0)
        for column, level in enumerate(values):
            share = (float(level) - bottom) / (top - bottom) if np.isfinite(level) else 0.0
            line = height - 1 - round(share * (height - 1))
            if grid[line][column] == " ":
                grid[line][column], styles[line][column] = mark, style
    lines: list[Line] = [runs(zip(texts, names, strict=True)) for texts, names in zip(grid, styles, strict=True)]
    foot = bars[-1]
    return [*lines, first_fit(wide, [*foot, (legend, "label")], foot)]
