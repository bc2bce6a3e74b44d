"""Escape, for a command that goes on until somebody wants no more of it, and has no screen.

Meanwhile the terminal hands over keys one by one and does not show them; it is as it was again when the command ends,
is put to sleep with ctrl+Z, or is ended with ctrl+\\.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from types import FrameType
from typing import Any

try:
    import termios
    import tty
except ImportError:  # Windows: there ctrl+C alone ends it
    termios = tty = None  # type: ignore[assignment]

_ESCAPE = b"\x1b"
#: An arrow begins with an escape too: what belongs to it comes with it, over a slow line within so many seconds.
_FOLLOWS = 0.05


class Escape:
    """`pressed` says whether somebody has pressed escape since; where stdin is no terminal, nobody has."""

    def __init__(self) -> None:
        self._pressed = False
        self._file = -1
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Escape:
        if termios is None or threading.current_thread() is not threading.main_thread():
            return self
        with contextlib.suppress(OSError, ValueError, AttributeError):
            file = sys.stdin.fileno()
            if os.isatty(file):
                self._file = file
                self._take()
        if self._before is not None:
            ends = {signal.SIGTSTP: self._sleep, signal.SIGQUIT: self._end}
            self._handlers = {number: signal.signal(number, handler) for number, handler in ends.items()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._give_back()

    def pressed(self) -> bool:
        """Whether escape has been pressed; other keys do nothing."""
        while not self._pressed and self._in_front() and self._waits(0.0):
            keys = os.read(self._file, 1024)
            if not keys:
                break
            alone = keys == _ESCAPE and not self._waits(_FOLLOWS)
            self._pressed = alone or _ESCAPE * 2 in keys
        return self._pressed

    # -- the terminal --------------------------------------------------------------------------------------

    def _in_front(self) -> bool:
        """Whether the terminal is this program's: one in the background would be put to sleep for asking it."""
        if self._before is None:
            return False
        try:
            return os.tcgetpgrp(self._file) == os.getpgrp()
        except OSError:
            return False

    def _waits(self, seconds: float) -> bool:
        try:
            return bool(select.select([self._file], [], [], seconds)[0])
        except (OSError, ValueError):
            return False

    def _take(self) -> None:
        if os.tcgetpgrp(self._file) == os.getpgrp():
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file, termios.TCSADRAIN)

    def _give_back(self) -> None:
        if self._before is not None and self._in_front():
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
        self._before = None

    def _sleep(self, number: int, frame: FrameType | None) -> None:
        """ctrl+Z: the terminal is given back, and taken again when the program goes on."""
        self._give_back()
        ours = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, ours)
        with contextlib.suppress(OSError, termios.error):
            self._take()

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
