"""A real terminal for the tests: a pty with a shell's view of it, and pyte to see what a person would see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from types import TracebackType

import pyte
from wcwidth import wcwidth

#: What a test waits for comes within a second; the deadline only says that it never will.
DEADLINE = 30.0

# The child becomes the leader of a session with the pty as its terminal, as under a shell: without that, a change of
# size reaches nobody.
_START = """
import os, sys
os.close(os.open(sys.argv[1], os.O_RDWR))
os.execv(sys.executable, [sys.executable, "-m", "gradtui", *sys.argv[2:]])
"""


class _Screen(pyte.Screen):
    """Answers what a terminal is asked: where the cursor is, what it can do."""

    answer: Callable[[str], None]

    def write_process_input(self, data: str) -> None:
        with contextlib.suppress(OSError):  # the program may have ended meanwhile
            self.answer(data)


class Terminal:
    """`python -m gradtui` in a terminal of so many columns and rows."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (80, 24), **variables: str) -> None:
        self.master, slave = pty.openpty()
        self._set_size(*size)
        self.screen = _Screen(*size)
        self.screen.answer = self.press
        self._stream = pyte.ByteStream(self.screen)
        self.wire = b""
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, os.ttyname(slave), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ | usual | variables,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size: the kernel tells the program (SIGWINCH)."""
        self.screen.resize(rows, columns)
        self._set_size(columns, rows)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    @property
    def text(self) -> str:
        """The screen's lines. Pyte's own `display` fails on half of a wide character that another has overwritten."""
        lines = []
        for row in range(self.screen.lines):
            cells = [self.screen.buffer[row][column].data for column in range(self.screen.columns)]
            wide = [cell != "" and wcwidth(cell[0]) == 2 for cell in cells]
            lines.append(
                "".join(cell or ("" if column and wide[column - 1] else " ") for column, cell in enumerate(cells))
            )
        return "\n".join(lines)

    def _read(self, timeout: float) -> bool:
        """Take what the program has written; False where it has closed its side."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return True
        try:
            written = os.read(self.master, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.wire += written
        self._stream.feed(written)
        return bool(written)

    def wait_for(self, condition: Callable[[str], bool], what: str) -> None:
        """Read until the screen's text fulfils the condition."""
        end = time.monotonic() + DEADLINE
        while not condition(self.text):
            open_ = self._read(max(0.0, end - time.monotonic()))
            assert open_ or condition(self.text), f"the program ended before {what}:\n{self.text}"
            assert time.monotonic() < end, f"waited in vain for {what}:\n{self.text}"

    def shows(self, text: str) -> None:
        self.wait_for(lambda screen: text in screen, repr(text))

    def ended(self) -> int:
        """Read to the end; the exit status."""
        end = time.monotonic() + DEADLINE
        while self._read(max(0.0, end - time.monotonic())):
            assert time.monotonic() < end, f"the program did not end:\n{self.text}"
        return self.process.wait(DEADLINE)
