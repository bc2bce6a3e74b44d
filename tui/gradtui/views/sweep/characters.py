"""What a plane is drawn of: one character for two cells or one, and a curve's points, near enough to leave no gap."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from gradtui_engine.core.numerics import Array

from ...text.heat import LEVELS, SHADES, heat_cells
from ...text.spans import Span, width_of
from .shades import NO_NUMBER, Shade

if TYPE_CHECKING:
    from gradtui_engine.sweeps.sweep import Sweep

#: The mark of a cell without a number.
NONE = "×"
#: The first level that a glyph shows where the shade is its density.
_LEAST = -(-(LEVELS - 1) // (len(SHADES) - 1))
#: Points between two of a curve that are looked at: of 100 characters each.
_FINE = 200


def dense(points: Array, sweep: Sweep) -> Array:
    """A curve's points and many between them: on straight lines in the axes' units, in their logarithms where log."""
    assert sweep.y is not None
    logs = (sweep.x.log, sweep.y.log)
    with np.errstate(all="ignore"):
        units = np.stack([np.log(points[:, k]) if log else points[:, k] for k, log in enumerate(logs)], axis=1)
    shares = np.linspace(0.0, 1.0, max(2, _FINE // max(len(points) - 1, 1)))
    pieces = [one + (two - one) * shares[:, None] for one, two in itertools.pairwise(units)]
    joined = np.concatenate(pieces) if pieces else units
    return np.stack([np.exp(joined[:, k]) if log else joined[:, k] for k, log in enumerate(logs)], axis=1)


def character(points: list[Shade | None]) -> Span:
    """What stands in a character: two points of half blocks, or one as a glyph of its density."""
    if all(point == NO_NUMBER for point in points):
        return (NONE, "broken")
    if len(points) == 1:
        return _dense_glyph(points[0])
    upper, lower = points
    if upper is None and lower is None:
        return (" ", "text")
    if upper is None or lower is None:
        only = upper or lower
        return ("▀" if upper is not None else "▄", f"{_name(only)}/")
    return ("▀", f"{_name(upper)}/{_name(lower)}")


def _name(shade: Shade | None) -> str:
    assert shade is not None
    return f"{shade[0]}{shade[1]}"


def _dense_glyph(point: Shade | None) -> Span:
    if point is None:
        return (" ", "text")
    hue, level = point
    glyph, style = heat_cells([max(level, _LEAST)])[0]
    return (glyph, style if hue == "heat" else hue)


def wide(text: str) -> int:
    return width_of([(text, "")])
