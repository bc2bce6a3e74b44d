"""All sessions: who gets one, and that all end with the server."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import time
import tty
from collections import Counter
from collections.abc import Callable, Sequence

from .endings import Ending, Refused, refused
from .limits import Limits
from .session import DEATH, Session, Sink, Watcher, set_window
from .visitor import Visitor
from .zygote_client import End, LaunchError, ZygoteClient


class Sessions:
    """All sessions, and who may have one."""

    def __init__(
        self, limits: Limits, zygote: ZygoteClient, watcher: Watcher, join: Callable[[], socket.socket] | None = None
    ) -> None:
        """join: of a lecture; the end of a link that the program of each session is given."""
        self.limits, self.zygote, self.watcher = limits, zygote, watcher
        self._join = join
        self.live: dict[int, Session] = {}
        self._of_address: Counter[str] = Counter()
        self._closing = False
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        """Sessions that are live or starting."""
        return self._of_address.total()

    def refusal(self, address: str) -> Refused | None:
        """Why this address gets no session now; None where it does."""
        if self._closing:
            return refused("closing")
        if len(self) >= self.limits.sessions:
            return refused("full", most=self.limits.sessions)
        if self._of_address[address] >= self.limits.per_address:
            return refused("address", most=self.limits.per_address)
        return None

    async def open(
        self, visitor: Visitor, window: tuple[int, int], arguments: Sequence[str], sink: Sink
    ) -> Session | Refused:
        """A session for the visitor, with a window of columns × rows; or why there is none."""
        refusal = self.refusal(visitor.address)
        if refusal is None:
            self._of_address[visitor.address] += 1
            try:
                return await self._open(visitor, self.limits.window(*window), arguments, sink)
            except (LaunchError, OSError):
                self._leave(visitor.address)
                refusal = refused("launch")
            except BaseException:
                self._leave(visitor.address)
                raise
        self.watcher.refused(visitor.address, refusal)
        return refusal

    async def _open(self, visitor: Visitor, window: tuple[int, int], arguments: Sequence[str], sink: Sink) -> Session:
        began = time.monotonic()
        master, slave = os.openpty()
        link = self._join() if self._join is not None else None
        try:
            # Raw from the start: ctrl+c while the program starts is a key as any other.
            tty.setraw(slave)
            set_window(master, window)
            os.set_blocking(master, False)
            process = await self.zygote.launch(slave, arguments, visitor.clean(), link)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
            if link is not None:
                link.close()
        session = Session(next(self._numbers), visitor, window, master, process, self, sink)
        session.began -= time.monotonic() - began
        self.live[session.number] = session
        self.zygote.share(len(self))
        self.watcher.opened(session)
        return session

    def _leave(self, address: str) -> None:
        self._of_address[address] -= 1
        if self._of_address[address] <= 0:
            del self._of_address[address]

    def forget(self, session: Session, ending: Ending, end: End) -> None:
        """Called by a session at its end."""
        self.live.pop(session.number, None)
        self._leave(session.visitor.address)
        self.zygote.share(len(self))
        self.watcher.ended(session, ending, end)

    async def close(self) -> None:
        """End every session, and open no more."""
        self._closing = True
        live = list(self.live.values())
        for session in live:
            session.close("closing")
        if live:
            await asyncio.wait([session.ended for session in live], timeout=2 * DEATH)
