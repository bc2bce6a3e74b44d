"""A terminal that goes away, stops answering or says nonsense: a small paced app on a real pty."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import groupby

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from gradtui.screen.terminal.driver import HANGUP
from gradtui.screen.terminal.paced_app import PacedApp
from gradtui.screen.terminal.pacing import Attention, question
from tests.examples import covering

DEADLINE = 30.0
#: A terminal's answer to question 1, 2, …
ANSWERS = {question(number).encode(): b"\x1b[2;%dR" % number for number in (1, 2, 3, 4)}

# Counts what it draws and the CPU that it has used, in one line; in another colour each time, so that the whole line is
# written. j draws, space plays, b blocks the event loop.
PROGRAM = """
import signal, sys, time
if "nohup" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
from rich.text import Text
from textual.widgets import Static
from gradtui.screen.terminal import driver
from gradtui.screen.terminal.paced_app import PacedApp
driver.FAREWELL = 60.0 if "patient" in sys.argv else driver.FAREWELL
class Counter(PacedApp):
    BINDINGS = [(key, name, name) for key, name in zip("j b q space".split(), "look block quit toggle".split())]
    steps = frames = 0
    def compose(self):
        yield Static("", id="text", markup=False)
    def on_mount(self):
        self.show()
    def draw(self):
        self.frames += 1
        line = f"frame {self.frames} step {self.steps} cpu {time.process_time():.3f}!"
        self.query_one("#text", Static).update(Text(line, ("red", "green")[self.frames % 2]))
    def advance(self, steps):
        self.steps += steps
        self.show()
    def action_toggle(self):
        self.play(0 if self._speed else 30)
        self.show()
    def action_look(self):
        self.show()
    def action_block(self):
        sys.stderr.flush()
        time.sleep(60)
    async def action_quit(self):
        self.exit(0)
sys.exit(Counter(30).run())
"""


class Pty:
    """The program on a pty: its terminal and, if leads, the one that its session would get a SIGHUP from."""

    def __init__(self, *words: str, leads: bool = False) -> None:
        self.master, slave = pty.openpty()
        take = "import os, sys; os.close(os.open(sys.argv[1], os.O_RDWR))\n" if leads else ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", take + PROGRAM, os.ttyname(slave), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        )
        os.close(slave)
        self.wire = b""
        self.answers = True
        self._answered = 0
        self.closed = False

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def read(self, seconds: float) -> bool:
        """Take what is there or comes within the time, and answer it; whether there was something."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # how Linux says that the program has closed its side
            data = b""
        self.wire += data
        if self.answers:
            self.answer()
        return bool(data)

    def answer(self) -> None:
        for asked in self.asked[self._answered :]:
            with contextlib.suppress(OSError):  # it may have ended meanwhile
                os.write(self.master, ANSWERS[asked])
            self._answered += 1

    @property
    def asked(self) -> list[bytes]:
        """The questions so far, in order."""
        return re.findall(rb"\x1b7\x1b\[2;\dH\x1b\[6n\x1b8", self.wire)

    def wait_for(self, pattern: bytes) -> re.Match[bytes]:
        """Read until the pattern is in what comes from now on."""
        start, end = len(self.wire), time.monotonic() + DEADLINE
        while (found := re.search(pattern, self.wire[start:], re.DOTALL)) is None:
            assert self.read(1.0) or self.process.poll() is None, self.wire[-500:]
            assert time.monotonic() < end, (pattern, self.wire[-500:])
        return found

    def settle(self) -> None:
        """Read until nothing more comes."""
        while self.read(0.2):
            pass

    def close(self) -> None:
        if not self.closed:
            os.close(self.master)
            self.closed = True


@contextlib.contextmanager
def running(*words: str, leads: bool = False) -> Iterator[Pty]:
    terminal = Pty(*words, leads=leads)
    try:
        terminal.wait_for(rb"frame 1 .*\x1b\[6n")
        terminal.settle()
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        terminal.close()


def cpu_used(terminal: Pty) -> float:
    """Draw once more: the CPU seconds that the program says it has used."""
    terminal.press(b"j")
    return float(terminal.wait_for(rb"cpu (\d+\.\d+)!")[1])


# -- a terminal that goes away -------------------------------------------------------------------------


@covering(keys=[b"", b" "], words=[(), ("nohup",)])
def test_a_program_whose_terminal_is_gone_ends_within_two_seconds_without_spinning(
    keys: bytes, words: tuple[str, ...]
) -> None:
    """No SIGHUP comes: the program is told by end-of-file alone. Textual's own driver spins for ever."""
    with running(*words, leads=bool(words)) as terminal:
        if keys:
            terminal.press(keys)
            terminal.wait_for(rb"step 5 ")
        before = cpu_used(terminal)
        terminal.close()
        start = time.monotonic()
        _, status, usage = os.wait4(terminal.process.pid, 0)
        took = time.monotonic() - start
        terminal.process.returncode = os.waitstatus_to_exitcode(status)
        assert terminal.process.returncode == HANGUP
        assert took <= 2.0
        # An orderly end takes 0.1 s; a spin would take all of the time there is.
        assert usage.ru_utime + usage.ru_stime - before <= 0.5


def test_a_program_that_is_stuck_ends_too_when_its_terminal_is_gone() -> None:
    with running() as terminal:
        terminal.press(b"b")
        terminal.settle()
        terminal.close()
        assert terminal.process.wait(DEADLINE) == HANGUP


# -- leaving -------------------------------------------------------------------------------------------


def test_leaving_waits_for_the_answer_that_is_owed_lest_the_shell_gets_it() -> None:
    with running("patient") as terminal:
        terminal.answers = False
        terminal.press(b"j")
        terminal.wait_for(rb"\x1b\[6n\x1b8")
        terminal.press(b"q")
        terminal.wait_for(rb"\x1b\[\?2004l")
        terminal.read(0.3)
        assert b"\x1b[?1049l" not in terminal.wire
        terminal.answer()
        terminal.wait_for(rb"\x1b\[\?1049l")
        assert terminal.process.wait(DEADLINE) == 0


def test_nothing_is_asked_after_the_program_has_left_the_screen() -> None:
    with running() as terminal:
        terminal.press(b" ")
        terminal.wait_for(rb"step 5 ")
        terminal.press(b"q")
        while terminal.read(DEADLINE):
            pass
        assert terminal.process.wait(DEADLINE) == 0
        assert terminal.wire.rindex(b"\x1b[6n") < terminal.wire.rindex(b"\x1b[?2004l")


# -- a terminal that stops answering -------------------------------------------------------------------


@pytest.mark.soak
def test_a_terminal_that_stops_answering_gets_two_frames_and_the_same_question_again() -> None:
    with running() as terminal:
        terminal.press(b" ")
        terminal.wait_for(rb"step 5 ")
        terminal.answers = False
        terminal.wire, terminal._answered = b"", 0
        while len(set(terminal.asked[-2:])) != 1 or len(terminal.asked) < 2:
            assert terminal.read(DEADLINE)
        assert len(list(groupby(terminal.asked))) <= 2
        assert terminal.wire.count(b"frame ") <= 2
        terminal.answers = True
        terminal.answer()
        terminal.wait_for(rb"frame .*frame .*frame ")


def test_each_frame_is_followed_by_a_question() -> None:
    with running() as terminal:
        terminal.wire, terminal._answered = b"", 0
        for _ in range(5):
            terminal.press(b"j")
            terminal.wait_for(rb"frame \d+ .*\x1b\[6n\x1b8")
        assert re.findall(rb"frame|\x1b\[6n", terminal.wire) == [b"frame", b"\x1b[6n"] * 5


@pytest.mark.soak
def test_a_terminal_that_never_answers_is_played_to_all_the_same() -> None:
    terminal = Pty()
    try:
        terminal.answers = False
        terminal.wait_for(rb"frame 1 ")
        terminal.press(b" ")
        terminal.wait_for(rb"step [34]\d ")
    finally:
        terminal.process.kill()
        terminal.process.wait()
        terminal.close()


# -- what a terminal says ------------------------------------------------------------------------------


def test_a_byte_that_is_not_utf_8_is_no_reason_to_end() -> None:
    with running() as terminal:
        terminal.press(b"\xff\xe9j")
        terminal.wait_for(rb"frame 2 ")


# -- what rests on Textual's insides -------------------------------------------------------------------


def test_textual_reads_an_answer_as_a_cursor_position_from_zero_on() -> None:
    (event,) = XTermParser().feed("\x1b[2;3R")
    assert isinstance(event, events.CursorPosition)
    assert (event.x, event.y) == (2, 1)


class Silent(PacedApp):
    """Counts its frames; moves nothing."""

    frames = 0

    def draw(self) -> None:
        self.frames += 1

    def advance(self, steps: int) -> None:
        self.show()


def test_without_a_terminal_nothing_is_asked_and_keys_are_drawn_once_for_all_that_wait() -> None:
    async def session() -> None:
        app = Silent()
        async with app.run_test() as pilot:
            for _ in range(5):
                app.show()
            await pilot.pause()
            assert app.frames == 1
            assert app.pacer.outstanding == 0

    asyncio.run(session())


def test_losing_the_focus_slows_and_gaining_it_restores() -> None:
    async def session() -> None:
        app = Silent()
        async with app.run_test() as pilot:
            for event, attention in ((events.AppBlur(), "UNFOCUSED"), (events.AppFocus(), "FOCUSED")):
                app.post_message(event)
                await pilot.pause()
                assert app.pacer.attention is Attention[attention]

    asyncio.run(session())
