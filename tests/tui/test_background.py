"""The worker: in order, one at a time, cancelled when nobody wants it, and nothing lost or swallowed."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from gradtui import background
from gradtui.background import Jobs, prepare
from gradtui.needs import NOTHING, Failed, Known, Need, Watch
from gradtui_engine import Cancelled, Experiment, Trace

from .helpers import computed

#: What is waited for comes within milliseconds; the deadline only says that it never will.
DEADLINE = 20.0


@dataclass
class Control:
    """What a test knows of a computation, and how it holds it."""

    started: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    #: Told, before it waits, and after.
    shares: tuple[float, float] = (0.25, 0.75)
    looks: bool = True
    error: Exception | None = None
    runs: int = 0
    ends: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Task:
    """A need that does what its control says; without one it is done at once."""

    name: str
    control: Control | None = field(default=None, compare=False)
    result: Any = field(default=None, compare=False)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Any:
        control = self.control
        if control is None:
            return self.result or self.name
        control.runs += 1
        control.threads.add(threading.current_thread().name)
        try:
            watch(control.shares[0])
            control.started.set()
            assert control.go.wait(DEADLINE)
            if control.error is not None:
                raise control.error
            if control.looks:
                watch(control.shares[1])
        except Cancelled:
            control.ends.append("cancelled")
            raise
        control.ends.append("done")
        return self.result or self.name


class Desk:
    """Jobs in a running loop, and what they delivered."""

    def __init__(self) -> None:
        self.delivered: list[tuple[Need, Any]] = []
        self.work: list[asyncio.Task[None]] = []
        self.jobs = Jobs(self._spawn, lambda need, result: self.delivered.append((need, result)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(asyncio.get_running_loop().create_task(work))

    def want(self, *tasks: Need) -> None:
        self.jobs.want(tasks)

    @property
    def names(self) -> list[str]:
        return [getattr(need, "name", "?") for need, _ in self.delivered]

    async def done(self) -> None:
        """Until there is nothing left to compute; an error of a computation is raised here."""
        while any(not each.done() for each in self.work):
            await asyncio.wait_for(asyncio.gather(*self.work), DEADLINE)
        for each in self.work:
            each.result()


def run(script: Callable[[Desk], Awaitable[None]]) -> Desk:
    async def session() -> Desk:
        desk = Desk()
        await script(desk)
        return desk

    return asyncio.run(session())


async def happens(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, DEADLINE)


def test_what_is_wanted_is_computed_in_order_and_delivered_in_the_loop() -> None:
    threads: set[int] = set()

    async def script(desk: Desk) -> None:
        deliver = desk.jobs._deliver
        desk.jobs._deliver = lambda need, result: (threads.add(threading.get_ident()), deliver(need, result))[1]
        desk.want(Task("a"), Task("b"), Task("c"))
        assert not desk.jobs.idle
        await desk.done()
        assert desk.jobs.idle

    desk = run(script)
    assert desk.delivered == [(Task(name), name) for name in "abc"]
    assert desk.jobs.results == {Task(name): name for name in "abc"}
    assert threads == {threading.get_ident()}


def test_what_has_been_computed_is_not_computed_again() -> None:
    control = Control()
    control.go.set()

    async def script(desk: Desk) -> None:
        for _ in range(3):
            desk.want(Task("a", control))
            await desk.done()

    assert run(script).names == ["a"]
    assert control.runs == 1


def test_what_failed_is_computed_anew_when_it_is_asked_for_anew_and_not_before() -> None:
    """A file may have been mended; while it is wanted all along, it is not tried at every key."""
    broken = Task("broken", Control(), Failed("no such file"))
    fine = Task("fine", Control(), "fine")
    for each in (broken, fine):
        assert each.control is not None
        each.control.go.set()

    async def script(desk: Desk) -> None:
        for wanted in ((fine, broken), (broken, fine), (fine,), (fine, broken)):
            desk.want(*wanted)
            await desk.done()

    assert run(script).names == ["fine", "broken", "broken"]


def test_a_computation_is_handed_what_is_there_already() -> None:
    @dataclass(frozen=True)
    class Sum:
        def compute(self, watch: Watch, known: Known = NOTHING) -> Any:
            return known[Task("one")] + known[Task("two")]

    async def script(desk: Desk) -> None:
        desk.want(Task("one", result=1), Task("two", result=2), Sum())
        await desk.done()

    assert run(script).delivered[-1] == (Sum(), 3)


def test_what_is_wanted_first_comes_next_and_what_is_still_wanted_goes_on() -> None:
    held = Control()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held), Task("b"))
        await happens(held.started)
        desk.want(Task("c"), Task("a", held), Task("b"))
        held.go.set()
        await desk.done()

    assert run(script).names == ["a", "c", "b"]
    assert held.ends == ["done"]


def test_what_nobody_wants_any_more_is_stopped_and_not_delivered() -> None:
    held = Control()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held))
        await happens(held.started)
        desk.want(Task("b"))
        held.go.set()
        await desk.done()

    desk = run(script)
    assert held.ends == ["cancelled"]
    assert desk.names == ["b"]
    assert Task("a") not in desk.jobs.results


def test_what_was_stopped_is_computed_when_it_is_wanted_again() -> None:
    held = Control()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held))
        await happens(held.started)
        desk.want()
        held.go.set()
        await desk.done()
        assert desk.names == []
        desk.want(Task("a", held))
        await desk.done()

    assert run(script).names == ["a"]
    assert held.ends == ["cancelled", "done"]


def test_who_changes_their_mind_and_back_loses_nothing() -> None:
    held = Control()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held))
        await happens(held.started)
        desk.want(Task("b"))
        desk.want(Task("a", held))
        held.go.set()
        await desk.done()

    assert run(script).names == ["a"]
    assert held.ends == ["done"]


def test_what_is_done_before_it_notices_is_kept_but_not_delivered() -> None:
    held = Control(looks=False)

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held))
        await happens(held.started)
        desk.want(Task("b"))
        held.go.set()
        await desk.done()

    desk = run(script)
    assert desk.names == ["b"]
    assert desk.jobs.results == {Task("a"): "a", Task("b"): "b"}


def test_one_computation_at_a_time_in_one_thread() -> None:
    """A second one would not start before the first has ended, whatever is wanted meanwhile."""
    first, second = Control(), Control()
    second.go.set()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", first))
        await happens(first.started)
        desk.want(Task("a", first), Task("b", second))
        desk.want(Task("b", second), Task("a", first))
        assert not second.started.is_set()
        first.go.set()
        await desk.done()

    assert run(script).names == ["a", "b"]
    assert len(first.threads | second.threads) == 1


def test_progress_is_what_the_computation_told_last_and_nothing_when_idle() -> None:
    held = Control(shares=(0.25, 0.75))

    async def script(desk: Desk) -> None:
        assert desk.jobs.progress() == (0.0, 0.0)
        desk.want(Task("a", held))
        await happens(held.started)
        share, seconds = desk.jobs.progress()
        assert share == 0.25
        assert 0.0 <= seconds < DEADLINE
        held.go.set()
        await desk.done()
        assert desk.jobs.progress() == (0.0, 0.0)

    run(script)


def test_an_unexpected_error_reaches_whoever_runs_the_work() -> None:
    held = Control(error=ZeroDivisionError("a bug"))
    held.go.set()

    async def script(desk: Desk) -> None:
        desk.want(Task("a", held), Task("b"))
        with pytest.raises(ZeroDivisionError, match="a bug"):
            await desk.done()

    assert run(script).names == []


# -- what is kept --------------------------------------------------------------------------------------


def test_the_oldest_results_go_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_MOST_RESULTS", 3)

    async def script(desk: Desk) -> None:
        for number in range(10):
            desk.want(Task(str(number)))
            await desk.done()

    kept = [getattr(need, "name", "?") for need in run(script).jobs.results]
    assert kept == ["6", "7", "8", "9"]


def test_what_is_wanted_stays_however_many_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_MOST_RESULTS", 2)
    wanted = [Task(str(number)) for number in range(9)]

    async def script(desk: Desk) -> None:
        desk.want(Task("old"))
        await desk.done()
        desk.want(*wanted)
        await desk.done()

    assert list(run(script).jobs.results) == [Task("old"), *wanted]


def occupied(trace: Trace) -> int:
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
    by_name = sum(each.nbytes for each in (*one.trace.values.values(), *one.trace.gradients.values()))
    assert background._size(one) == occupied(one.trace) < by_name


def test_traces_that_are_too_large_together_go_but_never_the_wanted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [computed(Experiment(depth=3, width=width, batch=4)) for width in (8, 9, 10)]
    sizes = [occupied(one.trace) for one in traces]
    needs = [Task(str(number), result=result) for number, result in enumerate(traces)]

    def kept(most: int) -> list[str]:
        monkeypatch.setattr(background, "_MOST_BYTES", most)

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


# -- the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_leaves_with_the_status_that_a_shell_expects(number: signal.Signals) -> None:
    async def session() -> int:
        left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        prepare(left.set_result)
        signal.raise_signal(number)
        return await asyncio.wait_for(left, DEADLINE)

    assert asyncio.run(session()) == 128 + number
