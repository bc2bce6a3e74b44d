"""The bridge between the two families: i turns each circular function into its twin, checked in complex numbers."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.core.figures import short
from gradtui_engine.theory.taylor import FUNCTIONS, Function

from ...text.axis_words import AXIS_WORDS
from ...text.language import plural, tr
from ...text.spans import Line, first_title, page, text_of, wrap
from ..frame.parts import Part, fitting, kept
from ..frame.scene import Scene
from ..frame.spoken import WIDE, Lines
from . import turning
from .words import at_pole, imaginary, parameter, parameter_text, real

#: Hyperbolic function, what stands before its twin, and that as a number.
_IDENTITIES = (("sinh", "i ", 1j), ("cosh", "", 1.0), ("tanh", "i ", 1j))
#: What keeps two statements of one line apart.
_GAP = ("   ", "text")


def title(scene: Scene, width: int) -> str:
    place = parameter_text(scene.state)
    return first_title(
        width,
        tr("the bridge is a quarter turn: sinh(ix) = i sin x · x = {place}", place=place),
        tr("the bridge: sinh(ix) = i sin x · x = {place}", place=place),
        tr("sinh(ix) = i sin x · x = {place}", place=place),
        tr("the bridge"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The turning, with both sides of the identity as numbers; the period; then what the one sign does to a network."""
    first, *others = _identities(scene, width)
    x = parameter(scene.state)
    picture = Part(0)
    if width >= turning.LEAST_WIDTH:
        least = max(turning.LEAST_ROWS, height * 2 // 3)
        picture = Part(1, least=least, draw=lambda rows: turning.drawing(x, width, rows))
    return page(kept([first, picture, *_texts(scene, width, others)], height), width, height)


def said(scene: Scene) -> Lines:
    """All that the pane says in words and numbers."""
    first, *others = _identities(scene, WIDE)
    for part in (first, *_texts(scene, WIDE, others)):
        yield from map(text_of, part.lines)


def _texts(scene: Scene, width: int, identities: list[Part]) -> list[Part]:
    with np.errstate(all="ignore"):
        return [
            _why(width),
            *_periods(scene, width),
            *identities,
            *_slopes(scene, width),
            *_network(scene, width),
            _names(width),
        ]


def _why(width: int) -> Part:
    """sinh is made of e^x: what i does to that is all."""
    return fitting(
        3,
        width,
        [(tr("sinh z = (e^z − e^−z) / 2. Along the real line e^x grows; i turns the line, and e^ix turns."), "text")],
        [(tr("sinh z = (e^z − e^−z) / 2: e^x grows, e^ix turns."), "text")],
        [(tr("e^x grows, e^ix turns"), "text")],
    )


def _names(width: int) -> Part:
    text = tr(
        "sinh, cosh and tanh: Riccati and Lambert, 18th century. sine: from the Sanskrit jyā, half a chord, through "
        "Arabic jaib, a fold, to Latin sinus."
    )
    return Part(4, tuple(wrap(text, width, "label")))


def _identities(scene: Scene, width: int) -> list[Part]:
    """sinh(ix) and i sin x, each by its own function."""
    state, x = scene.state, parameter(scene.state)
    parts = []
    for number, (name, factor, value) in enumerate(_IDENTITIES):
        row = FUNCTIONS[name]
        rank = 0 if number == 0 else 5
        left_name, right_name = f"{name}(ix)", f"{factor}{row.twin} x"
        formula: Line = [(f"{left_name} = {right_name}", "formula")]
        if name == "tanh" and at_pole(state):
            parts.append(
                fitting(rank, width, [*formula, _GAP, (tr("here both have a pole"), "label")], _pole(formula), formula)
            )
            continue
        left = complex(row.exact(1j * x))
        right = value * complex(FUNCTIONS[row.twin].exact(x))
        sides: Line = [
            (f"{left_name} = ", "formula"), (imaginary(left), "text"),
            _GAP, (f"{right_name} = ", "formula"), (imaginary(right), "text"),
        ]  # fmt: skip
        equal: Line = [*formula, (" = ", "formula"), (imaginary(left), "text")]
        off: Line = [_GAP, (tr("they differ by {size}", size=short(abs(left - right))), "label")]
        parts.append(fitting(rank, width, [*sides, *off], sides, equal, formula))
    return parts


def _pole(formula: Line) -> Line:
    return [*formula, _GAP, (tr("pole"), "label")]


def _periods(scene: Scene, width: int) -> list[Part]:
    """sin repeats along the real line, sinh along the imaginary one."""
    x = parameter(scene.state)
    sin, sinh = FUNCTIONS["sin"], FUNCTIONS["sinh"]
    along = tr("period 2π: real")
    across = tr("the period of sinh is imaginary: 2πi")
    return [*_period(2, width, "sinh(x + 2πi)", sinh, x, across), *_period(5, width, "sin(x + 2π)", sin, x, along)]


def _period(rank: int, width: int, formula: str, row: Function, x: float, meaning: str) -> list[Part]:
    """f one period on, f here, and what that period is: on the same line, or on its own."""
    moved, here = complex(row.exact(x + row.period)), complex(row.exact(x))
    shown = imaginary(moved) if row.name == "sinh" else real(moved.real)
    sides: Line = [
        (f"{formula} = ", "formula"), (shown, "text"),
        _GAP, (f"{row.name} x = ", "formula"), (real(here.real), "text"),
    ]  # fmt: skip
    brief: Line = [(f"{formula} = {row.name} x", "formula"), _GAP, (meaning, "label")]
    return [fitting(rank, width, [*sides, _GAP, (meaning, "label")], brief, [(meaning, "label")], sides)]


def _slopes(scene: Scene, width: int) -> list[Part]:
    """tanh′ = 1 − tanh² and tan′ = 1 + tan², with the numbers of this x."""
    state, x = scene.state, parameter(scene.state)
    parts = []
    for rank, name, sign in ((3, "tanh", "−"), (5, "tan", "+")):
        formula: Line = [(f"{name}′ = 1 {sign} {name}²", "formula")]
        if name == "tan" and at_pole(state):
            parts.append(fitting(rank, width, [*formula, _GAP, (tr("a pole here"), "label")], _pole(formula), formula))
            continue
        value = float(FUNCTIONS[name].exact(x))
        slope = _slope(name, x)
        numbers: Line = [(f" = 1 {sign} {short(abs(value))}² = {short(slope)}", "text")]
        meaning = (
            tr("never above 1, and 0 in the limit: it saturates")
            if name == "tanh"
            else tr("never below 1: it grows without bound")
        )
        parts.append(
            fitting(rank, width, [*formula, *numbers, _GAP, (meaning, "label")], [*formula, *numbers], formula)
        )
    return parts


def _slope(name: str, x: float) -> float:
    """f′(x) by its formula; of tanh as 1/cosh², which does not round to 0 at 20 as 1 − tanh² does."""
    return 1 / math.cosh(x) ** 2 if name == "tanh" else 1 + math.tan(x) ** 2


def _network(scene: Scene, width: int) -> list[Part]:
    """What that sign means for a gradient that passes many tanh units."""
    x, count = parameter(scene.state), len(scene.stages) - 1
    slope, counted = _slope("tanh", x), AXIS_WORDS[scene.record.axis].counted
    values = {"z": parameter_text(scene.state), "slope": short(slope), "passed": short(slope**count)}
    # "Steps" alone would be those of playback here.
    units = plural("1 time step", "{count} time steps", count) if scene.over_time else counted(count)
    text = tr(
        "At z = {z} a tanh unit passes {slope} of its gradient; {units} like it pass {passed}.", units=units, **values
    )
    story = tr(
        "Only the sign differs, and it comes from i² = −1. With the minus the slope is 1 at 0 and falls to 0 on both "
        "sides: a tanh unit saturates, and its gradient vanishes. With the plus there is no flat place to saturate in."
    )
    return [Part(2, tuple(wrap(text, width, "strong"))), Part(6, tuple(wrap(story, width, "text")))]
