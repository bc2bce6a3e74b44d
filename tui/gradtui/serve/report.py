"""What the host sees: a live table in a terminal, lines where there is none, or JSON lines."""

from __future__ import annotations

import contextlib
import datetime
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from rich.cells import cell_len

from gradtui_engine.core.figures import decimals, percent

from ..text.language import tr
from .session.endings import Ending, Refused
from .session.meter import Meters
from .session.session import Session
from .session.terminal_reset import plain
from .session.zygote_client import End

TABLE, LINES, JSON = "table", "text", "json"
FORMS = (TABLE, LINES, JSON)


#: Lines a second, and at once, about one address and one reason: who is refused 400 times a second, day and night,
#: would fill the disk. The metrics count every one.
_REFUSALS = 1.0, 20.0
#: What may wait to be written, and the seconds that the end of it may take.
_MOST_WAITING, _LAST = 1000, 1.0


def told_lines(told: Mapping[str, Any]) -> list[str]:
    """How visitors come in, and what they may take: a line each, the labels beside each other."""
    labels = {
        "address": tr("terminal"),
        "web": tr("browser"),
        "fingerprint": tr("host key"),
        "limits": tr("limits"),
        "metrics": tr("metrics"),
        "log": tr("log file"),
    }
    width = max(map(cell_len, labels.values()))
    padded = {name: label + " " * (width - cell_len(label)) for name, label in labels.items()}
    return [f"{label}  {plain(str(told[name]))}" for name, label in padded.items() if name in told]


class _Writer:
    """Writes on a thread of its own: an output that takes nothing (a terminal after ctrl+s, a pipe that nobody reads)
    would stop all sessions. What does not fit is counted, and what has gone (a closed pipe) is written no more.
    """

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="report", daemon=True)
        self._thread.start()

    def put(self, write: Callable[[], None]) -> None:
        try:
            self._queue.put_nowait(write)
        except queue.Full:
            self._lost += 1

    def leave_out(self) -> None:
        """Count one that is not worth a line."""
        self._lost += 1

    def lost(self) -> int:
        """How many did not fit since the last question."""
        if self._lost and self._queue.full():
            return 0
        lost, self._lost = self._lost, 0
        return lost

    def close(self) -> None:
        """Write what waits, but not for longer than it may take."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_LAST)
            self._thread.join(_LAST)

    def _run(self) -> None:
        gone = False
        while (write := self._queue.get()) is not None:
            if gone:
                continue
            try:
                write()
            except (OSError, ValueError):  # ValueError: closed on our own side
                gone = True


class Report:
    """A watcher that writes."""

    def __init__(self, out: TextIO, form: str) -> None:
        """form: of FORMS; a table only where `out` is a terminal."""
        self._out = out
        self._json = form == JSON
        self._live: Any = None
        self._writer = _Writer()
        self._refusals = Meters(*_REFUSALS)
        if form == TABLE and out.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=out), auto_refresh=False, transient=True)

    def serving(self, port: int, told: Mapping[str, Any]) -> None:
        """The start: a line of its own for each thing that a person copies."""
        if self._json:
            self.event("serving", port=port, **told)
            return
        for line in told_lines(told):
            self._print(line)
        if self._live is not None:
            self._writer.put(self._live.start)

    def opened(self, session: Session) -> None:
        columns, rows = session.window
        self.event(
            "opened", session=session.number, pid=session.process.pid, address=session.visitor.address,
            window=f"{columns}×{rows}", term=session.visitor.term,
        )  # fmt: skip

    def first_frame(self, session: Session, seconds: float) -> None:
        self.event("first frame", session=session.number, seconds=round(seconds, 3))

    def ended(self, session: Session, ending: Ending, end: End) -> None:
        self.event(
            "ended", session=session.number, address=session.visitor.address, reason=ending.reason, status=end.status,
            seconds=round(session.lasted, 1), memory_kb=end.memory, cpu_seconds=round(end.cpu, 2), id=ending.id,
            log=end.log,
        )  # fmt: skip

    def refused(self, address: str, refusal: Refused) -> None:
        if self._refusals.take(f"{address} {refusal.reason}", time.monotonic()):
            self.event("refused", address=address, reason=refusal.reason)
        else:
            self._writer.leave_out()

    def note(self, text: str) -> None:
        """What concerns no session."""
        self.event("note", text=text)

    def event(self, kind: str, **values: Any) -> None:
        """One line. Values that are empty are left out; a log of many lines follows indented."""
        if lost := self._writer.lost():
            self.event("lost", lines=lost)
        values = {name: value for name, value in values.items() if value not in ("", None)}
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        if self._json:
            self._print(json.dumps({"time": now, "event": kind} | values, ensure_ascii=False))
            return
        log = str(values.pop("log", ""))
        told = "  ".join(f"{name} {plain(str(value))}" for name, value in values.items())
        self._print(f"{now[11:19]}  {kind}  {told}")
        for line in log.splitlines():
            self._print(f"    {plain(line)}")

    def _print(self, line: str) -> None:
        self._writer.put(lambda: self._write(line))

    def _write(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=self._out, flush=True)

    def refresh(self, sessions: Iterable[Session], most: int) -> None:
        """The table as it is now."""
        if self._live is None:
            return
        from rich.table import Table

        live = list(sessions)
        title = tr("{count} of {most} places taken ({share})", count=len(live), most=most,
                   share=percent(len(live) / most))  # fmt: skip
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for name in (tr("session"), tr("address"), tr("window"), tr("terminal"), tr("for"), tr("sent")):
            table.add_column(name)
        for session in live:
            columns, rows = session.window
            table.add_row(
                str(session.number), plain(session.visitor.address), f"{columns}×{rows}",
                plain(session.visitor.term)[:20], f"{decimals(session.lasted, 0)} s",
                f"{decimals(session.sent / 1000, 0)} kB",
            )  # fmt: skip
        self._writer.put(lambda: self._live.update(table, refresh=True))

    def close(self) -> None:
        """Write what is left, and leave the terminal as it was."""
        if self._live is not None:
            self._writer.put(self._live.stop)
        self._writer.close()
