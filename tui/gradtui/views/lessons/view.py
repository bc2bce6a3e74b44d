"""The lessons: the row of the view and of its panes, one of which stands beside any view."""

from __future__ import annotations

from ...lessons.staging import needs
from ...text.language import current
from ..frame import cache_keys, pointer, spoken
from ..frame.footers import HELP, PLAY, STEP, Hint, plain
from ..frame.pane import Pane
from ..frame.view import View
from . import panes

#: The footer beside an open lesson, whatever the view.
BESIDE = (
    HELP,
    Hint(("next",), "next"),
    Hint(("lesson_back",), "back"),
    PLAY,
    STEP,
    Hint(("up", "down"), "stage"),
    Hint(("close",), "close"),
)


_PANES = (
    Pane(
        "lessons",
        "lessons",
        panes.list_title,
        panes.list_page,
        "Lessons, in order. The arrows choose one, enter opens it beside the view that it is about. Your own are "
        "Markdown files in your folder of lessons; one with a fault is listed with what is wrong.",
        reads=cache_keys.anything,
        spoken=spoken.drawn(panes.list_page),
        click=pointer.nothing,
    ),
    Pane(
        "lesson",
        "lesson",
        panes.title,
        panes.view,
        "A lesson step by step. Predict before you see: the answer is checked against what this network computes, not "
        "against a book. Everything else on the screen works as ever while a lesson is open.",
        reads=cache_keys.anything,
        spoken=spoken.drawn(panes.view),
        click=pointer.nothing,
    ),
)
VIEW = View(
    "lessons",
    "lessons",
    "Predict, then see.",
    panes=_PANES,
    footer=(HELP, Hint(("up", "down"), "choose"), Hint(("next",), "open"), *plain("view_explore", "preset")),
    needs=lambda state: needs(None, current()),
)
