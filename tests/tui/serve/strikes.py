"""What may happen to an attacker's own session: it is killed, crashes, blocks, or runs out of something."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.tui.serve.target import Target, Watching


@contextlib.asynccontextmanager
async def _own_process(target: Target) -> AsyncIterator[tuple[int, Any, Watching]]:
    """A session of the attacker's, and its process. Others come and go meanwhile: not theirs."""
    while True:
        before = target.sessions()
        async with target.visiting() as (_, channel, session):
            if len(found := target.sessions() - before) == 1:
                yield found.pop(), channel, session
                return


def struck(strike: Callable[[int], None]) -> Callable[[Target], Awaitable[None]]:
    """Something ends the attacker's own session, once it plays; the terminal is then put right."""

    async def run(target: Target) -> None:
        going = target.clock()
        while True:
            async with _own_process(target) as (pid, channel, session):
                channel.write(b" ")
                strike(pid)
                await asyncio.wait_for(_computing(channel), 15)
                assert b"\x1b[?1049l" in session.text
                assert channel.get_exit_status() == 1
                assert b"Traceback" not in session.text
            if not going():
                return
            await asyncio.sleep(0.3)

    return run


async def blocked(target: Target) -> None:
    """A session whose program does nothing, whatever comes."""
    async with _own_process(target) as (pid, channel, _):
        os.kill(pid, signal.SIGSTOP)
        channel.write(b"j" * 1000)
        await asyncio.sleep(target.seconds)
        os.kill(pid, signal.SIGCONT)


async def no_memory(target: Target) -> None:
    """A session gets no more memory, and is asked to compute: it says that it cannot, or fails."""
    async with _own_process(target) as (pid, channel, _):
        resource.prlimit(pid, resource.RLIMIT_DATA, (1 << 20, 1 << 20))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_computing(channel), target.seconds)


async def _computing(channel: Any) -> None:
    """Something to compute and to draw, again and again until the channel is closed."""
    closed = asyncio.ensure_future(channel.wait_closed())
    while not (await asyncio.wait([closed], timeout=0.1))[0]:
        with contextlib.suppress(OSError):
            channel.write(b"R")


def use_up_time(pid: int) -> None:
    """The kernel's limit is what has been used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK")
    _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
    resource.prlimit(pid, resource.RLIMIT_CPU, (max(1, used), hard))
