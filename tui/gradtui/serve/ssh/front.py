"""The SSH front: lets visitors in to a session each, and to nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh import ChannelOpenError

from gradtui_engine.core.figures import exact

from ..session.endings import REFUSALS, refused
from ..session.limits import Limits
from ..session.meter import Meters
from ..session.sessions import Sessions
from .asyncssh_limits import COMPRESSION, RECEIVED, bound_compression, bound_connection, release
from .visit import Visit

#: Seconds that a wrong password costs.
_WRONG = 0.5
#: Seconds after which asyncssh would end a login that takes longer than it may.
_LATER = 2.0
#: Of the connections that have not logged in, the share that one address may have.
_SHARE = 3
#: Bytes that the kernel keeps for a visitor who is slow.
_SOCKET = 1 << 16
_PROHIBITED = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED


@dataclass(frozen=True)
class Admission:
    """Who is let in: everybody, or who has the password or one of the keys."""

    password: str | None = None
    authorized_keys: Path | None = None

    @property
    def open(self) -> bool:
        return self.password is None and self.authorized_keys is None


class Front:
    """The listener, and what its connections have in common."""

    def __init__(
        self, sessions: Sessions, limits: Limits, admission: Admission, arguments: Callable[[], Sequence[str]]
    ) -> None:
        """arguments: what the next visitor's program is started with."""
        self.sessions, self.limits, self.admission, self.arguments = sessions, limits, admission, arguments
        self.connections: set[Connection] = set()
        self.entering: Counter[str] = Counter()
        self._rates = Meters(limits.handshake_rate, max(2 * limits.handshake_rate, 1))
        self._listener: Any = None

    async def listen(self, host: str, port: int, key: Any) -> int:
        """Start; the port that is listened on."""
        asyncssh.set_log_level(logging.CRITICAL)
        bound_compression()
        self._listener = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: Connection(self),
            server_host_keys=[key],
            encoding=None,
            line_editor=False,
            allow_pty=True,
            agent_forwarding=False,
            x11_forwarding=False,
            sftp_factory=None,
            allow_scp=False,
            gss_host=None,
            password_auth=self.admission.password is not None,
            public_key_auth=self.admission.authorized_keys is not None,
            kbdint_auth=False,
            host_based_auth=False,
            compression_algs=COMPRESSION,
            # Ours comes first, and says so.
            login_timeout=self.limits.login + _LATER,
            keepalive_interval=self.limits.keepalive,
            keepalive_count_max=3,
            window=16384,
            max_pktsize=32768,
            rekey_bytes="1G",
            server_version="gradtui",
        )
        return int(self._listener.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and close what is left of the connections."""
        if self._listener is not None:
            self._listener.close()
        for _ in range(20):
            # The farewells are on their way.
            if not self.connections:
                return
            await asyncio.sleep(0.05)
        for connection in list(self.connections):
            connection.drop()

    def refusal(self, address: str) -> str | None:
        """Why a new connection from there is turned away before it costs a key exchange."""
        if not self._rates.take(address, asyncio.get_running_loop().time()):
            return "rate"
        most = self.limits.handshakes
        if self.entering.total() >= most or self.entering[address] >= max(1, most // _SHARE):
            return "handshakes"
        return None


class Connection(asyncssh.SSHServer):
    """One visitor's connection: a session at the most, ever."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._conn: Any = None
        self.address = ""
        self._entering = False
        self._tries = 0
        self._visit: Visit | None = None
        self._silent: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, conn: Any) -> None:
        self._conn = conn
        self.address = str((conn.get_extra_info("peername") or ("unknown",))[0])
        reason = self._front.refusal(self.address)
        if reason is not None:
            # Once our version has gone out, so that the client can read it.
            asyncio.get_running_loop().call_soon(self._turn_away, reason)
            return
        self._front.connections.add(self)
        self._front.entering[self.address] += 1
        self._entering = True
        login = self._front.limits.login
        self._late = asyncio.get_running_loop().call_later(
            login, lambda: self._turn_away("login", seconds=exact(login))
        )
        bound_connection(conn, self._pause, self.drop)
        # A slow visitor's frames wait in the program, which can leave some out, not here by the megabyte.
        own = conn.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)

    def connection_lost(self, exc: Exception | None) -> None:
        release(self._conn)
        self._entered()
        self._front.connections.discard(self)
        if self._silent is not None:
            self._silent.cancel()

    def drop(self) -> None:
        """Close it at once."""
        self._conn.abort()

    def _turn_away(self, reason: str, **values: object) -> None:
        refusal = refused(reason, **values)
        self._front.sessions.watcher.refused(self.address, refusal)
        with contextlib.suppress(OSError, asyncssh.Error):
            self._conn.disconnect(asyncssh.DISC_BY_APPLICATION, refusal.sentence)

    def _pause(self, on: bool) -> None:
        if self._visit is not None:
            self._visit.pause("socket", on)

    def _entered(self) -> None:
        if self._entering:
            self._entering = False
            if self._late is not None:
                self._late.cancel()
            self._front.entering[self.address] -= 1
            if self._front.entering[self.address] <= 0:
                del self._front.entering[self.address]

    # -- logging in ------------------------------------------------------------------------------------

    def begin_auth(self, username: str) -> bool:
        keys = self._front.admission.authorized_keys
        if keys is not None:
            self._conn.set_authorized_keys(str(keys))
        return not self._front.admission.open

    def password_auth_supported(self) -> bool:
        return self._front.admission.password is not None

    def public_key_auth_supported(self) -> bool:
        return self._front.admission.authorized_keys is not None

    async def validate_password(self, username: str, password: str) -> bool:
        if hmac.compare_digest(password.encode(), (self._front.admission.password or "").encode()):
            return True
        self._tries += 1
        await asyncio.sleep(_WRONG)
        if self._tries >= self._front.limits.tries:
            self._turn_away("password", most=self._front.limits.tries)
        return False

    def auth_completed(self) -> None:
        self._entered()
        loop = asyncio.get_running_loop()
        self._silent = loop.call_later(self._front.limits.login, self._look_silent)

    def _look_silent(self) -> None:
        if self._visit is None or not self._visit.started:
            self._turn_away("silent")

    # -- what may be asked for -------------------------------------------------------------------------

    def session_requested(self) -> Any:
        if self._visit is not None:
            raise ChannelOpenError(_PROHIBITED, self._note("second"))
        front = self._front
        channel = self._conn.create_server_channel()
        self._visit = Visit(front.sessions, self.address, self._conn, channel, front.arguments)
        return channel, self._visit

    def _note(self, reason: str) -> str:
        refusal = refused(reason)
        self._front.sessions.watcher.refused(self.address, refusal)
        return REFUSALS[reason].told()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        raise ChannelOpenError(_PROHIBITED, self._note("forwarding"))

    def unix_connection_requested(self, dest_path: str) -> Any:
        raise ChannelOpenError(_PROHIBITED, self._note("forwarding"))

    def server_requested(self, listen_host: str, listen_port: int) -> Any:
        self._note("forwarding")
        return False

    def unix_server_requested(self, listen_path: str) -> Any:
        self._note("forwarding")
        return False
