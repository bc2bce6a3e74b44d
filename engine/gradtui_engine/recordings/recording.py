"""A recorded training: what its lines say, as a History that may still grow."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..analysis.json_reading import Numbers
from ..analysis.record import Source
from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch
from .axes import TimeAxis, axes_of
from .columns import Call, Columns, Sequences
from .event_record import record_of
from .events import Events
from .file_log import NO_RUN, FileLog, is_ours
from .growing import Growing
from .header import Header
from .joining import Joiner, Part, Segment
from .ranks import merged
from .run_lines import HEADS, End, Log, MemoryLog, Note, losses_of
from .snapshot import RecordingSnapshot
from .stage_columns import ModuleColumns, StageColumns, TimeColumns
from .stages import Stage

#: Whole lines that are read before the clock is looked at: 15 ms.
_BATCH = 128
#: So many events are read first, evenly spread, then those between them: the maps are whole early.
_FIRST = 256


class Recording:
    """See `analysis.record.History`. One thread reads on (`refresh`); others may read what was handed out meanwhile."""

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

    @classmethod
    def of_lines(cls, lines: Iterable[Mapping[str, Any]], files: Sequence[str] = ()) -> Self:
        """The recording of lines as they stand in a file. Raises ExperimentError where there is none of a run."""
        recording = cls([MemoryLog(lines, files[0] if files else "")], files)
        recording.refresh()
        return recording

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

    def _arrange(self) -> None:
        """Which runs make up the recording, and their events so far."""
        if not any(log.runs for log in self._logs):
            log = self._logs[0]
            if self._segments:  # a file that is being written anew: what was read is shown until it says something
                self._order = iter(())
            elif log.complete:
                message = Message("is empty") if not log.passed_over else Message(NO_RUN)
                raise ExperimentError([Problem(log.name, message)])
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
            if len(self._places(event)[0]) > count:
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
            places, offset = self._places(event)
            found = []
            for part, place in places:
                try:
                    found.append(part.log.line(place))
                except (ValueError, OSError):
                    self._unread += 1
            if len(places) <= len(self._segments[-1].others):
                self._partial[event] = len(places)
            else:
                self._partial.pop(event, None)
            line = merged([line for line, _ in found]) if found else {}
            lines.append((event, line, any(suspicious for _, suspicious in found), offset))
        self._events.fill(lines)
        self._derive(batch)

    def _places(self, event: int) -> tuple[list[tuple[Part, Sequence[int]]], int]:
        """Where the lines of an event are, of each rank that has one, and what its step counts from."""
        for segment, count in zip(self._segments, self._taken, strict=True):
            if event < count:
                return segment.places(event), segment.offset
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

    # -- what it holds -------------------------------------------------------------------------------------

    @property
    def header(self) -> Header:
        return self._events.header

    @property
    def count(self) -> int:
        """Events that are known: step lines."""
        return self._events.count

    @property
    def complete(self) -> bool:
        """Whether all that is in the files has been read."""
        events = self._events
        return all(log.complete for log in self._logs) and bool(events.parsed.array[: events.count].all())

    @property
    def begun(self) -> bool:
        """Whether what was read says what is recorded."""
        return bool(self._segments)

    @property
    def ended(self) -> End | None:
        """The last line of the last run, where it has one."""
        return self._segments[-1].run.end if self._segments else None

    @property
    def columns(self) -> Columns:
        """See `Columns`; of an event whose line has not been read its step, time and loss alone."""
        with self._lock:
            return self._events.columns()

    @property
    def calls(self) -> tuple[Call, ...]:
        """What the columns of `Columns.activations` are, in the order of the forward pass."""
        return self._events.calls

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages along the modules, as they are shown."""
        return self._stages

    @property
    def sequences(self) -> Mapping[str, Sequences]:
        """The gradients over time of the fused recurrent modules, by name."""
        events = self._events
        return {
            events.header.modules[module].name: sequence.view(events.count)
            for module, sequence in sorted(events.sequences.items())
        }

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the recorder says, and then what was found in reading."""
        written = [note for segment in self._segments for note in segment.run.notes]
        passed_over = sum(log.passed_over for log in self._logs) + self._unread
        if passed_over:
            written.append(Note(None, Message("{count} lines could not be read", count=passed_over)))
        if self.earlier:
            earlier = Message("{count} earlier runs in the same files are not shown", count=self.earlier)
            written.append(Note(None, earlier))
        ranks, read = self.header.ranks, len(self._segments[-1].others) + 1
        if ranks > 1:
            written.append(Note(None, Message("{count} of {ranks} ranks were read", count=read, ranks=ranks)))
        if self._events.left_out:
            written.append(Note(None, Message("some calls were left out: there are too many to keep")))
        return tuple(written)

    @property
    def root(self) -> str:
        """The name of the loss's grad_fn; "" where it is not known."""
        return self._events.root

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of what the model was given in a step; () where it is not known."""
        return self._events.input_shape

    @property
    def still_symmetric(self) -> tuple[str, ...] | None:
        """The matrices whose rows were still equal when it was looked at again; None where it was not."""
        return self._events.still_symmetric

    @property
    def axes(self) -> tuple[str, ...]:
        """Along what it can be looked at: "" its modules, then the recurrent modules, over time."""
        return ("", *self._over_time)

    @property
    def nbytes(self) -> int:
        return self._events.nbytes

    # -- History -------------------------------------------------------------------------------------------

    def at(self, k: int, watch: Watch | None = None, axis: str = "") -> Numbers:
        """The record of event k. Raises IndexError, and KeyError for an axis that there is not."""
        with self._lock:
            if not 0 <= k < self.count:
                raise IndexError(f"event {k}: there are {self.count}")
            if not self._events.parsed.array[k]:
                self._fill([k])
            return record_of(self._events, self._stages, self._axis(axis), k, self.source(k, axis))

    def source(self, k: int, axis: str = "") -> Source:
        """What the record of event k comes from."""
        return Source(
            recording=self.files[0] if self.files else "", words=self.words, recorded=True, files=self.files,
            iteration=int(self._events.steps.array[k]), stages=axis,
        )  # fmt: skip

    def event_of(self, step: int) -> int:
        """The last event up to a step of the training; the first where there is none before."""
        steps = self._events.steps.array[: self.count]
        return max(int(np.searchsorted(steps, step, side="right")) - 1, 0)

    def _axis(self, axis: str) -> TimeAxis | None:
        return self._over_time[axis] if axis else None

    @property
    def words(self) -> str:
        """What was recorded, in a few words: the model's class, and what was started."""
        header = self.header
        model = next((row.kind for row in header.modules if not row.name), "")
        # Of a script its name; what gradtui itself was started with is a command.
        script = header.script if " " in header.script else Path(header.script.replace("\\", "/")).name
        return " · ".join(part for part in (model, script) if part)

    def snapshot(self, axis: str = "") -> RecordingSnapshot:
        """What there is now. Raises KeyError for an axis that there is not."""
        with self._lock:
            return self._snapshot(axis)

    def _snapshot(self, axis: str) -> RecordingSnapshot:
        events, over_time = self._events, self._axis(axis)
        count = events.count
        derived = self._derived.get(axis) or ModuleColumns(())
        parsed = events.parsed.array[:count]
        whole = bool(parsed.all())
        # While lines are missing, the last one that was read stands for them.
        known = None if whole else np.maximum.accumulate(np.where(parsed, np.arange(count), -1))
        rates = events.learning_rates
        columns = {"loss": events.numbers["loss"].view(count), "accuracy": np.full(count, np.nan)}
        for name, growing in (*derived.columns.items(), ("update_ratio", events.parameters["update"])):
            columns[name] = _shown(growing, count, known)
        columns["learning_rate"] = _shown(rates, count, known)[:, 0] if rates.array.shape[1] else np.full(count, np.nan)
        ended = self.ended
        width = columns["gradient"].shape[1]
        return RecordingSnapshot(
            count, columns, "time" if over_time else "module",
            tuple(row.name for row in events.header.parameters), events.steps.view(count),
            tuple(str(time) for time in range(width)) if over_time else tuple(stage.place for stage in self._stages),
            self.words, events.every_loss(), ended is not None, ended is not None and ended.why == "error",
            whole and all(log.complete for log in self._logs),
        )  # fmt: skip

    @property
    def summary(self) -> Mapping[str, Array]:
        """loss, and of the stages each row of STAGE_NUMBERS that is known: (count, stages)."""
        return self.snapshot().summary


def _shown(growing: Growing, count: int, known: Array | None) -> Array:
    growing.reserve(count)
    if known is None:
        return growing.view(count)
    shown = growing.array[np.maximum(known, 0)]
    shown[known < 0] = np.nan
    return shown


def _spread(first: int, count: int) -> Iterator[int]:
    """The numbers from first to count, evenly spread ones first."""
    stride = 1
    while (count - first) > stride * _FIRST:
        stride *= 2
    yield from range(first, count, stride)
    while stride > 1:
        yield from range(first + stride // 2, count, stride)
        stride //= 2


#: Said of a file that nobody writes whose files are read.
NOT_KNOWN = Message(
    "is no recording (RUN.jsonl), nothing that gradtui run has saved (RUN.npz, RUN.json), and no log of Hugging Face, "
    "TensorBoard or CSV"
)


def open_recording(paths: Sequence[Path]) -> Recording:
    """The recording of one file or several, of which nothing has been read yet but what says that it is one; of what
    another tool has written all of it (`imports`).

    `refresh` reads on. Raises ExperimentError.
    """
    if not all(map(is_ours, paths)):
        from .imports.importers import imported  # 20 ms that a recording of ours does not need

        lines = imported(paths)
        if lines is not None:
            return Recording.of_lines(lines, [str(path) for path in paths])
        if len(paths) == 1 and paths[0].suffix.lower() != ".jsonl" and paths[0].is_file() and paths[0].stat().st_size:
            raise ExperimentError([Problem(str(paths[0]), NOT_KNOWN)])
    recording = Recording([FileLog(path) for path in paths], [str(path) for path in paths])
    while not recording.begun:
        recording.refresh(0.0)
    return recording
