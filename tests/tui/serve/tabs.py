"""Tabs without a browser: a page's side of the WebSocket, and what their tests have in common."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp

from tests.tui.serve.servers import Server
from tests.tui.serve.waiting import until

#: On every first screen.
SHOWN = b"vanishing"


class Tab:
    """A page's side of the WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.wire = b""

    async def read(self, condition: Callable[[], bool], what: str) -> None:
        """Take what comes until the condition holds."""
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}: {self.wire[-500:]!r}"
            with contextlib.suppress(TimeoutError):
                message = await self.socket.receive(0.2)
                assert message.type is aiohttp.WSMsgType.BINARY or condition(), f"{message} before {what}"
                self.wire += message.data

    async def shows(self, text: bytes) -> None:
        await self.read(lambda: text in self.wire, repr(text))

    async def say(self, *message: object) -> None:
        await self.socket.send_str(json.dumps(message))

    async def last_words(self) -> str:
        """All that comes until the server closes; the line below the screen that was left."""
        async with asyncio.timeout(20):
            async for message in self.socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.wire += message.data
        return self.wire.rpartition(b"\x1b[?25h")[2].decode().strip()

    @property
    def _transport(self) -> asyncio.Transport:
        assert self.socket._response.connection is not None
        found = self.socket._response.connection.transport
        assert isinstance(found, asyncio.Transport)
        return found

    def freeze(self) -> None:
        """Read nothing from now on, not even the server's pings; the system keeps little for later."""
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._transport.pause_reading()

    def cut(self) -> None:
        """As when the browser is killed."""
        self._transport.abort()


@contextlib.asynccontextmanager
async def client(source: str = "127.0.0.1") -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(local_addr=(source, 0), limit=0)
    async with aiohttp.ClientSession(connector=connector) as found:
        yield found


@contextlib.asynccontextmanager
async def visit(
    server: Server, window: str = "?width=100&height=30", source: str = "127.0.0.1", packed: bool = True, **headers: str
) -> AsyncIterator[Tab]:
    """A tab, as the page opens it."""
    address = server.serving["web"]
    named = {"Origin": address.rstrip("/")} | {name.replace("_", "-"): text for name, text in headers.items()}
    async with (
        client(source) as session,
        session.ws_connect(f"{address}ws{window}", headers=named, compress=15 * packed, max_msg_size=0) as found,
    ):
        yield Tab(found)


def run(script: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(script, 60)

    asyncio.run(bounded())


async def alone(server: Server) -> None:
    """Wait for the sessions before to be gone, and forget what was told of them."""
    await until(lambda: not server.sessions(), "the sessions before to be gone")
    server.read()
    server.events.clear()
