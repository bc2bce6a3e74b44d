"""What the parts of a recorder share: which step it is, what is known of it, and how a note is written."""

from __future__ import annotations

import time
from threading import get_ident
from typing import Any, Protocol

from .guard import Guard
from .losses import Losses
from .sample import Sample
from .watched import Watched
from .writer import Writer


class Clock:
    """Counts the seconds that the recorder's own code takes: `with clock:` around each way in."""

    __slots__ = ("_start", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self._start

    @property
    def so_far(self) -> float:
        """The seconds, with those of what is being done."""
        return self.seconds + time.perf_counter() - self._start


class PlainSteps(Protocol):
    """What is done in the steps of a plain loop that are not looked at."""

    @property
    def pending(self) -> bool:
        """Whether a backward pass of this step is over already."""

    def began(self) -> None:
        """The first backward pass of a step begins."""

    def passed(self, root: Any) -> None:
        """A backward pass is over, the first one."""

    def stepped(self) -> bool:
        """The optimizer has stepped; false where the step goes the longer way."""

    def leave(self) -> None:
        """The step that is under way is none of these: what has been passed over is taken back."""


class Context:
    """n is the number of steps before this one, sample what is known of it where it is looked at (else None)."""

    def __init__(self, watched: Watched, writer: Writer) -> None:
        self.watched = watched
        self.writer = writer
        self.guard = Guard(self.note)
        self.clock = Clock()
        self.losses = Losses()
        self.n = 0
        #: When the step before was over.
        self.last = time.perf_counter()
        #: What does the steps of a plain loop, while they are such.
        self.plain: PlainSteps | None = None
        self.sample: Sample | None = None
        #: Of GradScaler, a tensor, while it lets an optimizer of ours step.
        self.scale: Any = None
        #: Whether a backward pass is under way: what torch.autograd.grad is asked for is not the loss's gradient.
        self.passing = False
        #: The thread that trains the model, once it is known: another one's backward passes are of another model.
        self.thread: int | None = None
        self._notes: set[tuple[str, str]] = set()
        self._early: list[dict[str, Any]] | None = []

    @property
    def elsewhere(self) -> bool:
        """Whether another thread is at work than the one that trains the model."""
        return self.thread is not None and self.thread != get_ident()

    def look_away(self) -> None:
        """The step is looked at no more."""
        if self.sample is not None:
            self.sample.leave()
            self.sample = None

    def note(self, text: str, module: str = "") -> None:
        """Writes what cannot be seen, and why: the same once."""
        if (text, module) in self._notes:
            return
        self._notes.add((text, module))
        line: dict[str, Any] = {"k": "note", "n": self.n, "text": text}
        if module:
            line["module"] = module
        if self._early is None:
            self.writer.write(line)
        else:
            self._early.append(line)

    def began(self, line: dict[str, Any]) -> None:
        """Writes the run line, and after it the notes that came before it was known."""
        self.writer.write(line)
        for early in self._early or ():
            self.writer.write(early)
        self._early = None

    @property
    def has_begun(self) -> bool:
        return self._early is None
