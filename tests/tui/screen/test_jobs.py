"""The worker: in order, one at a time, cancelled when nobody wants it, and nothing lost or swallowed."""

from __future__ import annotations

import asyncio
import signal
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from gradtui.model.needs import NOTHING, Failed, Known, Watch
from gradtui.screen.jobs import prepare
from tests.tui.jobs import DEADLINE, Control, Desk, Task, happens, run


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


# -- the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_leaves_with_the_status_that_a_shell_expects(number: signal.Signals) -> None:
    async def session() -> int:
        left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        prepare(left.set_result)
        signal.raise_signal(number)
        return await asyncio.wait_for(left, DEADLINE)

    assert asyncio.run(session()) == 128 + number
