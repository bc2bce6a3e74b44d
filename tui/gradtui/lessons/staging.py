"""A lesson on the screen: what it needs to have computed, and the events that bring a step on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import events as e
from ..model.needs import NOTHING, Known, Watch
from ..model.progress import Progress
from .course import cursor, effects, need
from .lesson import Lesson, Setup
from .library import Entry, entries, find
from .reading import Readings

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
    """The need: what a step of a lesson has to have measured, its answer's check included."""

    lesson: str
    step: int
    language: str

    def compute(self, watch: Watch, known: Known = NOTHING) -> Readings:
        entry = find(self.lesson, self.language)
        if entry is None or entry.lesson is None:
            return Readings({}, {})
        wanted = need(Progress(self.lesson, self.step), entry.lesson)
        return Readings({}, {}) if wanted is None else wanted.compute(watch, known)


def needs(progress: Progress | None, language: str) -> tuple[Any, ...]:
    """What the list, or an open lesson, needs; the step that comes next as well, so that nobody waits for it."""
    if progress is None:
        return (Shelf(language),)
    pages = (Page(progress.lesson, step, language) for step in (progress.step, progress.step + 1))
    return (Shelf(language), *pages)


def scenery(setup: Setup) -> tuple[e.Event, ...]:
    """The events that ask for a setup's experiment, view and quantity; undo leads back from it in one step."""
    return (
        e.Change(setup.experiment, setup.changes),
        e.Show(setup.view),
        e.NextQuantity(name=setup.quantity),
    )


def cue(setup: Setup, timeline: Timeline) -> tuple[e.Event, ...]:
    """The events that move the cursor, once the trace of the setup's experiment is on the screen."""
    events: list[e.Event] = []
    step = cursor(setup, timeline)
    if step is not None:
        events.append(e.Jump(step=step))
    if setup.stage is not None:
        events.append(e.Select(stage=setup.stage))
    return tuple(events)


def opened(setup: Setup) -> tuple[e.Event, ...]:
    """The same before there is a timeline: a setup that the screen opens with."""
    events: list[e.Event] = []
    if isinstance(setup.step, str):
        events.append(e.Jump(moment=setup.step, stage=setup.stage))
    elif setup.step is not None:
        events.append(e.Jump(step=setup.step))
    if setup.stage is not None:
        events.append(e.Select(stage=setup.stage))
    return tuple(events)


def turned(before: Progress | None, after: Progress, lesson: Lesson) -> Setup | None:
    """The setup to bring on when the reader moves or answers; None where the screen stays as it is."""
    wanted = effects(after, lesson)
    if before is None or before.lesson != after.lesson or before.step != after.step:
        return wanted
    return wanted if wanted.experiment != effects(before, lesson).experiment else None
