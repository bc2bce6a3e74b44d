"""End to end: `python -m gradtui` in a real terminal, by key, as a person sees it."""

from __future__ import annotations

import itertools
import signal

from pyte.screens import Char

from tests.examples import spread
from tests.tui.terminal import Terminal

#: What puts a terminal back: the normal screen, the cursor, no mouse reports, no bracketed paste.
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l")

#: Without a word the program tells the story.
EXPLORE = ("--view", "explore")


def assert_restored(terminal: Terminal) -> None:
    """Everything that was switched on is switched off, and off is the last word."""
    for code in RESTORED:
        on = code[:-1] + (b"h" if code.endswith(b"l") else b"l")
        assert code in terminal.wire, code
        assert terminal.wire.rindex(code) > terminal.wire.rfind(on), code


def test_a_session_by_key_from_the_first_picture_to_the_restored_terminal() -> None:
    with Terminal(*EXPLORE) as terminal:
        terminal.shows("■ backward · layer 1")
        terminal.shows("? help  space play")
        assert "▼ vanishing" in terminal.text
        assert "1.6e-20│" in terminal.text, "the number beside the input's bar is whole"

        terminal.press(" ")
        terminal.shows("space pause")
        terminal.press(" ")
        terminal.shows("space play")

        terminal.press("\x1b[H")
        terminal.shows("why · forward · layer 1 · linear")
        terminal.press("nn,")
        terminal.shows("why · forward · layer 1 · activation")

        terminal.press("m")
        terminal.shows("LSTM 64 steps × 64")
        terminal.shows("f_t = σ(W_f·[h_(t−1), x_t] + b_f) = σ(")

        terminal.resize(20, 5)
        terminal.shows("needs 60×16")
        assert "LSTM" not in terminal.text
        terminal.resize(80, 24)
        terminal.shows("LSTM 64 steps × 64")
        terminal.shows("f_t = σ(W_f·[h_(t−1), x_t] + b_f) = σ(")

        terminal.press("q")
        assert terminal.ended() == 0
        assert_restored(terminal)


@spread("size", [(60, 16), (120, 40)], 1)
def test_the_terminal_knows_its_size_better_than_the_environment(size: tuple[int, int]) -> None:
    """COLUMNS and LINES may be another terminal's: readline sets them for every child of the program that has it."""
    with Terminal(*EXPLORE, size=size, COLUMNS="80", LINES="24") as terminal:
        for _ in range(2):
            terminal.wait_for(lambda text: text.splitlines()[-1].startswith(" ? help"), "a footer on the last line")
            terminal.wait_for(lambda text: text.splitlines()[-3][-1] in "│╯", "frames that close at the edge")
            terminal.resize(70, 20)


@spread(("cell", "size"), itertools.product(("mlp", "lstm"), ((60, 16), (80, 24), (200, 50))), 2)
def test_every_line_of_the_first_picture_fits_the_terminal(cell: str, size: tuple[int, int]) -> None:
    """Frames close at the right edge: one glyph too wide, or one line too long, would break them."""
    height = size[1]
    with Terminal("--cell", cell, size=size) as terminal:
        terminal.shows("? help")
        assert len(terminal.text.splitlines()) == height
        # A frame is written pen by pen, so that the footer may come before the last of it.
        for end, corners in ((-1, "╮│╯"), (0, "╭│╰")):
            terminal.wait_for(
                lambda text, end=end, corners=corners: (
                    {line[end] for line in text.splitlines()[2 : height - 2]} == set(corners)
                ),
                f"lines that end in one of {corners}",
            )
        terminal.press("q")
        assert terminal.ended() == 0


def test_picking_an_activation_shows_its_effect_behind_the_list() -> None:
    with Terminal(*EXPLORE) as terminal:
        terminal.shows("? help")
        terminal.press("a")
        terminal.shows("esc to go back")
        terminal.press("\x1b[B")
        terminal.shows("● healthy")
        assert "esc to go back" in terminal.text
        terminal.press("\x1b")
        terminal.shows("▼ vanishing")
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_click_on_a_bar_selects_it() -> None:
    with Terminal("--depth", "5") as terminal:
        terminal.shows("? help")
        # Header, frame and names of the columns are four lines; then layers 5, 4, 3, two lines each.
        terminal.press("\x1b[<0;10;9M\x1b[<0;10;9m")
        terminal.shows("▸  3")
        terminal.press("q")
        assert terminal.ended() == 0


def test_meaning_is_not_in_colour_alone() -> None:
    """With NO_COLOR nothing on the screen has a hue, and the verdict is still there."""
    with Terminal(*EXPLORE, NO_COLOR="1") as terminal:
        terminal.shows("▼ vanishing")
        terminal.shows("? help")
        cells: list[Char] = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
        hues = {cell.fg for cell in cells if cell.fg != "default"}
        assert all(len({hue[:2], hue[2:4], hue[4:]}) == 1 for hue in hues), hues
        terminal.press("q")
        assert terminal.ended() == 0


def test_what_cannot_be_shown_is_said_on_the_restored_terminal_with_status_2() -> None:
    with Terminal("--data", "csv:/no/such/table.csv") as terminal:
        assert terminal.ended() == 2
        assert "'/no/such/table.csv' cannot be read" in terminal.text
        assert_restored(terminal)


def test_bad_options_are_refused_before_the_screen_is_touched() -> None:
    with Terminal("--depth", "0") as terminal:
        assert terminal.ended() == 2
        assert "depth: 0 given" in terminal.text
        assert b"\x1b" not in terminal.wire


@spread("number", [signal.SIGHUP, signal.SIGTERM], 1, ids=lambda each: each.name)
def test_the_end_of_a_connection_ends_the_program(number: signal.Signals) -> None:
    """A closed window or a dropped SSH connection must not leave a process behind."""
    with Terminal(*EXPLORE) as terminal:
        terminal.shows("? help")
        terminal.process.send_signal(number)
        assert terminal.ended() != 0
