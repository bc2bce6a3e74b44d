"""Escape and the key after it, however the bytes come."""

from __future__ import annotations

import re

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from gradtui.escapes import Escapes

from .terminal import Terminal


def keys(*chunks: str, bound: tuple[str, ...] = ()) -> list[str]:
    """The keys that are read from these bytes, and what is pasted."""
    escapes = Escapes(XTermParser(), lambda key: key in bound)
    found = []
    for chunk in chunks:
        for message in escapes.feed(chunk):
            if isinstance(message, events.Key):
                found.append(message.key)
            elif isinstance(message, events.Paste):
                found.append(f"pasted {message.text!r}")
    return found


@pytest.mark.parametrize("key", ["n", "m", "x", "1", "b", "f", "\r", "\t", "N"])
def test_a_key_that_comes_with_an_escape_or_right_after_it_is_a_key_of_its_own(key: str) -> None:
    alone = keys(key)
    assert keys(f"\x1b{key}") == keys("\x1b", key) == ["escape", *alone]


def test_alt_and_a_key_that_is_bound_stay_one_key() -> None:
    assert keys("\x1bn", bound=("alt+n",)) == ["alt+n"]
    assert keys("\x1bb", "\x1b\x7f", bound=("ctrl+left", "ctrl+w")) == ["ctrl+left", "ctrl+w"]


def test_escapes_that_follow_each_other_are_so_many() -> None:
    assert keys("\x1b\x1bq") == ["escape", "escape", "q"]
    assert keys("ax\x1bax\x1bq") == ["a", "x", "escape", "a", "x", "escape", "q"]


def test_a_terminals_answer_after_an_escape_types_nothing() -> None:
    assert keys("\x1bm\x1b[2;3R") == ["escape", "m"]
    assert keys("\x1b", "\x1b[2;3R", "m") == ["escape", "m"]


@pytest.mark.parametrize(("sequence", "key"), [("\x1b[A", "up"), ("\x1bOA", "up"), ("\x1b[5~", "pageup")])
def test_a_sequence_is_one_key_wherever_it_is_split(sequence: str, key: str) -> None:
    for place in range(1, len(sequence)):
        assert keys(sequence[:place], sequence[place:]) == [key]
    assert keys(*sequence, "n") == [key, "n"]
    assert keys(f"\x1b{sequence}") == ["escape", key]


def test_an_escape_in_a_paste_is_no_key_wherever_it_is_split() -> None:
    text = "\x1b[200~a\x1bm\x1b[201~n"
    whole = ["pasted 'am'", "n"]
    assert keys(text) == whole
    for place in range(1, len(text)):
        assert keys(text[:place], text[place:]) == whole


def test_escape_and_a_key_in_one_write_close_the_dialog_and_do_what_the_key_does() -> None:
    with Terminal("--depth", "10") as terminal:
        terminal.shows("▼ vanishing")
        terminal.press("a")
        terminal.shows("to try, enter to keep")
        terminal.press("\x1bm")
        terminal.wait_for(lambda text: "to try" not in text and "LSTM" in text, "another network, without the list")
        terminal.press("b")
        terminal.shows("enter to set")
        terminal.press("\x1bm")
        terminal.wait_for(lambda text: "enter to set" not in text and "GRU" in text, "the next network")
        assert re.search(r"\^m", terminal.text) is None
        terminal.press("a\x1ba\x1ba\x1b")
        terminal.press("q")
        assert terminal.ended() == 0
