"""A lesson on the screen: what it needs to have computed, and the events that bring a step on."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.taylor import FUNCTIONS as TAYLOR

from ..model import events as e
from ..model.names import FUNCTIONS
from ..model.needs import NOTHING, Known, Need, Watch
from ..model.progress import Progress
from .course import cursor, effects, need
from .lesson import Lesson, Setup
from .library import Entry, entries, find
from .reading import Reading, Readings

if TYPE_CHECKING:
    from ..model.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Shelf:
    """The need: all lessons in a language, read and checked (the first time takes 0.1 s)."""

    language: str

    def compute(self, watch: Watch, known: Known = NOTHING) -> tuple[Entry, ...]:
        return entries(self.language)


@dataclass(frozen=True, slots=True)
class Page:
    """The need: what a step of a lesson has to have measured without a training, its answer's check included."""

    lesson: str
    step: int
    language: str

    def compute(self, watch: Watch, known: Known = NOTHING) -> Readings:
        wanted = _reading(self.lesson, self.step, self.language)
        return _NOTHING if wanted is None else wanted.only(trains=False).compute(watch, known)


@dataclass(frozen=True, slots=True)
class TrainedPage:
    """The need: what a step has to have measured of trainings, once it is answered the check included.

    What the screen has trained is read; what it has not is trained for it.
    """

    lesson: str
    step: int
    language: str
    answered: bool

    def compute(self, watch: Watch, known: Known = NOTHING) -> Readings:
        wanted = _reading(self.lesson, self.step, self.language)
        if wanted is None:
            return _NOTHING
        wanted = wanted.only(trains=True)
        return (wanted if self.answered else replace(wanted, asked=())).compute(watch, known)


_NOTHING = Readings({}, {})


def _reading(name: str, step: int, language: str) -> Reading | None:
    """What a step of a lesson has to have measured; None where it claims nothing, or cannot be read."""
    entry = find(name, language)
    return None if entry is None or entry.lesson is None else need(Progress(name, step), entry.lesson)


def needs(progress: Progress | None, language: str, training: bool = False) -> tuple[Any, ...]:
    """What the list, or an open lesson, needs; the step that comes next as well, so that nobody waits for it.

    training: the screen trains. What a step wants to know of a training waits for that, and is trained once.
    """
    if progress is None:
        return (Shelf(language),)
    name, step = progress.lesson, progress.step
    pages: list[Any] = [Page(name, step, language), Page(name, step + 1, language)]
    if not training:
        pages.append(TrainedPage(name, step, language, progress.answer is not None))
    return (Shelf(language), *pages)


def readings(progress: Progress, language: str, results: Known) -> Readings | None:
    """What of a step has been measured so far; None where nothing has."""
    name, step = progress.lesson, progress.step
    keys: list[Need] = [Page(name, step, language)]
    keys += [TrainedPage(name, step, language, answered) for answered in (False, True)]
    found = [result for key in keys if isinstance(result := results.get(key), Readings)]
    return functools.reduce(operator.or_, found) if found else None


def scenery(setup: Setup) -> tuple[e.Event, ...]:
    """The events that ask for a setup's experiment, view, quantity and training; undo leads back in one step."""
    events: list[e.Event] = [
        e.Change(setup.experiment, setup.changes, plan=setup.plan, turns=()),
        e.Show(setup.view),
        e.NextQuantity(name=setup.quantity),
    ]
    events += _listed(setup)
    if setup.iteration is not None or setup.view != "train":
        events.append(e.GoTo(iteration=setup.iteration or 0, ahead=True))
    if setup.train:
        events.append(e.Train())
    return tuple(events)


def cue(setup: Setup, timeline: Timeline) -> tuple[e.Event, ...]:
    """The events that move the cursor, once the trace of the setup's experiment is on the screen."""
    events: list[e.Event] = []
    step = cursor(setup, timeline)
    if step is not None:
        events.append(e.Jump(step=step))
    if setup.stage is not None:
        events.append(e.Select(stage=setup.stage))
    return (*events, *_looks(setup))


def _listed(setup: Setup) -> list[e.Event]:
    """The events that choose a row of the view's list, and the terms of a series."""
    functions = tuple(TAYLOR.names[place] for place in FUNCTIONS)
    lists = {"maths": (setup.function, functions), "lab": (setup.row, ("", *ACTIVATIONS.names))}
    name, names = lists.get(setup.view, ("", ()))
    rows: list[e.Event] = [e.SelectItem(names.index(name))] if name else []
    return [*rows, e.SetTerms(setup.terms)] if setup.terms else rows


def _looks(setup: Setup) -> tuple[e.Event, ...]:
    """The events that put a pane beside the lesson; which panes there are is known when the trace is there."""
    return (e.Focus(pane=setup.pane), e.Focus(pane="lesson")) if setup.pane else ()


def opened(setup: Setup) -> tuple[e.Event, ...]:
    """The same before there is a timeline: a setup that the screen opens with."""
    events: list[e.Event] = []
    if isinstance(setup.step, str):
        events.append(e.Jump(moment=setup.step, stage=setup.stage))
    elif setup.step is not None:
        events.append(e.Jump(step=setup.step))
    if setup.stage is not None:
        events.append(e.Select(stage=setup.stage))
    return (*_listed(setup), *events, *_looks(setup))


def turned(before: Progress | None, after: Progress, lesson: Lesson) -> Setup | None:
    """The setup to bring on when the reader moves or answers; None where the screen stays as it is."""
    wanted = effects(after, lesson)
    if before is None or before.lesson != after.lesson or before.step != after.step:
        return wanted
    return wanted if wanted.train or wanted.experiment != effects(before, lesson).experiment else None
