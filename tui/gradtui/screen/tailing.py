"""What is read beside the screen: recorded trainings, in a thread of its own, on and on while their files grow."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gradtui_engine import ExperimentError
from gradtui_engine.analysis.record import Source
from gradtui_engine.core.numerics import Array
from gradtui_engine.recordings.recording import Recording, open_recording
from gradtui_engine.recordings.snapshot import RecordingSnapshot

from ..model.needs import Failed, Need, axis_of
from ..model.state import Steps
from ..model.trainings import HistoryOf, SnapshotOf

#: Seconds of reading before whoever looks sees what has come, and between two looks at a file that may have grown.
_TURN, _PAUSE = 0.05, 0.25
#: What there is already is drawn first: Python's threads take turns, and to start takes twice as long beside one that
#: reads.
_FIRST = 0.4
#: Of a recording that is still being read a picture takes half a second where it has 60,000 events: so many times what
#: the last one took are read before the next.
_READ_FOR = 8.0


class Tails:
    """The recorded trainings that the screen shows, by their `Source.whole`. `results` gets their histories and
    their latest snapshots: B's at A's steps, so that both have one axis of iterations.
    """

    def __init__(self, results: dict[Need, Any]) -> None:
        self._results = results
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")
        self._work: Future[None] | None = None
        self._stop = threading.Event()
        #: What is looked at, with the stages along which; and what the thread has read of it last.
        self._wanted: tuple[Source, ...] = ()
        self._snapshots: dict[Source, RecordingSnapshot] = {}
        #: Of each of these, when its next picture is due.
        self._due: dict[Source, float] = {}
        self._seen: list[RecordingSnapshot] = []
        self._failed: dict[Source, str] = {}
        #: The steps of the axis of iterations.
        self.steps: Steps | None = None

    def want(self, sources: Sequence[Source]) -> tuple[int, bool]:
        """Look at these, A's first: see `look`."""
        wanted = tuple(dict.fromkeys(sources))
        if wanted != self._wanted:
            self._wanted = wanted
            self._stop.set()
            for source in wanted:
                if isinstance(recording := self._results.get(HistoryOf(source.whole)), Recording):
                    self._snapshots[source] = recording.snapshot(axis_of(recording, source.stages))
            self._stop = threading.Event()
            # After the one that has been told to stop: the executor has one thread.
            self._work = self._executor.submit(self._read, wanted, self._stop) if wanted else None
        return self.look()

    def look(self) -> tuple[int, bool]:
        """Take the latest snapshots: (iterations of the axis, whether no more will come)."""
        if self._work is not None and self._work.done() and not self._work.cancelled():
            self._work.result()
        for whole, problem in self._failed.items():
            self._results.update({SnapshotOf(each): Failed(problem) for each in self._wanted if each.whole == whole})
        snapshots = {source: self._snapshots[source] for source in self._wanted if source in self._snapshots}
        if [*snapshots.values()] != self._seen:
            self._seen = [*snapshots.values()]
            steps = _axis([snapshot.steps for snapshot in self._seen])
            self.steps = Steps(steps, max(snapshot.last_step for snapshot in self._seen))
            for source, snapshot in snapshots.items():
                own = source == self._wanted[0]
                self._results[SnapshotOf(source)] = snapshot if own else at_steps(snapshot, steps)
        return 0 if self.steps is None else len(self.steps), self._work is None or self._work.done()

    def close(self) -> None:
        """Read no more; what is under way ends by itself."""
        self._stop.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    @property
    def rests(self) -> bool:
        """Whether all that is in the files has been read: what comes now is what is being written."""
        return all(snapshot.complete for snapshot in self._seen)

    @property
    def problem(self) -> str:
        """Why one that is looked at cannot be read; "" where all can."""
        return next((self._failed[each.whole] for each in self._wanted if each.whole in self._failed), "")

    # -- in the thread ---------------------------------------------------------------------------------------

    def _read(self, wanted: tuple[Source, ...], stop: threading.Event) -> None:
        """Read on in all of them by turns, until no more will come or stop is set."""
        left, changed = list(wanted), set[Source]()
        if all(source in self._snapshots for source in wanted):
            stop.wait(_FIRST)
        while left and not stop.is_set():
            news = False
            for source in tuple(left):
                try:
                    recording = self._recording(source.whole)
                    read = recording.refresh(_TURN)
                    news |= read
                    changed |= {source} if read or source not in self._snapshots else set()
                    begun = time.monotonic()
                    if source in changed and (recording.complete or begun >= self._due.get(source, 0.0)):
                        changed.remove(source)
                        self._snapshots[source] = recording.snapshot(axis_of(recording, source.stages))
                        took = time.monotonic() - begun
                        self._due[source] = begun + took + _READ_FOR * took
                except ExperimentError as error:
                    self._failed[source.whole] = Failed.of(error).problem
                    left.remove(source)
                    continue
                if recording.complete and recording.ended is not None:
                    left.remove(source)
            stop.wait(0.0 if news else _PAUSE)

    def _recording(self, whole: Source) -> Recording:
        """The one that is there, or a new one. Raises ExperimentError."""
        recording = self._results.get(HistoryOf(whole))
        if not isinstance(recording, Recording):
            recording = open_recording([Path(file) for file in whole.files])
            self._results[HistoryOf(whole)] = recording
        return recording


def _axis(steps: Sequence[Array]) -> Array:
    """A's steps, and of B those beyond A's last."""
    first, *others = steps
    last = first[-1] if len(first) else -1
    axis: Array = np.concatenate([first, *(other[other > last] for other in others)])
    return axis


def at_steps(snapshot: RecordingSnapshot, steps: Array) -> RecordingSnapshot:
    """A snapshot as it was at these steps, ascending: the last event up to each, as far as there are any."""
    if not snapshot.count:
        return snapshot
    known = steps[: np.searchsorted(steps, snapshot.steps[-1], side="right")]
    events = np.maximum(np.searchsorted(snapshot.steps, known, side="right") - 1, 0)
    columns = {name: column[events] for name, column in snapshot.columns.items()}
    return replace(snapshot, count=len(known), columns=columns, steps=known)
