"""Where the panes of the story stand: disease and cure side by side, and under both what learns."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.changes import other
from ...model.state import State
from ..frame.layout import Box, Boxes, beside, over
from ..frame.stage_rows import stage_rows

#: Of the rows a fifth is the error's, and so many at the least; up to so many more, where they fill what the rows of
#: the columns leave empty.
_SHARE, _LEAST, _MORE = 5, 6, 9
#: Rows from which on the columns and the errors have room.
_BOTH_FROM = 14
#: Rows from which on sentences have a blank line under them, and a column that has so many names its upper end.
_AIR_FROM, _END_FROM = 20, 6


@dataclass(frozen=True)
class Lines:
    """How many lines of a column each part takes: the sentences, the blank under them, the upper end, the rows, the
    lower end with the product, and the gates."""

    air: int
    top: int
    rows: int
    below: int
    sentences: int = 2


def lines_of(state: State, height: int) -> Lines:
    """The lines of a column of so many, its border left out: the same in both."""
    sides = (state.experiment, other(state.experiment, state.changes))
    below = 2 if any(side is not None and side.resolved.kind.gates for side in sides) else 1
    air = 1 if height >= _AIR_FROM else 0
    rows = height - Lines.sentences - air - below
    top = 1 if rows >= _END_FROM else 0
    return Lines(air, top, max(rows - top, 1), below)


def _empty(state: State, height: int) -> int:
    """Rows of the first column that nothing would stand in, were it so high."""
    resolved = state.experiment.resolved
    count = resolved.steps + 1 if resolved.steps is not None else resolved.depth
    rows = lines_of(state, height - 2).rows
    return rows % max(1, len(stage_rows(count, rows)))


def arrange(state: State, room: Box) -> Boxes:
    if room.height < _BOTH_FROM:
        # No room for both: the columns, or what is learnt while that has the focus.
        return {"learns": room} if state.pane == "learns" else beside(room, "disease", "cure")
    least = max(room.height // _SHARE, _LEAST)
    below = min(range(least, least + _MORE + 1), key=lambda rows: (_empty(state, room.height - rows), rows))
    upper = Box(room.x, room.y, room.width, room.height - below)
    return beside(upper, "disease", "cure") | over(
        Box(room.x, room.y + upper.height, room.width, below), ("learns", below)
    )
