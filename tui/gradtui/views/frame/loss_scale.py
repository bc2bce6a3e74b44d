"""The axis of losses: of both trainings, of what is held out, and of guessing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .training_sides import Sides

#: Losses over a span of so many times are drawn on a log axis: on a linear one a tenth is half a row of five.
_LOG_FROM = 10.0
#: A loss beyond so many times the start's and guessing's is drawn at the upper edge: 5e126 would flatten all others.
_OFF_SCALE = 100.0


@dataclass(frozen=True, slots=True)
class LossScale:
    """The axis of the losses: its ends, as log10 where it is a log axis."""

    low: float
    high: float
    log: bool

    def place(self, loss: float) -> float:
        if not self.log:
            return loss
        return math.log10(loss) if loss > 0 else -math.inf

    def ends(self) -> tuple[float, float]:
        return (10**self.low, 10**self.high) if self.log else (self.low, self.high)


def scale_of(sides: Sides) -> LossScale:
    """The axis that holds both losses, the validations and that of guessing; linear it begins at 0."""
    guess = sides.guess or 0.0
    found: list[float] = [guess] if guess > 0 else []
    start = guess
    for side in sides:
        low_ones, high_ones = (losses[np.isfinite(losses)] for losses in side.losses)
        if low_ones.size and high_ones.size:
            found += [float(low_ones.min()), float(high_ones.max())]
            start = max(start, float(high_ones[0]))
        found += [row.loss for row in side.snapshot.validations if math.isfinite(row.loss)]
    high = min(max(found, default=1.0), (start or 1.0) * _OFF_SCALE)
    low = min((loss for loss in found if loss > 0), default=0.0)
    least = min(found, default=0.0)
    if least < 0:
        # Of somebody's own training a loss may be negative: a reward's, a likelihood's.
        return LossScale(least, max(max(found), least / 2), log=False)
    if low > 0 and high / low > _LOG_FROM:
        return LossScale(math.log10(low), math.log10(high), log=True)
    return LossScale(0.0, high if high > 0 else 1.0, log=False)
