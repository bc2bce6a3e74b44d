"""Where the panes of the Theory view stand."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import WIDE, Box, Boxes, beside, over

#: Rows of two plots one above the other: each wants 14 inside its frame.
_TWO_PLOTS = 30


def arrange(state: State, room: Box) -> Boxes:
    if room.width < WIDE:
        return {state.pane: room}
    left, right = beside(room, "plane", "depth").values()
    if room.height < _TWO_PLOTS:
        return {"plane": left, state.pane if state.pane != "plane" else "depth": right}
    half = room.height // 2
    return {"plane": left} | over(right, ("depth", half), ("spectrum", room.height - half))
