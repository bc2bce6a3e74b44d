"""How far a training has come, in a line on a terminal's stderr; nothing where it is none."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from gradtui_engine.core.figures import NONE, loss_text, percent, short
from gradtui_engine.training.history import TrainingHistory

from ..text.glyphs import render
from ..text.language import tr

if TYPE_CHECKING:
    from rich.progress import Progress

#: Seconds between two looks: rich draws ten times a second.
_SECONDS = 0.1
#: Cells of the bar, at the most: the numbers come first.
_BAR = 20


@contextlib.contextmanager
def progress(histories: Sequence[TrainingHistory]) -> Iterator[Callable[[], None]]:
    """What is to be called after every iteration. The line is gone when the training is over."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    line = Progress(TextColumn("{task.description}", markup=False), console=Console(stderr=True), transient=True)
    with line:
        yield _Line(line, histories).tell


class _Line:
    """The line of a training, worked out at most so often."""

    def __init__(self, line: Progress, histories: Sequence[TrainingHistory]) -> None:
        self._line, self._histories = line, histories
        self._start, self._told = time.monotonic(), 0.0
        self._task = line.add_task(self._text(0.0))

    def tell(self) -> None:
        now = time.monotonic()
        if now >= self._told + _SECONDS:
            self._told = now
            self._line.update(self._task, description=self._text(now - self._start))

    def _text(self, seconds: float) -> str:
        """████░░░░  40 %  loss 0.41  180/s  3 s left."""
        done = sum(history.count for history in self._histories)
        total = sum(history.count if history.done else history.training.iterations for history in self._histories)
        share = done / total
        speed = done / len(self._histories) / seconds if seconds > 0 else 0.0
        losses = [loss_text(_loss(history)) for history in self._histories]
        names = [tr("loss")] if len(losses) == 1 else ["A", "B"]
        parts = [
            percent(share),
            *(f"{name} {loss}" for name, loss in zip(names, losses, strict=True)),
            tr("{speed}/s", speed=short(speed) if speed else NONE),
            tr("{time} left", time=clock(seconds / done * (total - done)) if done else NONE),
        ]
        return with_bar(share, parts, self._line.console.width)


def with_bar(share: float, parts: Sequence[str], width: int) -> str:
    """A bar of what is done before the numbers, as long as there is room for it."""
    numbers = render("  ".join(parts))
    room = min(_BAR, width - cell_len(numbers) - 3)
    filled = round(share * room)
    return render("█" * filled + "░" * (room - filled)) + "  " + numbers if room > 0 else numbers


def _loss(history: TrainingHistory) -> float | None:
    columns = history.trainer.columns.read()
    return float(columns["loss"][-1]) if len(columns["loss"]) else None


def clock(seconds: float) -> str:
    """12 s, 3:05, 1:02:09."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
