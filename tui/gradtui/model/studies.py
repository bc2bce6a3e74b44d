"""What has been done of each lesson: part of the state, kept from one session to the next by whoever may (`screen`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .progress import Answer, Progress


@dataclass(frozen=True, slots=True)
class Study:
    """One lesson: the step that was read last, its answers, and whether its end has ever been reached."""

    lesson: str
    step: int = 0
    answers: tuple[tuple[int, Answer], ...] = ()
    done: bool = False

    @property
    def progress(self) -> Progress:
        """Where to go on: a lesson that is done begins anew."""
        return Progress(self.lesson) if self.done else Progress(self.lesson, self.step, self.answers)


Studies = tuple[Study, ...]


def study_of(studies: Studies, lesson: str) -> Study | None:
    return next((study for study in studies if study.lesson == lesson), None)


def noted(studies: Studies, progress: Progress, done: bool) -> Studies:
    """With where the reader stands now; what has been done once stays done."""
    before = study_of(studies, progress.lesson)
    done = done or (before is not None and before.done)
    return _with(studies, Study(progress.lesson, progress.step, progress.answers, done))


def merged(kept: Studies, own: Studies) -> Studies:
    """What was kept, and over it what this session did; what is done in either is done."""
    for study in own:
        before = study_of(kept, study.lesson)
        done = study.done or (before is not None and before.done)
        kept = _with(kept, Study(study.lesson, study.step, study.answers, done))
    return kept


def begun_or_new(studies: Studies, lessons: Iterable[str]) -> str:
    """The first lesson that is not done; the first of all where every one is, empty where there are none."""
    names = tuple(lessons)
    done = {study.lesson for study in studies if study.done}
    return next((name for name in names if name not in done), names[0] if names else "")


def _with(studies: Studies, study: Study) -> Studies:
    return tuple(sorted((*(one for one in studies if one.lesson != study.lesson), study), key=lambda one: one.lesson))
