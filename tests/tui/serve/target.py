"""A server under attack, and the asyncssh client that attacks it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from tests.tui.serve.servers import PASSWORD

#: Bytes that are more than the modes which the program sets first.
FIRST_FRAME = 3000


@dataclass(frozen=True)
class Target:
    """A server under attack: its port and process, its --login, from where to attack it and for how long."""

    port: int
    front: int
    login: float
    seconds: float
    address: str = "127.0.0.1"

    def sessions(self) -> set[int]:
        """The processes of its sessions: the zygote's forks."""
        return {pid for zygote in _children(self.front) for pid in _children(zygote)}

    def clock(self) -> Callable[[], bool]:
        """Whether the attack goes on."""
        end = time.monotonic() + self.seconds
        return lambda: time.monotonic() < end

    async def connect(self, **options: Any) -> Any:
        """A connection that has logged in. Typed as anything: what follows is not what its types foresee."""
        return await asyncssh.connect(
            "127.0.0.1", self.port, username="demo", password=options.pop("password", PASSWORD), known_hosts=None,
            config=None, client_keys=None, agent_path=None, local_addr=(self.address, 0), **options,
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator[Any]:
        conn = await self.connect(**options)
        try:
            yield conn
        finally:
            conn.abort()

    @contextlib.asynccontextmanager
    async def visiting(self, **options: Any) -> AsyncIterator[tuple[Any, Any, Watching]]:
        """A connection whose session has its first frame."""
        async with self.connected() as conn:
            channel, session = await start(conn, **options)
            await asyncio.wait_for(session.first.wait(), 10)
            yield conn, channel, session


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Watching(asyncssh.SSHClientSession[bytes]):
    """A client's session: how much has come, and the last of it."""

    def __init__(self) -> None:
        self.size, self.text = 0, b""
        self.first = asyncio.Event()

    def data_received(self, data: bytes, datatype: Any) -> None:
        self.size += len(data)
        self.text = (self.text + data)[-20_000:]
        if self.size > FIRST_FRAME:
            self.first.set()


async def start(conn: Any, **options: Any) -> tuple[Any, Watching]:
    """Ask for the program."""
    size = options.pop("size", (120, 36))
    channel, session = await conn.create_session(
        Watching, term_type="xterm-256color", term_size=size, encoding=None, **options
    )
    return channel, session
