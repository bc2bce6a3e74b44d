"""What is computed once for a trace: once, for each its own, and not longer than it lives."""

from __future__ import annotations

import gc
import weakref

from gradtui.views.frame.once import once, once_with
from gradtui_engine import Experiment, Run, simulate


def test_each_trace_is_computed_once_and_has_its_own() -> None:
    asked: list[float] = []

    @once
    def loss(trace: Run) -> float:
        """The loss."""
        asked.append(trace.loss)
        return trace.loss

    one, other = (simulate(Experiment(depth=2, seed=seed)) for seed in (1, 2))
    assert [loss(one), loss(other), loss(one)] == [one.loss, other.loss, one.loss]
    assert asked == [one.loss, other.loss]
    assert loss.__doc__ == "The loss."


def test_a_trace_is_not_kept_and_a_new_one_at_its_address_is_computed_anew() -> None:
    @once
    def loss(trace: Run) -> float:
        return trace.loss

    gc.disable()
    try:
        for seed in range(5):
            trace = simulate(Experiment(depth=2, seed=seed))
            assert loss(trace) == trace.loss
            gone = weakref.ref(trace)
            del trace
            assert gone() is None
    finally:
        gc.enable()


def test_of_parts_the_latest_are_kept_and_of_the_whole_all() -> None:
    asked: list[object] = []

    @once
    def loss(trace: Run) -> float:
        asked.append("loss")
        return trace.loss

    def part(trace: Run, key: int) -> int:
        def compute() -> int:
            asked.append(key)
            return key

        return once_with(trace, ("part", key), compute)

    trace = simulate(Experiment(depth=2))
    assert loss(trace) == trace.loss
    assert [part(trace, key) for key in (1, 2, 1, 2)] == [1, 2, 1, 2]
    assert asked == ["loss", 1, 2]
    for key in range(3, 60):
        part(trace, key)
    del asked[:]
    assert (loss(trace), part(trace, 59), part(trace, 1)) == (trace.loss, 59, 1)
    assert asked == [1], "long ago"
