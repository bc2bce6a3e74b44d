"""What a view needs to have computed: frozen keys, each of which knows how to compute its result."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from gradtui_engine import Experiment, ExperimentError, Run, Trainer, Training, TrainingHistory, simulate
from gradtui_engine.analysis.opening import read
from gradtui_engine.analysis.record import Record, Source
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import in_one
from gradtui_engine.core.progress import Watch as Watch
from gradtui_engine.core.progress import part
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.recordings.recording import open_recording

from .timeline import Timeline
from .trainings import HistoryOf


class Need(Hashable, Protocol):
    """A key of a result. Equal needs have equal results; known are those that are there already."""

    def compute(self, watch: Watch, known: Known = ...) -> Any: ...


#: Training's share of the work, where an iteration is asked for that nobody has trained up to.
_TRAIN = 0.9
#: Seconds between two looks at a training that has not come so far.
_WAIT = 0.01
#: What has been computed already.
Known = Mapping[Need, Any]
NOTHING: Known = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Failed:
    """A result that there is not, and why, in words that can still be translated."""

    problem: str

    @classmethod
    def of(cls, error: ExperimentError | MemoryError) -> Failed:
        return cls(in_one(error.problems) if isinstance(error, ExperimentError) else NO_MEMORY)


NO_MEMORY = Message("not enough memory for this size")
NO_STEP = Message("no step is recorded yet")
CHANGED = Message("the file of this recording has changed; open it again")


@dataclass(frozen=True)
class Computed:
    """The record of an experiment, or a recording, with the timeline of its steps."""

    record: Record
    timeline: Timeline
    #: The training that had to be done for it.
    history: TrainingHistory | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Simulation:
    """An experiment, to be run, with all that views read, so that the screen does not wait for it later.

    What the experiment comes to is the key: nothing is computed twice because it was given otherwise.
    """

    experiment: Experiment = field(compare=False)
    resolved: Resolved = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "resolved", self.experiment.resolved)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Computed | Failed:
        try:
            run = simulate(self.experiment, watch)
            return Computed(run, Timeline.of(run))
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording, to be read from its file; of a recorded training one step, which who follows it has read."""

    source: Source

    def compute(self, watch: Watch, known: Known = NOTHING) -> Computed | Failed:
        try:
            if self.source.recorded:
                return self._step(known)
            records = read(Path(self.source.recording))
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)
        record = next((record for record in records if record.source == self.source), None)
        return Failed(CHANGED) if record is None else Computed(record, Timeline.of(record))

    def _step(self, known: Known) -> Computed | Failed:
        """The last step that was recorded up to the one that is asked for."""
        recording = known.get(HistoryOf(self.source.whole))
        if recording is None:
            recording = open_recording([Path(file) for file in self.source.files])
            recording.refresh()
        if not recording.count:
            return Failed(NO_STEP)
        record = recording.at(recording.event_of(self.source.iteration), axis=axis_of(recording, self.source.stages))
        # As it was asked for, but for the step: that is the one whose numbers they are.
        record = replace(record, source=replace(self.source, iteration=record.source.iteration))
        return Computed(record, Timeline.of(record))


def axis_of(recording: Any, stages: str) -> str:
    """What of a recorded training's is looked at where this is asked for: of another network's time steps, its own."""
    axes: tuple[str, ...] = recording.axes
    return stages if stages in axes else axes[min(1, len(axes) - 1)] if stages else ""


@dataclass(frozen=True, slots=True)
class Iteration:
    """An iteration of a training, whole: of the training that is under way, which is waited for, or of one that is
    trained up to it. Where the training has ended before it, or had no memory to go on, its last one.
    """

    training: Training
    iteration: int

    def compute(self, watch: Watch, known: Known = NOTHING) -> Computed | Failed:
        try:
            history = known.get(HistoryOf(self.training))
            if isinstance(history, TrainingHistory):
                while history.count <= self.iteration and not (history.done or history.interrupted):
                    watch(0.0)  # raises where nobody wants it any more, as when who trains has been told to stop
                    time.sleep(_WAIT)
                return self._computed(history, watch)
            new = TrainingHistory(Trainer(self.training))
            new.advance(self.iteration + 1, part(watch, 0.0, _TRAIN))
            return self._computed(new, part(watch, _TRAIN, 1.0), new)
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)

    def _computed(
        self, history: TrainingHistory, watch: Watch | None, new: TrainingHistory | None = None
    ) -> Computed | Failed:
        if not history.count:
            return Failed(NO_MEMORY)  # what else could have stopped it before its first iteration
        run = history.at(min(self.iteration, history.count - 1), watch)
        return Computed(run, Timeline.of(run), new)


def need_of(source: Source) -> Recording | Simulation | Iteration:
    """What gives the record of a source."""
    if source.recording:
        return Recording(source)
    if source.training is not None:
        return Iteration(source.training, source.iteration)
    assert source.experiment is not None
    return Simulation(source.experiment)


def run_of(experiment: Experiment, watch: Watch | None, known: Known = NOTHING) -> Run:
    """An experiment's run: the one that is there, or else a new one. Raises ExperimentError."""
    computed = known.get(Simulation(experiment))
    if isinstance(computed, Computed) and isinstance(computed.record, Run):
        return computed.record
    return simulate(experiment, watch)
