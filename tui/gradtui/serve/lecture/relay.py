"""The server's part in a lecture: passes on to every session what the presenter shows, and tells the presenter of them.

presenter's program ⇄ server ⇄ program of each session, each over a `Link`: a session that is slow gets the newest
state when it can take one, and nobody waits for it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from .link import Link, Words, pair


class Relay:
    """One presenter, and the sessions that follow or have gone off."""

    def __init__(self, end: socket.socket) -> None:
        """end: of the presenter's socket."""
        self._end = end
        self._presenter: Link | None = None
        self._shown: Words = {}
        self._sessions: set[Link] = set()
        self._told: Words = {}

    def begin(self, told: Mapping[str, Any], over: Callable[[], object]) -> None:
        """The server listens: tell the presenter how to get in. over: called when the presenter has gone."""
        self._told = dict(told)
        self._presenter = Link(self._end, self._show, over)
        self._count()

    def join(self) -> socket.socket:
        """The session's end of a new link, in which all that is shown waits already. It is the caller's to close."""
        ours, theirs = pair()
        link = Link(ours, lambda heard: self._count(), lambda: self._leave(link))
        self._sessions.add(link)
        link.offer(lambda: self._shown)
        self._count()
        return theirs

    def _leave(self, link: Link) -> None:
        self._sessions.discard(link)
        self._count()

    def _show(self, shown: Words) -> None:
        self._shown = shown
        for session in self._sessions:
            session.offer(lambda: self._shown)

    def _count(self) -> None:
        if self._presenter is not None:
            self._presenter.offer(self._words)

    def following(self) -> int:
        """Sessions that follow the presenter: all do until they say otherwise."""
        return sum(session.heard.get("following", True) is True for session in self._sessions)

    def _words(self) -> Words:
        return self._told | {"visitors": len(self._sessions), "following": self.following()}
