"""What is wrong with the recorded training on the screen: looked for as it grows, and said once of each fault."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gradtui_engine.analysis.record import Source

from ..model import events as e
from ..model.diagnoses import Diagnosed, DiagnosisOf, diagnosed
from ..model.trainings import HistoryOf, recorded
from ..text.finding_words import heading, verdict
from ..text.language import plural, tr

if TYPE_CHECKING:
    from .host import Host

#: Seconds from one look to the next at the least; and so many times what the last one took, so that a long recording
#: costs a twentieth of the worker's time.
_LEAST, _TIMES = 1.0, 20.0


class Diagnosing:
    """Follows the state: asks for a diagnosis where the recording has grown, and tells of what is new in it."""

    def __init__(self, app: Host) -> None:
        self._app = app
        self._forget(None)
        self._waits = False

    def _forget(self, source: Source | None) -> None:
        self._source, self._asked = source, 0.0
        self._known: Diagnosed | None = None
        #: What has been said of it.
        self._said: set[str] = set()

    def follow(self) -> None:
        """After every change of the state."""
        state = self._app.state
        if not recorded(state):
            self._forget(None)
            return
        source = state.recordings[0].whole
        if source != self._source:
            self._forget(source)
        known = diagnosed(state, self._app.jobs.results)
        if isinstance(known, Diagnosed) and known is not self._known:
            self._take(known)
        self._ask(source)

    def _ask(self, source: Source) -> None:
        state, results = self._app.state, self._app.jobs.results
        if state.trained in (0, state.diagnosed):
            return
        if state.diagnosed and DiagnosisOf(source, state.diagnosed) not in results:
            return  # it is being made
        recording = self._app.trainings.results.get(HistoryOf(source))
        pause = 0.0 if self._known is None else max(_LEAST, _TIMES * self._known.seconds)
        wait = 0.0 if state.finished else self._asked + pause - time.monotonic()
        if recording is None or not recording.complete:
            wait = _LEAST  # of half a file nothing is to be said
        if wait <= 0:
            self._asked = time.monotonic()
            self._app.send(e.Diagnose(state.trained))
        elif not self._waits:
            self._waits = True
            self._app.set_timer(wait, self._again)

    def _again(self) -> None:
        self._waits = False
        self.follow()

    def _take(self, known: Diagnosed) -> None:
        """The findings come into the state. The first time the verdict is said, later each fault that is new."""
        first, self._known = self._known is None, known
        if known.places != self._app.state.findings:
            self._app.send(e.Found(known.places))
        faults = {place.name: finding for place, finding in zip(known.places, known.diagnosis.findings, strict=True)
                  if finding.is_fault}  # fmt: skip
        news = [finding for name, finding in faults.items() if name not in self._said]
        self._said |= faults.keys()
        if not news:
            return
        if first:
            self._app.say(verdict(known.diagnosis))
            return
        self._app.bell()
        more = len(news) - 1
        said = heading(news[0])
        self._app.say(
            tr("new: {what}; {others}", what=said, others=plural("one more", "{count} more", more))
            if more
            else tr("new: {what}", what=said)
        )
