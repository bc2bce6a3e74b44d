"""Sessions over a plain PTY, as SSH and the browser share them: without any of both."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from gradtui.serve.session.endings import Ending, Refused
from gradtui.serve.session.limits import Limits
from gradtui.serve.session.sessions import Session, Sessions, Visitor
from gradtui.serve.session.zygote_client import Launcher


class Sink:
    """A visitor's end that keeps all."""

    def __init__(self) -> None:
        self.data = b""
        self.held: list[bool] = []
        self.arrived = asyncio.Event()

    def deliver(self, data: bytes) -> None:
        self.data += data
        if len(self.data) > 3000:
            self.arrived.set()

    def hold(self, on: bool) -> None:
        self.held.append(on)


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def opened(self, session: Session) -> None:
        self.told.append("opened")

    def first_frame(self, session: Session, seconds: float) -> None:
        self.told.append("first frame")

    def ended(self, session: Session, ending: Ending, end: Any) -> None:
        self.told.append(ending.reason)

    def refused(self, address: str, refusal: Refused) -> None:
        self.told.append(refusal.reason)


def run(
    script: Callable[[Sessions], Awaitable[None]], while_loading: Callable[[int], None] | None = None, **limits: Any
) -> list[str]:
    """Run it with sessions of its own; what the watcher was told. while_loading gets the warm parent's number."""
    watcher = Watcher()

    async def all_of_it() -> None:
        found = Limits(**limits)
        launcher = Launcher(found, watcher.told.append)
        starting = asyncio.create_task(launcher.start())
        if while_loading is not None:
            while launcher.pid is None:
                await asyncio.sleep(0)
            while_loading(launcher.pid)
        await starting
        sessions = Sessions(found, launcher, watcher)
        try:
            await asyncio.wait_for(script(sessions), 30)
        finally:
            await sessions.close()
            await launcher.close()

    asyncio.run(all_of_it())
    return watcher.told


async def open_(sessions: Sessions, *arguments: str) -> tuple[Session, Sink]:
    sink = Sink()
    session = await sessions.open(Visitor("here"), (80, 24), arguments, sink)
    assert isinstance(session, Session)
    await sink.arrived.wait()
    return session, sink


def test_a_session_is_opened_drawn_and_left() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await open_(sessions)
        session.write(b"q")
        assert (await session.ended).status == 0
        assert not sessions.live
        assert len(sessions) == 0

    assert run(script) == ["opened", "first frame", "left"]


def test_what_is_paused_delivers_nothing_until_it_is_resumed() -> None:
    async def script(sessions: Sessions) -> None:
        session, sink = await open_(sessions)
        session.pause_reading()
        size = len(sink.data)
        session.resize(100, 30)
        await asyncio.sleep(0.5)
        assert len(sink.data) == size
        session.resume_reading()
        while len(sink.data) < size + 1000:
            await asyncio.sleep(0.01)

    run(script)


def test_more_keys_than_a_person_types_are_held_and_then_taken() -> None:
    async def script(sessions: Sessions) -> None:
        session, sink = await open_(sessions)
        session.write(b"j" * 500)
        assert sink.held == [True]
        while sink.held != [True, False]:
            await asyncio.sleep(0.01)

    run(script, input_rate=1000, input_burst=100)


def test_who_sends_on_although_held_is_ended() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await open_(sessions)
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


def test_where_the_warm_parent_dies_before_it_is_ready_each_session_loads_the_program_itself() -> None:
    async def script(sessions: Sessions) -> None:
        session, _ = await open_(sessions, "--depth", "3")
        session.write(b"q")
        assert (await session.ended).status == 0

    told = run(script, while_loading=lambda pid: os.kill(pid, signal.SIGKILL))
    assert "prepares nothing" in told[0]
    assert told[1:] == ["opened", "first frame", "left"]
