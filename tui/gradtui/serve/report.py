"""What the host sees: a live table in a terminal, lines where there is none, or JSON lines."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any, TextIO

from ..formats import percent
from ..language import tr
from .endings import Ending, Refused
from .launcher import End
from .restore import plain
from .sessions import Session

TABLE, LINES, JSON = "table", "text", "json"
FORMS = (TABLE, LINES, JSON)


class Report:
    """A watcher that writes."""

    def __init__(self, out: TextIO, form: str) -> None:
        """form: of FORMS; a table only where `out` is a terminal."""
        self._out = out
        self._json = form == JSON
        self._live: Any = None
        if form == TABLE and out.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=out), auto_refresh=False, transient=True)
            self._live.start()

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
        self.event("refused", address=address, reason=refusal.reason)

    def note(self, text: str) -> None:
        """What concerns no session."""
        self.event("note", text=text)

    def event(self, kind: str, **values: Any) -> None:
        """One line. Values that are empty are left out; a log of many lines follows indented."""
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
        for each in live:
            columns, rows = each.window
            table.add_row(
                str(each.number), plain(each.visitor.address), f"{columns}×{rows}", plain(each.visitor.term)[:20],
                f"{each.lasted:.0f} s", f"{each.sent / 1000:.0f} kB",
            )  # fmt: skip
        self._live.update(table, refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
