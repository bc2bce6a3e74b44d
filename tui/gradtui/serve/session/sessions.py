"""The sessions: a process on a PTY for each visitor, held to its limits. It knows nothing of how the visitor came.

A session hands what the program writes to its `Sink` and takes keys from it; either side can be made to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import re
import signal
import socket
import struct
import termios
import time
import tty
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .endings import ENDS, Ending, Refused, number_of, reason_of, refused
from .limits import Limits
from .meter import Meter
from .terminal_reset import Screen, farewell
from .zygote_client import End, Launcher, LaunchError, Process

#: Bytes of one read, and of keys that wait although the sink was told to hold them.
_READ, _MOST_KEYS = 1 << 14, 1 << 16
#: Bytes that are still delivered when the program has ended.
_LAST = 1 << 18
#: Seconds between two changes of the window's size, and that a killed process may take to be gone.
_RESIZE, _DEATH = 0.1, 2.0
#: The program's first bytes set modes; a frame is more than this.
_FIRST_FRAME = 1000
#: What a terminal answers by itself: where the cursor is, what it is, which modes it has. Nobody has pressed a key.
_ANSWERS = re.compile(rb"\x1b\[(?:\d+;\d+R|\?[\d;]*(?:c|u|\$y)|[>=]?[\d;]*c|[\d;]*t)")
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")
#: What of a visitor's own environment reaches the program, and what it may look like.
WELCOME = ("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "COLORTERM", "NO_COLOR", "TERM_PROGRAM")
_LOCALE = ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG")
_WORD = re.compile(r"[A-Za-z0-9@._-]{0,64}")


@dataclass(frozen=True)
class Visitor:
    """Who: the address, and what of the environment came along."""

    address: str
    term: str = "xterm-256color"
    environment: Mapping[str, str] = field(default_factory=dict)

    def clean(self) -> dict[str, str]:
        """The program's whole environment."""
        found = {name: text for name, text in self.environment.items() if name in WELCOME and _WORD.fullmatch(text)}
        term = self.term if _TERM.fullmatch(self.term) else "xterm-256color"
        # Only for who says nothing: LC_ALL wins over LANG, and LANG alone is what most send.
        locale = {} if any(name in found for name in _LOCALE) else {"LC_ALL": "C.UTF-8"}
        return locale | {"HOME": "/nonexistent", "PATH": "/nonexistent"} | found | {"TERM": term}


class Sink(Protocol):
    """The visitor's end."""

    def deliver(self, data: bytes) -> None:
        """The program's output. Not called between pause_reading and resume_reading, but for the farewell."""

    def hold(self, on: bool) -> None:
        """Whether keys have to wait."""


class Watcher(Protocol):
    """Who is told of what happens: the report and the metrics."""

    def opened(self, session: Session) -> None: ...
    def first_frame(self, session: Session, seconds: float) -> None: ...
    def ended(self, session: Session, ending: Ending, end: End) -> None: ...
    def refused(self, address: str, refusal: Refused) -> None: ...


class Session:
    """One visitor's program."""

    def __init__(
        self, number: int, visitor: Visitor, window: tuple[int, int], master: int, process: Process, parent: Sessions,
        sink: Sink,
    ) -> None:  # fmt: skip
        self.number, self.visitor, self.window, self.process = number, visitor, window, process
        self._master, self._parent, self._sink = master, parent, sink
        self._limits = parent.limits
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Ending] = self._loop.create_future()
        #: Since when, when the last key came, and bytes each way.
        self.began = self.touched = self._loop.time()
        self.sent = self.received = 0
        self._reason, self._finished, self._paused, self._held = "", False, False, False
        self._keys = bytearray()
        self._meter = Meter(self._limits.input_rate, self._limits.input_burst)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._asked_window = window
        self._screen = Screen()
        self._loop.add_reader(master, self._read)
        process.ended.add_done_callback(lambda future: self._finish(future.result()))
        self._at("idle", self._limits.idle, self._look_idle)
        self._at("total", self._limits.total, lambda: self.close("total"))
        if 0 < self._limits.warning < self._limits.total:
            self._at("warning", self._limits.total - self._limits.warning, self._warn)

    @property
    def lasted(self) -> float:
        """Seconds since it was asked for."""
        return self._loop.time() - self.began

    # -- the visitor's side ----------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Keys. They go on as fast as a person types at the most; the sink is told to hold back the rest."""
        if self._finished or self._reason:
            return
        if _ANSWERS.sub(b"", data):
            self.touched = self._loop.time()
        self.received += len(data)
        self._keys += data
        if len(self._keys) > _MOST_KEYS:
            self.close("flood")
            return
        self._pump()

    def resize(self, columns: int, rows: int) -> None:
        """Another window; of many in a row the last counts."""
        self._asked_window = self._limits.window(columns, rows)
        if "resize" not in self._timers:
            self._resize()

    def pause_reading(self) -> None:
        """The visitor does not take more: the program has to wait, as on any terminal."""
        if not self._paused and not self._finished:
            self._paused = True
            self._loop.remove_reader(self._master)

    def resume_reading(self) -> None:
        if self._paused and not self._finished:
            self._paused = False
            self._loop.add_reader(self._master, self._read)

    def close(self, reason: str) -> None:
        """End it for one of the reasons of ENDS; `ended` says when it is done."""
        if self._reason or self._finished:
            return
        self._reason = reason
        self._keys.clear()
        self._parent.launcher.kill(self.process.pid, signal.SIGKILL)
        self._at("death", _DEATH, lambda: self._finish(End(-signal.SIGKILL)))

    # -- the program's side ----------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            data = os.read(self._master, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # Its last process has closed the terminal; the end is reported by the warm parent.
            self.pause_reading()
            return
        self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        before, self.sent = self.sent, self.sent + len(data)
        if before <= _FIRST_FRAME < self.sent:
            self._parent.watcher.first_frame(self, self._loop.time() - self.began)
        self._screen.feed(data)
        self._sink.deliver(data)

    def _pump(self) -> None:
        if self._finished:
            return
        now = self._loop.time()
        most = min(int(self._meter.available(now)), len(self._keys))
        written = 0
        if most:
            with contextlib.suppress(OSError):
                written = os.write(self._master, self._keys[:most])
        self._meter.take(written, now)
        del self._keys[:written]
        if self._keys and "pump" not in self._timers:
            self._at("pump", 0.05, self._pump)
        held = bool(self._keys)
        if held != self._held:
            self._held = held
            self._sink.hold(held)

    def _resize(self) -> None:
        if self.window != self._asked_window and not self._finished:
            self.window = self._asked_window
            set_window(self._master, self.window)
            self._at("resize", _RESIZE, self._resize)

    # -- time ------------------------------------------------------------------------------------------

    def _at(self, name: str, seconds: float, action: object) -> None:
        """Do it after so many seconds."""

        def fire() -> None:
            self._timers.pop(name, None)
            assert callable(action)
            action()

        self._timers[name] = self._loop.call_later(seconds, fire)

    def _look_idle(self) -> None:
        left = self.touched + self._limits.idle - self._loop.time()
        if left <= 0:
            self.close("idle")
        else:
            self._at("idle", left, self._look_idle)

    def _warn(self) -> None:
        # The program shows it: only it knows the reader's language and where there is room.
        self._parent.launcher.kill(self.process.pid, signal.SIGUSR1)

    # -- the end ---------------------------------------------------------------------------------------

    def _finish(self, end: End) -> None:
        if self._finished:
            return
        self._loop.remove_reader(self._master)
        if not self._paused and not self._reason:
            self._drain()
        self._finished = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        os.close(self._master)
        reason = self._reason or reason_of(end)
        id_ = number_of(end) if reason in ("crash", "killed") else ""
        seconds = {"idle": self._limits.idle, "total": self._limits.total, "cpu": self._limits.cpu}
        row = ENDS[reason]
        sentence = row.told(seconds=f"{seconds.get(reason, self._limits.login):g}", id=id_)
        ending = Ending(reason, sentence, row.status, id_)
        if reason != "gone":
            self._sink.deliver(farewell(sentence, self._screen.alternate))
        self._parent.forget(self, ending, end)
        self.ended.set_result(ending)

    def _drain(self) -> None:
        """What the program has written before it ended."""
        left = _LAST
        with contextlib.suppress(OSError):
            while left > 0 and (data := os.read(self._master, _READ)):
                left -= len(data)
                self._deliver(data)


class Sessions:
    """All sessions, and who may have one."""

    def __init__(
        self, limits: Limits, launcher: Launcher, watcher: Watcher, join: Callable[[], socket.socket] | None = None
    ) -> None:
        """join: of a lecture; the end of a link that the program of each session is given."""
        self.limits, self.launcher, self.watcher = limits, launcher, watcher
        self._join = join
        self.live: dict[int, Session] = {}
        self._of_address: Counter[str] = Counter()
        self._closing = False
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        """Sessions that are live or starting."""
        return self._of_address.total()

    def refusal(self, address: str) -> Refused | None:
        """Why this address gets no session now; None where it does."""
        if self._closing:
            return refused("closing")
        if len(self) >= self.limits.sessions:
            return refused("full", most=self.limits.sessions)
        if self._of_address[address] >= self.limits.per_address:
            return refused("address", most=self.limits.per_address)
        return None

    async def open(
        self, visitor: Visitor, window: tuple[int, int], arguments: Sequence[str], sink: Sink
    ) -> Session | Refused:
        """A session for the visitor, with a window of columns × rows; or why there is none."""
        refusal = self.refusal(visitor.address)
        if refusal is None:
            self._of_address[visitor.address] += 1
            try:
                return await self._open(visitor, self.limits.window(*window), arguments, sink)
            except (LaunchError, OSError):
                self._leave(visitor.address)
                refusal = refused("launch")
            except BaseException:
                self._leave(visitor.address)
                raise
        self.watcher.refused(visitor.address, refusal)
        return refusal

    async def _open(self, visitor: Visitor, window: tuple[int, int], arguments: Sequence[str], sink: Sink) -> Session:
        began = time.monotonic()
        master, slave = os.openpty()
        link = self._join() if self._join is not None else None
        try:
            # Raw from the start: ctrl+c while the program starts is a key as any other.
            tty.setraw(slave)
            set_window(master, window)
            os.set_blocking(master, False)
            process = await self.launcher.launch(slave, arguments, visitor.clean(), link)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
            if link is not None:
                link.close()
        session = Session(next(self._numbers), visitor, window, master, process, self, sink)
        session.began -= time.monotonic() - began
        self.live[session.number] = session
        self.launcher.share(len(self))
        self.watcher.opened(session)
        return session

    def _leave(self, address: str) -> None:
        self._of_address[address] -= 1
        if self._of_address[address] <= 0:
            del self._of_address[address]

    def forget(self, session: Session, ending: Ending, end: End) -> None:
        """Called by a session at its end."""
        self.live.pop(session.number, None)
        self._leave(session.visitor.address)
        self.launcher.share(len(self))
        self.watcher.ended(session, ending, end)

    async def close(self) -> None:
        """End every session, and open no more."""
        self._closing = True
        live = list(self.live.values())
        for session in live:
            session.close("closing")
        if live:
            await asyncio.wait([session.ended for session in live], timeout=2 * _DEATH)


def set_window(terminal: int, window: tuple[int, int]) -> None:
    """Tell the kernel, which tells the program (SIGWINCH)."""
    columns, rows = window
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
