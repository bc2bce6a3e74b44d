"""One idea: the row of the view and of its pane."""

from __future__ import annotations

from ..frame import cache_keys, pointer, spoken
from ..frame.footers import HELP, LESSONS, PLAY, Hint, plain
from ..frame.pane import Pane
from ..frame.story_header import header
from ..frame.view import View
from . import chains, idea

_PANES = (
    Pane(
        "idea",
        "one idea",
        idea.title,
        idea.view,
        "Three pairs, each a chain of measured factors: those of the story, and ({page_idea} again) three of today's "
        "networks. The bar that ends in ▼ is what is left of the "
        "disease's error signal that far down, ● is what the cure has kept of its own; {play} runs the multiplication "
        "down all three. The factors under ▼ and ● are the rows': of several layers, all of theirs multiplied. "
        "ReLU's slope, the residual's identity and the forget gate do one and the same thing: they "
        "keep the factor near 1, and so the product.",
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
    footer=(
        HELP,
        PLAY,
        Hint(("page_idea",), "three others"),
        Hint(("next",), "explore"),
        *plain("view_story", "view_compare", "preset", "reseed"),
        LESSONS,
    ),
    needs=chains.needs,
    header=header,
)
