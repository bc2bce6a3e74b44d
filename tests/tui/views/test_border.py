"""The border around a pane: exactly as wide as it is told, whatever the title."""

from __future__ import annotations

from gradtui.text import glyphs
from gradtui.text.spans import fit
from gradtui.views.frame.border import bordered
from tests.examples import in_one
from tests.tui.helpers import assert_page, texts

TITLES = ("", "why", "one [b]thing[/b]", "一二三", "ab", "a title of more words than any pane has room for", "一" * 30)


@in_one("drawn", [glyphs.BLOCK, glyphs.ASCII, glyphs.BRAILLE])
@in_one("width", [8, 9, 24, 60])
@in_one("title", TITLES)
def test_a_bordered_pane_fills_its_box_and_its_lines_stand_inside(drawn: str, width: int, title: str) -> None:
    with glyphs.drawing(drawn):
        inner = [fit([("first", "text")], width - 2), fit([("σ′", "dim"), ("x", "text")], width - 2)]
        lines = bordered(inner, title, width, focused=False)
        assert_page(lines, width, 4, title)
        assert [line[1:-1] for line in lines[1:-1]] == inner


def test_a_title_stands_whole_where_it_has_room_and_is_cut_visibly_where_it_has_none() -> None:
    assert texts(bordered([], "why", 12, focused=False)) == ["╭─ why ────╮", "╰──────────╯"]
    assert texts(bordered([], "why", 9, focused=False))[0] == "╭─ why ─╮"
    assert texts(bordered([], "why not", 9, focused=False))[0] == "╭─ wh… ─╮"
    assert texts(bordered([], "", 5, focused=False))[0] == "╭───╮"


def test_the_focus_is_told_by_style_alone() -> None:
    with_focus, without = (bordered([], "why", 12, focused) for focused in (True, False))
    assert texts(with_focus) == texts(without)
    styles = [{style for line in lines for _, style in line} for lines in (with_focus, without)]
    assert styles == [{"border_focused", "title_focused"}, {"border", "title"}]
