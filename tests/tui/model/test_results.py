"""Which results are kept, in case a person goes back, and which are dropped."""

from __future__ import annotations

import asyncio
import sys

import pytest

from gradtui.screen import jobs
from gradtui.screen.jobs import prepare
from gradtui_engine import Experiment, Run
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
    assert jobs._size(one) == occupied(one.record) < by_name


def test_traces_that_are_too_large_together_go_but_never_the_wanted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [computed(Experiment(depth=3, width=width, batch=4)) for width in (8, 9, 10)]
    sizes = [occupied(one.record) for one in traces]
    needs = [Task(str(number), result=result) for number, result in enumerate(traces)]

    def kept(most: int) -> list[str]:
        monkeypatch.setattr(jobs, "_MOST_BYTES", most)

        async def script(desk: Desk) -> None:
            for need in needs:
                desk.want(need)
                await desk.done()

        return [getattr(need, "name", "?") for need in run(script).jobs.results]

    assert kept(sizes[0] + sizes[1]) == ["0", "1", "2"]
    assert kept(sizes[0] + sizes[1] - 1) == ["1", "2"]
    assert kept(0) == ["2"]


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
