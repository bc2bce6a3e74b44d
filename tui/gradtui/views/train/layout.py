"""Where the panes of Train stand: the loss on top, under it the maps, and in a tall terminal what is at the cursor;
beside them what is wrong with a recorded training.
"""

from __future__ import annotations

from ...model.panes_of import panes_of
from ...model.state import State
from ..frame.layout import WIDE, Box, Boxes, beside, over

#: Rows from which on there is a third row of panes.
_TALL_FROM = 27
#: Rows of the loss with its frame, where there are two rows of panes and where there are three; rows of the last ones.
_LOSS, _LOSS_TALL, _LAST = 9, (10, 16), (9, 14)
#: Columns of the findings beside the other panes: a third, within these.
_FINDINGS = (40, 72)


def arrange(state: State, room: Box) -> Boxes:
    panes = panes_of(state)
    if "findings" in panes and room.width >= WIDE:
        columns = _between(room.width // 3, _FINDINGS)
        rest = Box(room.x, room.y, room.width - columns, room.height)
        findings = Box(room.x + rest.width, room.y, columns, room.height)
        return _arrange(state, rest, tuple(pane for pane in panes if pane != "findings")) | {"findings": findings}
    return _arrange(state, room, panes)


def _arrange(state: State, room: Box, panes: tuple[str, ...]) -> Boxes:
    maps = [name for name in ("map_a", "map_b") if name in panes]
    rest = [name for name in ("opening", "reach", "moment", "findings") if name in panes]
    if room.height < _TALL_FROM:
        loss = min(_LOSS, room.height // 2)
        upper = {"loss": Box(room.x, room.y, room.width, loss)}
        lower = Box(room.x, room.y + loss, room.width, room.height - loss)
        return upper | ({state.pane: lower} if state.pane in rest else beside(lower, *maps))
    loss = _between(room.height // 3, _LOSS_TALL)
    last = _between(room.height // 4 + 1, _LAST)
    rows = over(room, ("loss", loss), ("maps", room.height - loss - last), ("rest", last))
    shown = rest if room.width >= WIDE else [state.pane if state.pane in rest else rest[-1]]
    return {"loss": rows["loss"]} | beside(rows["maps"], *maps) | beside(rows["rest"], *shown)


def _between(rows: int, bounds: tuple[int, int]) -> int:
    return min(max(rows, bounds[0]), bounds[1])
