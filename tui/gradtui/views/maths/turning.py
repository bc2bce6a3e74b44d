"""The bridge as a picture: i turns x by 90° to ix, and sinh there is the height of a point that goes around.

    sinh(ix) = (e^ix − e^−ix) / 2 = i sin x

e^ix turns to the left, −e^−ix is its mirror image in the imaginary axis; half of their sum lies on that axis, at the
height of both. Unrolled over x that height is the sine, which is back after 2π: so sinh is after 2πi.
"""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.theory.taylor import FUNCTIONS

from ...text.graph import Axes, Graph, Labels, square
from ...text.language import tr
from ...text.spans import Line, first_fit, width_of
from ..frame.plots import FIRST, SECOND
from .columns import GAP, side_by_side
from .words import real

#: Less room shows no picture.
LEAST_WIDTH, LEAST_ROWS = 24, 8
#: Three pictures stand in a row from so many cells on; two rows of them want so many lines.
_THREE, _TWO, _TWO_ROWS = 72, 44, 20
_X, _IX, _TURNING, _MIRRORED = "●", "◆", "●", "○"
#: What the planes hold: half a turn or a whole one, and a little more; the unit circle.
_ROOM, _OUT = 1.15, 1.25
_MARGIN = 5


def drawing(x: float, width: int, height: int) -> list[Line]:
    """As many of the three pictures as there is room for; each has its name above it."""
    if width >= _THREE:
        third = (width - 2 * GAP) // 3
        # A plane need not be wider than it is high.
        plane = min(third, 2 * (height - 2) + _MARGIN + 4)
        return _row(
            [_turn(x, plane, height), _height(x, plane, height), _unrolled(x, width - 2 * (plane + GAP), height)]
        )
    if width < _TWO:
        return _row([_height(x, width, height)])
    half = (width - GAP) // 2
    if height < _TWO_ROWS:
        return _row([_turn(x, half, height), _height(x, half, height)])
    upper = height * 3 // 5
    return _row([_turn(x, half, upper), _height(x, half, upper)]) + _row([_unrolled(x, width, height - upper)])


_Picture = tuple[int, list[Line]]


def _row(pictures: list[_Picture]) -> list[Line]:
    rows = zip(*(lines for _, lines in pictures), strict=True)
    return [side_by_side(list(zip(row, (width for width, _ in pictures), strict=True))) for row in rows]


def _named(width: int, graph: Graph, *names: str) -> _Picture:
    name = first_fit(width, *([(text, "label")] for text in names), [("", "label")])
    return width, [name, *graph.lines()]


def _plane(bound: float, labels: Labels, up: Labels, width: int, height: int) -> Graph:
    """A plane of complex numbers, both of its axes through 0."""
    margin, rows = max(width_of([(label, "")]) for _, label in up) + 1, max(1, height - 3)
    axes = square((-bound, bound), (-bound, bound), width - margin, rows)
    graph = Graph(Axes(axes.x, axes.y, labels, up), width, rows)
    graph.across(0.0)
    graph.upright(0.0)
    return graph


def _turn(x: float, width: int, height: int) -> _Picture:
    """x on the real line, and the quarter of a turn that takes it to ix."""
    bound, name = (math.pi, "π") if abs(x) <= math.pi else (2 * math.pi, "2π")
    labels = ((-bound, f"−{name}"), (0.0, "0"), (bound, name))
    graph = _plane(
        bound * _ROOM, labels, tuple((at, "0" if at == 0 else f"{text}i") for at, text in labels), width, height
    )
    quarter = np.linspace(0.0, math.pi / 2, 61)
    graph.path(x * np.cos(quarter), x * np.sin(quarter), FIRST, ".")
    graph.path(np.array([0.0, x]), np.zeros(2), FIRST, "-")
    graph.path(np.zeros(2), np.array([0.0, x]), SECOND, ":")
    at, turned = graph.mark(x, 0.0, _X, FIRST), graph.mark(0.0, x, _IX, "cursor")
    graph.name(turned, ("ix", "cursor"))
    graph.name(at, ("x", FIRST))
    return _named(width, graph, tr("in: i turns x by 90° to ix"), tr("x turned: ix"), "ix")


def _height(x: float, width: int, height: int) -> _Picture:
    """e^ix going around, its mirror image, and half of both on the imaginary axis."""
    graph = _plane(_OUT, ((-1.0, "-1"), (0.0, "0"), (1.0, "1")), ((-1.0, "−i"), (0.0, "0"), (1.0, "i")), width, height)
    around = np.linspace(-math.pi, math.pi, 181)
    graph.path(np.cos(around), np.sin(around), "label", ".")
    across, up = math.cos(x), math.sin(x)
    graph.path(np.array([0.0, across]), np.array([0.0, up]), FIRST, "e")
    graph.path(np.array([-across, across]), np.array([up, up]), FIRST, "-")
    graph.path(np.zeros(2), np.array([0.0, up]), SECOND, ":")
    graph.mark(-across, up, _MIRRORED, FIRST)
    turning = graph.mark(across, up, _TURNING, FIRST)
    middle = graph.mark(0.0, up, _IX, "cursor")
    graph.name(turning, ("e^ix", FIRST))
    graph.name(middle, (f"{real(round(up, 3))}i", "cursor"))
    return _named(width, graph, tr("out: sinh(ix) = i sin x"), "sinh(ix) = i sin x", "i sin x")


def _unrolled(x: float, width: int, height: int) -> _Picture:
    """The height over x, back after 2π; and sinh along the real line, which leaves and does not come back."""
    rows = max(1, height - 3)
    labels = tuple((number * math.pi / 2, text) for number, text in enumerate(("0", "π/2", "π", "3π/2", "2π")))
    side = 1.0 if x >= 0 else -1.0
    if side < 0:
        labels = tuple((-place, text if text == "0" else f"−{text}") for place, text in reversed(labels))
    ends = (labels[0][0] - 0.15, labels[-1][0] + 0.15)
    axes = Axes(ends, (-_OUT, _OUT), labels, ((-1.0, "−i"), (0.0, "0"), (1.0, "i")))
    graph = Graph(axes, width, rows)
    graph.across(0.0)
    graph.upright(x)
    graph.function(FUNCTIONS["sin"].exact, FIRST, "s")
    grown = graph.function(FUNCTIONS["sinh"].exact, SECOND, "h", dashed=True)
    graph.mark(x, math.sin(x), _IX, "cursor")
    graph.name(grown, (tr("sinh x grows"), SECOND))
    graph.name(graph.cell(side * 3 * math.pi / 2, -side * 0.9), (tr("sinh(ix) returns"), FIRST))
    return _named(width, graph, tr("unrolled: back after 2πi"), tr("back after 2πi"), "2πi")
