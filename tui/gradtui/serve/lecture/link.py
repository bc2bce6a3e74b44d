"""State from one process to another: JSON lines of what has changed, newest wins, and nobody ever waits.

Over a SOCK_SEQPACKET socket: a message goes whole or not at all. What cannot go now goes later, as the difference
between what the other side has by then been told and what is true by then.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

#: What is shared, by name: texts, lists of texts, numbers.
Words = dict[str, Any]

#: Messages a second at the most; bytes of one; messages that are read before other work has its turn.
RATE = 15.0
MOST_BYTES = 1 << 15
_MOST_READ = 64


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends. Little waits in the kernel: what is newer would have to wait behind it."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
    return ends


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Words:
    """What has to be said to who knows `before`: new values by name, None for what is gone."""
    gone = dict.fromkeys((name for name in before if name not in after), None)
    return gone | {name: value for name, value in after.items() if name not in before or before[name] != value}


def merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> Words:
    """`before` after a difference."""
    return {name: value for name, value in (dict(before) | dict(change)).items() if value is not None}


class Link:
    """One end, in a running event loop: `offer` what is true here, `take` is called with what is true there."""

    def __init__(self, end: socket.socket, take: Callable[[Words], object], lost: Callable[[], object]) -> None:
        """lost: called once, when the other side has gone."""
        self._end, self._take, self._lost = end, take, lost
        self._loop = asyncio.get_running_loop()
        #: What the other side has been told, and what it has told.
        self._told: Words = {}
        self.heard: Words = {}
        self._offer: Callable[[], Mapping[str, Any]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self._full = False
        self.open = True
        self._loop.add_reader(end, self.read)

    def offer(self, words: Callable[[], Mapping[str, Any]]) -> None:
        """Something may have changed: `words()` is asked for all of it when it can go."""
        self._offer = words
        if self._timer is None and not self._full and self.open:
            wait = self._next - self._loop.time()
            if wait <= 0:
                self._send()
            else:
                self._timer = self._loop.call_later(wait, self._due)

    def close(self) -> None:
        """Say no more. The other side hears of it."""
        if not self.open:
            return
        self.open = False
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._end)
        self._loop.remove_writer(self._end)
        self._end.close()

    # -- out -------------------------------------------------------------------------------------------

    def _due(self) -> None:
        self._timer = None
        self._send()

    def _send(self) -> None:
        if self._offer is None:
            return
        words = dict(self._offer())
        change = difference(self._told, words)
        if not change:
            return
        try:
            self._end.send(json.dumps(change, separators=(",", ":")).encode() + b"\n")
        except BlockingIOError:
            self._full = True
            self._loop.add_writer(self._end, self._writable)
            return
        except OSError:
            # It has gone, which the reader says.
            return
        self._told = words
        self._next = self._loop.time() + 1 / RATE

    def _writable(self) -> None:
        self._full = False
        self._loop.remove_writer(self._end)
        self._send()

    # -- in --------------------------------------------------------------------------------------------

    def read(self) -> None:
        """All that waits, as one: only the newest counts."""
        heard = self.heard
        try:
            for _ in range(_MOST_READ):
                data = self._end.recv(MOST_BYTES)
                if not data:
                    self._gone()
                    return
                heard = merged(heard, json.loads(data))
        except BlockingIOError:
            pass
        except (OSError, ValueError, TypeError):
            # A message that is none: nothing that this side wants to hear more of.
            self._gone()
            return
        if heard != self.heard:
            self.heard = heard
            self._take(heard)

    def _gone(self) -> None:
        if self.open:
            self.close()
            self._lost()
