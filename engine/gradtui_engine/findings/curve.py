"""The loss of every step that is known, and what its course says."""

from __future__ import annotations

import functools
import math

import numpy as np

from ..core.numerics import Array

#: Fewer losses say nothing of a course: a tenth of them would be one.
LEAST = 20
#: Of fewer than that it is seen whether they rise far, from three on: the first three are where it started.
FEWEST = 3
#: A loss over fewer steps is at its start.
LEAST_STEPS = 50
#: At the least so many are a part of the course, where there are twice as many.
_PART = 5
_RISEN = 1.5
#: A normal distribution's median difference of two is 0.95 of its deviation: three of them.
NOISES = 3.0


class LossCurve:
    """steps (ascending) and losses, of every step that is known, between the events too."""

    def __init__(self, steps: Array, losses: Array) -> None:
        self.every_step, self.every_loss = steps, losses
        finite = np.isfinite(losses)
        self.steps, self.losses = steps[finite], losses[finite]
        self.count = len(self.losses)

    @property
    def is_long(self) -> bool:
        return self.count >= LEAST

    @functools.cached_property
    def is_negative(self) -> bool:
        """Whether any is below 0: then what is half as large is not twice as good."""
        return bool((self.losses < 0).any())

    @functools.cached_property
    def part(self) -> int:
        """How many a tenth of them are."""
        return max(self.count // 10, min(_PART, self.count // 2), 1)

    @functools.cached_property
    def first(self) -> float:
        """The median of the first tenth; NaN of none. That of the first three where the loss has risen within it: what
        comes down from where an update threw it has learnt nothing yet.
        """
        if not self.count:
            return math.nan
        first, start = float(np.median(self.losses[: self.part])), float(np.median(self.losses[:3]))
        return start if first > _RISEN * start > 0 else first

    @functools.cached_property
    def last(self) -> float:
        """The median of the last tenth; NaN of none."""
        return float(np.median(self.losses[-self.part :])) if self.count else math.nan

    @property
    def end_ratio(self) -> float:
        """What the last tenth is of the first: 0.1 of one that fell to a tenth."""
        if not self.first > 0:
            return 1.0 if self.last <= self.first else math.inf
        return self.last / self.first

    @functools.cached_property
    def first_broken(self) -> tuple[int, float] | None:
        """The step of the first loss that is not finite, and that loss; None for none."""
        broken = np.flatnonzero(~np.isfinite(self.every_loss))
        return (int(self.every_step[broken[0]]), float(self.every_loss[broken[0]])) if len(broken) else None

    @property
    def start(self) -> float:
        """The largest of the first three; NaN of none."""
        return float(self.losses[:3].max()) if self.count else math.nan

    @property
    def rises_far(self) -> float:
        """How many times as large as at first the last one of a few is, where that is no noise; 1 where it may be.

        Over a hundred times the largest of the first half, of the first three at the most: batches of losses differ by
        a factor of 10, rarely, and by 100 where a loss is close to 0, which it is not at the start. Or five and more,
        each above the one before, of which the last is ten times the first: without a trend five stand in that order
        once in 5! = 120 times.
        """
        if self.count < FEWEST or not self.losses[0] > 0:
            return 1.0
        ratio = float(self.losses[-1] / self.losses[0])
        base = float(self.losses[: min(3, max(self.count // 2, 1))].max())
        ascending = self.count >= _PART and bool((np.diff(self.losses) > 0).all())
        return ratio if self.losses[-1] > 100 * base or (ascending and ratio > 10) else 1.0

    def rise_after(self, step: int, within: int = 20, over: int = 5, noise: float = NOISES) -> float:
        """How many times as large the loss is after an update of this step: the median of the next 20 losses, or of
        what there is of them, over the median of 5 before the update. 1 where too little is known.

        A loss that is back after a few steps has done no damage: at the edge of stability, where full batches end up by
        themselves (Cohen et al. 2021), it rises fivefold for five steps, and goes on falling. Nor has one that is no
        higher than some of the 20 before: it is as noisy as that (a policy's, which is of rewards 0 and 10). Where
        there are fewer than 5 before, their median is off by what one loss differs from the next: so many times that,
        over the root of their number, it is to rise (noise).
        """
        at = int(np.searchsorted(self.steps, step, side="right"))
        before, after = self.losses[max(0, at - over) : at], self.losses[at : at + within]
        if not len(before) or not len(after):
            return 1.0
        base, risen = float(np.median(before)), float(np.median(after))
        if risen <= float(self.losses[max(0, at - within) : at].max()):
            return 1.0
        if not base > 0:
            return 1.0
        with np.errstate(all="ignore"):
            spread = float(np.median(np.abs(np.diff(np.log(after))))) if len(after) > over else 0.0
        if len(before) < over and math.log(risen / base) < noise * spread / math.sqrt(len(before)):
            return 1.0
        return risen / base
