"""Where the panes of Explore stand: beside the bars, or, over time, under them. The bars are the largest."""

from __future__ import annotations

import math

from ...model.panes_of import panes_of
from ...model.state import State
from ...model.trainings import recorded
from ..frame.layout import WIDE, Box, Boxes, bars_width, beside, over
from ..frame.stage_rows import stride

#: Rows from which on two panes stand beside the bars of layers, and one more between bars and why over time.
_TWO_FROM, _THREE_FROM = 22, 26
#: From this size on every pane is in sight.
_LARGE = (140, 34)
#: Lines of a layer's bar, at the most; and what stands around them: the frame, and the names of the columns.
_TALLEST, _AROUND = 4, 3
#: Rows that why has under the bars of layers on a large screen, and what it takes on another one.
_LEAST_WHY, _SMALL_WHY = 12, 7
#: Rows of a cell state's pane at the most: 64 units, two in a line, with what the shades mean and the frame.
_MOST_CELL = 35


def arrange(state: State, room: Box) -> Boxes:
    if recorded(state):
        return _of_recorded(state, room)
    return _over_time(state, room) if state.axis == "time" else _of_layers(state, room)


def _of_recorded(state: State, room: Box) -> Boxes:
    """Beside the bars of modules, or under those over time, the selected one in numbers."""
    if state.axis == "time":
        below = room.height * 2 // 5
        return over(room, ("gradient", room.height - below), ("numbers", below))
    left = bars_width(room.width)
    return {
        "gradient": Box(room.x, room.y, left, room.height),
        "numbers": Box(room.x + left, room.y, room.width - left, room.height),
    }


# -- layers ------------------------------------------------------------------------------------------------


def _of_layers(state: State, room: Box) -> Boxes:
    """Beside the bars one pane at a time, or both; on a large screen why under the bars, as wide as they are."""
    if _is_large(room):
        return _why_below(state, room, _fitting(state, room.height - _LEAST_WHY))
    left = bars_width(room.width)
    column = Box(room.x, room.y, left, room.height)
    right = Box(room.x + left, room.y, room.width - left, room.height)
    if room.height < _TWO_FROM:
        return {"gradient": column, _second(state, "why"): right}
    bars = _fitting(state, room.height)
    if room.height - bars >= _SMALL_WHY:
        # As 31 layers, two in a line, leave a third of 29 lines empty.
        return _why_below(state, room, bars)
    below = room.height * 2 // 5
    return {"gradient": column} | over(right, (_beside(state), room.height - below), ("why", below))


def _beside(state: State) -> str:
    """The pane beside the bars over why: of tokens the one that is looked at, else their attention."""
    panes = [pane for pane in panes_of(state) if pane not in ("gradient", "why", "lesson")]
    return state.pane if state.pane in panes else panes[0]


def _why_below(state: State, room: Box, bars: int) -> Boxes:
    """Bars of so many rows, the widest pane, and why under them."""
    left = room.width * 11 // 20
    column = Box(room.x, room.y, left, room.height)
    right = Box(room.x + left, room.y, room.width - left, room.height)
    beside = {_beside(state): right}
    if _is_large(room) and "attention" in panes_of(state):
        third = room.height // 3
        beside = over(right, ("attention", room.height - 2 * third), ("branches", third), ("activation", third))
    return over(column, ("gradient", bars), ("why", room.height - bars)) | beside


def _fitting(state: State, most: int) -> int:
    """Rows of the bars' pane, of `most` so many that no line stays empty under the last layer."""
    if state.nameless:
        return most  # nobody knows how many there are
    stages, inside = state.experiment.resolved.depth + 1, most - _AROUND
    rows = math.ceil(stages / stride(stages, inside))
    return rows * min(_TALLEST, inside // rows) + _AROUND


# -- over time ---------------------------------------------------------------------------------------------


def _over_time(state: State, room: Box) -> Boxes:
    """Time runs to the right in every pane that has it: one column is one step in all of them."""
    panes = panes_of(state)
    if room.height < _THREE_FROM:
        bars = max(5, _odd(room.height * 9 // 20))
        return over(room, ("gradient", bars), (_second(state, "why"), room.height - bars))
    if "gates" not in panes:
        return _one_path(room)
    if _is_large(room):
        left = room.width * 5 // 8
        column = Box(room.x, room.y, left, room.height)
        right = Box(room.x + left, room.y, room.width - left, room.height)
        return over(column, *_in_time(panes, room.height)) | over(right, *_in_words(panes, room.height))
    why = max(9, room.height // 4 + 1)
    bars = _odd(room.height * 2 // 5)
    second = state.pane if state.pane in panes and state.pane not in ("gradient", "why", "lesson") else "gates"
    return over(room, ("gradient", bars), (second, room.height - bars - why), ("why", why))


def _one_path(room: Box) -> Boxes:
    """Of a cell without gates: the bars as wide as the screen, and both other panes under them."""
    bars = _odd(room.height // 2 if room.width >= WIDE else room.height * 2 // 5)
    lower = Box(room.x, room.y + bars, room.width, room.height - bars)
    upper = {"gradient": Box(room.x, room.y, room.width, bars)}
    if room.width >= WIDE:
        return upper | beside(lower, "activation", "why")
    half = lower.height // 2
    return upper | over(lower, ("activation", half), ("why", lower.height - half))


def _in_time(panes: tuple[str, ...], height: int) -> list[tuple[str, int]]:
    """The panes that have a time axis, the bars on top."""
    if "cell" not in panes:
        gates = height * 2 // 5
        return [("gradient", height - gates), ("gates", gates)]
    # On a tall screen with a line that says what they are for, and one between the cell state's map and its key.
    gates = 11 if height >= 42 else 6
    bars = max(_odd((height - gates) // 2 - (3 if height >= 42 else 1)), height - gates - _MOST_CELL)
    return [("gradient", bars), ("gates", gates), ("cell", height - gates - bars)]


def _in_words(panes: tuple[str, ...], height: int) -> list[tuple[str, int]]:
    """The panes that have none."""
    paths = 10 if "paths" in panes else 0
    activation = height // 3 if paths else height // 2
    rows = [("why", height - paths - activation), ("paths", paths), ("activation", activation)]
    return [(name, size) for name, size in rows if size]


# -- both --------------------------------------------------------------------------------------------------


def _is_large(room: Box) -> bool:
    return room.width >= _LARGE[0] and room.height >= _LARGE[1]


def _second(state: State, usual: str) -> str:
    """What stands beside the bars where there is room for one pane: the focused one."""
    return state.pane if state.pane in panes_of(state) and state.pane not in ("gradient", "lesson") else usual


def _odd(rows: int) -> int:
    """An odd number of rows: two strips of one height, the axis under them, and the frame."""
    return rows if rows % 2 else rows - 1
