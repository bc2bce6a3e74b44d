"""Where the panes of Explore stand: beside the bars, or, over time, under them."""

from __future__ import annotations

from ...model.panes_of import panes_of
from ...model.state import State
from ..frame.layout import Box, Boxes, bars_width, beside, over

#: Rows from which on the panes over time are stacked, and from which on all of them are.
_STACKED_FROM, _TALL_FROM = 26, 36
#: Rows of the gates' pane with its frame, of the two paths, of the last row of panes at a tall and a middling size.
_GATES, _PATHS, _LAST, _LAST_SMALL = 6, 7, 9, 6


def arrange(state: State, room: Box) -> Boxes:
    return _stacked(state, room) if state.axis == "time" else _side_by_side(state, room)


def _side_by_side(state: State, room: Box) -> Boxes:
    left = bars_width(room.width)
    right = Box(left, room.y, room.width - left, room.height)
    boxes = {"gradient": Box(0, room.y, left, room.height)}
    if room.height < 16:
        second = state.pane if state.pane != "gradient" else "why"
        return boxes | {second: right}
    below = min(12, max(8, room.height // 4))
    return boxes | over(right, ("activation", right.height - below), ("why", below))


def _stacked(state: State, room: Box) -> Boxes:
    """Time runs to the right in every pane; what does not fit under the bars is shown when it is focused."""
    panes = panes_of(state)
    if room.height < _STACKED_FROM:
        return _under_the_bars(state, room)
    tall = room.height >= _TALL_FROM
    bars = min(14, room.height // 3) if tall else room.height // 3
    gates = _GATES if "gates" in panes else 0
    paths = _PATHS if "paths" in panes and room.height >= 40 else 0
    rest = room.height - bars - gates - paths
    last = (_LAST if tall else _LAST_SMALL) if "cell" in panes else rest
    rows = [("gradient", bars)]
    if "cell" in panes:
        rows.append(("cell", rest - last))
    if gates:
        rows.append(("gates", gates))
    if paths:
        rows.append(("paths", paths))
    boxes = over(room, *rows)
    bottom = Box(room.x, room.y + room.height - last, room.width, last)
    if tall or "cell" not in panes:
        return boxes | beside(bottom, "why", "paths" if state.pane == "paths" and not paths else "activation")
    second = state.pane if state.pane in ("activation", "paths") else "why"
    return boxes | {second: bottom}


def _under_the_bars(state: State, room: Box) -> Boxes:
    """The bars, and under them the focused pane, or gates and why where there is room for both."""
    bars = max(6, room.height * 2 // 5)
    size = room.height - bars
    second = state.pane
    if second == "gradient":
        second = "gates" if "gates" in panes_of(state) else "why"
    if second == "gates" and size >= _GATES + 5:
        return over(room, ("gradient", bars), ("gates", _GATES), ("why", size - _GATES))
    return over(room, ("gradient", bars), (second, size))
