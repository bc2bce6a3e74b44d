"""Jobs in a running loop, with computations that a test holds and lets go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gradtui.model.needs import NOTHING, Known, Need, Watch
from gradtui.screen.jobs import Jobs
from gradtui_engine import Cancelled

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
