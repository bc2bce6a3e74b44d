"""Pictures of the screen: every run of text stands at its cell, and no renderer has to make room with blanks."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from gradtui.share.svg import svg
from tests.svg_lines import CELL, LINE, NAME, lines_of, placed

PLAIN = Style.parse("#d8dee9 on #101318")
BLUE = Style.parse("bold #6ea8fe on #101318")
MARKED = Style.parse("#d8dee9 on #303848")


def rectangles(picture: str) -> list[tuple[float, float, float, float, str]]:
    """Left, top, right, bottom in cells, and colour."""
    (cells,) = (each for each in ElementTree.fromstring(picture) if each.get("class") == "cells")
    found = []
    for each in cells.iter(f"{NAME}rect"):
        x, y, width, height = (float(each.get(name, "nan")) for name in ("x", "y", "width", "height"))
        edges = (x / CELL, y / LINE, (x + width) / CELL, (y + height) / LINE)
        found.append((*(round(edge, 2) for edge in edges), each.get("fill", "")))
    return found  # type: ignore[return-value]  # four numbers and a text


def test_what_is_read_back_is_what_stood_on_the_screen() -> None:
    rows = [
        [Segment("  gradtui", BLUE), Segment("   MLP 30×64 ·  sigmoid  ", PLAIN)],
        [Segment("▼ vanishing", BLUE), Segment(" ×0.233 a layer", PLAIN)],
        [],
        [Segment("│第 1 层得到 4.6e-19  个│", PLAIN)],
        [Segment(' ███▌░░▏ <b> & "x" ', PLAIN)],
    ]
    expected = tuple("".join(segment.text for segment in row).rstrip() for row in rows)
    assert lines_of(svg(rows, 40, "a < b")) == expected


#: Letters, blanks, CJK of double width and its marks, blocks, frames, dots, a letter with a combining accent.
_ALPHABET = [*"ab ×é   第层，█▌▁░─│⣿", "e\u0301"]


@pytest.mark.parametrize("seed", range(20))
def test_no_run_has_a_blank_at_its_ends_each_stands_at_its_cell_and_is_as_wide_as_its_cells(seed: int) -> None:
    draw = random.Random(seed)
    rows = [
        [
            Segment("".join(draw.choices(_ALPHABET, k=draw.randint(1, 9))), draw.choice((PLAIN, BLUE, MARKED, None)))
            for _ in range(draw.randint(0, 8))
        ]
        for _ in range(5)
    ]
    picture = svg(rows, 80, "random")
    assert lines_of(picture) == tuple(
        text for text in _rstripped("".join(segment.text for segment in row).rstrip() for row in rows)
    )
    for run in placed(picture):
        assert run.text == run.text.strip()
        assert "  " not in run.text
        assert run.x / CELL == pytest.approx(round(run.x / CELL), abs=0.005)  # coordinates have two decimals
        if run.length:
            assert run.length == pytest.approx(cell_len(run.text) * CELL, abs=0.005)
        # A font draws these 20 wide, in 24.08.
        if cell_len(run.text) != len(run.text.replace("\u0301", "")):
            assert len(run.text.replace("\u0301", "")) == 1
            assert not run.length


def _rstripped(rows: object) -> list[str]:
    """Without the empty rows at the end: nothing is drawn there."""
    lines = list(rows)  # type: ignore[call-overload]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def test_the_window_has_the_colour_that_most_cells_stand_on_and_others_get_a_rectangle() -> None:
    picture = svg([[Segment("  on ", MARKED), Segment("plain text", PLAIN), Segment("  ", MARKED)]], 17, "colours")
    frame = next(each for each in ElementTree.fromstring(picture) if each.tag == f"{NAME}rect")
    assert frame.get("fill") == "#101318"
    assert rectangles(picture) == [(0, 0, 5, 1, "#303848"), (15, 0, 17, 1, "#303848")]


def test_blocks_are_rectangles_too_so_that_bars_have_no_seams() -> None:
    picture = svg([[Segment(" ███▌ ▂▂ ▐ ", BLUE)], [Segment("▀▀", PLAIN)]], 11, "blocks")
    assert rectangles(picture) == [
        (1, 0, 4, 1, "#6ea8fe"),
        (4, 0, 4.5, 1, "#6ea8fe"),
        (6, 0.75, 8, 1, "#6ea8fe"),
        (9.5, 0, 10, 1, "#6ea8fe"),
        (0, 1, 2, 1.5, "#d8dee9"),
    ]


def test_braille_is_dots_each_in_its_place() -> None:
    picture = svg([[Segment(" \u2801\u28c0", BLUE)]], 3, "dots")
    (path,) = ElementTree.fromstring(picture).iter(f"{NAME}path")
    dots = [tuple(map(float, each.removesuffix("h0").split())) for each in path.get("d", "").split("M")[1:]]
    # Two columns and four rows a cell: the first dot of the one, and the lowest two of the other.
    expected = [(1.25, 0.125), (2.25, 0.875), (2.75, 0.875)]
    assert [(round(x / CELL, 2), round(y / LINE, 3)) for x, y in dots] == expected
    assert path.get("stroke") == "#6ea8fe"


def test_reversed_and_dim_text_has_the_colours_that_a_terminal_gives_it() -> None:
    rows = [
        [
            Segment("xx", Style.parse("reverse #d8dee9 on #101318")),
            Segment("dim", Style.parse("dim #ffffff on #000000")),
        ]
    ]
    picture = svg([*rows, [Segment("plain " * 3, PLAIN)]], 20, "styles")
    fills = {run.text: run.get("fill") for run in ElementTree.fromstring(picture).iter(f"{NAME}tspan")}
    assert fills["xx"] == "#101318"
    assert (0, 0, 2, 1, "#d8dee9") in rectangles(picture)
    # Two fifths of the way to the ground.
    assert fills["dim"] == "#999999"


def test_a_title_and_texts_are_escaped() -> None:
    root = ElementTree.fromstring(svg([[Segment("a < b & c", PLAIN)]], 10, "x < y & z"))
    assert root.findtext(f"{NAME}title") == "x < y & z"
    assert [run.text for run in root.iter(f"{NAME}tspan")] == ["a < b & c"]
