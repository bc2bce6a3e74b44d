"""Which results are kept, in case a person goes back, and which are dropped."""

from __future__ import annotations

import asyncio
import sys

import pytest

from gradtui.model.needs import Computed
from gradtui.model.timeline import Timeline
from gradtui.screen import jobs
from gradtui.screen.held import Held, blocks_of
from gradtui.screen.jobs import prepare
from gradtui.text import process
from gradtui_engine import Experiment, Run, simulate
from tests.tui.helpers import computed
from tests.tui.jobs import Desk, Task, run


def test_the_oldest_results_go_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MOST_RESULTS", 3)

    async def script(desk: Desk) -> None:
        for number in range(10):
            desk.want(Task(str(number)))
            await desk.done()

    kept = [getattr(need, "name", "?") for need in run(script).jobs.results]
    assert kept == ["6", "7", "8", "9"]


def test_what_is_wanted_stays_however_many_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MOST_RESULTS", 2)
    wanted = [Task(str(number)) for number in range(9)]

    async def script(desk: Desk) -> None:
        desk.want(Task("old"))
        await desk.done()
        desk.want(*wanted)
        await desk.done()

    assert list(run(script).jobs.results) == [Task("old"), *wanted]


def occupied(trace: Run) -> int:
    """Bytes of memory behind a trace's arrays: of the blocks that they lie in, each once."""
    groups = (trace.values, trace.gradients, trace.parameters, trace.parameter_gradients)
    blocks = {}
    for array in (each for arrays in groups for each in arrays.values()):
        while array.base is not None:
            array = array.base
        blocks[array.ctypes.data] = array.nbytes
    return sum(blocks.values())


def test_rows_of_a_stack_count_once() -> None:
    """An LSTM's c and its c/1, c/2 … are one memory: counted by name, it was twice as large as it is."""
    one = computed(Experiment(cell="lstm", data="gaussian", steps=100, width=64, batch=32))
    by_name = sum(each.nbytes for each in (*one.record.values.values(), *one.record.gradients.values()))
    blocks = blocks_of(one)
    around = blocks.pop(id(one))
    assert occupied(one.record) <= sum(blocks.values()) < by_name
    assert around < 2**20


def test_what_two_results_share_counts_once_and_until_both_are_gone() -> None:
    held = Held()
    held.add("a", {1: 100, 2: 10})
    held.add("b", {1: 100, 3: 1})
    assert held.total == 111
    held.add("a", {1: 100, 4: 2})
    assert held.total == 103
    held.drop("b")
    assert held.total == 102
    held.keep_only([])
    assert held.total == 0
    assert "a" not in held


def test_traces_that_are_too_large_together_go_but_never_the_wanted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [computed(Experiment(depth=3, width=width, batch=4)) for width in (8, 9, 10)]
    needs = [Task(str(number), result=result) for number, result in enumerate(traces)]
    held = Held()
    for number, result in enumerate(traces):
        held.add(str(number), blocks_of(result))
    monkeypatch.setattr(jobs, "_MB", 1)

    def kept(most: int) -> list[str]:
        async def script(desk: Desk) -> None:
            for need in needs:
                desk.want(need)
                await desk.done()

        with process.during(kept_results=most):
            return [getattr(need, "name", "?") for need in run(script).jobs.results]

    assert kept(held.total) == ["0", "1", "2"]
    assert kept(held.total - 1) == ["1", "2"]
    assert kept(0) == ["2"]


def test_what_is_kept_stays_within_its_bound_in_real_bytes_however_long_a_session_is() -> None:
    """Traces of up to 5 MB under a bound of 24: after each one no more memory is held than that, all blocks counted."""
    most = 24

    async def script(desk: Desk) -> None:
        for seed in range(60):
            experiment = Experiment(depth=10 + seed % 3 * 10, width=32, batch=64, seed=seed, inputs=16, data="gaussian")
            trace = simulate(experiment)
            desk.want(Task(str(seed), result=Computed(trace, Timeline.of(trace))))
            await desk.done()
            results = desk.jobs.results.values()
            blocks = {block: size for result in results for block, size in blocks_of(result).items()}
            assert sum(blocks.values()) <= most * 2**20
            assert str(seed) in [getattr(need, "name", "?") for need in desk.jobs.results]
            assert seed < 5 or sum(blocks.values()) > most * 2**20 - 2 * 5 * 2**20, "nor is more dropped than has to be"

    with process.during(kept_results=most):
        run(script)


def test_the_event_loop_waits_no_longer_than_a_millisecond_for_its_turn() -> None:
    """While a worker runs Python, reader, loop and writer each wait for theirs: Python's 5 ms each are felt."""
    before = sys.getswitchinterval()

    async def session() -> float:
        prepare(lambda status: None)
        return sys.getswitchinterval()

    try:
        assert asyncio.run(session()) <= 1e-3
    finally:
        sys.setswitchinterval(before)
