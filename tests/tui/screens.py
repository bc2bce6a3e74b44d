"""Whole screens as text: every view of an experiment, every focused pane, without and with a lesson, at some sizes."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gradtui.model.panes_of import panes_of
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.text import glyphs
from gradtui.text.spans import Line
from gradtui.views import status
from gradtui.views.arrangement import arrange, header_lines
from gradtui.views.catalogue import PANES
from gradtui_engine import Experiment
from tests.tui.helpers import scene_with, state_of, texts

#: A step with a question, and the same step answered wrongly.
ASKED = Progress("02-vanishing-with-sigmoid", 2)
ANSWERED = Progress("02-vanishing-with-sigmoid", 2, ((2, 0),))
#: What B differs in, where it goes together with the network, and where nothing does.
CURE = (("clip", "norm"), ("seed", 3))
IMPOSSIBLE = (("depth", 0),)
#: A B that learns otherwise.
RATE = (("learning_rate", 0.02),)


@dataclass(frozen=True)
class Shown:
    """One pane (or the header, timeline or footer) of one screen."""

    where: str
    pane: str
    width: int
    height: int
    title: str
    lines: list[Line]

    @functools.cached_property
    def text(self) -> str:
        """Title and lines."""
        return "\n".join([self.title, *texts(self.lines)])


def focused(experiment: Experiment, view: str, lesson: Progress | None = None) -> Iterator[State]:
    """Every pane of a view focused in turn, beside a lesson or without."""
    start = state_of(experiment, view=view, lesson=lesson)
    for pane in panes_of(start):
        yield dataclasses.replace(start, pane=pane)


def answered(experiment: Experiment, view: str) -> State:
    """Beside a view, the step of a lesson whose question has been answered."""
    return state_of(experiment, view=view, lesson=ANSWERED, pane="lesson" if view != "lessons" else "lessons")


def compared(experiment: Experiment) -> Iterator[State]:
    """Compare without a possible B, and with one, turned in every way."""
    yield state_of(experiment, IMPOSSIBLE, view="compare")
    for rows, interleaved in itertools.product((False, True), repeat=2):
        yield state_of(experiment, CURE, view="compare", interleaved=interleaved, rows=rows)


def raced(experiment: Experiment) -> Iterator[State]:
    """Train once something is trained: A alone, A and B, every pane focused."""
    begun = {"view": "train", "trained": 10, "iteration": 7}
    for changes in ((), RATE):
        start = state_of(experiment, changes, **begun)
        for pane in panes_of(start):
            yield dataclasses.replace(start, pane=pane)
    yield state_of(experiment, RATE, quantity="update", **begun)


#: Small enough to be computed: a plane, one with cells that cannot be, a line; and a B that is another network.
PLANES = (
    (("x", "gain=0.5,1,4"), ("y", "seed=0:2:2"), ("second", "loss")),
    (("x", "gain=1,1e30"), ("y", "learning-rate=1e-3:1:3:log"), ("measure", "kind")),
    (("x", "gain=0.5,1,4"), ("y", "")),
)


def planes(experiment: Experiment) -> Iterator[State]:
    """Sweep with some cells and with all of them, of small networks: A alone, and beside B, every pane focused."""
    begun: dict[str, Any] = {"view": "sweep", "swept": 6, "spot_x": 1}
    if (experiment.resolved.depth or 0) > 100:
        return
    for plan in PLANES:
        yield state_of(experiment, sweep=plan, **begun)
    yield state_of(experiment, sweep=PLANES[0], **begun | {"swept": 2, "axis_kind": "linear"})
    start = state_of(experiment, CURE, sweep=PLANES[0], **begun)
    for pane in panes_of(start):
        yield dataclasses.replace(start, pane=pane)


def states(experiment: Experiment, view: str) -> Iterator[State]:
    """All of these."""
    yield from focused(experiment, view)
    yield from focused(experiment, view, ASKED)
    yield answered(experiment, view)
    if view == "compare":
        yield from compared(experiment)
    if view == "train":
        yield from raced(experiment)
    if view == "sweep":
        yield from planes(experiment)


def screens(states: Iterable[State], sizes: tuple[tuple[int, int], ...]) -> Iterator[Shown]:
    """What stands on the screen in each state at each size."""
    for state in states:
        scene = scene_with(state)
        for width, height in sizes:
            where = f"{state.view}, {state.cell}, {state.pane} focused, lesson {state.lesson}, {width}×{height}"
            if state.pane == panes_of(state)[0]:
                yield Shown(where, "header", width, header_lines(state, width), "", status.header(scene, width))
                yield Shown(where, "timeline", width, 1, "", [status.timeline(scene, width)])
                yield Shown(where, "footer", width, 1, "", [status.footer(state, width)])
            for name, box in arrange(state, width, height).items():
                pane, inner = PANES[name], (box.width - 2, box.height - 2)
                yield Shown(where, name, *inner, pane.title(scene, inner[0] - 4), pane.view(scene, *inner))


def foreign(text: str) -> set[str]:
    """Characters that the glyph set in force does not promise: Chinese is what a Chinese font has anyway.

    ASCII: nothing else. Braille: nothing that some terminals draw one cell wide and others two (Unicode's class A).
    """
    if glyphs.current() == glyphs.BLOCK:
        return set()
    chinese = {each for each in text if unicodedata.east_asian_width(each) in "WF"}
    rest = set(text) - chinese
    if glyphs.current() == glyphs.ASCII:
        return {each for each in rest if not each.isascii()}
    return {each for each in rest if unicodedata.east_asian_width(each) == "A"}
