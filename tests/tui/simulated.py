"""A simulated clock, terminals with links of every kind, and a program that plays to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gradtui.screen.terminal.pacing import Pacer

TICK = 0.001
FRAME = 8000


def place(asked: str) -> tuple[int, int]:
    """Where a terminal says that its cursor is when it is asked so: where it has just been put."""
    found = re.search(r"\x1b\[(\d+);(\d+)H\x1b\[6n", asked)
    assert found is not None
    return int(found[1]), int(found[2])


@dataclass
class Terminal:
    """A terminal behind a link of so many bytes a second and so many seconds of delay each way.

    open(now): bytes move; there(now): somebody reads and answers, else what arrives is lost.
    """

    rate: float = 1e9
    delay: float = 0.0
    open: Callable[[float], bool] = lambda now: True
    there: Callable[[float], bool] = lambda now: True
    queue: list[tuple[int, str]] = field(default_factory=list)
    answers: list[tuple[float, int, int]] = field(default_factory=list)
    budget: float = 0.0

    def write(self, size: int, asked: str = "") -> None:
        self.queue.append((size, asked))

    def pass_time(self, now: float) -> None:
        self.budget = self.rate * TICK + (self.budget if self.queue else 0.0) if self.open(now) else 0.0
        while self.queue and self.open(now) and self.queue[0][0] <= self.budget:
            size, asked = self.queue.pop(0)
            self.budget -= size
            if asked and self.there(now):
                self.answers.append((now + 2 * self.delay, *place(asked)))

    @property
    def frames_queued(self) -> int:
        return sum(size > 100 for size, _ in self.queue)


@dataclass
class Show:
    """A program that plays, and what came of it."""

    pacer: Pacer
    terminal: Terminal
    speed: float = 30.0
    size: int = FRAME
    ask: bool = True
    paused: bool = False
    now: float = 0.0
    frames: list[tuple[float, int]] = field(default_factory=list)
    asked: list[tuple[float, str]] = field(default_factory=list)
    most_queued: int = 0

    def __post_init__(self) -> None:
        self.pacer.start(0.0)

    def play(self, seconds: float) -> Show:
        end = self.now + seconds
        while self.now < end:
            self.now += TICK
            self.terminal.pass_time(self.now)
            while self.terminal.answers and self.terminal.answers[0][0] <= self.now:
                self.pacer.answered(*self.terminal.answers.pop(0)[1:])
            if not self.paused:
                self._look()
            self.most_queued = max(self.most_queued, self.terminal.frames_queued)
        return self

    def _look(self) -> None:
        steps = self.pacer.advance(self.now, self.speed)
        if steps:
            self.draw(steps)
        self.write(0, self.pacer.ask_again(self.now))

    def draw(self, steps: int = 0) -> None:
        self.pacer.drawn(self.now)
        self.frames.append((self.now, steps))
        self.write(self.size, self.pacer.ask(self.now) if self.ask else "")

    def write(self, size: int, asked: str) -> None:
        if size or asked:
            self.terminal.write(size + len(asked), asked)
        if asked:
            self.asked.append((self.now, asked))

    @property
    def steps(self) -> int:
        return sum(steps for _, steps in self.frames)

    def frames_between(self, start: float, end: float) -> int:
        return sum(start < at <= end for at, _ in self.frames)
