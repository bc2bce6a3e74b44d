"""Numbers as a person reads them: short, never 0 where they are not, one spelling everywhere."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradtui_engine.core.figures import (
    apart,
    counted,
    decimals,
    exact,
    loss_text,
    many,
    of_it,
    part_of,
    percent,
    power_of_ten,
    rounded,
    short,
    subscript,
    times,
    typed,
)
from tests.engine.helpers import drawn

#: From subnormal numbers to the largest.
POSITIVE = st.floats(5e-324, 1.7e308) | st.floats(-323, 308).map(lambda exponent: 10.0**exponent)


@drawn(500)
@given(POSITIVE)
@example(5e-324)
@example(1e-320)
@example(1.7e308)
@example(9.994e-3)
@example(9.9951e-3)
@example(0.0999951)
@example(0.99995)
@example(999.4999)
@example(999.5)
def test_a_positive_number_is_never_0_fits_in_8_characters_and_is_right_to_5_percent(value: float) -> None:
    text = short(value)
    assert len(text) <= 8
    assert float(text) > 0
    if value > 1e-300:
        assert math.isclose(float(text), value, rel_tol=0.051)


@drawn(200)
@given(POSITIVE)
def test_a_negative_number_is_the_positive_one_with_a_minus(value: float) -> None:
    assert short(-value) == "-" + short(value)


@drawn(300)
@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_a_larger_number_never_reads_smaller(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert float(short(small)) <= float(short(large))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1.0, "1.00"),
        (0.25, "0.250"),
        (0.0362, "0.0362"),
        (-0.5, "-0.500"),
        (12.345, "12.3"),
        (123.4, "123"),
        (1234.0, "1.2e3"),
        (2.2e-12, "2.2e-12"),
        (1.4e30, "1.4e30"),
        (1e-320, "1.0e-320"),
        (1e300, "1.0e300"),
    ],
)
def test_short_reads_as_in_a_textbook(value: float | None, text: str) -> None:
    assert short(value) == text


@drawn(300)
@given(st.integers(1, 20_000), st.data())
@example(200, None)
def test_some_is_never_0_percent_and_not_all_is_never_100_percent(size: int, data: st.DataObject | None) -> None:
    """A share of so many units: one of 200 is neither none nor, turned round, all but none."""
    some = 1 if data is None else data.draw(st.integers(0, size))
    for count in (some, size - some):
        text = percent(count / size)
        assert (text == "0 %") == (count == 0), f"{count} of {size}"
        assert (text == "100 %") == (count == size), f"{count} of {size}"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.25, "25 %"), (1e-9, "<1 %"), (0.9999, ">99 %"), (math.nan, "nan"), (None, "–")],
)
def test_percent_rounds_to_whole_percents(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_subscripts_and_axis_labels() -> None:
    assert subscript(120) == "₁₂₀"
    assert subscript(-1) == "₋₁"
    assert [power_of_ten(exponent) for exponent in (-18, 0, 3)] == ["1e-18", "1", "1e3"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.5, 6, "0.5"),
        (1e-4, 6, "1e-4"),
        (1e-3, 6, "1e-3"),
        (0.0015, 6, "1.5e-3"),
        (0.009999, 2, "0.01"),
        (0.01, 6, "0.01"),
        (1e-5, 6, "1e-5"),
        (1e-120, 6, "1e-120"),
        (2e22, 6, "2e22"),
        (64.0, 6, "64"),
        (1.4142135623730951, 6, "1.41421"),
        (-0.0, 6, "0"),
        (math.log(10), 7, "2.302585"),
        (math.inf, 3, "inf"),
        (math.nan, 3, "nan"),
        (None, 3, "–"),
    ],
)
def test_rounded_leaves_out_what_says_nothing(value: float | None, digits: int, text: str) -> None:
    assert rounded(value, digits) == text
    if digits == 6:
        assert exact(value) == text


@drawn(300)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_rounded_is_the_number_to_so_many_digits(value: float, digits: int) -> None:
    assert float(rounded(value, digits)) == float(f"{value:.{digits - 1}e}")


@drawn(200)
@given(st.floats(1e-300, 1e300))
def test_every_spelling_has_the_same_exponent(value: float) -> None:
    """2.2e-9 is never 2.2e-09, whoever writes it."""
    for text in (short(value), rounded(value, 2), times(value), str(of_it(value))):
        assert not re.search(r"e\+|e-?0", text), text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (4.6e-19, "4.6e-19 of it"),
        (1.6e-6, "1/620,000 of it"),
        (7.2e-4, "1/1,400 of it"),
        (0.0362, "0.0362 of it"),
        (0.5, "0.500 of it"),
        (1.0, "as much"),
        (1.5, "1.50 times as much"),
        (1234.0, "1,200 times as much"),
        (189_000.0, "190,000 times as much"),
        (3.4e18, "3.4e18 times as much"),
    ],
)
def test_a_ratio_below_1_is_a_part_and_one_above_1_a_multiple(ratio: float, text: str) -> None:
    assert of_it(ratio) == text


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (math.log(10), "2.303"),
        (2.5, "2.500"),
        (0.069314, "0.06931"),
        (625.1, "625.1"),
        (1234.4, "1.2e3"),
        (3.912e8, "3.9e8"),
        (1.2e-7, "1.2e-7"),
        (0.0, "0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (None, "–"),
    ],
)
def test_a_loss_has_four_digits_where_it_needs_no_exponent(loss: float | None, text: str) -> None:
    assert loss_text(loss) == text


@drawn(300)
@given(st.floats(allow_nan=False))
@example(1e-5)
@example(0.1 + 0.2)
@example(5e-324)
@example(1e22)
def test_what_is_typed_again_is_the_same_to_the_bit_and_has_our_exponent(value: float) -> None:
    assert float(typed(value)).hex() == value.hex()
    assert not re.search(r"e\+|e-?0", typed(value))


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (2.5, 2.31, ("2.50", "2.31")),
        (2.3026, 2.3021, ("2.303", "2.302")),
        (437_100.0, 436_900.0, ("4.371e5", "4.369e5")),
        (1.0, math.nan, ("1.00", "nan")),
        (0.5, 0.5, ("0.500", "0.500")),
        (None, 0.5, ("–", "0.500")),
    ],
)
def test_two_numbers_are_told_apart(one: float | None, other: float | None, texts: tuple[str, str]) -> None:
    assert apart(one, other) == texts


@drawn(300)
@given(st.floats(1e-300, 1e300))
def test_what_is_said_of_a_ratio_is_right_to_five_percent(ratio: float) -> None:
    over, equals, under = part_of(ratio).replace(",", "").partition("/")
    said = float(over) / float(under) if equals else float(over)
    assert math.isclose(said, ratio, rel_tol=0.051)
    assert math.isclose(float(many(ratio).replace(",", "")), ratio, rel_tol=0.051)


def test_factors_counts_and_sizes() -> None:
    assert [times(1.22), times(None)] == ["×1.22", "–"]
    assert [rounded(3.4e-11, 1), rounded(2e9, 1)] == ["3e-11", "2e9"]
    assert [counted(64), counted(12_000)] == ["64", "12,000"]
    assert [decimals(0.98923, 4), decimals(12.0, 1), decimals(math.nan, 1)] == ["0.9892", "12.0", "nan"]
