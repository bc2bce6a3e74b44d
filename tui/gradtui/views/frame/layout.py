"""Where each pane of a view stands at a given size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...model.panes_of import panes_of
from ...model.state import State


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the screen, border included."""

    x: int
    y: int
    width: int
    height: int


Boxes = dict[str, Box]

HEADER, TIMELINE, FOOTER = 2, 1, 1
#: From here on the panes stand side by side instead of one at a time beside the bars.
_WIDE = 100
#: Rows from which on the panes over time are stacked, and from which on all of them are.
_STACKED_FROM, _TALL_FROM = 26, 36
#: Rows of the gates' pane with its frame, of the two paths, of the last row of panes at a tall and a middling size.
_GATES, _PATHS, _LAST, _LAST_SMALL = 6, 7, 9, 6
#: An open lesson: its width beside a view, or its rows under one.
_LESSON_WIDE, _LESSON_FROM = 44, 132
_LESSON_ROWS, _LESSON_SMALL = 12, 10
#: The least rows of a view that a lesson stands under: bars and one pane more.
_LEAST_VIEW = 10
#: Columns from which on rows of A and B stand side by side: an LSTM's have two bars with their numbers.
_TWO_IN_ROWS = 68
#: Rows of two plots one above the other: each wants 14 inside its frame.
_TWO_PLOTS = 30


def arrange(state: State, width: int, height: int) -> Boxes:
    """Where each pane stands. One that is not named is not shown."""
    whole = Box(0, HEADER, width, height - HEADER - TIMELINE - FOOTER)
    if state.zoomed:
        return {state.pane: whole}
    if state.lesson is None or state.view == "lessons":
        return _ARRANGE[state.view](state, whole)
    if width >= _LESSON_FROM:
        rest = Box(0, whole.y, width - _LESSON_WIDE, whole.height)
        lesson = Box(rest.width, whole.y, _LESSON_WIDE, whole.height)
    else:
        rows = _LESSON_ROWS if whole.height >= 24 else _LESSON_SMALL
        if whole.height - rows < _LEAST_VIEW:
            # No room for both: the lesson while it is focused, else the view.
            return {"lesson": whole} if state.pane == "lesson" else _ARRANGE[state.view](state, whole)
        rest = Box(0, whole.y, width, whole.height - rows)
        lesson = Box(0, whole.y + rest.height, width, rows)
    pane = state.pane
    if pane == "lesson":  # the view stands as it does where its first pane is focused
        pane = panes_of(state)[0]
    return _ARRANGE[state.view](replace(state, pane=pane), rest) | {"lesson": lesson}


def place(state: State, boxes: Boxes) -> str:
    """Which of how many panes has the focus, where not all of them have room: "2/3 · " before its title."""
    panes = panes_of(state)
    return f"{panes.index(state.pane) + 1}/{len(panes)} · " if len(boxes) < len(panes) else ""


def _explore(state: State, room: Box) -> Boxes:
    return _stacked(state, room) if state.axis == "time" else _side_by_side(state, room)


def bars_width(width: int) -> int:
    """Columns of the bars beside other panes."""
    return min(width // 2, 72) if width >= _WIDE else width * 9 // 20


def _side_by_side(state: State, room: Box) -> Boxes:
    left = bars_width(room.width)
    right = Box(left, room.y, room.width - left, room.height)
    boxes = {"gradient": Box(0, room.y, left, room.height)}
    if room.height < 16:
        second = state.pane if state.pane != "gradient" else "why"
        return boxes | {second: right}
    below = min(12, max(8, room.height // 4))
    return boxes | _over(right, ("activation", right.height - below), ("why", below))


def _over(room: Box, *rows: tuple[str, int]) -> Boxes:
    """Panes one above the other, each of so many rows."""
    boxes, y = {}, room.y
    for name, height in rows:
        boxes[name] = Box(room.x, y, room.width, height)
        y += height
    return boxes


def _beside(room: Box, *names: str) -> Boxes:
    """Panes side by side, of one width."""
    edges = [room.width * index // len(names) for index in range(len(names) + 1)]
    return {
        name: Box(room.x + edges[index], room.y, edges[index + 1] - edges[index], room.height)
        for index, name in enumerate(names)
    }


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
    boxes = _over(room, *rows)
    bottom = Box(room.x, room.y + room.height - last, room.width, last)
    if tall or "cell" not in panes:
        return boxes | _beside(bottom, "why", "paths" if state.pane == "paths" and not paths else "activation")
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
        return _over(room, ("gradient", bars), ("gates", _GATES), ("why", size - _GATES))
    return _over(room, ("gradient", bars), (second, size))


def _compare(state: State, room: Box) -> Boxes:
    below = 9 if room.height >= 30 else 7 if room.height >= 18 else 5
    upper = Box(room.x, room.y, room.width, room.height - below)
    lower = {"difference": Box(room.x, room.y + upper.height, room.width, below)}
    if state.interleaved:
        return {"both": upper} | lower
    if state.axis == "time" and not (state.rows and room.width >= _TWO_IN_ROWS):
        if upper.height < 8:
            # No room for three: A, and under it what is focused.
            half = room.height // 2
            second = "difference" if state.pane == "difference" else "side_b"
            return _over(room, ("side_a", half), (second, room.height - half))
        half = upper.height // 2
        return _over(upper, ("side_a", half), ("side_b", upper.height - half)) | lower
    return _beside(upper, "side_a", "side_b") | lower


def _lab(state: State, room: Box) -> Boxes:
    if room.width < _WIDE or room.height < 24:
        rows = min(44, max(24, room.width // 3))
        left = Box(room.x, room.y, room.width - rows, room.height)
        right = {"rows": Box(room.x + left.width, room.y, rows, room.height)}
        shown = "reading" if state.pane == "reading" else "curve"
        if room.height >= 24:
            return _over(left, ("curve", left.height - 9), ("reading", 9)) | right
        return {shown: left} | right
    rows = min(60, room.width // 3)
    left = Box(room.x, room.y, room.width - rows, room.height)
    below = min(12, room.height // 3)
    return _over(left, ("curve", left.height - below), ("reading", below)) | {
        "rows": Box(room.x + left.width, room.y, rows, room.height)
    }


def _maths(state: State, room: Box) -> Boxes:
    if room.height < 26:
        pair = ("circle", "bridge") if state.pane in ("circle", "bridge") else ("circular", "hyperbolic")
        return _beside(room, *pair)
    upper = room.height * 3 // 5
    top = Box(room.x, room.y, room.width, upper)
    bottom = Box(room.x, room.y + upper, room.width, room.height - upper)
    return _beside(top, "circular", "hyperbolic") | _beside(bottom, "circle", "bridge")


def _theory(state: State, room: Box) -> Boxes:
    if room.width < _WIDE:
        return {state.pane: room}
    left, right = _beside(room, "plane", "depth").values()
    if room.height < _TWO_PLOTS:
        return {"plane": left, state.pane if state.pane != "plane" else "depth": right}
    half = room.height // 2
    return {"plane": left} | _over(right, ("depth", half), ("spectrum", room.height - half))


def _single(state: State, room: Box) -> Boxes:
    return {panes_of(state)[0]: room}


_ARRANGE: dict[str, Callable[[State, Box], Boxes]] = {
    "explore": _explore,
    "idea": _single,
    "compare": _compare,
    "lab": _lab,
    "maths": _maths,
    "theory": _theory,
    "lessons": _single,
}
