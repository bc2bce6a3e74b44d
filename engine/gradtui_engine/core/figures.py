"""How a number is written for a person: the one place that formats any. A vanished gradient never reads as 0.

| written | with | as in |
|---|---|---|
| what was measured | short | 0.314, 12.3, 1.2e3, 2.2e-12 |
| what was set, a threshold, a place on an axis | exact | 0.5, 1e-4, 64 |
| what is there to be edited | typed | 1e-5, 64.0 |
| what another number of digits says better | rounded, decimals | 2.302585, 0.9892 |
| a loss | loss_text | 2.303, 4.4e5 |
| a share | percent | 65 % |
| a factor | times | ×1.22 |
| a factor that many stages repeat | repeated | 1.22, 1.0027 |
| two numbers of which one came of the other | apart | 2.30 and 2.29; 4.371e5 and 4.369e5 |
| what one number is of another, in a sentence | part_of, many, of_it | 1/620,000, 190,000, 1/620,000 of it |
| how many there are | counted | 12,000 |

Below 0.01 all of them write 1e-3, none 0.001; in a sentence it is 1/1,000. What a person typed is given back as it was
typed, and TOML, JSON and file names have formats of their own: those are not written here.
tests/test_figures_alone.py holds that no other module formats a number.
"""

from __future__ import annotations

import math

from .message import Message

#: What a number that is not there is written as.
NONE = "–"
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
#: Below the first and from the second on a number has an exponent, as three digits do not say more.
_SMALL, _GREAT = 9.995e-3, 999.5
#: Up to so many times as much is said in words.
_PICTURED = 1e6
#: Near the largest number the power of a rounded base is none.
_LARGEST = 1e300


def short(value: float | None) -> str:
    """Two to three significant digits in at most 8 characters: 0.314, 12.3, 2.2e-12, 1.4e30, 0, nan, -inf, –."""
    if value is None:
        return NONE
    if not math.isfinite(value):
        return _not_finite(value)
    if value == 0:
        return "0"
    size = abs(value)
    if _SMALL <= size < _GREAT:
        digits = max(0, 2 - math.floor(math.log10(size) + 1e-9))
        return f"{value:.{digits}f}"
    return _brief_exponent(f"{value:.1e}")


def exact(value: float | None) -> str:
    """A number as it was set, in up to six digits, without zeros at its end: 0.5, 1e-4, 1.41421, 64."""
    return rounded(value, 6)


def rounded(value: float | None, digits: int) -> str:
    """So many significant digits at most, without zeros at the end: 2.302585 of seven, 0.5 of any."""
    if value is None:
        return NONE
    if not math.isfinite(value):
        return _not_finite(value)
    # −0 is 0 to a reader.
    text = f"{value + 0.0:.{digits}g}"
    if "e" not in text and 0 < abs(float(text)) < _SMALL:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"
    return _brief_exponent(text)


def cut(value: float, digits: int) -> float:
    """The number itself with so many significant digits: 1.234 of 1.23444 and four. What is measured and then set has
    no more than are known."""
    return float(f"{value:.{digits}g}")


def typed(value: float) -> str:
    """A number as one would type it to get it back to the bit: 1e-5, 0.1, 0.30000000000000004."""
    return _brief_exponent(repr(value))


def loss_text(loss: float | None) -> str:
    """A loss, of which an update changes little, in four digits: 2.303, 2.500, 0.06931; beside numbers of other sizes
    as those are written: 4.4e5."""
    if loss is None or not _SMALL <= abs(loss) < _GREAT:
        return short(loss)
    return f"{loss:#.4g}".removesuffix(".")


def apart(one: float | None, two: float | None) -> tuple[str, str]:
    """Two numbers in as few digits as tell them apart: 2.30 and 2.29, 2.303 and 2.302, 4.371e5 and 4.369e5."""
    texts = short(one), short(two)
    if texts[0] != texts[1] or one == two or one is None or two is None:
        return texts
    longer = ((rounded(one, digits), rounded(two, digits)) for digits in range(4, 18))
    return next((pair for pair in longer if pair[0] != pair[1]), texts)


def decimals(value: float, digits: int) -> str:
    """So many digits behind the point, for numbers of one size that stand under one another or near 1: 0.9892."""
    return f"{value:.{digits}f}" if math.isfinite(value) else _not_finite(value)


def percent(share: float | None) -> str:
    """A share as a percentage; one that is not 0 never reads as 0 %, nor one below 1 as 100 %; none is a dash."""
    if share is None:
        return NONE
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %") if math.isfinite(share) else "nan"


def times(factor: float | None) -> str:
    """What something is multiplied by: ×1.22; a dash where there is nothing."""
    return NONE if factor is None else f"×{short(factor)}"


def repeated(factor: float) -> str:
    """A factor that many stages repeat: near 1 with digits for what it comes to, 1.0027; 1 where there is none."""
    near = 0.995 <= factor < 1.005
    return rounded(factor, 5) if near else short(factor)


def part_of(ratio: float | None) -> str:
    """What part one number is of another, in a sentence: 0.463, 1/28,000; what nobody can picture is 4.6e-19."""
    if ratio is None or not 1 / _PICTURED < ratio < _SMALL:
        return short(ratio)
    return f"1/{_round(1 / ratio)}"


def many(ratio: float | None) -> str:
    """How many times one number is another, in a sentence: 12.3, 190,000; what nobody can picture is 3.4e18."""
    if ratio is None or not _GREAT <= ratio < _PICTURED:
        return short(ratio)
    return _round(ratio)


def ratio_text(ratio: float | None) -> str:
    """Which of the two it is, without saying so: beside a threshold that is written so."""
    return part_of(ratio) if ratio is None or ratio < 1 else many(ratio)


def of_it(ratio: float) -> Message:
    """What a quantity is of another one: "1/620,000 of it" below 1, "12.3 times as much" above, "as much" at 1."""
    if ratio == 1:
        return Message("as much")
    if ratio < 1:
        return Message("{share} of it", share=part_of(ratio))
    return Message("{count} times as much", count=many(ratio))


def counted(count: int) -> str:
    """How many there are: 64, 12,000."""
    return f"{count:,}"


def power(total: float, count: int, first: float = 1.0) -> tuple[str, str]:
    """first and the base of first · base^count = total, with so many digits that a calculator agrees with `short`."""
    base = (total / first) ** (1 / count) if total > 0 and first > 0 else total
    brief = short(first), short(base)
    if not 0 < total < _LARGEST or not math.isfinite(base):
        return brief
    longer = [
        (one, f"{base:#.{digits}g}".removesuffix("."))
        for digits in range(4, 16)
        for one in (brief[0], f"{first:#.{digits}g}")
    ]
    wanted = short(total)
    return next((pair for pair in (brief, *longer) if _shown(*pair, count) == wanted), longer[-1])


def power_of_ten(exponent: int) -> str:
    """An axis label: 1e-18; 1."""
    return "1" if exponent == 0 else f"1e{exponent}"


def subscript(number: int) -> str:
    """h₁₂'s number."""
    return str(number).translate(_SUBSCRIPTS)


def superscript(number: int) -> str:
    """10⁻³'s number."""
    return str(number).translate(_SUPERSCRIPTS)


def _brief_exponent(text: str) -> str:
    """1.2e-07 → 1.2e-7, 1e+30 → 1e30."""
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def _round(count: float) -> str:
    """Two digits, and zeros: 620,000."""
    return counted(int(float(f"{count:.1e}")))


def _not_finite(value: float) -> str:
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _shown(first: str, base: str, count: int) -> str:
    try:
        return short(float(first) * float(base) ** count)
    except OverflowError:
        return short(math.inf)
