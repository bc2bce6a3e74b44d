"""The maths page: series, slider and point as they are printed, against what mathematics says they are."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from fractions import Fraction

import pytest

from gradtui.model.navigation import MOST_TERMS
from gradtui.text import glyphs, language
from gradtui.text.spans import text_of, width_of
from gradtui.views.catalogue import PANES as TABLE
from gradtui.views.maths import circle, functions
from gradtui.views.maths.words import in_pi, parameter, series_lines, slider, terms_at
from gradtui_engine.core.figures import short
from gradtui_engine.theory.taylor import FUNCTIONS
from tests.examples import covering, together
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


# -- every pane --------------------------------------------------------------------------------------------


@covering(pane=PANES, glyph_set=glyphs.GLYPHS)
@together("sizes", SIZES, 3)
def test_every_pane_fills_its_room_and_cuts_no_number(pane: str, glyph_set: str, sizes: list[tuple[int, int]]) -> None:
    glyphs.use(glyph_set)
    try:
        for (width, height), function, angle in itertools.product(sizes, range(3), (-24, -7, -6, 0, 4, 18)):
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
    for (width, height), angle in itertools.product(SIZES, (-7, 6)):
        here = scene(angle=angle, terms=5)
        lines = TABLE[pane].view(here, width, height)
        assert_page(lines, width, height, pane)
        assert not [cut for text in texts(lines) for cut in cut_numbers(text)]
        assert width_of([(TABLE[pane].title(here, width), "")]) <= width


@every_pane
def test_titles_shorten_and_say_where_the_point_is(pane: str) -> None:
    assert "π/3" in TABLE[pane].title(scene(angle=4), 60)
    for width in (8, 20, 40):
        assert width_of([(TABLE[pane].title(scene(angle=-23), width), "")]) <= width


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
@pytest.mark.parametrize("angle", [-24, -13, -4, 1, 5, 12, 23])
def test_value_sum_and_error_are_those_of_the_function(pane: str, function: int, angle: int) -> None:
    names = functions.CIRCULAR if pane == "circular" else functions.HYPERBOLIC
    name, x, terms = names[function], angle * math.pi / 12, 4
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
    text = shown("circular", angle=1, terms=12)
    found = re.search(r"error (\S+)", text)
    assert found
    assert float(found[1]) == pytest.approx((math.pi / 12) ** 25 / math.factorial(25), rel=0.05)


@pytest.mark.parametrize("angle", [6, -6, 18, -18])
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
    """Over one turn both ways: 12 terms of sin stay on the canvas all the way, 2 terms leave it on both sides."""
    lines = shown("circular", width=80, height=30, function=0, terms=terms, angle=4).splitlines()
    end = next(number for number, line in enumerate(lines) if "└" in line)
    start = next(number for number, line in enumerate(lines) if "⠒⠒ sin" in line) + 1
    margin = lines[end].index("└") + 1
    columns = {column - margin for line in lines[start:end] for column, glyph in enumerate(line) if glyph in "×◆●"}
    if terms == 12:
        assert min(columns) <= 2
        assert max(columns) >= 80 - margin - 4
    else:
        assert 15 < min(columns) < max(columns) < 60


def test_other_functions_are_drawn_by_their_letters() -> None:
    text = shown("circular", function=0)
    assert "c c cos" in text
    assert "t t tan" in text
    assert "s s sin" not in text


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
    assert parameter(scene(angle=6).state) == pytest.approx(math.pi / 2)


# -- in words ----------------------------------------------------------------------------------------------


def test_the_panes_in_words_say_what_they_show_and_draw_nothing() -> None:
    here = scene(angle=4, terms=3)
    said = {
        "circular": list(functions.circular_said(here)),
        "hyperbolic": list(functions.hyperbolic_said(here)),
        "circle": list(circle.said(here)),
    }
    assert said["circular"][0] == "sin x = x − x³/3! + x⁵/5! − …"
    assert any("sinh(π/3) = 1.249367" in line for line in said["hyperbolic"])
    assert "circle: cos t = 0.5, sin t = 0.8660254, sector's area 0.5235988" in said["circle"]
    assert not any(glyph in line for lines in said.values() for line in lines for glyph in "├─┤⠒░▒╌")
