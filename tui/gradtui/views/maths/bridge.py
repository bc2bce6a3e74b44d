"""The bridge between the two families: i turns each circular function into its twin, checked in complex numbers."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.core.figures import short
from gradtui_engine.theory.taylor import FUNCTIONS, Function

from ...text.axis_words import AXIS_WORDS
from ...text.language import plural, tr
from ...text.spans import Line, first_title, page, width_of, wrap
from ..frame.parts import Part, fitting, kept
from ..frame.scene import Scene
from .words import at_pole, imaginary, parameter, parameter_text, real

#: Hyperbolic function, what stands before its twin, and that as a number.
_IDENTITIES = (("sinh", "i ", 1j), ("cosh", "", 1.0), ("tanh", "i ", 1j))
#: What keeps two statements of one line apart.
_GAP = ("   ", "text")


def title(scene: Scene, width: int) -> str:
    place = parameter_text(scene.state)
    return first_title(
        width,
        tr("the bridge: sinh(ix) = i sin x · x = {place}", place=place),
        tr("sinh(ix) = i sin x · x = {place}", place=place),
        tr("the bridge"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """Three identities and two periods with both sides computed; then what the one sign does to a network."""
    with np.errstate(all="ignore"):
        parts = [
            *_identities(scene, width),
            *_periods(scene, width),
            *_slopes(scene, width),
            *_network(scene, width),
        ]
    return page(kept(parts, height), width, height)


def _identities(scene: Scene, width: int) -> list[Part]:
    """sinh(ix) and i sin x, each by its own function."""
    state, x = scene.state, parameter(scene.state)
    parts = []
    for number, (name, factor, value) in enumerate(_IDENTITIES):
        row = FUNCTIONS[name]
        rank = 0 if number == 0 else 1
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
    across = tr("period 2iπ: imaginary; sinh never repeats on the real line")
    return [*_period(3, width, "sin(x + 2π)", sin, x, along), *_period(2, width, "sinh(x + 2iπ)", sinh, x, across)]


def _period(rank: int, width: int, formula: str, row: Function, x: float, meaning: str) -> list[Part]:
    """f one period on, f here, and what that period is: on the same line, or on its own."""
    moved, here = complex(row.exact(x + row.period)), complex(row.exact(x))
    shown = imaginary(moved) if row.name == "sinh" else real(moved.real)
    sides: Line = [
        (f"{formula} = ", "formula"), (shown, "text"),
        _GAP, (f"{row.name} x = ", "formula"), (real(here.real), "text"),
    ]  # fmt: skip
    whole: Line = [*sides, _GAP, (meaning, "label")]
    if width_of(whole) <= width:
        return [Part(rank, (whole,))]
    brief: Line = [(f"{formula} = {row.name} x", "formula")]
    return [fitting(rank, width, sides, brief), Part(rank + 2, tuple(wrap(meaning, width, "label")))]


def _slopes(scene: Scene, width: int) -> list[Part]:
    """tanh′ = 1 − tanh² and tan′ = 1 + tan², with the numbers of this x."""
    state, x = scene.state, parameter(scene.state)
    parts = []
    for rank, name, sign in ((1, "tanh", "−"), (2, "tan", "+")):
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
    return [Part(3, tuple(wrap(text, width, "strong"))), Part(6, tuple(wrap(story, width, "text")))]
