"""Train: the row of the view and of its panes."""

from __future__ import annotations

from ..frame import cache_keys, pointer, spoken
from ..frame.footers import HELP, PLAY, plain
from ..frame.pane import Pane
from ..frame.view import View
from . import loss

_PANES = (
    Pane(
        "loss",
        "loss",
        loss.title,
        loss.view,
        "The loss of every iteration so far, and what has become of it.",
        reads=cache_keys.anything,
        spoken=spoken.drawn(loss.view),
        click=pointer.nothing,
    ),
)
VIEW = View(
    "train",
    "train",
    "What learns, iteration by iteration.",
    panes=_PANES,
    footer=(HELP, PLAY, *plain("next", "plan", "branch")),
)
