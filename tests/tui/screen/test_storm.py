"""Random keys, broken answers, resizes and the mouse, against the real program in a real terminal.

Whatever has come: it lives, escape and q end it soon with status 0, and the terminal is restored.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import time
from pathlib import Path

import pytest

from tests.tui.screen.test_terminal import assert_restored
from tests.tui.terminal import DEADLINE, Terminal

#: Seconds from the first escape at the end until the program has ended: on an idle machine it takes 0.5.
LEAVING = 8.0
#: Between two presses of a person who wants to leave.
PRESS = 0.2

NETWORKS = (
    ("--depth", "3", "--width", "4", "--batch", "4"),
    ("--cell", "lstm", "--width", "4", "--batch", "4"),
    ("--cell", "gru", "--width", "4", "--batch", "4", "--data", "gaussian", "--steps", "9", "--lang", "zh"),
    ("--depth", "12", "--width", "8", "--residual", "add", "--batch", "4", "--glyphs", "ascii"),
)
#: Keys that are no characters. Without ctrl+q and ctrl+z, which leave and suspend.
SPECIAL = [
    *(b"\x1b[" + end for end in (b"A", b"B", b"C", b"D", b"5~", b"6~", b"H", b"F", b"Z", b"3~")),
    *(b"\t", b"\r", b"\x1b", b" ", b"\x7f", b"\x1bOP"),
    *(bytes([ord(letter) & 31]) for letter in "PFSROTC"),  # with ctrl
]
#: The form, the help, the palette, a lesson, all views.
OPENING = [b"f", b"?", b":", b"\x10", b"L", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"a", b"D", b"P"]
#: Everything that is typed but q.
TYPED = bytes(set(range(33, 127)) - {ord("q")})
SIZES = [(1, 2), (2, 1), (20, 2), (80, 24), (80, 24), (200, 50), (300, 30), (60, 16)]
NUMBERS = [0, 1, 2, 5, 31, 32, 35, 64, 80, 255, 999, 55296, 57441, 65536, 1114112, 2**31, 10**15, -1]


def broken(choose: random.Random) -> bytes:
    """Something that a terminal may send, or half of it, or the like."""

    def numbers(separator: bytes, most: int) -> bytes:
        return separator.join(b"%d" % choose.choice(NUMBERS) for _ in range(choose.randint(1, most)))

    def rubbish(most: int) -> bytes:
        return bytes(choose.randrange(256) for _ in range(choose.randint(0, most))).translate(None, b"\x1bq\x11\x1a")

    return choose.choice(
        [
            lambda: b"\x1b[" + numbers(b";", 5) + choose.choice([b"u", b"~", b"R", b"m", b"t", b"c", b"A", b"P"]),
            lambda: b"\x1b[" + numbers(b":", 6) + choose.choice([b" ", b":", b";", b""]) + b"u : 9",
            lambda: b"\x1b[<" + numbers(b";", 4) + choose.choice([b"M", b"m"]),
            lambda: b"\x1b[M" + rubbish(3),
            lambda: b"\x1b[?%s;%d$y" % (choose.choice([b"2026", b"2048", b"1016"]), choose.randrange(5)),
            lambda: b"\x1b[48;" + numbers(b";", 4) + b"t",
            lambda: b"\x1b]11;rgb:ffff/0000/zzzz" + choose.choice([b"\x1b\\", b"\x07", b""]),
            lambda: b"\x1bP1+r%d" % choose.randrange(999) + choose.choice([b"\x1b\\", b""]),
            lambda: b"\x1b[200~" + rubbish(300) + choose.choice([b"\x1b[201~", b"\x1b[201~", b""]),
            lambda: b"\x1b[200~" + b"0123456789" * choose.choice([1, 500]) + b"\x1b[201~",
            lambda: choose.choice([b"\xff\xfe", b"\xe2\x96", b"\xf0\x9f", b"\x00\x00", b"\xed\xa0\x80"]),
            lambda: choose.choice([b"\x1b[I", b"\x1b[O", b"\x1b[", b"\x1bO", b"\x1b]", b"\x1b[[", b"\x1b[20"]),
            lambda: b"\x1b[" + b"9" * choose.randint(10, 400) + choose.choice([b"u", b"R", b"A", b""]),
        ]
    )()  # fmt: skip


def moved(choose: random.Random) -> bytes:
    """The mouse: pressed, released, moved, its wheel turned; also beyond the window."""
    button = choose.choice([0, 0, 1, 2, 32, 35, 35, 64, 65])
    x, y = choose.randint(1, choose.choice([10, 80, 300])), choose.randint(1, choose.choice([5, 24, 50]))
    return b"\x1b[<%d;%d;%d%s" % (button, x, y, choose.choice([b"M", b"m"]))


class Storm(Terminal):
    """A terminal that nobody looks at: it only answers where the cursor is, and keeps what was written."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        super().__init__(*arguments, **variables)
        os.set_blocking(self.master, False)
        self._waits = b""

    def send(self, data: bytes) -> None:
        self._waits += data

    def run(self, seconds: float) -> bool:
        """Send and take what there is for so long; False where the program has closed its side."""
        end = time.monotonic() + seconds
        while True:
            left = max(0.0, end - time.monotonic())
            ready, free, _ = select.select([self.master], [self.master] if self._waits else [], [], left)
            if free:
                with contextlib.suppress(BlockingIOError):
                    self._waits = self._waits[os.write(self.master, self._waits[:4096]) :]
            if ready:
                try:
                    written = os.read(self.master, 65536)
                except OSError:  # how Linux says that the other side is closed
                    return False
                for question in re.finditer(rb"\x1b7\x1b\[2;(\d)H\x1b\[6n", written):
                    self.send(b"\x1b[2;%sR" % question[1])
                self.wire += written
            if time.monotonic() >= end:
                return True

    def begin(self) -> None:
        end = time.monotonic() + DEADLINE
        while len(self.wire) < 2000:
            assert self.run(0.05), self.wire
            assert time.monotonic() < end

    def leave(self) -> None:
        """As a person does it: escape until nothing is open, then q, again and again."""
        start = time.monotonic()
        self._set_size(80, 24)
        lives, pressed = True, 0
        while lives and time.monotonic() < start + LEAVING:
            self.send(b"\x1b" if pressed < 5 else b"q")
            pressed += 1
            lives = self.run(PRESS)
        assert not lives, f"it did not end: {self.wire[-2000:]!r}"
        assert self.process.wait(DEADLINE) == 0, self.wire[-3000:].decode(errors="replace")
        assert b"Traceback" not in self.wire
        assert_restored(self)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {name: str(tmp_path) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}


def several(quick: int, long: int) -> list[object]:
    """Seeds, of which the first is quick and the others are for a soak."""
    return [pytest.param(0, quick), *(pytest.param(seed, long, marks=pytest.mark.soak) for seed in range(1, 9))]


@pytest.mark.parametrize(("seed", "count"), several(60, 1500))
@pytest.mark.soak
def test_whatever_comes_the_program_lives_and_can_be_left(seed: int, count: int, home: dict[str, str]) -> None:
    choose = random.Random(seed)
    with Storm(*NETWORKS[seed % len(NETWORKS)], **home) as terminal:
        terminal.begin()
        sent: list[object] = []
        for _ in range(count):
            share = choose.random()
            if share < 0.06:
                sent.append(size := choose.choice([*SIZES, (choose.randint(1, 300), choose.randint(1, 60))]))
                terminal._set_size(*size)
            else:
                kinds = ((0.2, moved), (0.32, broken))
                draw = next((kind for until, kind in kinds if share < until), None)
                keys = SPECIAL if share < 0.55 else OPENING if share < 0.62 else [bytes([choose.choice(TYPED)])]
                sent.append(data := draw(choose) if draw is not None else choose.choice(keys))
                terminal.send(data)
            lives = terminal.run(choose.choice([0, 0, 0.001, 0.01, 0.03]))
            assert lives, f"it ended after {sent[-20:]}: {terminal.wire[-3000:].decode(errors='replace')}"
        terminal.leave()


@pytest.mark.parametrize("opens", [b"f", pytest.param(b"?", marks=pytest.mark.soak)])
@pytest.mark.parametrize(("seed", "count"), several(75, 1500)[:4])
@pytest.mark.soak
def test_after_a_storm_of_resizes_it_can_be_left(seed: int, count: int, opens: bytes, home: dict[str, str]) -> None:
    """With page keys and the mouse, while the form or the help is open: escape and q did nothing for four seconds."""
    choose = random.Random(seed)
    with Storm("--depth", "30", **home) as terminal:
        terminal.begin()
        terminal.send(opens)
        terminal.run(0.3)
        for _ in range(count):
            share = choose.random()
            if share < 0.5:
                terminal._set_size(*choose.choice([(1, 2), (300, 30), (choose.randint(1, 300), choose.randint(2, 30))]))
            else:
                terminal.send(choose.choice([b"\x1b[5~", b"\x1b[6~"]) if share < 0.75 else moved(choose))
            assert terminal.run(0)
        start = time.monotonic()
        for key in (b"\x1b", b"q"):
            terminal.send(key)
            lives = terminal.run(PRESS)
        while lives and time.monotonic() < start + 4:
            lives = terminal.run(0.05)
        assert not lives, "escape and q, each pressed once, were enough"
        assert terminal.process.wait(DEADLINE) == 0
        assert_restored(terminal)


@pytest.mark.soak
def test_a_megabyte_that_is_pasted_is_no_trouble(home: dict[str, str]) -> None:
    with Storm("--depth", "3", **home) as terminal:
        terminal.begin()
        for opens in (b"", b"f"):
            terminal.send(opens)
            terminal.run(0.3)
            terminal.send(b"\x1b[200~" + b"7" * 2**20 + b"\x1b[201~")
            while terminal._waits:
                assert terminal.run(0.05)
        terminal.leave()
