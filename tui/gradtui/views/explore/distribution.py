"""The figure of the activation pane: what the gradient is multiplied by at each z, and under it how often z occurs."""

from __future__ import annotations

import numpy as np

from gradtui_engine.core.figures import rounded, short

from ...text.dots import ACROSS, Canvas, Curve
from ...text.heat import Array
from ...text.language import tr
from ...text.scale import counted, upwards
from ...text.spans import Line, first_fit
from .response import Response

#: Cells for the numbers at the left.
_MARGIN = 6
#: The z axis goes at least so far to both sides: beyond it a sigmoid is all but flat.
_LEAST_REACH = 4.0
#: Rows from which on the curve has room above the bars, and from which on both have a line that says what they are.
_CURVE_FROM, _HEADS_FROM = 6, 11


def figure(response: Response, width: int, height: int) -> list[Line]:
    """The curve above, the bars of z below it, on one axis of z in the last line."""
    cells = width - _MARGIN
    finite = response.z[np.isfinite(response.z)].astype(np.float64)
    if cells < 8 or height < 2 or not finite.size:
        return [[(tr("no finite value"), "broken")]] if not finite.size else []
    reach = max(_LEAST_REACH, float(np.abs(finite).max()))
    counts, _ = np.histogram(finite / reach, bins=cells, range=(-1.0, 1.0))
    heads = 2 if height >= _HEADS_FROM else 0
    curve = (height - 1 - heads) // 2 if height >= _CURVE_FROM else 0
    bars = height - 1 - heads - curve
    lines: list[Line] = []
    if heads:
        lines.append(_head(width, _what(response)))
    lines += _curve(response, reach, counts, cells, curve) if curve else []
    if heads:
        lines.append(
            _head(width, (tr("how often each z occurs, over units and samples"), tr("how often each z occurs")))
        )
    margin = " " * _MARGIN
    lines += [[(margin, "label"), (row, "label")] for row in upwards(counted(counts.tolist(), bars), bars)]
    return [*lines, _axis(reach, cells)]


def _what(response: Response) -> tuple[str, ...]:
    """What the curve is, with its average; the symbol behind the words."""
    values = {"symbol": response.symbol, "mean": short(response.mean)}
    if response.row is None:
        long, brief = (
            tr("gate {symbol} at each z; on average {mean}", **values),
            tr("gate {symbol} at each z", **values),
        )
    else:
        long, brief = (
            tr("slope {symbol} at each z; on average {mean}", **values),
            tr("slope {symbol} at each z", **values),
        )
    return long, brief, response.symbol


def _head(width: int, texts: tuple[str, ...]) -> Line:
    return first_fit(width, *([(" " * _MARGIN + text, "label")] for text in texts), [])


def _curve(response: Response, reach: float, counts: Array, cells: int, rows: int) -> list[Line]:
    """The curve, bright over the z that occur; both ends of its axis at the left."""
    low, high = min(response.low, 0.0), response.high
    canvas = Canvas(cells, rows, (low, high))
    with np.errstate(all="ignore"):
        values = response.of(np.linspace(-1.0, 1.0, cells * ACROSS + 1) * reach)
    ends = np.sort(np.stack([values[:-1], values[1:]]), axis=0)
    there = np.repeat(counts > 0, ACROSS)
    for style, mask in (("dim", ~there), ("formula", there)):
        low_ends, high_ends = np.where(mask, ends, np.nan)
        canvas.draw(Curve(low_ends, high_ends, style, "f"))
    labels = {rows - 1: rounded(low, 2), 0: rounded(high, 2)}
    return [[(labels.get(row, "").rjust(_MARGIN - 1) + " ", "label"), *line] for row, line in enumerate(canvas.lines())]


def _axis(reach: float, cells: int) -> Line:
    """−reach, 0, reach under their places."""
    left, right, middle = short(-reach), short(reach), cells // 2
    line = left + "─" * (cells - len(left) - len(right)) + right
    if len(left) < middle < cells - len(right):
        line = line[:middle] + "0" + line[middle + 1 :]
    return [("z".rjust(_MARGIN - 1) + " ", "label"), (line[:cells], "label")]
