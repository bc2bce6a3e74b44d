"""Checkpoints: states of a training from which later iterations are computed again, bit for bit."""

from __future__ import annotations

import bisect
import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core import allowances
from ..core.nested import arrays_in
from ..core.numerics import Array
from ..rules.optimisers import State as OptimiserState
from ..run.loss_scale import LossScale

#: Seconds of training between two checkpoints: from the one before it any iteration is there again within 0.1 s, also
#: where the replay shares the processor.
SECONDS = 0.05
#: Bytes of all checkpoints together, unless told otherwise.
MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class State:
    """A training before iteration k: every parameter in one block, the optimiser's state, BatchNorm's statistics.

    Nobody writes to the arrays.
    """

    k: int
    parameters: Array
    optimiser: OptimiserState
    running: Mapping[str, Array]
    scale: LossScale = field(default_factory=LossScale)

    @functools.cached_property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in arrays_in((self.parameters, self.optimiser, self.running)))


class Checkpoints:
    """States by iteration, as many as there is memory for: beyond it every second one is dropped, and from then on they
    are taken half as often. One thread adds; others may read.
    """

    def __init__(
        self,
        most_bytes: float = MOST_BYTES,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._most = min(most_bytes, allowances.current().checkpoints)
        self._seconds, self._clock = seconds, clock
        self._states: dict[int, State] = {}
        self._since = -np.inf

    def due(self) -> bool:
        """Whether it is time for another one; also where another thread goes on, whose clock began later."""
        now = self._clock()
        return now < self._since or now - self._since >= self._seconds

    def add(self, state: State) -> None:
        states = self._states | {state.k: state}
        self._since = self._clock()
        while len(states) > 2 and sum(kept.nbytes for kept in states.values()) > self._most:
            # The first one always stays: from it everything can be had again.
            states = dict(sorted(states.items())[::2])
            self._seconds *= 2
        # A new dictionary: a reader goes on in the one that it has.
        self._states = states

    def before(self, k: int) -> State:
        """The latest state from which iteration k can be reached."""
        states = self._states
        known = sorted(states)
        return states[known[bisect.bisect_right(known, k) - 1]]

    def take_over(self, other: Checkpoints, k: int) -> None:
        """Begin with another's states up to iteration k."""
        self._states = {start: state for start, state in other._states.items() if start <= k}

    @property
    def iterations(self) -> tuple[int, ...]:
        return tuple(sorted(self._states))

    @property
    def nbytes(self) -> int:
        return sum(state.nbytes for state in self._states.values())
