"""Where the panes of the maths page stand: as many as can be read, one, two or four."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import WIDE, Box, Boxes, beside

CURVES, _PLANES = ("circular", "hyperbolic"), ("circle", "bridge")
#: Two rows of panes want so many rows: 20 inside of each frame.
_FOUR = 44
#: Columns from which the curves of twins stand beside each other, in 38 cells each.
TWINS_FROM = 80


def arrange(state: State, room: Box) -> Boxes:
    if room.width < WIDE and not (room.width >= TWINS_FROM and state.pane in CURVES):
        return {state.pane: room}
    if room.height < _FOUR:
        return beside(room, *(_PLANES if state.pane in _PLANES else CURVES))
    upper = room.height // 2
    top = Box(room.x, room.y, room.width, upper)
    bottom = Box(room.x, room.y + upper, room.width, room.height - upper)
    return beside(top, *CURVES) | beside(bottom, *_PLANES)
