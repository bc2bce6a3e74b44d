"""How far a sweep has come, in a line on a terminal's stderr; nothing where it is none."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gradtui_engine.core.figures import NONE, counted, percent
from gradtui_engine.sweeps.cell import Cell

from ..text.language import tr
from .train_progress import clock, with_bar

if TYPE_CHECKING:
    from rich.progress import Progress

#: Seconds between two looks: rich draws ten times a second.
_SECONDS = 0.1


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[Cell | None], None]]:
    """What is to be called with every cell, and with None all the time. The line is gone when the sweep is over."""
    if not sys.stderr.isatty():
        yield lambda cell: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    line = Progress(TextColumn("{task.description}", markup=False), console=Console(stderr=True), transient=True)
    with line:
        yield _Line(line, total).tell


class _Line:
    """The line of a sweep, worked out at most so often."""

    def __init__(self, line: Progress, total: int, now: Callable[[], float] = time.monotonic) -> None:
        self._line, self._total, self._now = line, total, now
        self._start, self._told = now(), 0.0
        self._known = self._computed = self._failed = 0
        self._task = line.add_task(self.text(0.0))

    def tell(self, cell: Cell | None) -> None:
        """A cell has come; None: time has gone by, of which long cells take more than the ones before."""
        if cell is not None:
            self._known += cell.known
            self._computed += not cell.known
            self._failed += cell.failed
        now = self._now()
        if now >= self._told + _SECONDS:
            self._told = now
            self._line.update(self._task, description=self.text(now - self._start))

    def text(self, seconds: float) -> str:
        """████░░░░  40 %  61/153 cells  2 without a number  12 s left: as the cells took that were computed."""
        done = self._known + self._computed
        left = seconds / self._computed * (self._total - done) if self._computed else None
        parts = [
            percent(done / self._total),
            tr("{done}/{all} cells", done=counted(done), all=counted(self._total)),
            *([tr("{count} without a number", count=counted(self._failed))] if self._failed else []),
            tr("{time} left", time=clock(left) if left is not None else NONE),
            tr("esc stops"),
        ]
        return with_bar(done / self._total, parts, self._line.console.width)
