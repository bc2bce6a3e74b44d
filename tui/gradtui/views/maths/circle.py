"""The unit circle and the unit hyperbola: a point on each at the same parameter t, which is twice a sector's area."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.core.figures import exact
from gradtui_engine.core.numerics import Array

from ...text.graph import Axes, Graph, square
from ...text.language import tr
from ...text.spans import Line, first_fit, first_title, page
from ..frame import plots
from ..frame.parts import Part, fitting, kept
from ..frame.plots import FIRST, SECOND
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .columns import GAP, side_by_side
from .words import parameter, parameter_text, real

_POINT, _OTHER = "●", "◆"
#: What both pictures hold.
_CIRCLE, _HYPERBOLA, _UP = (-1.8, 1.8), (-1.2, 2.4), (-1.5, 1.5)
#: A picture of fewer rows shows no circle; two columns want so many cells.
_LEAST_ROWS, _TWO = 6, 36
#: From so many lines on a pane that is no wider holds them above one another, the numbers beside them.
_HIGH, _NUMBERS = 24, 24
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
    """Each curve in a column of its own, with its sector, its point, and the same area under both."""
    t = parameter(scene.state)
    if height >= _HIGH and _TWO + _NUMBERS // 2 < width < 4 * height:
        return page(_stacked(t, width, height), width, height)
    if width < _TWO:
        return page(kept(_below_each_other(t, width), height), width, height)
    half = (width - GAP) // 2
    names, *numbers = [
        Part(rank, (side_by_side([(first_fit(half, *one), half), (first_fit(half, *two), half)]),))
        for rank, (one, two) in zip((3, 0, 0, 2, 4), _numbers(t), strict=True)
    ]
    pictures = Part(1, least=max(_LEAST_ROWS, height * 3 // 5), draw=lambda rows: _pictures(t, half, rows))
    return page(kept([names, pictures, *numbers], height), width, height)


def _below_each_other(t: float, width: int) -> list[Part]:
    """Where there is no room for pictures: the numbers of one curve, then those of the other."""
    _, *numbers = _numbers(t)
    ranked = zip((0, 0, 1, 2), numbers, strict=True)
    pairs = [[fitting(rank, width, *variants) for variants in pair] for rank, pair in ranked]
    return [parts[which] for which in (0, 1) for parts in pairs]


def _stacked(t: float, width: int, height: int) -> list[Line]:
    room = width - _NUMBERS - GAP
    numbers = _numbers(t)
    lines: list[Line] = []
    for which, draw, rows in ((0, _circle, height // 2), (1, _hyperbola, height - height // 2)):
        beside = [first_fit(_NUMBERS, *pair[which]) for pair in numbers]
        spare = (rows - len(beside)) // 2
        texts = page([*([[]] * spare), *beside], _NUMBERS, rows)
        drawn = draw(t, room, rows).lines()
        lines += [side_by_side([(one, room), (two, _NUMBERS)]) for one, two in zip(drawn, texts, strict=True)]
    return lines


# -- numbers -----------------------------------------------------------------------------------------------


def _numbers(t: float) -> list[tuple[Sequence[Line], Sequence[Line]]]:
    """Names, coordinates, the sector's area, measured, and the equation, of both; each shorter where it must be."""
    x, y, a, b = math.cos(t), math.sin(t), math.cosh(t), math.sinh(t)
    circle, hyperbola = area(t, np.cos, np.sin), area(t, np.cosh, np.sinh)
    return [
        (_name(_POINT, tr("circle: turning"), tr("circle"), FIRST), _name(_OTHER, *_hyperbola_name(t), SECOND)),
        (_value("cos t", x, _POINT, FIRST), _value("cosh t", a, _OTHER, SECOND)),
        (_value("sin t", y, " ", FIRST), _value("sinh t", b, " ", SECOND)),
        (_area(circle), _area(hyperbola)),
        (_equation(f"x² + y² = {real(x * x + y * y)}"), _equation(f"x² − y² = {real(_difference(t))}")),
    ]


def _hyperbola_name(t: float) -> tuple[str, str]:
    if _beyond(t):
        return tr("hyperbola: beyond the picture, and it never comes back"), tr("hyperbola: beyond the picture")
    return tr("hyperbola: growing"), tr("hyperbola")


def _beyond(t: float) -> bool:
    """Whether the hyperbola's point is too far out to be drawn."""
    return math.cosh(t) > _HYPERBOLA[1] or abs(math.sinh(t)) > _UP[1]


def _name(glyph: str, whole: str, brief: str, style: str) -> Sequence[Line]:
    return [(f"{glyph} ", style), (whole, "label")], [(f"{glyph} ", style), (brief, "label")], [(f"{glyph} ", style)]


def _value(name: str, value: float, glyph: str, style: str) -> Sequence[Line]:
    number = (real(value), "text")
    return [(f"{glyph} ", style), (f"{name} = ", "formula"), number], [(f"{name} ", "formula"), number], [number]


def _area(size: float) -> Sequence[Line]:
    number = (real(size), "strong")
    return (
        [("  " + tr("shaded area") + " = t/2 = ", "label"), number],
        [(tr("area") + " t/2 = ", "label"), number],
        [(tr("area") + " ", "label"), number],
        [number],
    )


def _equation(text: str) -> Sequence[Line]:
    return [("  " + text, "label")], [(text, "label")], [("", "label")]


def _difference(t: float) -> float:
    """cosh² t − sinh² t, without the cancellation of two squares of 1e5: (cosh t − sinh t)(cosh t + sinh t)."""
    return (math.cosh(t) - math.sinh(t)) * (math.cosh(t) + math.sinh(t))


@functools.lru_cache(maxsize=256)
def area(t: float, across: np.ufunc, up: np.ufunc) -> float:
    """The area between the x axis, the curve and the ray to its point, by the shoelace formula; below the axis < 0."""
    at = np.linspace(0.0, t, _CORNERS)
    x, y = across(at), up(at)
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


# -- the pictures ------------------------------------------------------------------------------------------


def _pictures(t: float, half: int, height: int) -> list[Line]:
    """The circle beside the hyperbola, one as large as the other."""
    pair = zip(_circle(t, half, height).lines(), _hyperbola(t, half, height).lines(), strict=True)
    return [side_by_side([(one, half), (two, half)]) for one, two in pair]


def _canvas(x: tuple[float, float], width: int, height: int) -> Graph:
    """One unit is as long to the right as upwards."""
    margin, rows = 3, max(1, height - 2)
    bounds = square(x, _UP, width - margin, rows)
    labels = tuple((place, exact(place)) for place in (-1.0, 0.0, 1.0))
    across = plots.labelled([place for place in plots.ticks(*bounds.x, 9) if place == int(place)])
    graph = Graph(Axes(bounds.x, bounds.y, across, labels), width, rows)
    graph.across(0.0)
    graph.upright(0.0)
    return graph


def _circle(t: float, width: int, height: int) -> Graph:
    graph = _canvas(_CIRCLE, width, height)

    def sector(x: Array, y: Array) -> NDArray[np.bool_]:
        turned = np.arctan2(y if t >= 0 else -y, x) % (2 * math.pi)
        return np.asarray((x * x + y * y < 1) & (turned <= abs(t)) & (t != 0))

    graph.fill(sector, FIRST)
    around = np.linspace(-math.pi, math.pi, 241)
    graph.path(np.cos(around), np.sin(around), FIRST, "o")
    x, y = math.cos(t), math.sin(t)
    graph.path(np.array([0.0, x]), np.array([0.0, y]), FIRST, "o")
    graph.mark(x, y, _POINT, "cursor")
    return graph


def _hyperbola(t: float, width: int, height: int) -> Graph:
    graph = _canvas(_HYPERBOLA, width, height)

    def sector(x: Array, y: Array) -> NDArray[np.bool_]:
        up = y if t >= 0 else -y
        return np.asarray((x > 0) & (up >= 0) & (up <= x * math.tanh(abs(t))) & (x * x - y * y < 1) & (t != 0))

    graph.fill(sector, SECOND)
    along = np.linspace(-2.5, 2.5, 201)
    for side in (1, -1):
        graph.path(side * np.cosh(along), np.sinh(along), SECOND, "h")
    # The ray to a point that is far out ends at the edge: only its direction can be seen.
    a, b = math.cosh(t), math.sinh(t)
    shown = min(1.0, 8.0 / a)
    graph.path(np.array([0.0, a * shown]), np.array([0.0, b * shown]), SECOND, "h")
    if not _beyond(t):
        graph.mark(a, b, _OTHER, "cursor")
    return graph


def said(scene: Scene) -> Lines:
    """The points of the circle and the hyperbola, and the sectors' areas."""
    t = parameter(scene.state)
    yield tr("t = {place} = {t}", place=parameter_text(scene.state), t=real(t))
    yield tr("circle: cos t = {x}, sin t = {y}, sector's area {area}", x=real(math.cos(t)), y=real(math.sin(t)),
             area=real(area(t, np.cos, np.sin)))  # fmt: skip
    yield tr("hyperbola: cosh t = {x}, sinh t = {y}, sector's area {area}", x=real(math.cosh(t)), y=real(math.sinh(t)),
             area=real(area(t, np.cosh, np.sinh)))  # fmt: skip
