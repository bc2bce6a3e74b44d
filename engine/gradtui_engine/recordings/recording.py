"""A recorded training: what its lines say, as a History that may still grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..analysis.json_reading import Numbers
from ..analysis.record import Source
from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from ..core.progress import Watch
from .axes import TimeAxis
from .broken_outputs import BrokenOutput
from .columns import Call, Columns, Sequences
from .event_record import record_of
from .file_log import FileLog, is_ours
from .growing import Growing
from .header import Header
from .reading import Reader
from .run_lines import End, MemoryLog, Note
from .snapshot import RecordingSnapshot
from .stage_columns import ModuleColumns
from .stages import Stage

#: Why a record ends whose training was to go on.
_STOPPED = ("error", "interrupted")


class Recording(Reader):
    """See `analysis.record.History`. One thread reads on (`refresh`); others may read what was handed out meanwhile."""

    @classmethod
    def of_lines(cls, lines: Iterable[Mapping[str, Any]], files: Sequence[str] = ()) -> Self:
        """The recording of lines as they stand in a file. Raises ExperimentError where there is none of a run."""
        recording = cls([MemoryLog(lines, files[0] if files else "")], files)
        recording.refresh()
        return recording

    # -- what it holds -------------------------------------------------------------------------------------

    @property
    def header(self) -> Header:
        return self._events.header

    @property
    def count(self) -> int:
        """Events that are known: step lines."""
        return self._events.count

    @property
    def ended(self) -> End | None:
        """The last line of the last run, where it has one."""
        return self._segments[-1].run.end if self._segments else None

    @property
    def last_step(self) -> int:
        """The last step that is known of: a recorded one, one with a loss in a ring, or the one before the end; −1 for
        none."""
        steps = [self._events.every_loss()[0][-1:], self._events.steps.view(self.count)[-1:]]
        end = [self.ended.step - 1] if self.ended is not None else []
        return max([*(int(step) for known in steps for step in known), *end], default=-1)

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
            unread = (
                Message("one line could not be read")
                if passed_over == 1
                else Message("{count} lines could not be read", count=passed_over)
            )
            written.append(Note(None, unread))
        if self.earlier:
            earlier = (
                Message("an earlier run in the same file is not shown")
                if self.earlier == 1
                else Message("{count} earlier runs in the same files are not shown", count=self.earlier)
            )
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
    def broken(self) -> Mapping[int, tuple[BrokenOutput, ...]]:
        """Outputs that are not finite, of modules whose calls have no row: by event, in forward order."""
        return self._events.broken

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
        for name in ("gradient_before", "gradient_after"):
            columns[name] = _shown(events.numbers[name], count, known)
        ended = self.ended
        width = columns["gradient"].shape[1]
        return RecordingSnapshot(
            count, columns, "time" if over_time else "module",
            tuple(row.name for row in events.header.parameters), events.steps.view(count),
            tuple(str(time) for time in range(width)) if over_time else tuple(stage.place for stage in self._stages),
            self.words, events.every_loss(), ended is not None, ended is not None and ended.why in _STOPPED,
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
        recording.begin()
    return recording
