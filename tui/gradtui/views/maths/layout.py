"""Where the panes of the maths page stand: as many as can be read, one, two or four."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import WIDE, Box, Boxes, beside

_CURVES, _PLANES = ("circular", "hyperbolic"), ("circle", "bridge")
#: Two rows of panes want so many rows: 20 inside of each frame.
_FOUR = 44


def arrange(state: State, room: Box) -> Boxes:
    if room.width < WIDE:
        return {state.pane: room}
    if room.height < _FOUR:
        return beside(room, *(_PLANES if state.pane in _PLANES else _CURVES))
    upper = room.height // 2
    top = Box(room.x, room.y, room.width, upper)
    bottom = Box(room.x, room.y + upper, room.width, room.height - upper)
    return beside(top, *_CURVES) | beside(bottom, *_PLANES)
