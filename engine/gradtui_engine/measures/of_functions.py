"""What can be asked of sin, cos, tan and their hyperbolic twins: computed at a point, like all else that it says.

    sin@1           the function there
    sinh_sum@2      the first three terms of its series there
    sinh_terms@2    how many terms it takes until the rest is below a thousandth of the function
    sinh_turned@1   the same its period further, which is imaginary; sinh_half_turned@1 half of that

The functions, their series and their periods are those of the engine (`theory.taylor`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.message import English, Message, Verbatim
from ..theory.taylor import FUNCTIONS, Function
from .measured import Measured

#: Terms of a series in `_sum`, the rest that `_terms` allows, and where it gives up: there is no such number.
_TERMS, _REST, _MOST = 3, 1e-3, 60


_Read = Callable[[Function, float], float | None]


@dataclass(frozen=True, slots=True)
class OfFunction:
    """One thing that can be measured of a function at a point x: read(x) gives it, None where there is none."""

    name: str
    function: str
    #: How a verdict names it: the function's name, and the point.
    label: English
    description: str
    read: Callable[[float], float | None]
    whole: bool = False
    is_name: bool = False


def _value(function: Function, x: float) -> float:
    return float(function.exact(x))


def _sum(function: Function, x: float) -> float:
    return float(function.partial_sum(x, _TERMS))


def _terms(function: Function, x: float) -> float | None:
    """The terms that it takes; beyond the radius no number of them does."""
    if abs(x) >= function.radius:
        return None
    limit = _REST * abs(_value(function, x))
    return next((float(n) for n in range(1, _MOST) if abs(function.remainder(x, n)) < limit), None)


def _turned(function: Function, x: float) -> float:
    """The real part of f(x + i·y), y being the twin's period: for sinh a whole turn, 2π."""
    turn = 1j * abs(function.period)
    return float(function.exact(x + turn).real)


def _half_turned(function: Function, x: float) -> float:
    return float(function.exact(x + 1j * abs(function.period) / 2).real)


def _on(function: Function, x: float) -> float:
    """f(x + y): the same step along the real line."""
    return float(function.exact(x + abs(function.period)))


def _of_i(function: Function, x: float) -> float:
    """What i leaves of f(ix): its imaginary part, or of cosh, which has none, its real part."""
    value = function.exact(1j * x)
    return float(value.real if function.name == "cosh" else value.imag)


def _rows(
    suffix: str, label: English, description: str, read: _Read, names: Iterable[str], whole: bool = False
) -> list[OfFunction]:
    """The same of several functions."""
    return [
        OfFunction(f"{name}{suffix}", name, label, description, functools.partial(read, FUNCTIONS[name]), whole)
        for name in names
    ]


_HYPERBOLIC = FUNCTIONS.names[3:]
OF_A_FUNCTION = (
    *_rows("", "{name} {x}", "the function at X", _value, FUNCTIONS.names),
    *_rows("_sum", "three terms of {name} {x}", f"the first {_TERMS} terms of its series", _sum, FUNCTIONS.names),
    *_rows(
        "_terms", "terms for {name} {x}", "terms until the rest is below a thousandth", _terms, FUNCTIONS.names, True
    ),
    *_rows("_of_i", "{name}({x} i)", "f(i·X): what stands beside i (of cosh: all of it)", _of_i, _HYPERBOLIC),
    *_rows("_turned", "{name}({x} + p)", "f(X + p), p being the period, which is imaginary", _turned, _HYPERBOLIC),
    *_rows("_half_turned", "{name}({x} + p/2)", "f(X + p/2)", _half_turned, _HYPERBOLIC),
    *_rows("_on", "{name}({x} + |p|)", "as far along the real line: f of X and the size of p", _on, _HYPERBOLIC),
)


def measure_function(row: OfFunction, place: str) -> Measured:
    """One measure of a function at a point."""
    value = row.read(float(place))
    if value is None:
        return Measured(None, problem=Message("{name}: there is none at {x}", name=Verbatim(row.name), x=place))
    return Measured(value, whole=row.whole)
