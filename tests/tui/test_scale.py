"""The log axis: positions, the reference line at 1, and bars."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradtui.scale import ACROSS, LEAST_DECADES, UP, LogScale
from tests.engine.helpers import drawn

NUMBERS = st.floats(5e-324, 1.7e308) | st.floats(-323, 308).map(lambda exponent: 10.0**exponent)
ANY = NUMBERS | st.sampled_from((0.0, math.nan, math.inf, 1.0, 1e-320, 1e300))
SCALES = st.lists(ANY, max_size=5).map(LogScale.of)


@drawn(300)
@given(st.lists(ANY, max_size=8))
@example([])
@example([1e-320, 1e300])
@example([0.0, math.nan, math.inf])
def test_the_axis_holds_1_and_every_positive_finite_value(values: list[float]) -> None:
    scale = LogScale.of(values)
    assert scale.low <= -LEAST_DECADES
    assert scale.low <= 0 <= scale.high
    assert scale.low < scale.high or scale.high == 0
    for value in values:
        if value > 0 and math.isfinite(value):
            assert scale.low <= math.log10(value) <= scale.high


@drawn(300)
@given(SCALES, ANY)
def test_a_position_lies_between_0_and_1(scale: LogScale, value: float) -> None:
    assert 0.0 <= scale.position(value) <= 1.0


@drawn(300)
@given(SCALES, NUMBERS, NUMBERS)
def test_a_larger_value_never_lies_lower(scale: LogScale, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert scale.position(0.0) <= scale.position(small) <= scale.position(large) <= scale.position(math.inf)


@drawn(300)
@given(st.integers(-320, -4), st.integers(0, 300), st.data())
def test_a_position_is_proportional_to_the_exponent(low: int, high: int, data: st.DataObject) -> None:
    exponent = data.draw(st.integers(low, high))
    share = (exponent - low) / (high - low)
    assert LogScale(low, high).position(10.0**exponent) == pytest.approx(share, abs=1e-3)


def test_zero_and_nan_lie_at_the_bottom_and_infinity_at_the_top() -> None:
    scale = LogScale(-4, 2)
    assert [scale.position(value) for value in (0.0, math.nan, -1.0, math.inf)] == [0.0, 0.0, 0.0, 1.0]


@drawn(300)
@given(SCALES, ANY, st.integers(1, 200), st.booleans())
def test_a_bar_is_exactly_as_wide_as_asked(scale: LogScale, value: float, cells: int, blocks: bool) -> None:
    assert len(scale.bar(value, cells, blocks)) == cells


@drawn(300)
@given(SCALES, ANY, st.integers(1, 200))
def test_a_bars_length_is_its_position_to_an_eighth_of_a_cell(scale: LogScale, value: float, cells: int) -> None:
    text = scale.bar(value, cells).split("│")[0].rstrip(" ")
    drawn_eighths = 8 * text.count("█") + sum(ACROSS.index(glyph) for glyph in text if glyph not in "█ ")
    assert abs(drawn_eighths - 8 * cells * scale.position(value)) <= 1


@drawn(300)
@given(SCALES, NUMBERS, st.integers(1, 200), st.booleans())
def test_a_value_that_is_not_zero_shows_something_and_zero_shows_nothing(
    scale: LogScale, value: float, cells: int, blocks: bool
) -> None:
    empty = scale.bar(0.0, cells, blocks)
    assert set(empty) == {" ", "│" if blocks else "|"} or cells == 1
    assert scale.bar(value, cells, blocks)[0] != " "


@drawn(300)
@given(SCALES, ANY, st.integers(2, 200))
def test_the_reference_line_stands_at_the_cell_of_1_unless_the_bar_covers_it(
    scale: LogScale, value: float, cells: int
) -> None:
    text = scale.bar(value, cells)
    mark = scale.reference(cells)
    assert mark == min(cells - 1, math.floor(cells * -scale.low / (scale.high - scale.low)))
    assert text.count("│") == (text[mark] == "│")
    assert text[mark] != " "


def test_a_bar_drawn_by_hand() -> None:
    scale = LogScale(-4, 0)
    assert [scale.bar(10.0**exponent, 8) for exponent in range(-4, 1)] == [
        "▏      │",
        "██     │",
        "████   │",
        "██████ │",
        "████████",
    ]
    assert scale.bar(10**-3.75, 8) == "▌      │"


def test_a_growing_gradient_passes_the_reference_line() -> None:
    assert LogScale(-4, 4).bar(1e2, 8) == "██████  "
    assert LogScale(-4, 4).bar(1e-2, 8) == "██  │   "


def test_without_block_characters_a_bar_is_ascii() -> None:
    scale = LogScale(-4, 0)
    assert scale.bar(1e-2, 8, blocks=False) == "####   |"
    assert scale.bar(1e-4, 8, blocks=False) == ".      |"
    assert scale.bar(0.0, 8, blocks=False) == "       |"


def test_the_label_names_both_ends() -> None:
    assert LogScale(-20, 0).label == "1e-20 … 1"
    assert LogScale(-4, 5).label == "1e-4 … 1e5"


def test_the_eighths_grow_in_order() -> None:
    assert ACROSS == " ▏▎▍▌▋▊▉█"
    assert UP == " ▁▂▃▄▅▆▇█"
