"""The maths page's functions: sin, cos, tan beside sinh, cosh, tanh, with the partial sums of their series."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np

from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import Array
from gradtui_engine.theory.taylor import FUNCTIONS, Function

from ...model.events import SetTerms
from ...model.maths import GROWTH
from ...model.state import State
from ...text.dots import ACROSS, DOWN
from ...text.graph import Axes, Graph, even
from ...text.language import tr
from ...text.spans import GAP, Line, first_title, page, text_of, width_of, wrap
from ..frame import plots
from ..frame.parts import Part, fitting, kept
from ..frame.plots import FIRST, SECOND
from ..frame.pointer import Events
from ..frame.scene import Scene
from ..frame.spoken import WIDE, Lines
from .words import at_pole, in_pi, parameter, parameter_text, real, series_lines, slider, terms_at

#: The functions by pane; the state's `function` chooses one of each three.
CIRCULAR, HYPERBOLIC = FUNCTIONS.names[:3], FUNCTIONS.names[3:]
#: The line of both panes that the slider of terms stands in.
SLIDER_ROW = 0
#: f and the sum at the point.
_POINT, _SUM_POINT = "●", "◆"
#: From so many cells on the names of the curves have a place beside the plot.
_NAMES_FROM = 40
#: A canvas of fewer rows, or cells, shows no curve.
_LEAST_ROWS, _LEAST_CELLS = 4, 16


def circular_title(scene: Scene, width: int) -> str:
    return _title(scene, width, CIRCULAR)


def hyperbolic_title(scene: Scene, width: int) -> str:
    return _title(scene, width, HYPERBOLIC)


def circular_view(scene: Scene, width: int, height: int) -> list[Line]:
    return _view(scene, width, height, CIRCULAR)


def hyperbolic_view(scene: Scene, width: int, height: int) -> list[Line]:
    return _view(scene, width, height, HYPERBOLIC)


def _title(scene: Scene, width: int, names: tuple[str, ...]) -> str:
    kind = tr("circular") if names is CIRCULAR else tr("hyperbolic")
    name, x = names[scene.state.function], parameter_text(scene.state)
    values = {"kind": kind, "name": name, "x": x, "first": names[0], "second": names[1], "third": names[2]}
    return first_title(
        width,
        tr("{kind} · {first}, {second}, {third} · here {name} · x = {x}", **values),
        tr("{kind} · {name} · x = {x}", **values),
        tr("{kind} · {name}", **values),
    )


def _view(scene: Scene, width: int, height: int, names: tuple[str, ...]) -> list[Line]:
    """The slider; the series with its signs; the sum and its error at x; the curves; definitions and convergence."""
    function = FUNCTIONS[names[scene.state.function]]
    others = [FUNCTIONS[name] for name in names if name != function.name]
    before, after = _texts(scene, function, others, width, 2 if height >= 13 else 1)
    parts = [Part(0, (slider(scene.state.terms, width),)), *before]
    if width >= _LEAST_CELLS + 8:
        # Curves say more than the lesser texts: they have two thirds of the pane.
        least = max(_LEAST_ROWS + 2, height * 2 // 3)
        parts.append(Part(2, least=least, draw=lambda rows: _drawing(scene, function, width, rows)))
    return page(kept([*parts, *after], height), width, height)


def texts(scene: Scene, names: tuple[str, ...], width: int) -> list[Line]:
    """All that the pane says, without its drawing and its slider."""
    function = FUNCTIONS[names[scene.state.function]]
    others = [FUNCTIONS[name] for name in names if name != function.name]
    return [line for parts in _texts(scene, function, others, width, 1) for part in parts for line in part.lines]


# -- text --------------------------------------------------------------------------------------------------


def _texts(
    scene: Scene, function: Function, others: list[Function], width: int, lines: int
) -> tuple[list[Part], list[Part]]:
    """What stands before the curves, and the two other functions' definitions after them."""
    before = [
        Part(0, tuple(series_lines(function, scene.state.terms, width, lines))),
        *_numbers(scene, function, width),
        _definition(5, function, width, "formula"),
        Part(6, tuple(wrap(_convergence(function), width, "label"))),
        Part(8, tuple(wrap(_signs(function), width, "dim"))),
    ]
    return before, [_definition(7, other, width, "dim") for other in others]


def _definition(rank: int, function: Function, width: int, style: str) -> Part:
    whole = f"{function.definition}{GAP}{function.derivative_formula}"
    return fitting(rank, width, [(whole, style)], [(function.definition, style)])


@functools.lru_cache(maxsize=256)
def _remainder(name: str, x: float, terms: int) -> float:
    return FUNCTIONS[name].remainder(x, terms)


def _numbers(scene: Scene, function: Function, width: int) -> list[Part]:
    """f(x), the partial sum and the difference."""
    state, x = scene.state, parameter(scene.state)
    name, place = function.name, parameter_text(state)
    if name == "tan" and at_pole(state):
        return [fitting(1, width, [(tr("x = {place}: a pole, tan has no value here", place=place), "broken")],
                        [(tr("x = {place}: a pole", place=place), "broken")])]  # fmt: skip
    total = float(function.partial_sum(x, state.terms))
    error = _remainder(name, x, state.terms)
    values = {"name": name, "value": real(float(function.exact(x))), "sum": real(total), "error": short(error)}
    values |= {"place": place, "terms": str(state.terms)}
    style = "text" if abs(error) < 0.1 * max(1.0, abs(total)) else "strong"
    value: Line = [(f"{_POINT} ", "cursor"), (tr("{name}({place}) = {value}", **values), "text")]
    summed: Line = [(f"{_SUM_POINT} ", SECOND), (tr("sum of {terms} = {sum}", **values), "text")]
    missed: Line = [(tr("error {error}", **values), style)]
    gap = ("   ", "text")
    whole, brief = [*value, gap, *summed, gap, *missed], [*value, gap, *missed]
    if width_of(whole) <= width:
        return [Part(1, (whole,))]
    if width_of(brief) <= width:
        return [Part(1, (brief,)), fitting(4, width, summed)]
    return [fitting(1, width, value), fitting(4, width, summed), fitting(4, width, missed)]


def _convergence(function: Function) -> str:
    """How far the series reaches, and why."""
    radius = short(function.radius)
    return {
        "tan": tr("converges for |x| < π/2 = {radius}: that is as far as tan's nearest pole", radius=radius),
        "tanh": tr(
            "converges for |x| < π/2 = {radius}: tanh has no pole on this line, but at ±(π/2)i, as far from 0",
            radius=radius,
        ),
    }.get(function.name, tr("converges for every x: the factorials outgrow every power"))


def _signs(function: Function) -> str:
    values = {"name": function.name, "twin": function.twin}
    if function.alternating:
        return tr("The signs of {name} alternate; those of {twin} are all +: else the two series are equal.", **values)
    return tr("The signs of {name} are all +; those of {twin} alternate: else the two series are equal.", **values)


# -- curves ------------------------------------------------------------------------------------------------


def _drawing(scene: Scene, function: Function, width: int, height: int) -> list[Line]:
    """f and its partial sum with their names, the point on both, and the labels of x in parts of π."""
    state, x = scene.state, parameter(scene.state)
    summed = tr("sum of {terms}", terms=state.terms)
    right = max(width_of([(name, "")]) for name in (function.name, summed)) + 3
    right = right if width >= _NAMES_FROM else 0
    graph = Graph(_axes(function, x, width - right, height - 2), width, height - 2, right)
    graph.across(0.0)
    graph.upright(x)

    def partial(at: Array) -> Array:
        return growing_sum(function, at, state)

    exact = graph.function(functools.partial(_without_poles, function), FIRST, function.name[0])
    total = graph.function(partial, SECOND, "+", dashed=True)
    graph.mark(x, float(partial(np.asarray(x))), _SUM_POINT, SECOND)
    if not (function.name == "tan" and at_pole(state)):
        graph.mark(x, float(function.exact(x)), _POINT, "cursor")
    graph.name(exact, (function.name, FIRST))
    graph.name(total, (summed, SECOND), (str(state.terms), SECOND))
    return graph.lines()


def _without_poles(function: Function, x: Array) -> Array:
    """f, with a gap instead of the jump from +∞ to −∞; the canvas ends far below, at 5."""
    value = function.exact(x)
    return np.where(np.abs(value) > 15, np.nan, value) if function.name == "tan" else value


def growing_sum(function: Function, x: Array, state: State) -> Array:
    """The first terms; while they are added one by one, with so much of the next one as has come."""
    total = function.partial_sum(x, state.terms)
    if not state.growth:
        return total
    following = function.partial_sum(x, state.terms + 1)
    return np.asarray(total + (following - total) * (state.growth / GROWTH))


def _axes(function: Function, x: float, width: int, rows: int) -> Axes:
    """What the canvas spans, its ticks whole cells apart. It holds x, and is the same for twins: half a turn both ways,
    or a whole one.
    """
    bound = math.pi if abs(x) <= math.pi else 2 * math.pi
    top = {"sin": 1.5, "cos": 1.5, "tan": 5.0, "tanh": 1.5}.get(function.name, 1.02 * math.cosh(bound))
    bottom = 0.0 if function.name == "cosh" else -top
    most = 7 if rows > 9 else 5
    places = [plots.ticks(bottom, top, number) for number in range(3, most + 1)]
    up = even((bottom, top), 0.0, [found[1] - found[0] for found in places if len(found) > 1], rows, DOWN)
    axes = Axes((-bound, bound), up.span, (), plots.labelled(up.ticks))
    parts = Fraction(1, 2) if bound == math.pi else Fraction(1)
    across = even(axes.x, 0.0, [float(parts) * math.pi], width - axes.margin, ACROSS)
    labels = tuple((float(number * parts) * math.pi, in_pi(number * parts)) for number in range(-2, 3))
    return Axes(across.span, up.span, labels, axes.y_labels)


def circular_said(scene: Scene) -> Lines:
    yield from _said(scene, CIRCULAR)


def hyperbolic_said(scene: Scene) -> Lines:
    yield from _said(scene, HYPERBOLIC)


def _said(scene: Scene, names: tuple[str, ...]) -> Lines:
    for line in texts(scene, names, WIDE):
        yield text_of(line)


def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    """The slider under a series."""
    return [SetTerms(terms_at(x, width))] if y == SLIDER_ROW else []
