"""Fair timing on a shared machine: contestants take turns, and only times of the same round are compared."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Times = Mapping[str, list[float]]

# Seconds that a turn repeats a contestant for.
TURN = 0.05
LEAST_ROUNDS, MOST_ROUNDS = 5, 41


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the quartiles around it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        return cls(*statistics.quantiles(values, n=4, method="inclusive"))

    def __str__(self) -> str:
        return f"{self.median:6.2f}  ({self.low:.2f}–{self.high:.2f})"


def measure(contestants: Mapping[str, Callable[[], object]], seconds: float) -> Times:
    """Seconds of CPU per call of each contestant, by round; rounds until the time is up.

    In a round each has one turn, in an order drawn anew, so that nobody always comes after the same.
    The garbage collector runs as in life, but spares what stood before (PyTorch's modules).
    """
    start = time.perf_counter()
    repeats = {name: _repeats(function) for name, function in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    gc.collect()
    gc.freeze()
    orders = random.Random(0)
    for number in range(MOST_ROUNDS):
        if number >= LEAST_ROUNDS and time.perf_counter() - start > seconds:
            break
        for name in orders.sample(names, len(names)):
            times[name].append(_turn(contestants[name], repeats[name]))
    gc.unfreeze()
    return times


def ratio(times: Times, numerator: str, denominator: str) -> Spread:
    """How many times as long one contestant takes as another: of the ratios within each round."""
    pairs = zip(times[numerator], times[denominator], strict=True)
    return Spread.of([one / other for one, other in pairs])


def _turn(function: Callable[[], object], repeats: int) -> float:
    """Seconds of this thread's CPU per call, the system's included: others on the machine do not count.

    The first of many is not counted: after another's turn it finds the caches cold (+50 %).
    """
    if repeats > 1:
        function()
    start = time.thread_time()
    for _ in range(repeats):
        function()
    return (time.thread_time() - start) / repeats


def _repeats(function: Callable[[], object]) -> int:
    """How often to call a contestant in one turn; warms it up on the way."""
    return max(1, round(TURN / min(_turn(function, 1) for _ in range(3))))
