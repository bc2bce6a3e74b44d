"""What a terminal sends, as keys and other messages: what is broken is lost, and what comes after it is read."""

from __future__ import annotations

import random

import pytest
from textual import constants, events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.message import Message

from gradtui.screen.terminal.reader import MOST_PASTED, PASTE_SILENCE, Reader

#: Long enough for an escape to be the key alone.
WAIT = constants.ESCAPE_DELAY


class Wire:
    """A reader, and a clock that only goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reader = Reader(clock=lambda: self.now)

    def send(self, *reads: str | bytes) -> list[str]:
        """What comes of these, each read at once after the other, and of a tenth of a second of silence."""
        messages = list[Message]()
        for read in reads:
            messages += self.reader.feed(read.encode() if isinstance(read, str) else read)
            messages += self.reader.tick()
        return [name_of(message) for message in messages] + self.wait(WAIT)

    def wait(self, seconds: float) -> list[str]:
        self.now += seconds
        return [name_of(message) for message in self.reader.tick()]


def name_of(message: Message) -> str:
    if isinstance(message, events.Key):
        return message.key
    return f"paste {message.text}" if isinstance(message, events.Paste) else type(message).__name__


def by_textual(sequence: str) -> list[str]:
    parser = XTermParser()
    messages = list(parser.feed(sequence))
    if parser._timeout_time is not None:
        parser._timeout_time = 0.0
    return [name_of(message) for message in (*messages, *parser.tick())]


def test_every_key_that_textual_knows_is_read_as_textual_reads_it() -> None:
    sequences = [
        *ANSI_SEQUENCES_KEYS,
        *"aZ9 é漢",
        "\x1bx",
        "\x1b\x1b",
        "\x1b[97;5u",
        "\x1b[57441;2u",
        "\x1b[I",
        "\x1b[O",
    ]
    sequences += [
        "\x1b[<0;3;4M",
        "\x1b[<0;3;4m",
        "\x1b[<64;3;4M",
        "\x1b[2;3R",
        "\x1b[?2026;1$y",
        "\x1b[",
        "\x1bO",
        "\x1b]",
    ]
    read = {sequence: Wire().send(sequence) for sequence in sequences}
    assert read == {sequence: by_textual(sequence) for sequence in sequences}


def test_a_sequence_may_come_in_pieces() -> None:
    for sequence, key in (("\x1b[6~", "pagedown"), ("\x1bOP", "f1"), ("\x1b[A", "up"), ("\x1b[97;5u", "ctrl+a")):
        for cut in range(1, len(sequence)):
            assert Wire().send(sequence[:cut], sequence[cut:]) == [key], (sequence, cut)
        assert Wire().send(*sequence) == [key]
    assert Wire().send(b"\xc3", b"\xa9") == Wire().send("é")


BROKEN = [
    "\x1b[57441 u", "\x1b[57441:u", "\x1b[57441:;u", "\x1b[:9u", "\x1b[1114112u", "\x1b[55296u",
    "\x1b[999999999999999999u", "\x1b[97;x", "\x1b[" + "9" * 400 + "u", "\x1b[97;" + "1:" * 30 + "u",
    "\x1b[97;5;1114112u",
    "\x1b[<0;3M", "\x1b[<;;M", "\x1b[<0;-3;-4M", "\x1b[M\x20\xff\xff", "\x1b[32;10;10M", "\x1b[<0;3;4;5M",
    "\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[?62u", "\x1b[0n", "\x1b[?997;1n", "\x1b[?9999;3$y", "\x1b[8;24;80t",
    "\x1b]11;rgb:ffff/0000/ffff\x07", "\x1b]11;rgb:zz\x1b\\", "\x1b]52;c;cXVpdA==\x07", "\x1bP1+r524742=38\x1b\\",
    "\x1bP>|XTerm(380)\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b[201~",
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=repr)
def test_what_nobody_has_asked_for_or_is_not_well_formed_is_lost_and_the_next_key_is_read(broken: str) -> None:
    assert Wire().send(f"{broken}j") == ["j"]
    assert Wire().send(broken, "j") == ["j"]


def test_the_rest_of_a_report_that_breaks_off_in_a_blank_is_typed_text() -> None:
    assert Wire().send("\x1b[57441 u : 9")[-1] == "9"


@pytest.mark.parametrize("started", ["\x1b]11;rgb:", "\x1bP1+r", "\x1b[12;", "\x1b[<0;3", "\x1b[?"], ids=repr)
def test_a_sequence_that_goes_no_further_is_given_up(started: str) -> None:
    wire = Wire()
    assert wire.send(started) == []
    assert wire.send("j") == ["j"]


def test_bytes_that_are_no_text_are_one_odd_character_each() -> None:
    names = Wire().send(b"\xff\xe2\x96\x00j")
    assert names[-1] == "j"
    assert len(names) <= 4


# -- escape and the key after it -----------------------------------------------------------------------


def test_an_escape_alone_is_the_key_a_moment_later() -> None:
    wire = Wire()
    assert list(wire.reader.feed(b"\x1b")) == []
    assert list(wire.reader.tick()) == []
    assert wire.wait(WAIT) == ["escape"]
    assert wire.send("q") == ["q"]


def test_escape_and_a_key_that_come_at_once_are_the_key_with_alt() -> None:
    assert Wire().send("\x1bq") == ["alt+q"]


def test_behind_other_keys_they_have_waited_and_are_two() -> None:
    assert Wire().send("\x1b[6~\x1bq") == ["pagedown", "escape", "q"]
    assert Wire().send("\x1b[6~\x1b\x1bq") == ["pagedown", "escape", "escape", "q"]


def test_where_the_reader_was_kept_from_reading_they_are_two() -> None:
    wire = Wire()
    wire.now = 0.4
    assert wire.send("\x1bq") == ["escape", "q"]


def test_a_key_that_comes_later_than_an_escape_waits_is_another_one() -> None:
    """The thread that reads may be late: 0.3 s in a storm of resizes."""
    wire = Wire()
    assert list(wire.reader.feed(b"\x1b")) == []
    wire.now += 0.3
    assert [name_of(message) for message in wire.reader.feed(b"q")] == ["escape", "q"]


# -- pasted text ---------------------------------------------------------------------------------------


def test_pasted_text_comes_whole_however_it_is_cut() -> None:
    sent = "\x1b[200~depth 3\x00\n\x1b[31mred \x1b[201~j"
    expected = ["paste depth 3\n\x1b[31mred ", "j"]
    assert Wire().send(sent) == expected
    for cut in range(1, len(sent)):
        assert Wire().send(sent[:cut], sent[cut:]) == expected, cut


def test_a_paste_of_a_megabyte_is_kept_and_of_a_larger_one_the_beginning() -> None:
    wire = Wire()
    names = wire.send("\x1b[200~", *["x" * 4096] * 300, "\x1b[201~", "j")
    assert names == ["paste " + "x" * MOST_PASTED, "j"]
    assert MOST_PASTED == 2**20


def test_a_paste_whose_end_is_lost_ends_by_itself_whatever_is_pressed_meanwhile() -> None:
    wire = Wire()
    assert wire.send("\x1b[200~", "a" * 100) == []
    while wire.now < PASTE_SILENCE - 0.3:
        assert wire.send("q") == []
    wire.wait(0.5)
    assert wire.send("q") == ["q"]


def test_escape_leaves_a_paste_whose_end_is_lost() -> None:
    wire = Wire()
    assert wire.send("\x1b[200~abc") == []
    assert wire.send("\x1b") == ["escape"]
    assert wire.send("q") == ["q"]


# -- at random -----------------------------------------------------------------------------------------


def test_after_whatever_has_come_keys_are_read_again() -> None:
    choose = random.Random(20)
    parts = [
        "\x1b",
        "[",
        "<",
        "M",
        "m",
        "u",
        "~",
        "R",
        "t",
        ";",
        ":",
        "0",
        "57441",
        "99999999999",
        "200~",
        "201~",
        "]",
        "P",
        "O",
    ]
    for _ in range(2000):
        wire = Wire()
        wire.send(
            *(
                bytes(choose.randrange(256) for _ in range(4)) if choose.random() < 0.1 else choose.choice(parts)
                for _ in range(choose.randint(1, 30))
            )
        )
        wire.send("\x1b")
        assert wire.send("q") == ["q"]
