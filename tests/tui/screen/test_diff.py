"""The bytes of a frame against what they should show: pyte reads ours and Textual's own, and sees the same picture."""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Sequence

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from gradtui.screen.terminal.diff import Changes, Pen, Picture, cells_of, change_of_pen, move, pen_of, understood
from tests.examples import examples
from tests.tui.terminal import Terminal as ProgramTerminal

WIDTH, HEIGHT = 24, 4
SIZE = (WIDTH, HEIGHT)
TRUE = ColorSystem.TRUECOLOR
STYLES = [
    Style.parse(each)
    for each in (
        "",
        "red",
        "bold #ff0000 on #001122",
        "reverse",
        "color(200) on color(17)",
        "bright_blue on white",
        "dim",
    )
]
PARTS = ["a", " ", "███", "▁▂▃", "一二", "12.5", "‖∂L/∂h‖", "遗忘门x", "      "]

Row = Sequence[tuple[str, Style]]
rows = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(STYLES)), max_size=6)
pictures = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)


def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=WIDTH)


def strip(row: Row) -> Strip:
    return Strip([Segment(text, style) for text, style in row]).adjust_cell_length(WIDTH, Style())


def whole(picture: Sequence[Row]) -> LayoutUpdate:
    return LayoutUpdate([[strip(row)] for row in picture], Region(0, 0, WIDTH, HEIGHT))


def part(picture: Sequence[Row], spans: list[tuple[int, int, int]]) -> ChopsUpdate:
    return ChopsUpdate([{0: strip(row)} for row in picture], spans, [[WIDTH]] * HEIGHT)


class Seen:
    """A terminal of 24×4 that reads an update as it is written."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self.screen)

    def read(self, written: str) -> None:
        self._stream.feed(written)

    @property
    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def write(picture: Picture, update: CompositorUpdate) -> str:
    return picture.changes(update, SIZE, TRUE)


@examples(200)
@given(st.lists(pictures, min_size=1, max_size=5))
def test_whatever_follows_whatever_the_terminal_shows_what_textual_would_have_written(
    pictures: list[list[Row]],
) -> None:
    picture, seen = Picture(), Seen()
    for each in pictures:
        seen.read(write(picture, whole(each)))
        expected = Seen()
        expected.read(whole(each).render_segments(console()))
        assert seen.cells == expected.cells


@examples(200)
@given(pictures, pictures, st.integers(0, HEIGHT - 1))
def test_a_row_alone_changes_that_row_alone(before: list[Row], after: list[Row], y: int) -> None:
    picture, seen, expected = Picture(), Seen(), Seen()
    seen.read(write(picture, whole(before)))
    seen.read(write(picture, part(after, [(y, 0, WIDTH)])))
    mixed = [after[row] if row == y else before[row] for row in range(HEIGHT)]
    expected.read(whole(mixed).render_segments(console()))
    assert seen.cells == expected.cells


def test_a_stretch_of_a_row_leaves_the_rest() -> None:
    picture, seen = Picture(), Seen()
    seen.read(write(picture, whole([[("." * WIDTH, Style())]] * HEIGHT)))
    seen.read(write(picture, part([[("x" * WIDTH, Style())]] * HEIGHT, [(1, 5, 9)])))
    assert seen.screen.display == ["." * WIDTH, "." * 5 + "xxxx" + "." * 15, "." * WIDTH, "." * WIDTH]


def test_what_is_on_the_screen_already_costs_nothing() -> None:
    picture = Picture()
    rows: list[Row] = [[("‖∂L/∂h‖ ", STYLES[2]), ("遗忘门", STYLES[1])]] * HEIGHT
    assert write(picture, whole(rows))
    assert write(picture, whole(rows)) == ""


def test_one_cell_costs_a_move_a_pen_and_a_glyph() -> None:
    picture = Picture()
    rows: list[Row] = [[("a" * WIDTH, Style())]] * HEIGHT
    write(picture, whole(rows))
    changed: list[Row] = [rows[0], [("aaaa", Style()), ("b", STYLES[1]), ("a" * 19, Style())], *rows[2:]]
    assert write(picture, whole(changed)) == "\x1b[2;5H\x1b[0;31mb\x1b[0m"


def test_a_wide_character_is_written_once_whatever_stood_there() -> None:
    picture, wide = Picture(), "遗忘门遗忘门遗忘门遗忘门"
    for before in ("a" * WIDTH, "a" + wide[:11] + "a", wide[::-1]):
        for after in (wide, wide[::-1]):
            write(picture, whole([[(before, Style())]] * HEIGHT))
            written = write(picture, whole([[(after, STYLES[1])]] * HEIGHT))
            assert sum(written.count(each) for each in "遗忘门") == HEIGHT * len(wide)


def test_a_cursor_that_is_a_column_costs_two_pens_and_five_bytes_a_row() -> None:
    """A time step is a cell in each row of five panes: row by row it took two pens of twenty bytes for each."""
    picture, plain, bright = Picture(), Style.parse("#88c0d0 on #101318"), Style.parse("bold #ebcb8b on #101318")

    def cursor(at: int) -> LayoutUpdate:
        return whole([[("#" * at, plain), ("#", bright), ("#" * (WIDTH - at - 1), plain)]] * HEIGHT)

    write(picture, cursor(5))
    written = write(picture, cursor(6))
    assert written.count("38;2;") == 2
    assert written.count("\x1b[B\b#") == 2 * (HEIGHT - 1)


@given(*[st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1)] * 2)
def test_a_move_leads_from_one_cell_to_another_in_no_more_bytes_than_its_address_takes(
    row: int, column: int, y: int, x: int
) -> None:
    seen = Seen()
    seen.read(f"\x1b[{row + 1};{column + 1}H" + move(row, column, y, x))
    assert (seen.screen.cursor.y, seen.screen.cursor.x) == (y, x)
    assert len(move(row, column, y, x)) <= len(move(-1, -1, y, x))


def test_after_a_forgotten_picture_everything_is_written_again() -> None:
    """Another size, a suspension: the terminal may show anything."""
    picture = Picture()
    rows: list[Row] = [[("a" * WIDTH, Style())]] * HEIGHT
    first = write(picture, whole(rows))
    picture.forget()
    assert write(picture, whole(rows)) == first
    assert picture.changes(whole(rows), (WIDTH - 1, HEIGHT), TRUE)


def test_an_update_that_is_never_written_changes_nothing() -> None:
    """Textual drops updates while it leaves: the picture must not believe them."""
    picture = Picture()
    rows: list[Row] = [[("a" * WIDTH, Style())]] * HEIGHT
    Changes(whole(rows), picture, SIZE)
    assert Changes(whole(rows), picture, SIZE).render_segments(console())
    assert Changes(whole(rows), picture, SIZE).render_segments(console()) == ""


def test_a_moving_bar_costs_a_fraction_of_what_textual_writes() -> None:
    def bar(length: int) -> list[Row]:
        return [
            [("│", STYLES[1]), ("█" * length, STYLES[2]), (" " * (22 - length), Style()), ("│", STYLES[1])]
        ] * HEIGHT

    picture = Picture()
    write(picture, whole(bar(9)))
    ours = len(write(picture, whole(bar(10))).encode())
    stock = len(part(bar(10), [(y, 1, WIDTH) for y in range(HEIGHT)]).render_segments(console()).encode())
    assert ours * 3 < stock


# -- pens ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "pen"),
    [
        ("", Pen()),
        ("red", Pen("31")),
        ("bright_blue on white", Pen("94", "47")),
        ("on bright_red", Pen("", "101")),
        ("bold color(200) on color(17)", Pen("38;5;200", "48;5;17", "1")),
        ("italic underline #010203 on #040506", Pen("38;2;1;2;3", "48;2;4;5;6", "3;4")),
    ],
)
def test_a_pen_has_the_colours_and_the_attributes_of_its_style(style: str, pen: Pen) -> None:
    assert pen_of(Style.parse(style), TRUE) == pen


def test_equal_codes_are_one_pen() -> None:
    assert pen_of(Style(bold=True), TRUE) is pen_of(Style(bold=True, meta={"@click": "x"}), TRUE)
    assert pen_of(None, TRUE) is pen_of(Style(), TRUE)


def test_without_colours_there_are_none() -> None:
    assert pen_of(Style.parse("red"), None) == Pen()


@given(st.sampled_from(STYLES), st.sampled_from(STYLES))
def test_a_change_of_pen_leads_to_the_new_one(before: Style, after: Style) -> None:
    old, new = pen_of(before, TRUE), pen_of(after, TRUE)
    one, other = Seen(), Seen()
    one.read(change_of_pen(None, old) + change_of_pen(old, new) + "x")
    other.read(change_of_pen(None, new) + "x")
    assert one.cells == other.cells


def test_a_link_is_opened_and_closed() -> None:
    rows: list[Row] = [
        [("here", Style(link="https://example.org")), (" " * 20, Style())],
        *([] for _ in range(HEIGHT - 1)),
    ]
    written = write(Picture(), whole(rows))
    assert re.fullmatch(r"\x1b\[1;1H\x1b\]8;id=\d+;https://example.org\x1b\\\x1b\[0mhere\x1b\]8;;\x1b\\.*", written)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("abc", ["a", "b", "c"]),
        ("门a", ["门", "", "a"]),
        ("e\u0301x", ["e\u0301", "x"]),
        ("门\u0301", ["门\u0301", ""]),
    ],
)
def test_cells_are_as_wide_as_the_text(text: str, cells: list[str]) -> None:
    assert cells_of(text) == cells
    assert len(cells) == cell_len(text)


# -- what rests on Textual's insides -------------------------------------------------------------------


def test_textual_s_updates_have_the_parts_that_are_read() -> None:
    assert understood(whole([[]] * HEIGHT))
    assert understood(part([[]] * HEIGHT, [(0, 0, 1)]))
    assert vars(part([[]] * HEIGHT, [(0, 0, 1)])).keys() >= {"chops", "spans", "chop_ends"}
    assert vars(whole([[]] * HEIGHT)).keys() >= {"strips", "region"}
    assert console()._color_system is TRUE


# -- the program ---------------------------------------------------------------------------------------


def settle(terminal: ProgramTerminal) -> None:
    """Read until nothing more comes."""
    before = -1
    while before != len(terminal.wire):
        before = len(terminal.wire)
        terminal._read(0.4)


@pytest.mark.soak
def test_after_many_keys_the_screen_is_what_a_whole_repaint_shows() -> None:
    """The picture has followed the terminal through panes, views, a dialog and playback, in double width."""
    with ProgramTerminal(size=(120, 40), GRADTUI_LANG="zh") as terminal:
        terminal.shows("MLP 30×64")
        settle(terminal)
        for keys in ("\x1b[A\x1b[A\t\t", "z", "zn,? ", "\x1b", "c", "1 n a\x1b[B"):
            terminal.press(keys)
            settle(terminal)
            seen = [[terminal.screen.buffer[y][x] for x in range(120)] for y in range(40)]
            terminal.screen.reset()
            terminal.process.send_signal(signal.SIGWINCH)  # the terminal may have lost what it showed
            settle(terminal)
            again = [[terminal.screen.buffer[y][x] for x in range(120)] for y in range(40)]
            assert seen == again, keys
