"""Where the panes of a sweep stand: one plane or two side by side, and what is known of a cell beside or under them."""

from __future__ import annotations

from ...model.panes_of import panes_of
from ...model.state import State
from ...model.sweep_moves import PLANES
from ..frame.layout import WIDE, Box, Boxes, beside

#: Rows of the cell's numbers under the planes, by the rows that there are, two lines at the least; columns of them
#: beside one plane.
_TALL_FROM, _LEAST, _CELL, _CELL_TALL, _CELL_COLUMNS = 26, 4, 6, 11, 38


def arrange(state: State, room: Box) -> Boxes:
    panes = panes_of(state)
    planes = [name for name in PLANES if name in panes]
    if room.width >= WIDE and len(planes) == 1:
        columns = max(_CELL_COLUMNS, room.width // 4)
        rest = Box(room.x, room.y, room.width - columns, room.height)
        return {planes[0]: rest, "sweep_cell": Box(room.x + rest.width, room.y, columns, room.height)}
    rows = _CELL_TALL if room.height >= _TALL_FROM else max(_LEAST, min(_CELL, room.height // 3))
    upper = Box(room.x, room.y, room.width, room.height - rows)
    under = {"sweep_cell": Box(room.x, room.y + upper.height, room.width, rows)}
    if room.width >= WIDE:
        return beside(upper, *planes) | under
    # One of two at a time: the one that is looked at.
    return {(state.pane if state.pane in planes else planes[0]): upper} | under
