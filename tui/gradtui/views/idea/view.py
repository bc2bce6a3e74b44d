"""One idea: the row of the view and of its pane."""

from __future__ import annotations

from ..frame import cache_keys, pointer, spoken
from ..frame.footers import HELP, LESSONS, PLAY, Hint, plain
from ..frame.pane import Pane
from ..frame.story_header import header
from ..frame.view import View
from . import idea

_PANES = (
    Pane(
        "idea",
        "one idea",
        idea.title,
        idea.view,
        "Three cures against three diseases, each a chain of measured factors. The marks are the running product: how "
        "much of the gradient is left that far down. ReLU's slope, the residual's identity and the forget gate do one "
        "and the same thing: they keep the factor near 1, and so the product.",
        reads=cache_keys.anything,
        spoken=spoken.drawn(idea.view),
        click=pointer.nothing,
    ),
)
VIEW = View(
    "idea",
    "one idea",
    "Three cures, one product.",
    panes=_PANES,
    footer=(HELP, PLAY, Hint(("next",), "explore"), *plain("view_story", "view_compare", "preset", "reseed"), LESSONS),
    needs=idea.needs,
    header=header,
)
