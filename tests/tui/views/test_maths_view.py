"""The maths page: series, slider and point as they are printed, against what mathematics says they are."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from gradtui.model.maths import GROWTH, MOST_TERMS
from gradtui.text import glyphs, language
from gradtui.text.spans import text_of, width_of
from gradtui.views.arrangement import arrange
from gradtui.views.catalogue import PANES as TABLE
from gradtui.views.maths import circle, functions
from gradtui.views.maths.header import header
from gradtui.views.maths.words import in_pi, parameter, series_lines, slider, terms_at
from gradtui_engine.core.figures import short
from gradtui_engine.theory.taylor import FUNCTIONS
from tests.examples import covering, together
from tests.tui.graphs import dots_of, graph_in
from tests.tui.helpers import assert_page, cut_numbers, texts
from tests.tui.maths_page import scene, shown

SIZES = ((18, 4), (28, 9), (38, 12), (58, 12), (78, 18), (60, 33), (118, 34), (198, 44))


PANES = ("circular", "hyperbolic", "circle", "bridge")
every_pane = pytest.mark.parametrize("pane", PANES)


@pytest.fixture
def doubled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language in which every text is its English after four cells of Chinese."""

    monkeypatch.setattr(language, "_said", lambda catalogue, text: f"中文{text}")
    language.use("zh")
    yield
    language.use("en")


def test_sinh_stands_beside_sin_on_the_usual_terminal_and_behind_a_named_key_on_a_smaller_one() -> None:
    for pane in ("circular", "hyperbolic"):
        state = scene(pane=pane).state
        assert set(arrange(state, 80, 24)) == {"circular", "hyperbolic"}
        assert set(arrange(state, 60, 16)) == {pane}
    assert texts(header(scene(pane="circular").state, 60))[0].endswith(" tab sinh ")
    assert texts(header(scene(pane="hyperbolic").state, 60))[0].endswith(" shift+tab sin ")
    assert "tab" not in texts(header(scene(pane="circular").state, 80))[0]
    for pane in ("circular", "hyperbolic"):
        lines = texts(TABLE[pane].view(scene(pane=pane), 38, 18))
        assert sum("⠁" <= cell <= "⣿" for line in lines for cell in line) > 60, "a curve is drawn in half of 80 columns"


# -- every pane --------------------------------------------------------------------------------------------


@covering(pane=PANES, glyph_set=glyphs.GLYPHS)
@together("sizes", SIZES, 3)
def test_every_pane_fills_its_room_and_cuts_no_number(pane: str, glyph_set: str, sizes: list[tuple[int, int]]) -> None:
    glyphs.use(glyph_set)
    try:
        for (width, height), function, angle in itertools.product(sizes, range(3), (-360, -105, -90, 0, 51, 270)):
            here = scene(function=function, angle=angle, terms=1 + (angle * 5 + function) % MOST_TERMS)
            lines = TABLE[pane].view(here, width, height)
            where = f"{pane} at {width}×{height}, function {function}, angle {angle}"
            assert_page(lines, width, height, where)
            assert not [cut for text in texts(lines) for cut in cut_numbers(text) if not series_end(cut)], where
            assert glyph_set != glyphs.ASCII or all(text.isascii() for text in texts(lines)), where
    finally:
        glyphs.use(glyphs.BLOCK)


def series_end(cut: str) -> bool:
    """The … of a series: it stands apart."""
    return cut in ("+…", "−…")


@every_pane
@pytest.mark.usefixtures("doubled")
def test_every_pane_fills_its_room_in_double_width(pane: str) -> None:
    for (width, height), angle in itertools.product(SIZES, (-105, 90)):
        here = scene(angle=angle, terms=5)
        lines = TABLE[pane].view(here, width, height)
        assert_page(lines, width, height, pane)
        assert not [cut for text in texts(lines) for cut in cut_numbers(text)]
        assert width_of([(TABLE[pane].title(here, width), "")]) <= width


@every_pane
def test_titles_shorten_and_say_where_the_point_is(pane: str) -> None:
    assert "π/3" in TABLE[pane].title(scene(angle=60), 60)
    for width in (8, 20, 40):
        assert width_of([(TABLE[pane].title(scene(angle=-345), width), "")]) <= width


# -- series ------------------------------------------------------------------------------------------------


def written(name: str, terms: int, width: int = 100, most: int = 2) -> list[str]:
    return [text_of(line) for line in series_lines(FUNCTIONS[name], terms, width, most)]


@pytest.mark.parametrize(
    ("name", "terms", "wanted"),
    [
        ("sin", 3, "sin x = x − x³/3! + x⁵/5! − …"),
        ("cos", 3, "cos x = 1 − x²/2! + x⁴/4! − …"),
        ("tan", 4, "tan x = x + x³/3 + 2x⁵/15 + 17x⁷/315 + …"),
        ("sinh", 3, "sinh x = x + x³/3! + x⁵/5! + …"),
        ("cosh", 2, "cosh x = 1 + x²/2! + …"),
        ("tanh", 4, "tanh x = x − x³/3 + 2x⁵/15 − 17x⁷/315 + …"),
        ("sin", 1, "sin x = x − …"),
        ("cosh", 1, "cosh x = 1 + …"),
    ],
)
def test_a_series_is_written_as_in_a_book(name: str, terms: int, wanted: str) -> None:
    assert written(name, terms) == [wanted]


@pytest.mark.parametrize("name", FUNCTIONS.names)
@pytest.mark.parametrize("width", [30, 50, 80])
def test_a_long_series_leaves_out_its_middle_and_keeps_its_ends(name: str, width: int) -> None:
    lines = written(name, MOST_TERMS, width)
    assert 1 <= len(lines) <= 2
    assert all(width_of([(line, "")]) <= width for line in lines)
    whole = " ".join(lines)
    assert whole.startswith(f"{name} x = {'1 ' if name in ('cos', 'cosh') else 'x '}")
    assert whole.endswith("…")
    # tan's last term is 33 cells long.
    if width > 30 or FUNCTIONS[name].radius == math.inf:
        assert f"x^{FUNCTIONS[name].power(MOST_TERMS - 1)}/" in whole


def test_the_signs_of_twins_are_the_difference_on_the_screen() -> None:
    for function in range(3):
        one, other = (shown(pane, function=function, terms=4).splitlines()[1] for pane in ("circular", "hyperbolic"))
        assert sorted(["−" in one, "−" in other]) == [False, True]
        assert one.replace("−", "+").split("= ")[1] == other.replace("−", "+").split("= ")[1]


@pytest.mark.parametrize("pane", ["circular", "hyperbolic"])
@pytest.mark.parametrize("function", range(3))
@pytest.mark.parametrize("angle", [-360, -195, -60, 15, 75, 180, 345])
def test_value_sum_and_error_are_those_of_the_function(pane: str, function: int, angle: int) -> None:
    names = functions.CIRCULAR if pane == "circular" else functions.HYPERBOLIC
    name, x, terms = names[function], math.radians(angle), 4
    text = shown(pane, function=function, angle=angle, terms=terms)
    value = float(getattr(math, name)(x))
    total = sum(float(FUNCTIONS[name].coefficient(k)) * x ** FUNCTIONS[name].power(k) for k in range(terms))
    found = re.search(r"\) = (\S+)   ◆ sum of 4 = (\S+)   error (\S+)", text)
    assert found
    assert float(found[1]) == pytest.approx(value, rel=1e-6, abs=1e-12)
    assert float(found[2]) == pytest.approx(total, rel=1e-6, abs=1e-12)
    if abs(value - total) > 1e-9:
        assert found[3] == short(value - total)


def test_a_tiny_error_is_not_lost_in_rounding() -> None:
    # x²⁵/25! at π/12: 1.9e-40, where sin x minus the sum is 0 in floating point.
    text = shown("circular", angle=15, terms=12)
    found = re.search(r"error (\S+)", text)
    assert found
    assert float(found[1]) == pytest.approx((math.pi / 12) ** 25 / math.factorial(25), rel=0.05)


@pytest.mark.parametrize("angle", [90, -90, 270, -270])
def test_at_a_pole_tan_has_no_value_and_tanh_has_one(angle: int) -> None:
    circular = shown("circular", function=2, angle=angle)
    assert "a pole" in circular
    # The slider has a ● of its own.
    assert circular.count("●") == 1
    assert "e16" not in circular
    assert shown("hyperbolic", function=2, angle=angle).count("●") == 3


def test_the_page_says_how_far_a_series_reaches_and_why() -> None:
    assert "converges for every x" in shown("circular", function=0)
    assert "|x| < π/2" in shown("circular", function=2)
    assert "±(π/2)i" in shown("hyperbolic", function=2)


@pytest.mark.parametrize("terms", [2, 12])
def test_the_curves_show_how_far_the_partial_sum_follows(terms: int) -> None:
    """Over a turn both ways: 12 terms of sin stay on the canvas all the way, 2 terms leave it on both sides."""
    lines = TABLE["circular"].view(scene(function=0, terms=terms, angle=360), 80, 30)
    cells = [[(glyph, style) for text, style in line for glyph in text] for line in lines]
    columns = {column for column, _ in dots_of(cells, "curve_2")}
    if terms == 12:
        assert max(columns) - min(columns) >= 100
    else:
        assert 40 < max(columns) - min(columns) < 90


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "sinh", "cosh", "tanh"])
def test_each_curve_has_its_name_at_its_end(name: str) -> None:
    place = FUNCTIONS.names.index(name)
    rows = graph_in(
        shown("circular" if place < 3 else "hyperbolic", 78, 18, function=place % 3, terms=2).splitlines()
    ).rows
    assert sum(bool(re.search(rf"\b{name}$", row.rstrip())) for row in rows) == 1
    assert sum("sum of 2" in row for row in rows) == 1


@pytest.mark.parametrize("function", range(3))
@pytest.mark.parametrize("angle", [0, 180, 195, -360])
def test_twins_have_the_same_range_of_x(function: int, angle: int) -> None:
    one, other = (
        list(graph_in(shown(pane, 78, 18, function=function, angle=angle).splitlines()).x)
        for pane in ("circular", "hyperbolic")
    )
    assert one == other
    assert one[-1] == ("π" if abs(angle) <= 180 else "2π")


@pytest.mark.parametrize("pane", ["circular", "hyperbolic"])
def test_while_it_plays_a_term_comes_in_parts(pane: str) -> None:
    """The sum at x goes from that of 2 terms to that of 3, through the middle of both."""
    function, x = FUNCTIONS["sin" if pane == "circular" else "sinh"], math.pi / 3
    ends = [float(function.partial_sum(x, terms)) for terms in (2, 3)]
    sums = [
        float(functions.growing_sum(function, np.array(x), scene(terms=2, growth=growth).state))
        for growth in range(GROWTH)
    ]
    assert sums[0] == ends[0]
    assert sums[GROWTH // 2] == pytest.approx(sum(ends) / 2)
    assert [abs(ends[1] - each) for each in sums] == sorted((abs(ends[1] - each) for each in sums), reverse=True)


# -- the slider --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [24, 28, 40, 58, 110])
def test_the_slider_is_dragged_where_it_stands(width: int) -> None:
    for terms in range(1, MOST_TERMS + 1):
        text = text_of(slider(terms, width))
        assert width_of([(text, "")]) <= width
        assert text.endswith(f" {terms}")
        assert terms_at(text.index("●"), width) == terms
    assert terms_at(0, width) == 1
    assert terms_at(width + 50, width) == MOST_TERMS
    assert terms_at(-3, width) == 1
    found = [terms_at(x, width) for x in range(width)]
    assert found == sorted(found)


@pytest.mark.usefixtures("doubled")
def test_the_slider_is_dragged_where_it_stands_in_double_width_too() -> None:
    for terms in range(1, MOST_TERMS + 1):
        text = text_of(slider(terms, 60))
        assert terms_at(width_of([(text[: text.index("●")], "")]), 60) == terms


def test_a_slider_without_room_is_a_number() -> None:
    assert text_of(slider(7, 14)) == "terms 7"
    assert terms_at(3, 14) in range(1, MOST_TERMS + 1)


@pytest.mark.parametrize("pane", ["circular", "hyperbolic"])
@pytest.mark.parametrize("size", SIZES)
def test_the_slider_stands_in_its_row(pane: str, size: tuple[int, int]) -> None:
    lines = shown(pane, *size, terms=5).splitlines()
    assert lines[functions.SLIDER_ROW].startswith("terms ")
    assert lines[functions.SLIDER_ROW].endswith(" 5")


# -- the point ---------------------------------------------------------------------------------------------


def test_the_point_is_written_in_parts_of_pi() -> None:
    wanted = {
        -24: "−2π",
        -12: "−π",
        -7: "−7π/12",
        -6: "−π/2",
        0: "0",
        1: "π/12",
        4: "π/3",
        8: "2π/3",
        12: "π",
        24: "2π",
    }
    assert {angle: in_pi(Fraction(angle, 12)) for angle in wanted} == wanted
    assert parameter(scene(angle=90).state) == pytest.approx(math.pi / 2)


# -- in words ----------------------------------------------------------------------------------------------


def test_the_panes_in_words_say_what_they_show_and_draw_nothing() -> None:
    here = scene(angle=60, terms=3)
    said = {
        "circular": list(functions.circular_said(here)),
        "hyperbolic": list(functions.hyperbolic_said(here)),
        "circle": list(circle.said(here)),
    }
    assert said["circular"][0] == "sin x = x − x³/3! + x⁵/5! − …"
    assert any("sinh(π/3) = 1.249367" in line for line in said["hyperbolic"])
    assert "circle: cos t = 0.5, sin t = 0.8660254, sector's area 0.5235988" in said["circle"]
    assert not any(glyph in line for lines in said.values() for line in lines for glyph in "├─┤⠒░▒╌")
