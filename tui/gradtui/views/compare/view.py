"""Compare: the row of the view and of its panes."""

from __future__ import annotations

from ...model.cure_keys import CURES
from ...model.shown import needs_of_b
from ..frame import pointer, spoken
from ..frame.footers import HELP, PLAY, Hint, plain
from ..frame.pane import Pane
from ..frame.view import View
from . import difference, pictures, sides
from .layout import arrange

_PANES = (
    Pane(
        "side_a",
        "A",
        sides.title_a,
        pictures.view_a,
        "Experiment A, the one that all keys change. B stands beside it on the same axis, under the same cursor.",
        reads=pictures.reads,
        spoken=spoken.bars,
        click=pictures.bar_of("side_a"),
        intro="Experiment A: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "side_b",
        "B",
        sides.title_b,
        pictures.view_b,
        "Experiment B: A with the cures that are switched on, on the same seed, data and random numbers. While this "
        "pane is focused, the keys that change the experiment change B.",
        reads=pictures.reads,
        spoken=pictures.said_b,
        click=pictures.bar_of("side_b"),
        intro="Experiment B: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
        of_b=True,
    ),
    Pane(
        "both",
        "A and B",
        pictures.title_both,
        pictures.view_both,
        "A and B stage by stage on one axis, A's bar above B's. Where the two part is where the change works.",
        reads=pictures.reads,
        spoken=pictures.said_both,
        click=pictures.bar_of("both"),
        intro="Experiments A and B: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "difference",
        "difference",
        difference.title_difference,
        difference.difference,
        "What B differs in, what became of each, and how much of the gradient each gets, as the verdicts have it. Each "
        "cure has a key, in brackets; ✓ says that it is on. A cure that is none is called so.",
        reads=pictures.reads,
        spoken=spoken.drawn(difference.difference),
        click=pointer.nothing,
    ),
)
VIEW = View(
    "compare",
    "compare",
    "Two networks on the same data and random numbers, under one cursor.",
    panes=_PANES,
    footer=(HELP, PLAY, *(Hint((f"cure_{name}",)) for name in CURES), *plain("turn", "swap")),
    arrange=arrange,
    needs=needs_of_b,
)
