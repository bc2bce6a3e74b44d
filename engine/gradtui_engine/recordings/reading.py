"""How a recording is read: which lines its events are, and in which order they are taken, in slices of time."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from .axes import TimeAxis, axes_of
from .events import Events
from .file_log import CUT, NO_RUN
from .header import Header
from .joining import Joiner, Part, Segment
from .ranks import merged
from .run_lines import HEADS, Log, losses_of
from .stage_columns import ModuleColumns, StageColumns, TimeColumns
from .stages import Stage

#: Whole lines that are read before the clock is looked at: 15 ms.
_BATCH = 128
#: So many events are read first, evenly spread, then those between them: the maps are whole early.
_FIRST = 256


class Reader:
    """Reads logs on, and puts what their lines say into the events and into the columns of the stages."""

    def __init__(self, logs: Sequence[Log], files: Sequence[str] = ()) -> None:
        self._logs = tuple(logs)
        self.files = tuple(files)
        self._anew = 0
        self._joiner = Joiner(self._logs)
        #: How many runs stand in the files before the one that is shown, which began anew.
        self.earlier = 0
        #: Events of which not every rank's line is there yet: how many are.
        self._partial: dict[int, int] = {}
        self._segments: tuple[Segment, ...] = ()
        self._taken: list[int] = []
        self._events = Events(Header())
        self._order: Iterator[int] = iter(())
        self._ordered = 0
        self._axes_version = (-1, -1)
        self._stages: tuple[Stage, ...] = ()
        self._over_time: dict[str, TimeAxis] = {}
        self._derived: dict[str, StageColumns] = {}
        self._unread = 0
        #: Held while lines are put in, and while a record or a snapshot is made of them: 15 ms at the most.
        self._lock = threading.RLock()

    # -- reading on ----------------------------------------------------------------------------------------

    def refresh(self, seconds: float | None = None) -> bool:
        """Read what is there and not yet read, at most for about so long; whether there was anything.

        Raises ExperimentError where a file can no longer be read, or is none of ours any more.
        """
        until = math.inf if seconds is None else time.monotonic() + seconds
        with self._lock:
            news = [log.read(until) for log in self._logs]
            self._arrange()
        return self._read_lines(until) or any(news)

    def begin(self) -> None:
        """Look at the files' beginnings alone, which say whether they are ours: room for a large one takes 0.1 s.

        Raises ExperimentError.
        """
        with self._lock:
            for log in self._logs:
                log.read(0.0)
            self._arrange()

    def _arrange(self) -> None:
        """Which runs make up the recording, and their events so far."""
        for log in self._logs:
            if log.complete and not log.runs and not self._segments:
                message = CUT if log.is_cut else Message("is empty")
                message = NO_RUN if log.passed_over else message
                raise ExperimentError([Problem(log.name, message)])
        if not any(log.runs for log in self._logs):
            self._order = iter(())  # a file that is being written anew: what was read is shown until it says something
            return
        anew = sum(log.began_anew for log in self._logs)
        joiner = self._joiner if anew == self._anew else Joiner(self._logs)
        joined = joiner.joined()
        segments, before = joined.segments, self._segments
        goes_on = joiner is self._joiner and len(segments) >= len(before)
        goes_on &= all(new.run is old.run for new, old in zip(segments, before, strict=False))
        if not goes_on or not before:
            self._events = Events(segments[0].run.header)
            self._taken, self._order, self._ordered = [], iter(()), 0
            self._derived, self._axes_version, self._partial = {}, (-1, -1), {}
        self._anew, self._joiner, self._segments, self.earlier = anew, joiner, segments, joined.earlier
        self._taken += [0] * (len(segments) - len(self._taken))
        share = min(log.share for log in self._logs)
        for index, segment in enumerate(segments):
            first, run = self._taken[index], segment.run
            count = run.count
            if first < count and not any(self._taken[index + 1 :]):
                self._events.append(
                    run.steps.array[first:count] + segment.offset,
                    {name: run.heads[name].array[first:count] for name in HEADS.values()},
                    sum(self._taken[:index]) + int(1.01 * count / share) if share > 0.01 else 0,
                )
                self._taken[index] = count
        for event, count in [*self._partial.items()]:
            if len(self._places(event)[1]) > count:
                self._events.parsed.array[event] = False
                self._order = itertools.chain([event], self._order)

    def _read_lines(self, until: float) -> bool:
        """Whole lines, in batches, until the time is up; whether there were any."""
        news = False
        while self._read_batch():
            news = True
            if time.monotonic() > until:
                break
        with self._lock:
            self._add_last_losses()
        return news

    def _read_batch(self) -> bool:
        with self._lock:
            batch = self._next_events()
            if batch:
                self._fill(batch)
            return bool(batch)

    def _add_last_losses(self) -> None:
        """What the end line has: the losses of the steps after the last that was recorded."""
        run = self._segments[-1].run if self._segments else None
        if run is not None and run.last_ring and self.complete:
            ring = losses_of(run.last_ring, self._segments[-1].offset)
            self._events.every_loss()
            self._events.correct(self._events.count - 1, ring)
            self._events.add_losses(ring)
            run.last_ring = ()

    def _next_events(self) -> list[int]:
        events = self._events
        batch = list(itertools.islice(self._order, _BATCH))
        if not batch and self._ordered < events.count:
            first, self._ordered = self._ordered, events.count
            parsed = events.parsed.array[: self._ordered]
            self._order = (event for event in _spread(first, len(parsed)) if not parsed[event])
            batch = list(itertools.islice(self._order, _BATCH))
        return batch

    def _fill(self, batch: Sequence[int]) -> None:
        lines = []
        for event in batch:
            segment, places = self._places(event)
            found = []
            for part, place in places:
                try:
                    found.append(part.log.line(place))
                except (ValueError, OSError):
                    self._unread += 1
            if len(places) <= len(segment.others):
                self._partial[event] = len(places)
            else:
                self._partial.pop(event, None)
            line = merged([line for line, _ in found]) if found else {}
            lines.append((event, line, any(suspicious for _, suspicious in found), segment.offset))
        self._events.fill(lines)
        self._derive(batch)

    def _places(self, event: int) -> tuple[Segment, list[tuple[Part, Sequence[int]]]]:
        """The segment of an event, and where its lines are, of each rank that has one."""
        for segment, count in zip(self._segments, self._taken, strict=True):
            if event < count:
                return segment, segment.places(event)
            event -= count
        raise IndexError(event)

    def _derive(self, batch: Sequence[int]) -> None:
        """The columns of the stages; anew where there are other calls than before."""
        events = self._events
        layers = [
            (events.header.modules[module].name, [(each.layer, each.reverse) for each in sequence.view(0).layers])
            for module, sequence in sorted(events.sequences.items())
        ]
        version = (events.version, sum(len(each) for _, each in layers))
        if version != self._axes_version or not self._derived:
            self._axes_version = version
            self._stages, self._over_time = axes_of(events.header, events.calls, layers)
            self._derived = {"": ModuleColumns(self._stages)}
            self._derived |= {name: TimeColumns(axis) for name, axis in self._over_time.items()}
            batch = np.flatnonzero(events.parsed.array[: events.count]).tolist()
        for columns in self._derived.values():
            columns.fill(events, batch)

    @property
    def complete(self) -> bool:
        """Whether all that is in the files has been read."""
        events = self._events
        return all(log.complete for log in self._logs) and bool(events.parsed.array[: events.count].all())

    @property
    def begun(self) -> bool:
        """Whether what was read says what is recorded."""
        return bool(self._segments)


def _spread(first: int, count: int) -> Iterator[int]:
    """The numbers from first to count, evenly spread ones first."""
    stride = 1
    while (count - first) > stride * _FIRST:
        stride *= 2
    yield from range(first, count, stride)
    while stride > 1:
        yield from range(first + stride // 2, count, stride)
        stride //= 2
