"""Which steps are looked at: so many that recording costs no more than its share of the training's time."""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Final, Literal

Every = Literal["auto"] | int

#: So many steps are looked at from the first on: what is wrong at the start shows there, and what a step costs.
FIRST: Final = 8
#: As many that are not looked at are timed before it is decided how many there are between two that are.
_TIMED: Final = 4
#: A step of fewer seconds than these is too short for a share of 1 %: the fixed cost alone is as much.
SHORT: Final = 0.004
#: Steps that short are looked at whenever an eighth more has passed: a run of a few seconds has something to show, and
#: a long one comes to its share all the same.
_DENSER: Final = 8


class Schedule:
    """`due` says before a step whether it is looked at, `over` learns afterwards what it took."""

    def __init__(self, every: Every, budget: float) -> None:
        self.every: Every = every
        self.budget = budget
        self.thinned = 1
        self.own = 0.0
        self.seconds = 0.0
        self._last = -1
        self._sampled: deque[float] = deque(maxlen=9)
        self._costs: deque[float] = deque(maxlen=9)
        self._others: deque[float] = deque(maxlen=31)
        self._soon = 0

    def due(self, step: int) -> bool:
        """Whether a step is looked at."""
        if isinstance(self.every, int):
            return step % (self.every * self.thinned) == 0
        if step < FIRST:
            return True
        if self._soon:
            self._soon -= 1
            return True
        if step - self._last <= min(_TIMED, FIRST) and len(self._others) < _TIMED:
            return False
        return step - self._last >= self.interval(step) * self.thinned and (self.short or self._paid)

    def over(self, step: int, sampled: bool, seconds: float, own: float) -> None:
        """A step is over that took so many seconds, of which so many were the recorder's own."""
        self.own += own
        self.seconds += seconds
        if sampled:
            self._last = step
            self._sampled.append(seconds)
            self._costs.append(own)
        else:
            self._others.append(seconds)

    def soon(self) -> None:
        """The next step is looked at whatever it costs: the loss has just ceased to be a number."""
        self._soon = 1

    def interval(self, step: int) -> int:
        """Steps from one that is looked at to the next: what one costs more, over the share of the others' time."""
        if not self._others or not self._sampled:
            return 1
        usual = median(self._others)
        interval = max(1, math.ceil(self._cost / max(usual * self.budget, 1e-9)))
        return min(interval, max(1, step // _DENSER)) if self.short else interval

    @property
    def short(self) -> bool:
        """Whether the training's steps are too short for its share."""
        return bool(self._others) and median(self._others) < SHORT * min(1.0, 0.01 / max(self.budget, 1e-4))

    @property
    def step_seconds(self) -> float | None:
        """What a step takes that is not looked at."""
        return median(self._others) if len(self._others) >= _TIMED else None

    @property
    def _cost(self) -> float:
        """Seconds that a step takes longer for being looked at: measured inside, and from one step to the next.

        The steps' own times vary (batches of several lengths): what they say counts up to three times what was
        measured inside.
        """
        inside = median(self._costs)
        longer = median(self._sampled) - median(self._others)
        return max(inside, min(longer, 3 * inside))

    @property
    def _paid(self) -> bool:
        """Whether one more keeps the whole run within its share."""
        return self.own + self._cost <= self.budget * self.seconds
