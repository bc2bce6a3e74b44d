"""Numbers as short text. A vanished gradient never prints as 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui_engine.analysis.record import Record

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")


def short(value: float | None) -> str:
    """Two to three significant digits in at most 8 characters: 0.314, 12.3, 2.2e-12, 1.4e+30, 0, nan, –inf."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    size = abs(value)
    if 9.995e-3 <= size < 999.5:
        digits = max(0, 2 - math.floor(math.log10(size) + 1e-9))
        return f"{value:.{digits}f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent):+d}".replace("e+", "e")


def power(total: float, count: int, first: float = 1.0) -> tuple[str, str]:
    """first and the base of first · base^count = total, with so many digits that a calculator agrees with `short`."""
    base = (total / first) ** (1 / count) if total > 0 and first > 0 else total
    brief = short(first), short(base)
    # Near the largest number the power of a rounded base is none.
    if not 0 < total < _LARGEST or not math.isfinite(base):
        return brief
    longer = [(one, f"{base:#.{digits}g}") for digits in range(4, 16) for one in (brief[0], f"{first:#.{digits}g}")]
    wanted = short(total)
    return next((pair for pair in (brief, *longer) if _shown(*pair, count) == wanted), longer[-1])


_LARGEST = 1e300


def _shown(first: str, base: str, count: int) -> str:
    try:
        return short(float(first) * float(base) ** count)
    except OverflowError:
        return short(math.inf)


def percent(share: float | None) -> str:
    """A share as a percentage; one that is not 0 never prints as 0 %, nor one below 1 as 100 %; none is a dash."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %") if math.isfinite(share) else "nan"


def subscript(number: int) -> str:
    return str(number).translate(_SUBSCRIPTS)


def superscript(number: int) -> str:
    return str(number).translate(_SUPERSCRIPTS)


def power_of_ten(exponent: int) -> str:
    """An axis label: 1e-18."""
    return "1" if exponent == 0 else f"1e{exponent}"


def defined(value: float | None, record: Record) -> float | None:
    """The ratio; None for 0/0, where no gradient is left, which is no fault of the network: it prints as a dash.

    In a record with nan or inf of its own a nan stays what it is.
    """
    undefined = value is not None and math.isnan(value) and record.outcome.kind != "non_finite"
    return None if undefined else value
