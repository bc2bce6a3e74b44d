"""Where the panes of the story stand: disease and cure side by side, and under both what learns."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import Box, Boxes, beside, over

#: A fourth of the rows is the loss's, and so many at the least and at the most.
_SHARE, _LEAST, _MOST = 4, 6, 14


def arrange(state: State, room: Box) -> Boxes:
    below = min(max(room.height // _SHARE, _LEAST), _MOST)
    upper = Box(room.x, room.y, room.width, room.height - below)
    return beside(upper, "disease", "cure") | over(
        Box(room.x, room.y + upper.height, room.width, below), ("learns", below)
    )
