"""A visitor's SSH channel: becomes a session, or one clear line that says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncssh

from ..session.endings import Ending, Refused, refused
from ..session.session import Session
from ..session.sessions import Sessions
from ..session.unanswered_queries import UnansweredQueries
from ..session.visitor import WELCOME, Visitor
from .asyncssh_limits import MOST_DEFERRED, bound_channel, deferred

#: Keys that were pressed before the program was there.
_EARLY = 4096
#: Seconds after the program's end in which nothing reaches the visitor's own shell: answers that the terminal still
#: owes, and where the end comes unasked for, keys and the mouse's reports as well.
_SWALLOW = 0.5
#: Seconds that a farewell may take until the connection is cut, and between looks at a key exchange.
_FAREWELL, _LOOK = 2.0, 0.1
#: Bytes that wait for the client's window before the program has to wait.
_WATER = 1 << 15


class Visit(asyncssh.SSHServerSession[bytes]):
    """What asyncssh calls a session: it asks for a terminal, then for a shell, which is ours."""

    def __init__(
        self, sessions: Sessions, address: str, conn: Any, channel: Any, arguments: Callable[[], Sequence[str]]
    ) -> None:
        self._sessions, self._address, self._conn, self._arguments = sessions, address, conn, arguments
        self._chan = channel
        self._environment = bound_channel(channel, WELCOME)
        self._term: str | None = None
        self._window = (0, 0)
        self._wrong = ""
        self._early = b""
        self._session: Session | None = None
        self._opening: asyncio.Task[None] | None = None
        self._waits: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._stuck_since = 0.0
        self._gone = False
        self._queries = UnansweredQueries()
        self._parting: Ending | None = None
        self._left = False
        #: Cancelled at the end: each would keep a connection that has gone, 100 kB, for its seconds.
        self._timers: list[asyncio.TimerHandle] = []
        #: Whether a shell, or anything in its place, was asked for.
        self.started = False

    # -- what asyncssh asks and says -------------------------------------------------------------------

    def connection_made(self, chan: Any) -> None:
        self._chan.set_write_buffer_limits(high=_WATER)

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        self._term, self._window = term_type, term_size[:2]
        return True

    def shell_requested(self) -> bool:
        self._wrong = "" if self._term is not None else "terminal"
        return True

    def exec_requested(self, command: str) -> bool:
        self._wrong = "command"
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        self._wrong = "subsystem"
        return True

    def session_started(self) -> None:
        self.started = True
        if self._wrong:
            refusal = refused(self._wrong)
            self._sessions.watcher.refused(self._address, refusal)
            self._refuse(refusal)
        else:
            self._opening = self._loop.create_task(self._open())

    def data_received(self, data: bytes, datatype: Any) -> None:
        self._queries.received(data)
        if self._parting is not None:
            self._part_if_quiet()
        elif self._session is not None:
            self._session.write(data)
        elif not self._wrong:
            self._early = (self._early + data)[:_EARLY]

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        self._window = (width, height)
        if self._session is not None:
            self._session.resize(width, height)

    def eof_received(self) -> bool:
        # No more keys; the program goes on.
        return True

    def break_received(self, msec: int) -> bool:
        return False

    def pause_writing(self) -> None:
        self.pause("window", True)

    def resume_writing(self) -> None:
        self.pause("window", False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        for timer in self._timers:
            timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        if self._session is not None:
            self._session.close("gone")

    # -- the session -----------------------------------------------------------------------------------

    async def _open(self) -> None:
        visitor = Visitor(self._address, self._term or "", dict(self._environment))
        session = await self._sessions.open(visitor, self._window, self._arguments(), self)
        if isinstance(session, Refused):
            self._refuse(session)
            return
        self._session = session
        if self._gone:
            # The cancellation came when there was nothing left to wait for.
            session.close("gone")
            return
        session.ended.add_done_callback(lambda future: self._part(future.result()))
        if self._waits:
            session.pause_reading()
        session.resize(*self._window)
        if self._early:
            session.write(self._early)
            self._early = b""

    def deliver(self, data: bytes) -> None:
        """The program's output."""
        if self._gone:
            return
        self._queries.written(data)
        self._chan.write(data)
        if not self._stuck_since and deferred(self._conn):
            self._stuck_since = self._loop.time()
            self._look_stuck()

    def hold(self, on: bool) -> None:
        """Keys have to wait: the client's window stays closed."""
        if not self._gone:
            (self._chan.pause_reading if on else self._chan.resume_reading)()

    def pause(self, why: str, on: bool) -> None:
        """The program waits as long as there is a reason to."""
        (self._waits.add if on else self._waits.discard)(why)
        if self._session is not None:
            (self._session.pause_reading if self._waits else self._session.resume_reading)()

    def _look_stuck(self) -> None:
        """A key exchange is under way; the program waits for it, and one that is never finished ends the connection."""
        if self._gone:
            return
        waiting = deferred(self._conn)
        if not waiting:
            self._stuck_since = 0.0
        elif self._loop.time() - self._stuck_since > self._sessions.limits.login:
            if self._session is not None:
                self._session.close("stuck")
            self._conn.abort()
            return
        if (waiting > MOST_DEFERRED) != ("keys" in self._waits):
            self.pause("keys", waiting > MOST_DEFERRED)
        if waiting:
            self._loop.call_later(_LOOK, self._look_stuck)

    def _refuse(self, refusal: Refused) -> None:
        if not self._gone:
            self._chan.write_stderr(f"{refusal.sentence}\r\n".encode())
            self._leave(1)

    def _part(self, ending: Ending) -> None:
        if self._gone:
            return
        self._parting = ending
        self.hold(False)
        self._timers.append(self._loop.call_later(_SWALLOW, self._leave, ending.status))
        self._part_if_quiet()

    def _part_if_quiet(self) -> None:
        """Who has left on their own need not wait, once their terminal has said all that it was asked."""
        if self._parting is not None and self._parting.status == 0 and not self._queries.any:
            self._leave(0)

    def _leave(self, status: int) -> None:
        if self._left or self._gone:
            return
        self._left = True
        self._chan.exit(status)
        # A client that does not read, or does not go.
        self._timers.append(self._loop.call_later(_FAREWELL, self._conn.abort))
