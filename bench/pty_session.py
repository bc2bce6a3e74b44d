"""The program on a real pty, and the terminal at the other end: it reads, answers what a terminal is asked, keeps time.

A `Link` lies between the two. The plain one is read as soon as there is something; a slow one lets so many bytes a
second through, with a queue in front of it as an SSH connection has.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

COLUMNS, ROWS = 120, 40
#: What is on the screen at the first picture, and what only a finished computation puts there.
FIRST, NUMBERS = re.compile(rb"gradtui"), re.compile(rb"vanishing|healthy|exploding")
TIMEOUT = 30.0

# The child leads a session with the pty as its terminal, as under a shell: a closed terminal then reaches it.
_START = """
import os, sys
os.close(os.open(sys.argv[1], os.O_RDWR))
os.execv(sys.executable, [sys.executable, "-m", "gradtui", *sys.argv[2:]])
"""


@dataclass(frozen=True, slots=True)
class Link:
    """What lies between program and terminal: bytes a second, seconds of delay each way, bytes that may queue."""

    rate: float = float("inf")
    delay: float = 0.0
    queue: int = 1 << 17


@dataclass(frozen=True, slots=True)
class Frame:
    """One synchronised update as it arrived: when it began, and its bytes."""

    at: float
    size: int


@dataclass
class Wire:
    """What has arrived at the terminal: frames, and the answers that it owes."""

    received: bytearray = field(default_factory=bytearray)
    frames: list[Frame] = field(default_factory=list)
    last_at: float = 0.0
    _parsed: int = 0
    _start: int = -1
    _start_at: float = 0.0
    _cursor: tuple[int, int] = (1, 1)

    # A frame's ends, where the cursor is put, and the questions; the longest is 12 bytes.
    _TOKEN = re.compile(rb"\x1b\[(?:\?2026([hl])|(\d+);(\d+)H|(6n)|(c)|\?(\d+)\$p)")
    _LONGEST = 12

    def feed(self, data: bytes, now: float) -> bytes:
        """Take what has arrived; the answers."""
        self.received += data
        self.last_at = now
        answers = b""
        for found in self._TOKEN.finditer(self.received, self._parsed):
            self._parsed = found.end()
            update, row, column, position, attributes, mode = found.groups()
            if update == b"h":
                self._start, self._start_at = found.start(), now
            elif update and self._start >= 0:
                self.frames.append(Frame(self._start_at, found.end() - self._start))
                self._start = -1
            elif row:
                self._cursor = int(row), int(column)
            elif position:
                answers += b"\x1b[%d;%dR" % self._cursor
            elif attributes:
                answers += b"\x1b[?62;22c"
            elif mode:
                # Synchronised updates there are; of the others it knows nothing.
                answers += b"\x1b[?%b;%d$y" % (mode, 2 if mode == b"2026" else 0)
        self._parsed = max(self._parsed, len(self.received) - self._LONGEST)
        return answers


class Session:
    """`python -m gradtui ARGUMENTS` at 120×40, with nobody's settings and in English; without any, Explore."""

    def __init__(self, *arguments: str, link: Link | None = None) -> None:
        arguments = arguments or ("--view", "explore")
        self.arguments, self.link, self.wire = arguments, link or Link(), Wire()
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._home = tempfile.TemporaryDirectory()
        homes = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), self._home.name)
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        own = ("GRADTUI_", "TEXTUAL", "SSH_", "NO_COLOR")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        #: What the program has written and the link has not delivered: (when it may arrive, bytes).
        self._queue: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self._keys: deque[tuple[float, bytes]] = deque()
        self._open = True
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, os.ttyname(slave), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=inherited | terminal | homes,
        )
        os.close(slave)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.press("q")
            # What is queued on a slow link need not arrive any more.
            self.link = Link()
            self.pump(2.0)
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        self._home.cleanup()

    def press(self, keys: str) -> float:
        """Press keys; the time."""
        now = time.perf_counter()
        self._send(keys.encode(), now)
        return now

    def pump(self, seconds: float, until_byte: bool = False) -> bool:
        """Be the terminal for so long, or until something arrives; whether anything has."""
        end, before = time.perf_counter() + seconds, len(self.wire.received)
        while self._open and (now := time.perf_counter()) < end:
            self._deliver(now)
            if until_byte and len(self.wire.received) > before:
                break
            due = [end, *(queue[0][0] for queue in (self._queue, self._keys) if queue)]
            waiting = sum(len(data) for _, data in self._queue)
            sources = [self.master] if waiting < self.link.queue else []
            if select.select(sources, [], [], max(min(due) - time.perf_counter(), 0.0))[0]:
                self._read()
        return len(self.wire.received) > before

    def settle(self, quiet: float = 0.2, timeout: float = TIMEOUT) -> None:
        """Be the terminal until nothing has arrived for a while."""
        end = time.perf_counter() + timeout
        while self._open and self.pump(quiet) and time.perf_counter() < end:
            pass

    def wait_for(self, pattern: re.Pattern[bytes]) -> float:
        """When what matches arrives, in seconds since the start."""
        end = time.perf_counter() + TIMEOUT
        while not pattern.search(self.wire.received):
            self.pump(0.5, until_byte=True)
            if not self._open or time.perf_counter() > end:
                told = bytes(self.wire.received[-300:]).decode(errors="replace")
                raise SystemExit(
                    f"gradtui {' '.join(self.arguments)}: {pattern.pattern!r} never came; at last: {told!r}"
                )
        return self.wire.last_at - self.started

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the program has used, user and system (proc(5): utime and stime)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        try:
            data = os.read(self.master, 65536)
        except OSError:  # how Linux says that the program has closed its side
            data = b""
        now = time.perf_counter()
        self._open = bool(data)
        if self.link.rate == float("inf"):
            self._arrive(data, now)
            return
        for start in range(0, len(data), 512):
            piece = data[start : start + 512]
            self._free_at = max(self._free_at, now) + len(piece) / self.link.rate
            self._queue.append((self._free_at + self.link.delay, piece))

    def _deliver(self, now: float) -> None:
        while self._queue and self._queue[0][0] <= now:
            self._arrive(self._queue.popleft()[1], now)
        while self._keys and self._keys[0][0] <= now:
            os.write(self.master, self._keys.popleft()[1])

    def _arrive(self, data: bytes, now: float) -> None:
        if answers := self.wire.feed(data, now):
            self._send(answers, now)

    def _send(self, data: bytes, now: float) -> None:
        if self.link.delay:
            self._keys.append((now + self.link.delay, data))
        else:
            os.write(self.master, data)
