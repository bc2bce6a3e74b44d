"""The story: the row of the view and of its panes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from gradtui_engine.core.message import English

from ...model.shown import needs_of_b
from ...text.language import tr
from ..frame import pointer
from ..frame.cache_keys import Same
from ..frame.footers import HELP, PLAY, Hint, plain
from ..frame.pane import Pane
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.story_header import header
from ..frame.view import View
from . import column, learns, words
from .layout import arrange
from .sides import Both


def _reads(scene: Scene) -> Hashable:
    state, other = scene.state, scene.other
    trained = tuple(given is not None and Same(given) for given in (scene.snapshot, scene.snapshot_b))
    return trained, state.iteration, state.wave, state.asked, other is not None and Same(other.record)


def _said(scene: Scene) -> Lines:
    """Both columns and what became of them, in sentences."""
    for side in Both.of(scene):
        yield tr("{name}: {sentence}.", name=words.names(scene.state, side)[0], sentence=words.arrives(side))
        yield words.products(side, side.first)[0]
        if learnt := words.learns(side):
            yield learnt


def _column(name: str, label: English, help: English, of_cure: bool) -> Pane:
    title: Callable[[Scene, int], str] = partial(column.title, of_cure=of_cure)
    return Pane(
        name, label, title, partial(column.view, of_cure=of_cure), help, reads=_reads, spoken=_said,
        click=pointer.nothing, of_b=of_cure,
    )  # fmt: skip


_PANES = (
    _column(
        "disease",
        "the disease",
        "What is left of the error signal, the gradient of the loss, from the output down to the input, on a log axis "
        "on which │ marks 1, all of it: each row multiplies what the row above has. {play} lets the multiplication run "
        "down, and then trains; {next} explores this network.",
        False,
    ),
    _column(
        "cure",
        "the cure",
        "The same network with what cures it, on the same axis. While this column has the focus the keys that change "
        "the experiment change the cure, and {next} explores it.",
        True,
    ),
    Pane(
        "learns",
        "what learns",
        learns.title,
        learns.view,
        "The loss of both, how wrong they are, while they train on the same data with the same random numbers. The "
        "dashed line is that of guessing: who stays there learns nothing.",
        reads=_reads,
        spoken=_said,
        click=pointer.nothing,
    ),
)
VIEW = View(
    "story",
    "story",
    "A disease and its cure side by side: what of the error signal arrives, and what learns because of it.",
    panes=_PANES,
    footer=(
        HELP, PLAY, Hint(("next",), "explore"), *plain("activation"), Hint(("cell",), "cell"),
        Hint(("view_maths",), "sinh"), *plain("view_lessons", "init"),
        Hint(("iteration_back", "iteration_on"), "iteration"), *plain("next_pane", "palette", "quit"),
    ),
    arrange=arrange,
    needs=needs_of_b,
    header=header,
)  # fmt: skip
