"""Progress in the lessons, from session to session: read when lessons are first looked at, written when it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..lessons import kept
from ..lessons.naming import meant
from ..model import events as e
from ..model.studies import Studies
from ..text.language import tr

if TYPE_CHECKING:
    from .host import Host


class Keeper:
    """What looks after the file, after every change of the state."""

    def __init__(self, app: Host) -> None:
        self._app = app
        self._told = ""
        #: What the file has; None until it has been read.
        self._kept: Studies | None = None

    def follow(self) -> None:
        state = self._app.state
        if self._kept is None:
            if state.view == "lessons" or state.lesson is not None:
                self._read()
        elif state.studies != self._kept:
            self._kept = state.studies
            self._tell(kept.write(kept.file(), state.studies))

    def _read(self) -> None:
        progress = kept.read(kept.file())
        names = self._app.state.lessons
        # A lesson that had another number then is the same lesson.
        studies = tuple(replace(study, lesson=meant(study.lesson, names) or study.lesson) for study in progress.studies)
        self._kept = studies
        if studies:
            self._app.send(e.Recall(studies))
        self._tell(progress.problem)

    def _tell(self, problem: str) -> None:
        """Once: it goes on to be so."""
        if problem and problem != self._told:
            self._told = problem
            self._app.say(tr(problem), severity="warning")
