"""A screen for a stand: a page of the story that nobody touches for a minute gives way to the next, which plays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..model import events as e
from ..model.names import STORY

if TYPE_CHECKING:
    from .host import Host

#: Seconds that a page is left alone before the next begins, and between two looks.
ALONE, LOOK = 60.0, 0.5


class Loop:
    """Turns the pages of a screen by itself. clock gives seconds."""

    def __init__(self, host: Host, alone: float = ALONE) -> None:
        self._host, self._alone = host, alone
        self._touched = time.monotonic()
        #: Whether the page that is shown has been played.
        self._played = False

    def touched(self) -> None:
        """Somebody is there."""
        self._touched = time.monotonic()
        self._played = True

    def look(self) -> None:
        """Play a page that has just been opened; turn one that has been left alone for long enough."""
        host, state = self._host, self._host.state
        if time.monotonic() - self._touched >= self._alone:
            self._touched, self._played = time.monotonic(), False
            while len(host.screen_stack) > 1:
                host.pop_screen()
            # Whoever has gone off somewhere else has left: the story begins again.
            host.send(e.Learn(None), e.NextPage() if state.view in STORY else e.OpenStory())
        elif not self._played and state.view in STORY and state.loaded and host.jobs.idle:
            self._played = True
            host.send(e.TogglePlay())
