"""The losses of all steps of which they are known: those of the events, and those between, out of the rings."""

from __future__ import annotations

import numpy as np

from ..core.numerics import Array
from .growing import Growing
from .run_lines import MOST_STEPS


class EveryLoss:
    """Pairs of step and loss, ascending, which grow event by event."""

    def __init__(self) -> None:
        self._pairs = Growing((2,))
        self._count = self._events = 0
        #: Of an event whose turn has not come: what its line has of the steps before it.
        self._rings: dict[int, Array] = {}

    def keep(self, event: int, ring: Array) -> None:
        """The ring (steps, 2) of an event's line."""
        self._rings[event] = ring

    def extend(self, steps: Array, losses: Array, known: Array) -> None:
        """All events so far, whose lines are read: (count,) each; of those that are new the ring, and the loss where it
        is known."""
        parts = []
        for event in range(self._events, len(steps)):
            ring = self._rings.pop(event, None)
            if ring is not None and len(ring):
                parts.append(ring)
            if known[event]:
                parts.append(np.array([[steps[event], losses[event]]]))
        self._events = len(steps)
        if parts:
            self.add(np.concatenate(parts))

    def add(self, pairs: Array) -> None:
        """Losses of steps, (steps, 2); none comes before the last; of two of one step the later holds."""
        last = self._pairs.array[self._count - 1, 0] if self._count else -1.0
        with np.errstate(invalid="ignore"):
            pairs = pairs[(pairs[:, 0] >= 0) & (pairs[:, 0] < MOST_STEPS)]
            highest = np.maximum.accumulate(np.concatenate([[last], pairs[:, 0]]))
            pairs = pairs[pairs[:, 0] >= highest[:-1]]
        pairs = pairs[np.append(pairs[1:, 0] > pairs[:-1, 0], True)] if len(pairs) else pairs
        if len(pairs) and pairs[0, 0] == last:
            self._count -= 1
        count = self._count + len(pairs)
        self._pairs.reserve(count)
        self._pairs.array[self._count : count] = pairs
        self._count = count

    def view(self) -> tuple[Array, Array]:
        """(steps, losses)."""
        pairs = self._pairs.view(self._count)
        return pairs[:, 0].astype(np.int64), pairs[:, 1]
