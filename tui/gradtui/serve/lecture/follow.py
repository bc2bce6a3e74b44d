"""A session's part in a lecture: what the presenter shows becomes events, and the server hears who follows."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from ...model import events as e
from .link import Link, Words
from .state_words import read

if TYPE_CHECKING:
    from ...screen.app import GradtuiApp


def follow(app: GradtuiApp, descriptor: int) -> Link:
    """Follow from now on; what is shown already is on the screen before the first frame."""

    def take(heard: Words) -> None:
        shown = read(heard)
        if shown is not None and app.is_running:
            app.send(e.Present(shown))

    end = socket.socket(fileno=descriptor)
    end.setblocking(False)
    link = Link(end, take, lambda: None)
    # Where the arguments would have put the cursor: the presenter's is what counts.
    app.send(cue=lambda timeline: ())
    app.followed_by.append(lambda: link.offer(lambda: {"following": app.state.following}))
    link.read()
    return link
