"""What the maths panes write: the point in parts of π, series term by term, complex numbers, the slider of terms."""

from __future__ import annotations

import math
from fractions import Fraction

from gradtui_engine.core.figures import rounded, superscript
from gradtui_engine.theory.taylor import Function

from ...model.maths import MOST_TERMS
from ...model.state import State
from ...text.language import tr
from ...text.spans import Line, width_of

#: Nothing here is this small but what rounding leaves: sin(π) = 1.2e-16, times 1e3.
_ROUNDING = 1e-12


def parameter(state: State) -> float:
    """t, the angle on the circle and the argument of every function."""
    return math.radians(state.angle)


def in_pi(share: Fraction) -> str:
    """π/3, −2π, 0"""
    if share == 0:
        return "0"
    sign = "−" if share < 0 else ""
    top, bottom = abs(share.numerator), share.denominator
    return f"{sign}{'' if top == 1 else top}π" + (f"/{bottom}" if bottom > 1 else "")


def parameter_text(state: State) -> str:
    return in_pi(Fraction(state.angle, 180))


def at_pole(state: State) -> bool:
    """Whether tan has a pole here, and tanh one at i times this."""
    return state.angle % 180 == 90


def real(value: float) -> str:
    """Seven digits: as many on both sides of an equation. What rounding leaves of 0, as of cos(π/2), is 0."""
    shown = 0.0 if abs(value) < _ROUNDING else value
    return rounded(shown, 7)


def imaginary(value: complex) -> str:
    """0 + 0.8660254i"""
    # sinh(2π + 2πi) is 268 − 7e-14 i: the smaller part is rounded where the larger one is.
    small = _ROUNDING * max(1.0, abs(value))
    across, up = (0.0 if abs(part) < small else part for part in (value.real, value.imag))
    return f"{real(across)} {'−' if up < 0 else '+'} {real(abs(up))}i"


# -- series ------------------------------------------------------------------------------------------------


def term_text(function: Function, term: int) -> str:
    """The size of a term: x³/3!, 2x⁵/15."""
    power, size = function.power(term), function.size(term)
    # Two superscripts in a row would read ^1^1 in ASCII.
    x = "" if power == 0 else "x" if power == 1 else f"x{superscript(power)}" if power < 10 else f"x^{power}"
    if size == Fraction(1, math.factorial(power)) and power > 1:
        return f"{x}/{power}!"
    top = "" if size.numerator == 1 and x else str(size.numerator)
    return f"{top}{x}" + (f"/{size.denominator}" if size.denominator > 1 else "")


def series_lines(function: Function, terms: int, width: int, most: int) -> list[Line]:
    """sin x = x − x³/3! + x⁵/5! − … in at most so many lines; what does not fit is left out in the middle.

    The signs have styles of their own, as they are the whole difference between twins.
    """
    signs = ["−" if function.coefficient(term) < 0 else "+" for term in range(terms + 1)]
    tokens: list[Line] = [[(f"{function.name} x = ", "label"), (term_text(function, 0), "formula")]]
    for term in range(1, terms):
        tokens.append([(f" {signs[term]} ", _sign_style(signs[term])), (term_text(function, term), "formula")])
    tokens[-1] += [(f" {signs[terms]} ", _sign_style(signs[terms])), ("…", "formula")]
    gap: Line = [(" …", "dim")]
    counts = range(len(tokens) - 1, 0, -1)
    # All; else the first ones and, behind a gap, the last one; else, where that is too long by itself, the first ones.
    # The gap has no sign: which ones it hides is not said.
    for chosen in (tokens, *([*tokens[:n], gap, tokens[-1]] for n in counts), *([*tokens[:n], gap] for n in counts)):
        lines = _set(chosen, width)
        if len(lines) <= most and all(width_of(line) <= width for line in lines):
            return lines
    return []


def _sign_style(sign: str) -> str:
    return "strong" if sign == "−" else "label"


def _set(tokens: list[Line], width: int) -> list[Line]:
    """Tokens in lines; a line that follows is indented."""
    lines: list[Line] = [[]]
    for token in tokens:
        if lines[-1] and width_of(lines[-1]) + width_of(token) > width:
            lines.append([("  ", "text")])
        lines[-1] += token
    return lines


# -- the slider --------------------------------------------------------------------------------------------


def _stops(width: int) -> tuple[int, int] | None:
    """Where the first stop of the slider stands, and the cells from stop to stop; None where it has no room."""
    label = width_of([(tr("terms"), "")])
    room = width - label - 2 - 5
    gap = min(4, (room - 1) // (MOST_TERMS - 1))
    return (label + 2, gap) if gap >= 1 else None


def slider(terms: int, width: int) -> Line:
    """terms ├──●────┤ 3"""
    stops = _stops(width)
    number: Line = [(f" {terms}", "cursor")]
    if stops is None:
        return [(tr("terms"), "label"), *number]
    _, gap = stops
    before, after = (terms - 1) * gap, (MOST_TERMS - terms) * gap
    track: Line = [("├" + "─" * before, "label"), ("●", "cursor"), ("─" * after + "┤", "label")]
    return [(tr("terms") + " ", "label"), *track, *number]


def terms_at(x: int, width: int) -> int:
    """The number of terms that a click or a drag at cell x of the slider's line asks for."""
    stops = _stops(width)
    if stops is None:
        return 1
    start, gap = stops
    return min(max(1 + round((x - start) / gap), 1), MOST_TERMS)
