"""Sessions over a plain PTY, as SSH and the browser share them: without any of both."""

from __future__ import annotations

import asyncio
import os
import select
import signal

import pytest

from gradtui.serve.session.session import Session
from gradtui.serve.session.sessions import Sessions
from gradtui.serve.session.visitor import Visitor
from tests.tui.serve.waiting import until
from tests.tui.serve.zygotes import Sink, opened, run, run_with_own_zygote


def test_a_session_is_opened_drawn_and_left() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await opened(sessions)
        session.write(b"q")
        assert (await session.ended).status == 0
        assert not sessions.live
        assert len(sessions) == 0

    assert run(script) == ["opened", "first frame", "left"]


def test_what_is_paused_delivers_nothing_until_it_is_resumed() -> None:
    async def script(sessions: Sessions) -> None:
        session, sink = await opened(sessions)
        session.pause_reading()
        size = len(sink.data)
        session.resize(100, 30)
        await until(lambda: select.select([session._master], [], [], 0)[0] != [], "the program's drawing")
        await asyncio.sleep(0)
        assert len(sink.data) == size
        session.resume_reading()
        await until(lambda: len(sink.data) >= size + 1000, "the drawing at the visitor's")

    run(script)


def test_more_keys_than_a_person_types_are_held_and_then_taken() -> None:
    async def script(sessions: Sessions) -> None:
        session, sink = await opened(sessions)
        session.write(b"j" * 500)
        assert sink.held == [True]
        await until(lambda: sink.held == [True, False], "the keys to be taken")

    run(script, input_rate=1000, input_burst=100)


def test_who_sends_on_although_held_is_ended() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await opened(sessions)
        session.write(b"j" * 100_000)
        assert (await session.ended).reason == "flood"

    run(script)


def test_arguments_that_nobody_can_use_end_the_session_without_a_trace_of_the_host() -> None:
    async def script(sessions: Sessions) -> None:
        sink = Sink()
        session = await sessions.open(Visitor("here"), (80, 24), ["--depth", "many"], sink)
        assert isinstance(session, Session)
        ending = await session.ended
        assert (ending.reason, ending.status) == ("crash", 1)
        assert ending.id in ending.sentence
        assert b"Traceback" not in sink.data
        assert b"/" not in sink.data
        assert b"many" not in sink.data

    run(script)


def test_a_visit_that_is_given_up_while_it_starts_leaves_no_place_taken() -> None:
    async def script(sessions: Sessions) -> None:
        for wait in (0.0, 0.001, 0.003, 0.01):
            opening = asyncio.create_task(sessions.open(Visitor("here"), (80, 24), [], Sink()))
            await asyncio.sleep(wait)
            opening.cancel()
            for done in await asyncio.gather(opening, return_exceptions=True):
                if isinstance(done, Session):
                    done.close("gone")
                    await done.ended
        assert len(sessions) == 0

    run(script)


@pytest.mark.soak
def test_where_the_zygote_dies_before_it_is_ready_each_session_loads_the_program_itself() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await opened(sessions, "--depth", "3")
        session.write(b"q")
        assert (await session.ended).status == 0

    told = run_with_own_zygote(script, lambda pid: os.kill(pid, signal.SIGKILL))
    assert "prepares nothing" in told[0]
    assert told[1:] == ["opened", "first frame", "left"]
