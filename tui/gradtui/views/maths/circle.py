"""The unit circle and the unit hyperbola: a point on each at the same parameter t, which is twice a sector's area."""

from __future__ import annotations

import functools
import math

import numpy as np

from gradtui_engine.core.figures import exact
from gradtui_engine.core.numerics import Array

from ...text.language import tr
from ...text.plot import Axes, Series, plot
from ...text.spans import Line, first_fit, first_title, fit, padded, page, width_of, wrap
from ..frame import plots
from ..frame.parts import Part, kept
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .words import parameter, parameter_text, real

#: The sectors' shades, and that of what lies in both; the points.
_CIRCLE, _HYPERBOLA, _BOTH, _POINT, _OTHER = "░", "▒", "▓", "●", "◆"
#: The canvas holds the circle, and the hyperbola as far as this.
_LEFT, _RIGHT, _TOP = -1.2, 2.3, 1.25
#: A canvas of fewer rows shows no circle; the values stand beside it from this many cells on.
_LEAST_ROWS, _BESIDE = 6, 26
#: Corners of the polygon whose area is measured: off by 4e-9 of it after a whole turn, less than the digits shown.
_CORNERS = 40_001


def title(scene: Scene, width: int) -> str:
    place = parameter_text(scene.state)
    return first_title(
        width,
        tr("unit circle and unit hyperbola · t = {place}", place=place),
        tr("circle, hyperbola · t = {place}", place=place),
        tr("circle, hyperbola"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """Both curves with their sectors, and the coordinates and areas as numbers: beside them, or under them."""
    t = parameter(scene.state)
    table = _table(t, width - 2 - _BESIDE)
    if table and height >= max(_LEAST_ROWS + 1, len(table)):
        beside = width_of(table[0])
        picture, outside = _drawing(t, width - beside - 2, height)
        room = max(width_of(line) for line in picture)
        note = wrap(_beyond(), beside, "label") if outside else []
        numbers = page([*table, [], *_legend(beside), *note], beside, height)
        both = [[*fit(one, room), ("  ", "text"), *two] for one, two in zip(picture, numbers, strict=True)]
        return page(both, width, height)
    parts = [
        Part(1, least=max(_LEAST_ROWS, height // 2), draw=lambda rows: _noted(t, width, rows)),
        # Shades need an explanation where there is a picture: with the coordinates it takes this much.
        Part(3, tuple(_legend(width)) if height >= _LEAST_ROWS + 3 else ()),
        *(Part(0 if number in (1, 2) else 2, (line,)) for number, line in enumerate(_table(t, width))),
    ]
    return page(kept(parts, height), width, height)


def _beyond() -> str:
    return tr("{point} lies beyond the picture", point=_OTHER)


# -- numbers -----------------------------------------------------------------------------------------------


def _table(t: float, width: int) -> list[Line]:
    """Coordinates, the sector's area, measured, and the equation of the curve, for both; first the names go."""
    x, y, a, b = math.cos(t), math.sin(t), math.cosh(t), math.sinh(t)
    rows = (
        ("", f"{_POINT} " + tr("circle"), f"{_OTHER} " + tr("hyperbola"), "label"),
        ("x", f"cos t = {real(x)}", f"cosh t = {real(a)}", "text"),
        ("y", f"sin t = {real(y)}", f"sinh t = {real(b)}", "text"),
        (tr("area"), f"t/2 = {real(area(t, np.cos, np.sin))}", f"t/2 = {real(area(t, np.cosh, np.sinh))}", "strong"),
        ("", f"x² + y² = {real(x * x + y * y)}", f"x² − y² = {real(_difference(t))}", "label"),
    )
    bare = tuple((head, one.rpartition(" = ")[2], two.rpartition(" = ")[2], style) for head, one, two, style in rows)
    for wanted in (rows, bare[:-1]):
        heads, ones, twos = (max(width_of([(row[column], "")]) for row in wanted) for column in range(3))
        if heads + 1 + ones + 2 + twos <= width:
            return [
                [(padded(head, heads + 1), "label"), (padded(one, ones + 2), style), (padded(two, twos), style)]
                for head, one, two, style in wanted
            ]
    return []


def _difference(t: float) -> float:
    """cosh² t − sinh² t, without the cancellation of two squares of 1e5: (cosh t − sinh t)(cosh t + sinh t)."""
    return (math.cosh(t) - math.sinh(t)) * (math.cosh(t) + math.sinh(t))


@functools.lru_cache(maxsize=128)
def area(t: float, across: np.ufunc, up: np.ufunc) -> float:
    """The area between the x axis, the curve and the ray to its point, by the shoelace formula; below the axis < 0."""
    at = np.linspace(0.0, t, _CORNERS)
    x, y = across(at), up(at)
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def _legend(width: int) -> list[Line]:
    """What the shades are: on one line, on three, or none."""
    named = (
        (_CIRCLE, tr("circle's sector")),
        (_HYPERBOLA, tr("hyperbola's")),
        (_BOTH, tr("both")),
    )
    whole: Line = [span for glyph, name in named for span in ((f"{glyph} ", "histogram"), (f"{name}  ", "label"))][:-1]
    whole.append((named[-1][1], "label"))
    if width_of(whole) <= width:
        return [whole]
    lines: list[Line] = [[(f"{glyph} ", "histogram"), (name, "label")] for glyph, name in named]
    return lines if all(width_of(line) <= width for line in lines) else []


# -- the picture -------------------------------------------------------------------------------------------


def _noted(t: float, width: int, height: int) -> list[Line]:
    """The picture, with a word after the labels of x where a point lies outside."""
    picture, outside = _drawing(t, width, height)
    if outside:
        notes = (_beyond(), f"{_OTHER} →", "")
        picture[-1] = first_fit(width, *([*picture[-1], (f"  {note}", "label")] for note in notes))
    return picture


def _drawing(t: float, width: int, height: int) -> tuple[list[Line], bool]:
    """Canvas, axis and labels of x, and whether the hyperbola's point lies outside.

    A cell is twice as high as wide: so many units a cell, twice as many a row.
    """
    labels = {tick: exact(tick) for tick in (-1.0, 0.0, 1.0)}
    margin, rows = 3, height - 2
    unit = max((_RIGHT - _LEFT) / max(8, width - margin - 1), _TOP / max(2, rows - 1))
    width = min(width, margin + 1 + math.ceil((_RIGHT + 0.7 - _LEFT) / unit))
    cells = width - margin
    top = unit * (rows - 1)
    x_bounds, y_bounds = (_LEFT, _LEFT + unit * (cells - 1)), (-top, top)
    ticks = tuple((place, label) for place, label in labels.items() if abs(place) <= top)
    axes = Axes(x_bounds, y_bounds, tuple(plots.ticks(*x_bounds, 6)), ticks)
    drawn = [plots.level(0.0, axes.x, cells), *_sectors(t, axes, cells, rows)]
    around = np.linspace(-math.pi, math.pi, 8 * cells)
    along = np.linspace(-math.acosh(max(x_bounds[1], 1.1)), math.acosh(max(x_bounds[1], 1.1)), 8 * cells)
    drawn.append(_line(np.cos(around), np.sin(around), "forward"))
    for side in (1, -1):
        drawn.append(_line(side * np.cosh(along), np.sinh(along), "backward"))
    x, y, a, b = math.cos(t), math.sin(t), math.cosh(t), math.sinh(t)
    drawn.append(Series((0.0, x), (0.0, y), "forward"))
    drawn.append(Series((0.0, a), (0.0, b), "backward"))
    drawn.append(Series((a,), (b,), "backward", _OTHER))
    drawn.append(Series((x,), (y,), "cursor", _POINT))
    canvas = plot(tuple(drawn), axes, width, rows + 1)
    under = plots.labels_under(axes, plots.labelled(axes.x_ticks), width)
    return [*(list(line) for line in canvas), under], a > x_bounds[1] or abs(b) > top


def _line(x: Array, y: Array, style: str) -> Series:
    return Series(plots.numbers(x), plots.numbers(y), style)


def _sectors(t: float, axes: Axes, cells: int, rows: int) -> list[Series]:
    """A shade in every cell whose middle lies in a sector."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(*axes.x, cells), np.linspace(*axes.y, rows)))
    up = y if t >= 0 else -y
    size = abs(t)
    turned = np.arctan2(up, x) % (2 * math.pi)
    circle = (x * x + y * y < 1) & (turned <= size)
    hyperbola = (x > 0) & (up >= 0) & (up <= x * math.tanh(size)) & (x * x - y * y < 1)
    if t == 0:
        circle = hyperbola = np.zeros_like(circle)
    areas = []
    for glyph, style, inside in (
        (_CIRCLE, "forward", circle & ~hyperbola),
        (_HYPERBOLA, "backward", hyperbola & ~circle),
        (_BOTH, "histogram", circle & hyperbola),
    ):
        if inside.any():
            areas.append(Series(plots.numbers(x[inside]), plots.numbers(y[inside]), style, glyph))
    return areas


def said(scene: Scene) -> Lines:
    """The points of the circle and the hyperbola, and the sectors' areas."""
    t = parameter(scene.state)
    yield tr("t = {place} = {t}", place=parameter_text(scene.state), t=real(t))
    yield tr("circle: cos t = {x}, sin t = {y}, sector's area {area}", x=real(math.cos(t)), y=real(math.sin(t)),
             area=real(area(t, np.cos, np.sin)))  # fmt: skip
    yield tr("hyperbola: cosh t = {x}, sinh t = {y}, sector's area {area}", x=real(math.cosh(t)), y=real(math.sinh(t)),
             area=real(area(t, np.cosh, np.sinh)))  # fmt: skip
