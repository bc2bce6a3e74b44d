"""The terminal's driver: notices that the terminal is gone, and knows what has been written to it.

With Textual's own driver (8.2.8) a program whose terminal is closed without a SIGHUP (setsid, nohup, a dead parent)
reads end-of-file in a loop, 100 % of a CPU, until somebody kills it; with a frame in the queue it waits for ever for a
writer that has died of EIO, deaf to SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any, cast

from textual import events, messages
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from .reader import Reader

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

#: The exit status of a program whose terminal is gone, as a shell reports SIGHUP.
HANGUP = 128 + 1
#: Seconds that an orderly end may take; there is no screen left to restore.
_LAST_RESORT = 1.0
#: Seconds that leaving waits for what the terminal owes, or the shell would read the answer as typed.
FAREWELL = 0.5
#: What holds the terminal's picture still while a frame is written, where it can (DEC mode 2026).
_HOLD, _RELEASE = "\x1b[?2026h", "\x1b[?2026l"
#: Columns and rows of a window as the program is told of them, at the least and at the most. In a list of no columns
#: Textual's drawing fails; a window of 10,000 × 10,000 would take 180 MB and 12 s.
LEAST, MOST = Size(16, 4), Size(1000, 400)
#: Seconds between two looks whether to stop, and whether an escape was the key alone.
_LOOK = 0.1


class Output:
    """What the writer's thread writes to: a file that may go away, and then takes everything and keeps nothing."""

    def __init__(self, file: IO[str], lost: Callable[[], None]) -> None:
        self._file, self._lost = file, lost
        self._gone = False
        self._taken = 0
        #: So many writes have been handed to the kernel, all of each.
        self.flushed = 0

    def write(self, text: str) -> None:
        self._taken += 1
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        taken = self._taken
        self._try(self._file.flush)
        self.flushed = taken

    def fileno(self) -> int:
        return self._file.fileno()

    def _try(self, action: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            action()
        except OSError:
            self._gone = True
            self._lost()


class Lifeline(LinuxDriver):
    """Textual's driver for Linux and macOS, with an end when the terminal is gone."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._owner, self._home, self._debugs = app, asyncio.get_running_loop(), debug
        self._output = Output(cast(IO[str], self._file), self._lost)
        self._file = cast(Any, self._output)
        self._is_lost = False
        self._written = 0
        self._asked_after = 0
        self._owed: re.Match[str] | None = None
        #: Whether what is written comes to the terminal: not before it is taken, nor once the program is leaving.
        self.talks = False
        self._holds = False
        #: How often the screen has been taken: each time it is empty.
        self.taken = 0

    # -- what has been written -------------------------------------------------------------------------

    def write(self, data: str) -> None:
        self._written += 1
        super().write(data)

    def write_frame(self, data: str) -> None:
        """Write a frame in one piece, as each write wakes the writer."""
        self.write(f"{_HOLD}{data}{_RELEASE}" if self._holds else data)

    @property
    def flushed(self) -> bool:
        """Whether the kernel has taken all: while a link stalls, it does not."""
        return self._output.flushed == self._written

    @property
    def unasked(self) -> bool:
        """Whether something has been written since the last question. Nothing is, once the program is leaving."""
        return self.talks and self._written > self._asked_after

    def ask(self, question: str) -> None:
        """Write a question for the cursor's position; empty: nothing is asked."""
        if not question or not self.talks:
            return
        self.write(question)
        self._asked_after = self._written
        self._owed = re.search(r"\[(\d+);(\d+)H", question)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.talks = True
        self.taken += 1

    def disable_input(self) -> None:
        """Textual's, but with the last answer read before nobody does."""
        self.talks = False
        end = time.monotonic() + FAREWELL
        while self._owed and not self._is_lost and time.monotonic() < end:
            time.sleep(0.005)
        self._owed = None
        super().disable_input()

    # -- the size --------------------------------------------------------------------------------------

    def bounded(self, size: Size) -> Size:
        """The size that the program is told of where the terminal has this one."""
        return clamped(size, LEAST, MOST)

    def _get_terminal_size(self) -> tuple[int, int]:
        return self.bounded(Size(*super()._get_terminal_size()))

    def _query_in_band_window_resize(self) -> None:
        """Not asked for: with it come a mouse that counts pixels of sizes which nobody has checked."""

    # -- what is read ----------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read and dispatch; a failure is the app's, as all of them are."""
        try:
            self._read_and_dispatch()
        except Exception as error:
            self._owner.call_later(_fail, error)

    def _read_and_dispatch(self) -> None:
        """Until told to stop, or until there is nothing left to read from.

        Textual's loop takes end-of-file for a pause, and ends with a traceback at a byte that is not UTF-8.
        """
        reader = Reader(self._debugs)
        while not self.exit_event.is_set():
            ready, _, _ = select.select([self.fileno], [], [], _LOOK)
            if ready:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""
                if not data:
                    self._lost()
                    return
                for message, following in pairwise((*reader.feed(data), None)):
                    if message is not None and not _moves_on(message, following):
                        self.process_message(message)
            for message in reader.tick():
                self.process_message(message)

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.CursorPosition) and self._owed:
            place = str(message.y + 1), str(message.x + 1)
            if place == self._owed.groups():
                self._owed = None
        self._holds |= isinstance(message, messages.TerminalSupportsSynchronizedOutput)
        # A size may also come in-band, as a sequence that anybody can type: the kernel's is the one that is true.
        if not isinstance(message, events.Resize | messages.InBandWindowResize):
            super().process_message(message)

    def _lost(self) -> None:
        """The terminal is gone, says the reader's thread or the writer's: end the program, in order or else at once."""
        if self._is_lost:
            return
        self._is_lost = True
        last = threading.Timer(_LAST_RESORT, os._exit, [HANGUP])
        last.daemon = True
        last.start()
        # What is still in Python's buffers would fail again at the end.
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    os.dup2(null, stream.fileno())
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._home.call_soon_threadsafe(self._owner.exit, HANGUP)


def clamped(size: Size, least: Size, most: Size) -> Size:
    """A window's size within its bounds."""
    return Size(*(min(max(n, low), high) for n, low, high in zip(size, least, most, strict=True)))


def _moves_on(message: Message, following: Message | None) -> bool:
    """Whether the mouse has moved on already: a storm of moves would keep a key waiting that comes after them."""
    return (
        isinstance(message, events.MouseMove)
        and isinstance(following, events.MouseMove)
        and message.button == following.button
    )


def _fail(error: Exception) -> None:
    raise error
