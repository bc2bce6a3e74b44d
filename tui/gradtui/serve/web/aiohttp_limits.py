"""Browsers' connections, held to their bounds: several are opened for a page, and one more for its session."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from ..session.limits import Limits

#: Connections for each session that one may have: browsers open six for a page, one becomes the session.
_CONNECTIONS = 8
#: Seconds that a connection may last which is no session: the page is 400 kB, which 50 kB/s bring in 8 s.
_LONGEST = 60.0
#: Bytes that the kernel keeps for a page that is slow, and of a line and a field of a request.
_SOCKET, _LINE = 1 << 16, 4096


class Connections:
    """How many there are, by address, and what each may take."""

    def __init__(self, limits: Limits, note: Callable[[str], None]) -> None:
        self._most, self._most_of_one = _CONNECTIONS * limits.sessions, _CONNECTIONS * limits.per_address
        self._of_address: Counter[str] = Counter()
        #: Seconds that a connection may wait for a request.
        self.patience = limits.login
        self.note = note

    def enter(self, address: str) -> bool:
        """Whether there is room for one more."""
        if self._of_address.total() >= self._most or self._of_address[address] >= self._most_of_one:
            return False
        self._of_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._of_address[address] -= 1
        if self._of_address[address] <= 0:
            del self._of_address[address]


class Connection(web.RequestHandler):
    """One connection: aborted where it is one too many, or where it lasts for long without being a session."""

    __slots__ = ("_address", "_connections", "_deadline")

    def __init__(self, connections: Connections, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=connections.patience,
            lingering_time=0,
            max_line_size=_LINE,
            max_field_size=_LINE,
        )
        self._connections = connections
        self._address: str | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        address = str((transport.get_extra_info("peername") or ("unknown",))[0])
        if not self._connections.enter(address):
            transport.abort()
            return
        self._address = address
        self._deadline = asyncio.get_running_loop().call_later(_LONGEST, transport.abort)
        # A slow page's frames wait in the program, which can leave some out, not here by the megabyte.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self.settle()
        if self._address is not None:
            self._connections.leave(self._address)
            self._address = None

    def settle(self) -> None:
        """It has become a session, which has limits of its own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def handle_error(self, request: web.BaseRequest, status: int = 500, *what: Any, **named: Any) -> Any:
        """A number for the visitor, the rest for the log: aiohttp names itself, and what it could not read."""
        answer = super().handle_error(request, status, *what, **named)
        assert isinstance(answer, web.Response)
        answer.text = f"{status}\n"
        answer.headers["Server"] = "gradtui"
        return answer

    def log_exception(self, *what: Any, **named: Any) -> None:
        """What is wrong here; what is wrong with a request is not worth a line."""
        error = named.get("exc_info")
        if not isinstance(error, web.HTTPException | OSError) and not _of_request(error):
            self._connections.note(f"web: {error!r}")


def _of_request(error: object) -> bool:
    from aiohttp.http_exceptions import HttpProcessingError

    return isinstance(error, HttpProcessingError)
