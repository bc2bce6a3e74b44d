"""Where the panes of the lab stand."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import WIDE, Box, Boxes, over
from .rows import ITEMS

#: The least width and height in which the reading stands under the list.
_READABLE, _READING = 54, 14


def arrange(state: State, room: Box) -> Boxes:
    if room.width < WIDE or room.height < 24:
        rows = min(44, max(24, room.width // 3))
        left = Box(room.x, room.y, room.width - rows, room.height)
        right = {"rows": Box(room.x + left.width, room.y, rows, room.height)}
        shown = "reading" if state.pane == "reading" else "curve"
        if room.height >= 24:
            return over(left, ("curve", left.height - 9), ("reading", 9)) | right
        return {shown: left} | right
    rows = min(60, room.width // 3)
    left = Box(room.x, room.y, room.width - rows, room.height)
    listed = len(ITEMS) + 2
    if rows >= _READABLE and room.height >= listed + _READING:
        # The list is no longer than the table: the reading stands under it, and the curve has the whole height.
        beside = Box(room.x + left.width, room.y, rows, room.height)
        return {"curve": left} | over(beside, ("rows", listed), ("reading", room.height - listed))
    below = min(12, room.height // 3)
    return over(left, ("curve", left.height - below), ("reading", below)) | {
        "rows": Box(room.x + left.width, room.y, rows, room.height)
    }
