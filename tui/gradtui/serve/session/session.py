"""One visitor's session: a process on a PTY, held to its limits. It knows nothing of how the visitor came.

A session hands what the program writes to its `Sink` and takes keys from it; either side can be made to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import signal
import struct
import termios
from collections.abc import Callable
from typing import Protocol

from gradtui_engine.core.figures import exact

from .endings import ENDS, Ending, Refused, crash_number, reason_of
from .limits import Limits
from .meter import Meter
from .terminal_reset import ScreenFollower, farewell
from .visitor import Visitor
from .zygote_client import End, Process, ZygoteClient

#: Bytes of one read, and of keys that wait although the sink was told to hold them.
_READ, _MOST_KEYS = 1 << 14, 1 << 16
#: Bytes that are still delivered when the program has ended.
_LAST = 1 << 18
#: Seconds between two changes of the window's size.
_RESIZE = 0.1
#: Seconds that a killed process may take to be gone.
DEATH = 2.0
#: The program's first bytes set modes; a frame is more than this.
_FIRST_FRAME = 1000
#: What a terminal answers by itself: where the cursor is, what it is, which modes it has. Nobody has pressed a key.
_ANSWERS = re.compile(rb"\x1b\[(?:\d+;\d+R|\?[\d;]*(?:c|u|\$y)|[>=]?[\d;]*c|[\d;]*t)")


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


class House(Protocol):
    """What a session needs of all sessions."""

    limits: Limits
    zygote: ZygoteClient
    watcher: Watcher

    def forget(self, session: Session, ending: Ending, end: End) -> None:
        """Called by a session at its end."""


class Session:
    """One visitor's program."""

    def __init__(
        self, number: int, visitor: Visitor, window: tuple[int, int], master: int, process: Process, house: House,
        sink: Sink,
    ) -> None:  # fmt: skip
        """master: the terminal's other side, which the session closes at its end."""
        self.number, self.visitor, self.window, self.process = number, visitor, window, process
        self._master, self._house, self._sink = master, house, sink
        self._limits = house.limits
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
        self._screen = ScreenFollower()
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
        self._house.zygote.kill(self.process.pid, signal.SIGKILL)
        self._at("death", DEATH, lambda: self._finish(End(-signal.SIGKILL)))

    # -- the program's side ----------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            data = os.read(self._master, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # Its last process has closed the terminal; the end is reported by the zygote.
            self.pause_reading()
            return
        self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        before, self.sent = self.sent, self.sent + len(data)
        if before <= _FIRST_FRAME < self.sent:
            self._house.watcher.first_frame(self, self._loop.time() - self.began)
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

    def _at(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        """Do it after so many seconds; name: of the timer, of which there is one."""

        def fire() -> None:
            self._timers.pop(name, None)
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
        self._house.zygote.kill(self.process.pid, signal.SIGUSR1)

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
        id_ = crash_number(end) if reason in ("crash", "killed") else ""
        seconds = {"idle": self._limits.idle, "total": self._limits.total, "cpu": self._limits.cpu}
        row = ENDS[reason]
        sentence = row.told(seconds=exact(seconds.get(reason, self._limits.login)), id=id_)
        ending = Ending(reason, sentence, row.status, id_)
        if reason != "gone":
            self._sink.deliver(farewell(sentence, self._screen.alternate))
        self._house.forget(self, ending, end)
        self.ended.set_result(ending)

    def _drain(self) -> None:
        """What the program has written before it ended."""
        left = _LAST
        with contextlib.suppress(OSError):
            while left > 0 and (data := os.read(self._master, _READ)):
                left -= len(data)
                self._deliver(data)


def set_window(terminal: int, window: tuple[int, int]) -> None:
    """Tell the kernel, which tells the program (SIGWINCH)."""
    columns, rows = window
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
