"""Where each pane of the view that is shown stands at a given size, and an open lesson beside it."""

from __future__ import annotations

from dataclasses import replace

from ..model.panes_of import panes_of
from ..model.state import State
from .catalogue import VIEWS
from .frame.layout import Box, Boxes

HEADER, TIMELINE, FOOTER = 2, 1, 1
#: An open lesson: its width beside a view, or its rows under one.
_LESSON_WIDE, _LESSON_FROM = 44, 132
_LESSON_ROWS, _LESSON_SMALL = 12, 10
#: The least rows of a view that a lesson stands under: bars and one pane more.
_LEAST_VIEW = 10


def arrange(state: State, width: int, height: int) -> Boxes:
    """Where each pane stands. One that is not named is not shown."""
    whole = Box(0, HEADER, width, height - HEADER - TIMELINE - FOOTER)
    if state.zoomed:
        return {state.pane: whole}
    if state.lesson is None or state.view == "lessons":
        return VIEWS[state.view].arrange(state, whole)
    if width >= _LESSON_FROM:
        rest = Box(0, whole.y, width - _LESSON_WIDE, whole.height)
        lesson = Box(rest.width, whole.y, _LESSON_WIDE, whole.height)
    else:
        rows = _LESSON_ROWS if whole.height >= 24 else _LESSON_SMALL
        if whole.height - rows < _LEAST_VIEW:
            # No room for both: the lesson while it is focused, else the view.
            return {"lesson": whole} if state.pane == "lesson" else VIEWS[state.view].arrange(state, whole)
        rest = Box(0, whole.y, width, whole.height - rows)
        lesson = Box(0, whole.y + rest.height, width, rows)
    pane = state.pane
    if pane == "lesson":  # the view stands as it does where its first pane is focused
        pane = panes_of(state)[0]
    return VIEWS[state.view].arrange(replace(state, pane=pane), rest) | {"lesson": lesson}


def place(state: State, boxes: Boxes) -> str:
    """Which of how many panes has the focus, where not all of them have room: "2/3 · " before its title."""
    panes = panes_of(state)
    return f"{panes.index(state.pane) + 1}/{len(panes)} · " if len(boxes) < len(panes) else ""
