"""Where the panes of Compare stand."""

from __future__ import annotations

from ...model.state import State
from ..frame.layout import Box, Boxes, beside, over

#: Columns from which on rows of A and B stand side by side: an LSTM's have two bars with their numbers.
_TWO_IN_ROWS = 68


def arrange(state: State, room: Box) -> Boxes:
    below = 9 if room.height >= 30 else 7 if room.height >= 18 else 5
    if state.axis == "time" and (room.height - below) % 2:
        # A and B stand one above the other there, as high as each other.
        below += 1 if below == 5 else -1
    upper = Box(room.x, room.y, room.width, room.height - below)
    lower = {"difference": Box(room.x, room.y + upper.height, room.width, below)}
    if state.interleaved:
        return {"both": upper} | lower
    if state.axis == "time" and not (state.rows and room.width >= _TWO_IN_ROWS):
        if upper.height < 8:
            # No room for three: A, and under it what is focused.
            half = room.height // 2
            second = "difference" if state.pane == "difference" else "side_b"
            return over(room, ("side_a", half), (second, room.height - half))
        half = upper.height // 2
        return over(upper, ("side_a", half), ("side_b", upper.height - half)) | lower
    return beside(upper, "side_a", "side_b") | lower
