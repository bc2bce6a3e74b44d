"""Sessions without SSH and browser: one zygote for all tests of a process, as one costs a second and a half."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gradtui.serve.session.endings import Ending, Refused
from gradtui.serve.session.limits import Limits
from gradtui.serve.session.session import Session
from gradtui.serve.session.sessions import Sessions
from gradtui.serve.session.visitor import Visitor
from gradtui.serve.session.zygote_client import ZygoteClient
from tests.tui.serve.servers import EXPLORE

Script = Callable[[Sessions], Awaitable[None]]


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


class _Shared:
    """The zygote of this process's tests, and the event loop that it is heard in."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        # Most tests are about one network, and the story would be trained first.
        self.zygote = ZygoteClient(Limits(), lambda text: None, EXPLORE)
        self.runner.run(self.zygote.start())

    def close(self) -> None:
        self.runner.run(self.zygote.close())
        self.runner.close()


_shared: list[_Shared] = []


def close() -> None:
    """End the zygote, when no test will ask for it."""
    while _shared:
        _shared.pop().close()


def run(script: Script, **limits: Any) -> list[str]:
    """Run the script with sessions of its own, held to these limits of theirs; what the watcher was told."""
    if not _shared:
        _shared.append(_Shared())
    (shared,) = _shared
    return shared.runner.run(_with_sessions(script, shared.zygote, Watcher(), Limits(**limits)))


def run_with_own_zygote(
    script: Script, while_loading: Callable[[int], None] = lambda pid: None, arguments: Sequence[str] = EXPLORE
) -> list[str]:
    """The same with a zygote of its own, whose number while_loading gets."""
    watcher = Watcher()

    async def whole() -> list[str]:
        zygote = ZygoteClient(Limits(), watcher.told.append, arguments)
        starting = asyncio.create_task(zygote.start())
        while zygote.pid is None:
            await asyncio.sleep(0)
        while_loading(zygote.pid)
        await starting
        try:
            return await _with_sessions(script, zygote, watcher, Limits())
        finally:
            await zygote.close()

    return asyncio.run(whole())


async def _with_sessions(script: Script, zygote: ZygoteClient, watcher: Watcher, limits: Limits) -> list[str]:
    sessions = Sessions(limits, zygote, watcher)
    try:
        await asyncio.wait_for(script(sessions), 30)
    finally:
        await sessions.close()
    return watcher.told


async def opened(sessions: Sessions, *arguments: str) -> tuple[Session, Sink]:
    """A session that has its first frame."""
    sink = Sink()
    session = await sessions.open(Visitor("here"), (80, 24), arguments, sink)
    assert isinstance(session, Session)
    await sink.arrived.wait()
    return session, sink
