"""Which steps are looked at: so many that recording costs no more than its share of the training's time."""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Final, Literal

Every = Literal["auto"] | int

#: So many steps are looked at from the first on: what is wrong at the start shows there, and what a step costs.
FIRST: Final = 8
#: And up to this one each whose number is twice the last one's, as it takes 400 steps and more until the first ones are
#: paid for: of a training of a few hundred steps something is seen after its start.
DOUBLING: Final = 256
#: So many that are not looked at are timed before it is decided how many there are between two that are.
_TIMED: Final = 4
#: A step of fewer seconds than these is too short for a share of 1 %, whose fixed cost is as much on a slow machine.
SHORT: Final = 0.004
#: Steps that short are looked at whenever an eighth more has passed: a run of a few seconds has something to show, and
#: a long one comes to its share all the same.
_DENSER: Final = 8
#: So often a step is looked at because the loss before it was no number.
ASKS: Final = 3
#: What is measured inside misses what it does to the caches: what steps take longer counts, up to so many times that.
_BESIDE: Final = 2.0


class Schedule:
    """`due` says before a step whether it is looked at, `seen` and `unseen` learn afterwards what it took."""

    def __init__(self, every: Every, budget: float) -> None:
        self.every: Every = every
        self.budget = budget
        #: Of what is due, one in so many is looked at: the file is large.
        self.thinned = 1
        #: No step before this one is looked at.
        self.next = 0
        self._own = 0.0
        self._wall = 0.0
        self._sampled: deque[float] = deque(maxlen=9)
        self._costs: deque[float] = deque(maxlen=9)
        self._others: deque[float] = deque(maxlen=31)
        self._said = False
        self._asked = -1
        self._asks = ASKS

    def due(self, step: int) -> bool:
        """Whether a step is looked at."""
        if 0 <= self._asked <= step:
            return True
        if step < self.next and not self._doubles(step):
            return False
        if isinstance(self.every, int):
            # One that could not be looked at is made up for: the first that can be, from there on, is due.
            period = self.every * self.thinned
            self.next = math.ceil(self.next / period) * period
            return step >= self.next
        if step < FIRST or self._doubles(step):
            return True
        waits = self._waits(step)
        self.next = step + waits
        return waits == 0

    def _doubles(self, step: int) -> bool:
        return self.every == "auto" and 0 < step <= DOUBLING and step & (step - 1) == 0

    def seen(self, step: int, seconds: float, cost: float, own: float) -> None:
        """A step that was looked at took so many seconds, cost of them the recorder's own, which are own so far."""
        self._wall += seconds
        self._own = own
        self._sampled.append(seconds)
        self._costs.append(cost)
        self._asked = -1
        if isinstance(self.every, int):
            self.next = (step // self.every + 1) * self.every
        elif step >= FIRST - 1:
            self.next = step + (self.interval(step) if len(self._others) >= _TIMED else 1 + _TIMED)

    def unseen(self, seconds: float, own: float) -> None:
        """A step that was not looked at took so many seconds."""
        self._wall += seconds
        self._own = own
        self._others.append(seconds)

    def soon(self, step: int) -> None:
        """A step is looked at whatever it costs: the loss has just ceased to be a number."""
        if self._asks:
            self._asks -= 1
            self._asked = step

    def interval(self, step: int) -> int:
        """Steps from one that is looked at to the next: what one takes longer, over the share of the others' time."""
        usual = median(self._others)
        interval = max(1, math.ceil(self._cost / max(usual * self.budget, 1e-9))) * self.thinned
        return min(interval, max(1, step // _DENSER) * self.thinned) if self._short else interval

    def too_short(self) -> str:
        """Once, what is to be said of steps that are too short for the share; else nothing."""
        if self._said or self.every != "auto" or len(self._others) < _TIMED or not self._short:
            return ""
        self._said = True
        return (
            f"a step takes {1000 * median(self._others):.2g} ms: recording costs more than {100 * self.budget:.3g} % "
            f"of steps shorter than {1000 * SHORT:.2g} ms; every={100 * FIRST} would cost less"
        )

    @property
    def _short(self) -> bool:
        return median(self._others) < SHORT

    @property
    def _cost(self) -> float:
        """Seconds that a step takes longer for being looked at: as measured inside, and from one step to the next."""
        inside = median(self._costs)
        return max(inside, min(median(self._sampled) - median(self._others), _BESIDE * inside))

    def _waits(self, step: int) -> int:
        """How many steps it takes until one more keeps the whole run within its share."""
        usual = median(self._others)
        if self._short:
            return 0
        missing = self._own + median(self._costs) - self.budget * self._wall
        return min(math.ceil(missing / max(usual * self.budget, 1e-9)), 10 * self.interval(step)) if missing > 0 else 0
