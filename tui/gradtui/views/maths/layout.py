"""Where the panes of the maths page stand."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import Box, Boxes, beside


def arrange(state: State, room: Box) -> Boxes:
    if room.height < 26:
        pair = ("circle", "bridge") if state.pane in ("circle", "bridge") else ("circular", "hyperbolic")
        return beside(room, *pair)
    upper = room.height * 3 // 5
    top = Box(room.x, room.y, room.width, upper)
    bottom = Box(room.x, room.y + upper, room.width, room.height - upper)
    return beside(top, "circular", "hyperbolic") | beside(bottom, "circle", "bridge")
