"""Lines of styled text, heat maps and histograms: the small pieces that the panes are made of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradtui.text import glyphs
from gradtui.text.heat import LEVELS, SHADES, heat_rows, histogram, legend, levels, shade_range
from gradtui.text.scale import ACROSS, UP
from gradtui.text.spans import GAP, first_fit, first_title, fit, page, runs, spread, text_of, width_of, wrap
from tests.engine.helpers import drawn
from tests.tui.helpers import assert_page, texts

#: Letters, symbols of this subject, and a character that is two cells wide.
TEXT = st.text("ab ∂σ█…漢", max_size=30)
LINES = st.lists(st.tuples(TEXT, st.sampled_from(("text", "dim"))), max_size=5)


@drawn(300)
@given(LINES, st.integers(1, 40))
def test_fit_is_exactly_as_wide_as_asked_and_cuts_only_with_an_ellipsis(line: list, width: int) -> None:
    fitted = fit(line, width)
    assert width_of(fitted) == width
    text, original = text_of(fitted), text_of(line)
    if cell_len(original) <= width:
        assert text.rstrip() == original.rstrip()
    else:
        assert text.endswith("…")


@drawn(200)
@given(LINES, LINES, st.integers(1, 60))
def test_spread_is_exactly_as_wide_as_asked(left: list, right: list, width: int) -> None:
    assert width_of(spread(left, right, width)) == width


def test_spread_cuts_the_left_text_and_keeps_the_right_one() -> None:
    assert text_of(spread([("a long name", "text")], [("0.5", "text")], 12)) == "a long … 0.5"


@drawn(200)
@given(st.lists(LINES, max_size=6), st.integers(1, 40), st.integers(0, 8))
def test_a_page_has_exactly_its_size(lines: list, width: int, height: int) -> None:
    assert_page(page(lines, width, height), width, height, "page")


@drawn(300)
@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=20), st.integers(9, 40))
def test_wrapping_keeps_every_word_in_order_and_every_line_in_its_width(words: list[str], width: int) -> None:
    lines = texts(wrap(" ".join(words), width))
    assert all(cell_len(line) <= width for line in lines)
    assert " ".join(lines).split() == words


def test_parts_stay_together_where_they_fit_and_get_lines_of_their_own_where_not() -> None:
    text = f"a = b c{GAP}d = e f"
    assert texts(wrap(text, 30)) == ["a = b c      d = e f"]
    assert texts(wrap(text, 12)) == ["a = b c", "d = e f"]


def test_the_width_of_any_character_is_what_rich_says_of_it() -> None:
    for code in (*range(0x20, 0xD800), *range(0x1F300, 0x1F700)):
        text = f"a{chr(code)}b"
        assert width_of([(text, "")]) == cell_len(text), hex(code)


def test_the_first_that_fits_is_taken_and_the_last_is_cut() -> None:
    lines = [[("a long name", "x")], [("name", "x")], [("n", "x")]]
    assert [text_of(first_fit(width, *lines)) for width in (11, 10, 3, 0)] == ["a long name", "name", "n", "n"]
    assert first_title(4, "a title", "short") == "sho…"


@drawn(100)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(("x", "y"))), max_size=20))
def test_runs_keep_the_text_and_leave_no_two_neighbours_of_one_style(cells: list[tuple[str, str]]) -> None:
    merged = runs(cells)
    assert [(glyph, style) for text, style in merged for glyph in text] == cells
    assert all(one[1] != other[1] for one, other in itertools.pairwise(merged))


CHINESE = "梯度在传播时逐层相乘：小于一，消失；大于一，爆炸。ReLU 的斜率是 1，见第 12 层（共 30 层）。"


@pytest.mark.parametrize("width", [8, 11, 24, 40])
def test_chinese_is_wrapped_between_characters_and_no_line_begins_with_a_full_stop(width: int) -> None:
    lines = texts(wrap(CHINESE, width))
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == CHINESE.replace(" ", "")
    assert not any(line[0] in "，。、；：）" for line in lines)
    assert "ReLU" in " ".join(lines), "a word is not broken"


@pytest.fixture(params=glyphs.GLYPHS)
def glyph_set(request: pytest.FixtureRequest) -> Iterator[str]:
    before = glyphs.current()
    glyphs.use(request.param)
    yield request.param
    glyphs.use(before)


SYMBOLS = "‖∂L/∂h₁₂‖ = σ′(z) → ½ × 1e-18 … █▌▁░▸◆ 层"


def test_lines_have_their_width_in_the_glyphs_that_are_drawn(glyph_set: str) -> None:
    """In ASCII σ takes five cells, not one: what is measured is what is drawn."""
    line = [(SYMBOLS, "text"), ("┃" * 5, "dim")]
    whole = width_of(line)
    for width in range(1, whole + 5):
        fitted = fit(line, width)
        assert cell_len(text_of(fitted)) == width
        assert text_of(fitted).isascii() or glyph_set != glyphs.ASCII or "层" in text_of(fitted)
    assert text_of(fit(line, whole)) == glyphs.render(SYMBOLS + "┃" * 5)
    assert all(cell_len(text) <= 20 for text in texts(wrap(SYMBOLS, 20)))


def test_bars_keep_their_length_in_every_set_of_glyphs(glyph_set: str) -> None:
    for glyph in ACROSS + UP + "".join(SHADES) + "▐▀│─◆◇●▼▲▸":
        assert cell_len(glyphs.render(glyph)) == 1


def test_a_fuller_cell_is_never_drawn_emptier(glyph_set: str) -> None:
    """By the number of its dots in braille; in ASCII a larger bar may look like the next smaller one, not like less."""
    for ramp in (ACROSS, UP):
        drawn_as = [glyphs.render(glyph) for glyph in ramp]
        assert len(set(drawn_as)) >= 4
        for one, other in itertools.pairwise(drawn_as):
            assert one == other or other not in drawn_as[: drawn_as.index(one)]
        if glyph_set == glyphs.BRAILLE:
            dots = [(ord(each) - 0x2800).bit_count() if each != " " else 0 for each in drawn_as]
            assert dots == sorted(dots)


# -- heat ----------------------------------------------------------------------------------------------

ARRAYS = st.lists(
    st.floats(-1e300, 1e300) | st.sampled_from((0.0, float("inf"), float("-inf"), float("nan"))),
    min_size=1,
    max_size=40,
).map(np.array)


@drawn(300)
@given(ARRAYS)
def test_levels_rise_with_the_values_and_what_is_not_finite_stands_out(values: np.ndarray) -> None:
    low, high = shade_range(values)
    found = levels(values, low, high)
    finite = np.isfinite(values)
    assert (found[~finite] == -1).all()
    assert ((found[finite] >= 0) & (found[finite] < LEVELS)).all()
    order = np.argsort(values[finite], kind="stable")
    assert (np.diff(found[finite][order]) >= 0).all()


@drawn(100)
@given(ARRAYS)
def test_a_heat_map_has_one_cell_per_value(values: np.ndarray) -> None:
    (line,) = heat_rows(values[None, :], *shade_range(values))
    assert width_of(line) == len(values)
    assert [glyph == "!" for glyph in text_of(line)] == list(~np.isfinite(values))


def test_shades_go_from_empty_to_full() -> None:
    (line,) = heat_rows(np.arange(9.0)[None, :], 0.0, 9.0)
    text = text_of(line)
    assert (text[0], text[4], text[8]) == (SHADES[0], SHADES[2], SHADES[4])
    assert [SHADES.index(glyph) for glyph in text] == sorted(SHADES.index(glyph) for glyph in text)
    assert len({style for _, style in line}) == LEVELS


def test_one_value_everywhere_gets_the_middle_shade() -> None:
    assert set(text_of(heat_rows(np.full((1, 5), 0.3), 0.3, 0.3)[0])) == {SHADES[2]}


def test_the_legend_names_both_ends() -> None:
    assert text_of(legend(-1.0, 1.0)).startswith("-1.00 ")
    assert text_of(legend(-1.0, 1.0)).endswith(" 1.00")


def test_the_shades_leave_out_a_few_outliers() -> None:
    low, high = shade_range(np.array([*np.linspace(0, 1, 999), 1e9]))
    assert 0.0 <= low < 0.05
    assert 0.95 < high <= 1.0


# -- histogram -----------------------------------------------------------------------------------------


@drawn(200)
@given(ARRAYS, st.integers(20, 64), st.integers(2, 6))
def test_a_histogram_has_its_size_and_a_bar_for_every_bin_that_is_not_empty(
    values: np.ndarray, width: int, height: int
) -> None:
    finite = values[np.isfinite(values)]
    lines = texts(histogram(values, width, height))
    if len(set(finite)) < 2:
        assert len(lines) == 1
        return
    assert len(lines) == height + 1
    assert {cell_len(line) for line in lines} == {width}
    counts, _ = np.histogram(finite, bins=width)
    assert [glyph != " " for glyph in lines[-2]] == [count > 0 for count in counts]


def test_a_histogram_drawn_by_hand() -> None:
    """Four bins of 1, 2, 4 and 2 values: a quarter, half, all and half of two lines."""
    values = np.array([0.0, *[1.5] * 2, *[2.5] * 4, *[3.5] * 1, 4.0])
    lines = texts(histogram(values, 4, 2))
    assert lines[:2] == ["  █ ", "▄███"]


def test_the_line_under_a_histogram_names_the_range_and_marks_0() -> None:
    lines = texts(histogram(np.array([-1.0, -0.5, 0.2, 1.0]), 41, 2))
    assert lines[-1].startswith("-1.00─")
    assert lines[-1].endswith("─1.00")
    assert lines[-1][20] == "0"


@pytest.mark.parametrize(
    ("values", "said"), [([2.0, 2.0], "all values are 2.00"), ([float("nan"), float("inf")], "no finite value")]
)
def test_where_there_is_no_range_a_sentence_says_so(values: list[float], said: str) -> None:
    assert texts(histogram(np.array(values), 40, 4)) == [said]


def test_a_histograms_bars_are_made_of_eighths() -> None:
    rng = np.random.default_rng(0)
    assert set("".join(texts(histogram(rng.normal(size=500), 40, 4))[:-1])) <= set(UP)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("view", ["heat", "histogram"])
def test_numbers_near_the_largest_are_drawn_without_a_warning(dtype: str, view: str) -> None:
    """A network that is about to overflow: NumPy's warning would be written across the screen."""
    values = np.array([-0.9, -0.1, 0.0, 0.5, 0.9], dtype=dtype) * np.finfo(dtype).max
    if view == "heat":
        found = levels(values, *shade_range(values))
        assert list(found) == sorted(found)
        assert found[0] < found[-1]
    else:
        assert len(histogram(values, 40, 2)) == 3
