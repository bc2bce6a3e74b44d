"""Glyph sets: what a terminal lacks is replaced, graphics cell for cell, symbols by words, and nothing is left over."""

from __future__ import annotations

import ast
import functools
import itertools
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import gradtui
import gradtui_engine
from gradtui.text import glyphs
from gradtui.text.heat import SHADES
from gradtui.text.scale import ACROSS, UP, LogScale, bar, columns
from gradtui.text.spans import fit, text_of, width_of
from tests.engine.helpers import drawn

POOR = (glyphs.BRAILLE, glyphs.ASCII)
poor = pytest.mark.parametrize("name", POOR)
BRAILLE = "".join(chr(0x2800 + bits) for bits in range(256))
#: What is looked for in texts, and never shown: a byte order mark, a fraction's slash, currencies, units,
#: blanks between the digits of a table's numbers, halves of characters.
PARSED = "\ufeff\u2044€£¥₹µ\u00a0\u202f\ud800\udfff"
GRAPHICS = "".join(dict.fromkeys([*ACROSS, *UP, *SHADES, *"█▀▐▌▕─━┄│┃╭╮╰╯├┤┬┴┼╸╺┆┌┐└┘╌╎┊▸▴▾▶◀●▼▲○▬≡✗✓◆◇■□★☆"]))


def rendered(text: str, name: str) -> str:
    glyphs.use(name)
    try:
        return glyphs.render(text)
    finally:
        glyphs.use(glyphs.BLOCK)


def promised(text: str, name: str) -> bool:
    """Whether a terminal with this set shows the text as it is meant: what is wide anyway is Chinese and has a font."""
    narrow = [each for each in text if unicodedata.east_asian_width(each) not in "WF"]
    if name == glyphs.ASCII:
        return all(each.isascii() for each in narrow)
    return all(unicodedata.east_asian_width(each) != "A" for each in narrow)


@functools.cache
def spoken() -> tuple[tuple[str, str], ...]:
    """Every text of the two packages (docstrings and comments aside) and of the lessons, and where it stands."""
    return tuple(_spoken())


def _spoken() -> Iterator[tuple[str, str]]:
    for package in (gradtui, gradtui_engine):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            if path.name == "glyphs.py":
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            silent = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                    yield f"{path.name}:{node.lineno}", node.value
    folder = Path(str(gradtui.__file__)).parent
    for path in itertools.chain(folder.rglob("*.md"), folder.rglob("*.po")):
        yield path.name, path.read_text(encoding="utf-8")


@poor
@pytest.mark.soak
def test_no_text_of_the_program_keeps_a_character_that_the_set_does_not_promise(name: str) -> None:
    left = {
        (where, each)
        for where, text in spoken()
        for each in set(rendered(text, name))
        if each not in PARSED and not promised(each, name)
    }
    assert left == set()


@poor
def test_graphics_are_replaced_cell_for_cell(name: str) -> None:
    for glyph in GRAPHICS + BRAILLE:
        found = rendered(glyph, name)
        assert cell_len(found) == 1, glyph
        assert promised(found, name), glyph


@poor
@drawn(150)
@given(st.floats(1e-20, 1e3), st.integers(1, 60))
def test_bars_keep_their_length(name: str, value: float, cells: int) -> None:
    scale = LogScale.of([1e-20, 1e3])
    for drawn_bar in (bar(scale, value, cells), columns(scale, value, cells)):
        found = rendered(drawn_bar, name)
        assert len(found) == cell_len(found) == cells
        # The empty part stays empty, the full part stays full.
        assert [each == " " for each in found] == [each == " " for each in drawn_bar]
        full = rendered("█", name)
        assert all(new == full for old, new in zip(drawn_bar, found, strict=True) if old == "█")


@poor
@pytest.mark.parametrize("steps", [ACROSS + "█", UP, SHADES], ids=["across", "up", "shades"])
def test_more_never_looks_like_less(name: str, steps: str) -> None:
    """By dots in braille; in ASCII equal values look equal, and the ends do not."""
    found = list(dict.fromkeys(rendered(step, name) for step in steps.strip()))
    if name == glyphs.BRAILLE:
        dots = [(ord(each) - 0x2800).bit_count() for each in found if each != " "]
        assert dots == sorted(dots)
    order = [found.index(rendered(step, name)) for step in steps.strip()]
    assert order == sorted(order)
    assert len(found) >= 3


def test_braille_as_ascii_is_denser_the_more_dots_there_are() -> None:
    marks = " .::-=+*#"
    for bits, glyph in enumerate(BRAILLE):
        assert rendered(glyph, glyphs.ASCII) == marks[bits.bit_count()]
        assert rendered(glyph, glyphs.BRAILLE) == glyph


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("‖∂L/∂h‖", "|dL/dh|"),
        ("σ′(z₁₂)", "sigma'(z12)"),
        ("x¹²", "x^12"),
        ("0.236²⁹ = 6e-19", "0.236^29 = 6e-19"),
        ("1e⁻⁵", "1e^-5"),
        ("h²", "h^2"),
        ("√½ ≈ 0.71", "sqrt 1/2 ~ 0.71"),
        ("A → B", "A -> B"),
        ("↑↓ to scroll", "up/down to scroll"),
        ("←→ a slider", "left/right a slider"),
        ("units ↓ × time →", "units v x time ->"),
        ("↑ of the biases", "^ of the biases"),
        ("output ↑", "output ^"),
        ("input ↓", "input v"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_symbols_are_said_in_ascii(text: str, expected: str) -> None:
    assert rendered(text, glyphs.ASCII) == expected
    assert rendered(text, glyphs.BLOCK) == text


@poor
@drawn(100)
@given(st.text(max_size=30), st.integers(1, 40))
def test_a_line_fills_its_cells_whatever_is_in_it(name: str, text: str, width: int) -> None:
    glyphs.use(name)
    try:
        assert cell_len(text_of(fit([(text, "text")], width))) == width
        assert width_of([(text, "text")]) == cell_len(glyphs.render(text))
    finally:
        glyphs.use(glyphs.BLOCK)


@poor
def test_what_is_rendered_stays_as_it_is(name: str) -> None:
    """Lines are rendered where they are made and again where they are fitted."""
    for _, text in spoken():
        once = rendered(text, name)
        assert rendered(once, name) == once


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "en_GB.UTF-8"}, glyphs.BLOCK),
        ({"LANG": "de_DE.utf8"}, glyphs.BLOCK),
        ({"LANG": "de_DE.UTF-8@euro"}, glyphs.BLOCK),
        ({"LANG": "en_GB.ISO-8859-1"}, glyphs.ASCII),
        ({"LANG": "zh_CN.GB18030"}, glyphs.ASCII),
        ({"LC_CTYPE": "en_GB.ISO-8859-1", "LANG": "en_GB.UTF-8"}, glyphs.ASCII),
        ({"LC_ALL": "en_GB.UTF-8", "LC_CTYPE": "en_GB.ISO-8859-1", "LANG": "C"}, glyphs.BLOCK),
        ({"LC_ALL": "", "LANG": "en_GB.ISO-8859-1"}, glyphs.ASCII),
        # Python would write UTF-8 in all of these; who names a plain locale wants ASCII.
        ({"LC_ALL": "C"}, glyphs.ASCII),
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, glyphs.ASCII),
        ({"LANG": "C"}, glyphs.ASCII),
        # What Python makes of LANG=C at its start; with a UTF-8 locale beside it LC_CTYPE is a person's own.
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, glyphs.ASCII),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, glyphs.BLOCK),
        ({"LC_CTYPE": "C.UTF-8"}, glyphs.BLOCK),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, glyphs.BLOCK),
        ({"LANG": "en_GB.UTF-8", "PYTHONIOENCODING": "ascii:replace"}, glyphs.ASCII),
        ({"LANG": "en_GB.UTF-8", "PYTHONIOENCODING": "latin-1"}, glyphs.ASCII),
        ({"LC_ALL": "C", "PYTHONIOENCODING": "utf_8"}, glyphs.BLOCK),
        ({"LC_ALL": "de_DE.ISO-8859-1", "PYTHONIOENCODING": ":replace"}, glyphs.ASCII),
    ],
)
def test_the_locale_decides_blocks_or_ascii(environment: Mapping[str, str], expected: str) -> None:
    assert glyphs.of_locale(environment) == expected


def test_a_set_that_there_is_not_is_refused_and_changes_nothing() -> None:
    with pytest.raises(KeyError):
        glyphs.use("emoji")
    assert glyphs.current() == glyphs.BLOCK


def test_glyphs_for_a_while_are_put_back_even_after_a_fault() -> None:
    def fails() -> None:
        assert glyphs.render("█") == "#"
        raise RuntimeError

    with pytest.raises(RuntimeError), glyphs.drawing(glyphs.ASCII):
        fails()
    assert glyphs.current() == glyphs.BLOCK
