"""The axes, logarithmic, linear and to both sides of 0: positions, the reference line, and bars across and upwards."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradtui.model.names import AXES
from gradtui.text import glyphs
from gradtui.text.scale import (
    ACROSS,
    LEAST_DECADES,
    SCALES,
    UP,
    LinearScale,
    LogScale,
    Scale,
    SignLogScale,
    bar,
    cell_of,
    columns,
    counted,
    marked,
    scale_of,
    upwards,
)
from tests.engine.helpers import drawn
from tests.tui.rows import log_length

NUMBERS = st.floats(5e-324, 1.7e308) | st.floats(-323, 308).map(lambda exponent: 10.0**exponent)
ANY = NUMBERS | st.sampled_from((0.0, math.nan, math.inf, 1.0, 1e-320, 1e300))
SCALES_LOG = st.lists(ANY, max_size=5).map(LogScale.of)
SIGNED = ANY | NUMBERS.map(lambda value: -value) | st.sampled_from((-math.inf, -1.0, -1e300))
ANY_SCALE = st.tuples(st.sampled_from(AXES), st.lists(SIGNED, max_size=5)).map(lambda pair: scale_of(*pair))
CELLS = st.integers(1, 200)


def test_every_kind_of_axis_has_a_scale_that_says_its_kind() -> None:
    assert tuple(SCALES) == AXES
    assert [scale_of(kind, [1.0, 2.0]).kind for kind in AXES] == list(AXES)


# -- where a value lies --------------------------------------------------------------------------------


@drawn(200)
@given(st.lists(ANY, max_size=8))
@example([])
@example([1e-320, 1e300])
@example([0.0, math.nan, math.inf])
def test_the_log_axis_holds_1_and_every_positive_finite_value(values: list[float]) -> None:
    scale = LogScale.of(values)
    assert scale.low <= -LEAST_DECADES
    assert scale.low <= 0 <= scale.high
    assert scale.low < scale.high or scale.high == 0
    for value in values:
        if value > 0 and math.isfinite(value):
            assert scale.low <= math.log10(value) <= scale.high


@drawn(200)
@given(st.lists(SIGNED, max_size=8))
@example([])
@example([-1.7e308, 1.7e308])
@example([5e-324])
@example([-0.3, 0.0])
def test_the_linear_axis_holds_0_and_every_finite_value(values: list[float]) -> None:
    scale = LinearScale.of(values)
    assert scale.low <= 0.0 <= scale.high
    assert scale.low < scale.high
    for value in values:
        if math.isfinite(value):
            assert scale.low <= value <= scale.high


@drawn(200)
@given(st.floats(1e-9, 1e9))
def test_the_linear_axis_ends_at_1_2_or_5_times_a_power_of_ten_and_wastes_less_than_three_fifths(value: float) -> None:
    for scale, end in ((LinearScale.of([value]), 1.0), (LinearScale.of([-value]), -1.0)):
        shown = end * (scale.high if end > 0 else scale.low)
        assert round(shown / 10.0 ** math.floor(math.log10(shown) + 1e-9), 9) in (1, 2, 5)
        assert value * (1 - 1e-9) <= shown < 2.5000001 * value


@drawn(200)
@given(ANY_SCALE, SIGNED)
def test_a_position_lies_between_0_and_1(scale: Scale, value: float) -> None:
    assert 0.0 <= scale.position(value) <= 1.0
    assert 0.0 <= scale.origin <= 1.0


@drawn(200)
@given(ANY_SCALE, SIGNED, SIGNED)
def test_a_larger_value_never_lies_lower(scale: Scale, one: float, other: float) -> None:
    if not math.isnan(one) and not math.isnan(other):
        small, large = sorted((one, other))
        assert scale.position(-math.inf) <= scale.position(small) <= scale.position(large) <= scale.position(math.inf)


@drawn(200)
@given(ANY_SCALE)
def test_bars_start_where_0_lies_and_nan_has_no_bar(scale: Scale) -> None:
    assert scale.position(0.0) == scale.position(math.nan) == scale.origin


@drawn(200)
@given(st.integers(-320, -4), st.integers(0, 300), st.data())
def test_a_position_on_the_log_axis_is_proportional_to_the_exponent(low: int, high: int, data: st.DataObject) -> None:
    exponent = data.draw(st.integers(low, high))
    share = (exponent - low) / (high - low)
    assert LogScale(low, high).position(10.0**exponent) == pytest.approx(share, abs=1e-3)


@drawn(200)
@given(st.floats(-1e6, 0.0), st.floats(1e-3, 1e6), st.floats(0.0, 1.0))
def test_a_position_on_the_linear_axis_is_proportional_to_the_value(low: float, high: float, share: float) -> None:
    assert LinearScale(low, high).position(low + share * (high - low)) == pytest.approx(share, abs=1e-9)


@drawn(200)
@given(st.lists(SIGNED, max_size=5).map(SignLogScale.of), NUMBERS)
def test_the_sign_log_axis_is_the_log_axis_twice_mirrored_at_its_middle(scale: SignLogScale, value: float) -> None:
    half = LogScale(scale.low, scale.high).position(value) / 2
    assert scale.position(value) == 0.5 + half
    assert scale.position(-value) == 0.5 - half


def test_zero_and_nan_lie_at_the_bottom_of_the_log_axis_and_infinity_at_the_top() -> None:
    scale = LogScale(-4, 2)
    assert [scale.position(value) for value in (0.0, math.nan, -1.0, math.inf)] == [0.0, 0.0, 0.0, 1.0]


# -- bars on any axis ----------------------------------------------------------------------------------


def eighths(text: str) -> int:
    """Length of a drawn bar, its cells given in either direction."""
    lengths = {glyph: index for index, glyph in enumerate(ACROSS)} | {glyph: index for index, glyph in enumerate(UP)}
    return sum(4 if glyph == "▐" else lengths[glyph] for glyph in text)


@drawn(300)
@given(ANY_SCALE, SIGNED, CELLS)
def test_a_bar_is_exactly_as_long_as_asked_across_and_upwards(scale: Scale, value: float, cells: int) -> None:
    assert len(bar(scale, value, cells)) == cells
    assert len(columns(scale, value, cells)) == cells


@drawn(300)
@given(ANY_SCALE, st.sampled_from((0.0, math.nan)), CELLS)
def test_zero_and_nan_have_no_bar_whatever_the_axis(scale: Scale, value: float, cells: int) -> None:
    assert bar(scale, value, cells).strip() == ""
    assert columns(scale, value, cells).strip() == ""


@drawn(300)
@given(ANY_SCALE, SIGNED, CELLS)
def test_a_bar_lies_on_its_side_of_the_cell_of_0_and_touches_it(scale: Scale, value: float, cells: int) -> None:
    """A negative value ends before the cell where the line at 0 stands, a positive one begins in it."""
    zero = math.floor(scale.origin * cells)
    for text in (bar(scale, value, cells), columns(scale, value, cells)):
        drawn_cells = [index for index, glyph in enumerate(text) if glyph != " "]
        if scale.position(value) < scale.origin:
            assert drawn_cells == list(range(zero - len(drawn_cells), zero))
        elif drawn_cells:
            assert drawn_cells == list(range(zero, zero + len(drawn_cells)))


@drawn(300)
@given(ANY_SCALE, SIGNED, CELLS)
def test_a_bars_length_is_its_way_from_0_in_eighths_leftwards_in_halves_and_downwards_in_cells(
    scale: Scale, value: float, cells: int
) -> None:
    wanted = abs(scale.position(value) - scale.origin) * cells * 8
    negative = scale.position(value) < scale.origin
    for text, step in ((bar(scale, value, cells), 4), (columns(scale, value, cells), 8)):
        found = eighths(text)
        # The cell of 0 is not shared: what would go beyond an end of the axis is cut by less than a cell.
        room = 8 * math.floor(scale.origin * cells) if negative else 8 * (cells - math.floor(scale.origin * cells))
        if negative:
            assert found == min(max(step * round(wanted / step), step), room)
        else:
            assert found == min(max(round(wanted), int(abs(value) > 0)), room)


@drawn(200)
@given(ANY_SCALE, SIGNED.filter(lambda value: abs(value) > 0), st.integers(2, 200))
def test_a_value_that_is_not_zero_shows_something_where_its_side_has_a_cell(
    scale: Scale, value: float, cells: int
) -> None:
    if (value > 0 and scale.origin < 1) or (scale.position(value) < scale.origin and scale.origin * cells >= 1):
        assert bar(scale, value, cells).strip()
        assert columns(scale, value, cells).strip()


def test_bars_to_both_sides_drawn_by_hand() -> None:
    """From ±1e-4 in the middle to ±1: one decade a cell of four, and the middle belongs to the positive ones."""
    scale = SignLogScale(-4, 0)
    assert [bar(scale, value, 8) for value in (-1.0, -1e-2, -(10**-3.5), 0.0, 10**-3.5, 1e-2, 1.0)] == [
        "████    ",
        "  ██    ",
        "   ▐    ",
        "        ",
        "    ▌   ",
        "    ██  ",
        "    ████",
    ]
    assert [columns(scale, value, 4) for value in (-1.0, -1e-2, 0.0, 1e-2, 1.0)] == [
        "██  ",
        " █  ",
        "    ",
        "  █ ",
        "  ██",
    ]
    assert bar(scale, 0.0, 7) == " " * 7
    assert bar(scale, -1.0, 7) == "███    "
    assert bar(scale, 1.0, 7) == "   ███▌"


def test_bars_on_a_linear_axis_drawn_by_hand() -> None:
    assert [bar(LinearScale(0.0, 1.0), value, 4) for value in (0.0, 0.03, 0.5, 0.625, 1.0, 7.0)] == [
        "    ",
        "▏   ",
        "██  ",
        "██▌ ",
        "████",
        "████",
    ]
    assert bar(LinearScale(-1.0, 0.0), -0.5, 4) == "  ██"
    assert bar(LinearScale(-1.0, 3.0), -0.5, 4) == "▐   "


@drawn(200)
@given(ANY_SCALE, SIGNED, CELLS)
def test_the_cell_of_a_value_is_one_of_the_bars_and_grows_with_its_position(
    scale: Scale, value: float, cells: int
) -> None:
    found = cell_of(scale, value, cells)
    assert 0 <= found < cells
    assert found <= scale.position(value) * cells <= found + 1


# -- bars on paper -------------------------------------------------------------------------------------


@drawn(200)
@given(SCALES_LOG, ANY, CELLS, st.booleans())
def test_a_printed_bar_is_exactly_as_wide_as_asked(scale: LogScale, value: float, cells: int, blocks: bool) -> None:
    assert len(scale.bar(value, cells, blocks)) == cells


@drawn(200)
@given(SCALES_LOG, ANY, CELLS)
def test_a_printed_bars_length_is_its_position_to_an_eighth_of_a_cell(
    scale: LogScale, value: float, cells: int
) -> None:
    text = scale.bar(value, cells).split("│")[0].rstrip(" ")
    length = log_length(value, scale.low, scale.high, cells) if not math.isnan(value) else 0.0
    assert abs(eighths(text) - 8 * length) <= 0.5 + 1e-6


@drawn(200)
@given(SCALES_LOG, NUMBERS, CELLS, st.booleans())
def test_a_value_that_is_not_zero_prints_something_and_zero_prints_nothing(
    scale: LogScale, value: float, cells: int, blocks: bool
) -> None:
    empty = scale.bar(0.0, cells, blocks)
    assert set(empty) == {" ", "│" if blocks else "|"} or cells == 1
    assert scale.bar(value, cells, blocks)[0] != " "


@drawn(200)
@given(SCALES_LOG, ANY, st.integers(2, 200))
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
        "█▉     │",
        "███▊   │",
        "█████▋ │",
        "███████▌",
    ]
    assert scale.bar(10**-3.75, 8) == "▌      │"


def test_a_growing_gradient_passes_the_reference_line() -> None:
    assert LogScale(-4, 4).bar(1e2, 8) == "██████▎ "
    assert LogScale(-4, 4).bar(1.0, 8) == "████▌   "
    assert LogScale(-4, 4).bar(1e-2, 8) == "██▎ │   "


def test_without_block_characters_a_bar_is_ascii() -> None:
    scale = LogScale(-4, 0)
    assert scale.bar(1e-2, 8, blocks=False) == "###=   |"
    assert scale.bar(1e-4, 8, blocks=False) == ".      |"
    assert scale.bar(0.0, 8, blocks=False) == "       |"


@pytest.mark.parametrize(
    ("scale", "label"),
    [
        (LogScale(-20, 0), "1e-20 … 1"),
        (LogScale(-4, 5), "1e-4 … 1e5"),
        (LinearScale(0.0, 1.0), "0 … 1.00"),
        (LinearScale(-0.5, 2e6), "-0.500 … 2.0e6"),
        (SignLogScale(-4, 0), "-1 … ±1e-4 … 1"),
    ],
)
def test_the_label_names_both_ends(scale: Scale, label: str) -> None:
    assert scale.label == label
    assert (label.startswith(scale.ends[0]), label.endswith(scale.ends[1])) == (True, True)


@given(st.lists(st.integers(0, 80), max_size=8), st.integers(1, 9))
def test_bars_upwards_fill_from_below_and_end_at_the_top(lengths: list[int], rows: int) -> None:
    lines = upwards(lengths, rows)
    assert [len(line) for line in lines] == [len(lengths)] * rows
    for column, length in enumerate(lengths):
        shown = [UP.index(line[column]) for line in reversed(lines)]
        assert sum(shown) == min(length, 8 * rows)
        assert shown == sorted(shown, reverse=True)


@given(st.lists(st.integers(0, 10**6), max_size=8), st.integers(1, 9))
def test_the_largest_count_fills_all_rows_and_none_that_is_not_empty_vanishes(counts: list[int], rows: int) -> None:
    lengths = counted(counts, rows)
    for count, length in zip(counts, lengths, strict=True):
        assert (length > 0) == (count > 0)
        assert count == 0 or (length == 8 * rows) >= (count == max(counts))
    assert sorted(lengths) == [length for _, length in sorted(zip(counts, lengths, strict=True))]


def test_the_eighths_grow_in_order() -> None:
    assert ACROSS == " ▏▎▍▌▋▊▉█"
    assert UP == " ▁▂▃▄▅▆▇█"


# -- the reference line --------------------------------------------------------------------------------


def _fill(glyph: str, kind: str) -> float:
    """How much of a cell a glyph fills, in each set of glyphs."""
    levels = {
        glyphs.BLOCK: (" ", *UP[1:]),
        glyphs.BRAILLE: tuple(" ⣀⣤⣶⣿"),
        # Baseline, middle of the line of text, and above it.
        glyphs.ASCII: (" ", "_", ".", "", "-", "=", "+", "#"),
    }[kind]
    return levels.index(glyph) / (len(levels) - 1) if kind != glyphs.ASCII else levels.index(glyph) / 8


@pytest.mark.parametrize("kind", glyphs.GLYPHS)
@pytest.mark.parametrize("cells", [1, 2, 4, 5, 7, 9, 13, 24, 36])
@pytest.mark.parametrize(
    "scale", [LogScale(-4, 0), LogScale(-4, 1), LogScale(-19, 3), LogScale(-4, 20), SignLogScale(-4, 1),
              LinearScale(0.0, 5.0), LinearScale(-0.3, 5.0)]
)  # fmt: skip
def test_an_upright_bar_of_1_ends_in_the_middle_of_the_cell_of_its_line(scale: Scale, cells: int, kind: str) -> None:
    """The line is drawn as ─, half way up its cell: less ends below it, more above it, and 1 at it."""
    shown = marked(scale, 1.0, cells)
    mark = cell_of(shown, 1.0, cells)
    with glyphs.drawing(kind):
        found = [
            [_fill(glyph, kind) for glyph in glyphs.render(columns(shown, value, cells))]
            for value in (0.714, 0.999, 1.0 - 1e-15, 1.0, 1.0 + 1e-15, 1.001, 1.4)
        ]
    tops = [fills[mark] + sum(fills[mark + 1 :]) for fills in found]
    assert tops[2:5] == [0.5] * 3
    assert max(tops[:2]) < 0.5 < min(tops[5:])
    assert cell_of(scale, 1.0, cells) == mark


@pytest.mark.parametrize("cells", [1, 2, 4, 8, 31, 60])
@pytest.mark.parametrize("scale", [LogScale(-4, 0), LogScale(-4, 1), LogScale(-19, 3), LogScale(-4, 20)])
def test_a_bar_across_of_1_ends_in_the_middle_of_the_cell_of_its_line(scale: LogScale, cells: int) -> None:
    mark = scale.reference(cells)
    assert scale.bar(1.0, cells)[mark] == "▌"
    assert scale.bar(1.0, cells)[mark + 1 :].strip() == ""
    assert all(scale.bar(value, cells)[mark] in "│▏▎▍" for value in (0.714, 0.999, 1e-3, 0.0))
    assert all(scale.bar(value, cells)[mark] in "▊▉█" for value in (1.001, 1.4, 1e20))
    for value in (0.5, 0.999, 1.0, 1.001):
        assert ("|" in scale.bar(value, cells, blocks=False)) == ("│" in scale.bar(value, cells))


def test_only_the_line_looks_like_a_line_in_ascii() -> None:
    with glyphs.drawing(glyphs.ASCII):
        assert not set("|:") & set(glyphs.render(ACROSS + UP + "▐▀"))
