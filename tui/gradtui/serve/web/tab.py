"""A browser's tab: becomes a session, or one clear line that says why not.

The page is textual-serve's: it says ["stdin", text], ["resize", {"width": w, "height": h}], ["ping", text], ["focus"]
and ["blur"], and takes ["pong", text] and, as binary messages, what the program writes to its terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from ..session.endings import Refused
from ..session.meter import Meter
from ..session.session import Session
from ..session.sessions import Sessions
from ..session.terminal_reset import plain
from ..session.visitor import Visitor

#: Bytes of a message from the page, after inflation; and of one to it: what is longer aiohttp compresses in a thread.
MOST_MESSAGE, _CHUNK = 1 << 16, 1 << 14
#: Bytes that wait for the page before the program has to wait.
_WATER = 1 << 15
#: Messages are JSON: a mouse's move of 13 bytes comes as 35. So many times the keys' rate all messages may have, each
#: counted as so many bytes more than it is.
_WRAPPING, _EACH = 10, 16
#: Characters of a ping that are sent back.
_MOST_PING = 64
#: Seconds that a farewell, and then the page's own goodbye, may take until the connection is cut.
_FAREWELL, _GOODBYE = 2.0, 0.5


class Wrong(Exception):
    """A message that no page of ours sends."""


class Tab:
    """The Sink of a session that is shown in a page."""

    def __init__(self, sessions: Sessions, arguments: Callable[[], Sequence[str]]) -> None:
        self._sessions, self._arguments = sessions, arguments
        limits = sessions.limits
        self.socket = web.WebSocketResponse(
            timeout=_GOODBYE, autoclose=False, heartbeat=limits.keepalive, max_msg_size=MOST_MESSAGE,
            writer_limit=_CHUNK,
        )  # fmt: skip
        self._session: Session | None = None
        self._out = bytearray()
        self._pong: str | None = None
        self._wake = asyncio.Event()
        self._over = False
        rate = _WRAPPING * limits.input_rate
        self._meter = Meter(rate, max(rate, 4 * MOST_MESSAGE))
        self._loop = asyncio.get_running_loop()

    async def run(self, request: web.Request, visitor: Visitor, window: tuple[int, int]) -> None:
        """From the request to the end."""
        await self.socket.prepare(request)
        transport = request.transport
        try:
            if transport is None:
                return
            transport.set_write_buffer_limits(high=_WATER)
            session = await self._sessions.open(visitor, window, self._arguments(), self)
            if isinstance(session, Refused):
                self.deliver(f"{plain(session.sentence)}\r\n".encode())
                self._end()
                await asyncio.wait({self._loop.create_task(self._send())}, timeout=_FAREWELL)
            else:
                self._session = session
                session.ended.add_done_callback(lambda future: self._end())
                await self._both_ways(session)
            await asyncio.wait_for(self.socket.close(), _FAREWELL)
        except TimeoutError:
            pass
        finally:
            if self._session is not None:
                self._session.close("gone")
            if transport is not None:
                transport.abort()

    async def _both_ways(self, session: Session) -> None:
        sending, receiving = self._loop.create_task(self._send()), self._loop.create_task(self._receive(session))
        try:
            ends: set[asyncio.Future[Any]] = {sending, receiving, session.ended}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            # A page that has gone, or whose connection has, takes its session along; another reason stands.
            if sending.done() or (receiving.done() and receiving.result()):
                session.close("gone")
            await session.ended
            await asyncio.wait({sending}, timeout=_FAREWELL)
        finally:
            for task in (sending, receiving):
                task.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)

    # -- to the page -----------------------------------------------------------------------------------

    def deliver(self, data: bytes) -> None:
        """The program's output."""
        self._out += data
        self._wake.set()
        if len(self._out) >= _WATER and self._session is not None:
            self._session.pause_reading()

    def hold(self, on: bool) -> None:
        """A page cannot be made to wait: who stops listening to it does not hear it go. More is a flood."""

    def _end(self) -> None:
        self._over = True
        self._wake.set()

    async def _send(self) -> None:
        """What there is, at the pace at which it is taken, to the end."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._out:
                    data = bytes(self._out[:_CHUNK])
                    del self._out[:_CHUNK]
                    await self.socket.send_bytes(data)
                    if len(self._out) < _WATER and self._session is not None:
                        self._session.resume_reading()
                if self._pong is not None:
                    pong, self._pong = self._pong, None
                    await self.socket.send_str(json.dumps(["pong", pong]))
                if self._over and not self._out:
                    return

    # -- from the page ---------------------------------------------------------------------------------

    async def _receive(self, session: Session) -> bool:
        """True where the page has gone; False where it was sent away."""
        while True:
            message = await self.socket.receive()
            if message.type is not WSMsgType.TEXT:
                # Closed or broken; or binary, which no page of ours sends.
                return message.type is not WSMsgType.BINARY or self._send_away(session)
            if not self._meter.take(len(message.data) + _EACH, self._loop.time()):
                return self._send_away(session)
            try:
                self._take(session, message.data)
            except Wrong:
                return self._send_away(session)

    def _send_away(self, session: Session) -> bool:
        session.close("flood")
        return False

    def _take(self, session: Session, text: str) -> None:
        """One message. Raises Wrong."""
        try:
            message = json.loads(text)
            kind, *values = message if isinstance(message, list) else (None,)
            take = _MESSAGES.get(kind) if isinstance(kind, str) else None
            if take is None:
                raise Wrong
            take(self, session, *values)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Wrong from None

    def _keys(self, session: Session, text: str) -> None:
        session.write(_of(text, str).encode(errors="replace"))

    def _size(self, session: Session, size: Mapping[str, int]) -> None:
        session.resize(_of(size["width"], int), _of(size["height"], int))

    def _ping(self, session: Session, text: str) -> None:
        self._pong = _of(text, str)[:_MOST_PING]
        self._wake.set()

    def _look(self, session: Session) -> None:
        """The page has come to the front or gone behind: the program need not know."""


_MESSAGES: Mapping[str, Callable[..., None]] = {
    "stdin": Tab._keys, "resize": Tab._size, "ping": Tab._ping, "focus": Tab._look, "blur": Tab._look,
}  # fmt: skip


def _of(value: Any, kind: type) -> Any:
    """The value, if it is of this very type. Raises TypeError."""
    if type(value) is not kind:
        raise TypeError
    return value
