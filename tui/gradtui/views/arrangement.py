"""Where each pane of the view that is shown stands at a given size, and an open lesson beside it."""

from __future__ import annotations

from dataclasses import replace

from ..model.panes_of import panes_of, seen_pane
from ..model.state import State
from .catalogue import VIEWS
from .frame.layout import Box, Boxes
from .point import point_lines

#: Lines of the usual header, of the timeline, of the footer.
HEADER, TIMELINE, FOOTER = 2, 1, 1
#: An open lesson: from which width on it stands beside a view, its least columns, and those from which on a view
#: shows all its panes and leaves the rest to it; or its rows under one.
_LESSON_FROM, _LESSON_LEAST, _LARGE_VIEW = 132, 44, 140
_LESSON_ROWS, _LESSON_SMALL = 12, 10
#: The least rows of a view that a lesson stands under: bars and one pane more.
_LEAST_VIEW = 10
#: A dialog's least cells; and its width where there is no such room beside what it changes.
_LEAST_DIALOG = Box(0, 0, 36, 11)
_OVER = 44
#: And above it: a few choices and their frame.
_LEAST_ABOVE = 8


def header_lines(state: State, width: int) -> int:
    """Lines above the panes: the view's own header, or the usual one and what a preset is about."""
    header = VIEWS[state.view].header
    return HEADER + len(point_lines(state, width)) if header is None else len(header(state, width))


def arrange(state: State, width: int, height: int) -> Boxes:
    """Where each pane stands. One that is not named is not shown."""
    above = header_lines(state, width)
    whole = Box(0, above, width, height - above - TIMELINE - FOOTER)
    if state.zoomed:
        return {state.pane: whole}
    if state.lesson is None or state.view == "lessons":
        return VIEWS[state.view].arrange(state, whole)
    if width >= _LESSON_FROM:
        wide = max(_LESSON_LEAST, min(width // 3, width - _LARGE_VIEW))
        rest = Box(0, whole.y, width - wide, whole.height)
        lesson = Box(rest.width, whole.y, wide, whole.height)
    else:
        rows = _LESSON_ROWS if whole.height >= 24 else _LESSON_SMALL
        if whole.height - rows < _LEAST_VIEW:
            # No room for both: the lesson while it is focused, else the view.
            return {"lesson": whole} if state.pane == "lesson" else VIEWS[state.view].arrange(state, whole)
        rest = Box(0, whole.y, width, whole.height - rows)
        lesson = Box(0, whole.y + rest.height, width, rows)
    # The view stands as it does where the pane is focused that had the focus before the lesson.
    return VIEWS[state.view].arrange(replace(state, pane=seen_pane(state)), rest) | {"lesson": lesson}


def beside(state: State, width: int, height: int, pane: str) -> Box:
    """The room for a dialog that leaves a pane and the verdict in sight: at the pane's right or left side, or under it,
    whichever is largest; where none is large enough above it, else a corner of the screen. Timeline and footer stay
    whole: a text that a dialog cuts says nothing."""
    picture = arrange(state, width, height).get(pane, Box(0, 0, width, height))
    end, foot = picture.x + picture.width, picture.y + picture.height
    last = height - TIMELINE - FOOTER
    rooms = (
        Box(end, HEADER, width - end, last - HEADER),
        Box(0, HEADER, picture.x, last - HEADER),
        Box(0, foot, width, last - foot),
    )
    least = _LEAST_DIALOG
    large = [room for room in rooms if room.width >= least.width and room.height >= least.height]
    over = min(width, max(_OVER, width // 2))
    above = Box(0, HEADER, width, picture.y - HEADER)
    corner = above if above.height >= _LEAST_ABOVE else Box(width - over, HEADER, over, last - HEADER)
    return max(large, key=lambda room: room.width * room.height, default=corner)


def place(state: State, boxes: Boxes) -> str:
    """Which of how many panes has the focus, where not all of them have room: "2/3 · " before its title."""
    panes = panes_of(state)
    return f"{panes.index(state.pane) + 1}/{len(panes)} · " if len(boxes) < len(panes) else ""
