"""What every view reads: the records, where the cursor stands in them, and what the person picked."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradtui_engine import Experiment, StageNumbers, Step, Training, TrainingSnapshot
from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.analysis.record import Arrays, Listed, Record, Source
from gradtui_engine.core.numerics import ratio
from gradtui_engine.core.thresholds import crossed
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.program.program import first_learning, place_of, walls
from gradtui_engine.recordings.snapshot import RecordingSnapshot

from ...model.navigation import selected_stage
from ...model.needs import Computed, Failed, Iteration, Need, need_of
from ...model.shown import source_of_b
from ...model.state import State
from ...model.timeline import Timeline
from ...model.trainings import SnapshotOf, followed_a, followed_b
from ...text.language import tr
from ...text.scale import Scale
from ...text.summary import resolved_of

#: What there is of a training: of one that goes on here, or of a recorded one.
Snapshot = TrainingSnapshot | RecordingSnapshot


@dataclass(frozen=True)
class Scene:
    """One moment: a record, its timeline, the state, and whatever else has been computed."""

    record: Record
    timeline: Timeline
    state: State
    results: Mapping[Need, Any] = field(default_factory=dict)
    #: The scale that the bars are to be drawn on, where it is not the record's own: A and B share one.
    given_scale: Scale | None = None
    #: Whether it is B's record, beside the one of A: see `other`.
    is_b: bool = False

    # -- what the record has -------------------------------------------------------------------------------

    @property
    def stages(self) -> Sequence[StageNumbers]:
        return self.record.stages

    @property
    def over_time(self) -> bool:
        return self.record.axis == "time"

    @property
    def first_learning(self) -> int:
        """The first stage that learns: what happens at the far end of the gradient's way is said of it."""
        resolved = resolved_of(self.record.source) if self.over_time else None
        truncate = resolved.truncate if resolved is not None else None
        return first_learning(self.record.axis, len(self.stages) - 1, truncate)

    @functools.cached_property
    def walls(self) -> frozenset[int]:
        """The stages behind which backpropagation is truncated; none of most records."""
        resolved = resolved_of(self.record.source) if self.over_time else None
        return frozenset(walls(resolved.truncate if resolved is not None else None, len(self.stages) - 1))

    @functools.cached_property
    def experiment(self) -> Experiment | None:
        """The experiment of the record; None where a recording does not say which it was."""
        return self.record.source.experiment

    @functools.cached_property
    def resolved(self) -> Resolved:
        """What that experiment comes to: for panes that want one (`Pane.of_experiment`)."""
        resolved = resolved_of(self.record.source)
        assert resolved is not None
        return resolved

    @property
    def arrays(self) -> Arrays:
        """The arrays of the stages: for panes that want them."""
        assert self.record.arrays is not None
        return self.record.arrays

    @property
    def listed(self) -> Listed:
        """The record with every operation of it: for panes that want those."""
        assert self.record.listed is not None
        return self.record.listed

    @property
    def gated(self) -> bool:
        """Whether a gate lies on the direct path of the network's state."""
        if self.experiment is not None:
            return self.resolved.kind.gated
        return any("direct" in stage.factors for stage in self.stages)

    @property
    def chooses_activation(self) -> bool:
        """Whether one activation makes a stage's outputs; else gates do."""
        return self.resolved.kind.chooses_activation if self.experiment is not None else not self.gated

    # -- where the cursor stands ---------------------------------------------------------------------------

    @functools.cached_property
    def at(self) -> int:
        """Where the cursor stands in the record's steps."""
        return self.timeline.clamp(self.state.step)

    @property
    def step(self) -> Step:
        """The operation under the cursor."""
        return self.record.steps[self.at]

    @functools.cached_property
    def stage(self) -> int:
        """The selected stage."""
        return selected_stage(self.state, self.timeline)

    @property
    def unit(self) -> int:
        """The selected unit of the selected stage, 0 the first."""
        return min(self.state.unit, int(self.arrays.state(self.stage).shape[1]) - 1)

    @property
    def known(self) -> int:
        """The lowest stage whose gradient has been computed at the cursor; the stage count before any has."""
        return self.timeline.known[self.at]

    @property
    def reached(self) -> int:
        """The highest stage whose value has been computed at the cursor."""
        return self.timeline.reached[self.at]

    # -- A and B -------------------------------------------------------------------------------------------

    @functools.cached_property
    def other(self) -> Scene | None:
        """B under the same cursor; None without a change, while it is on its way, or where it cannot be."""
        source = source_of_b(self.state, self.experiment)
        computed = self._result(need_of(source)) if source is not None else None
        if not isinstance(computed, Computed):
            return None
        step = computed.timeline.locate(self.timeline, self.state.step)
        return replace(
            self, record=computed.record, timeline=computed.timeline, state=replace(self.state, step=step), is_b=True
        )  # fmt: skip

    def _result(self, need: Need) -> Any:
        """The result of a need; while it is trained, until this iteration is there the one that was there last."""
        known = self.results.get(need)
        if known is not None or not (self.state.training and isinstance(need, Iteration)):
            return known
        of_training = (key for key in self.results if isinstance(key, Iteration) and key.training == need.training)
        last = max(of_training, key=lambda key: key.iteration, default=None)
        return None if last is None else self.results[last]

    # -- iterations ----------------------------------------------------------------------------------------

    @functools.cached_property
    def snapshot(self) -> Snapshot | None:
        """What there is of A's training; None before it has begun."""
        return self._snapshot(followed_a(self.state))

    @functools.cached_property
    def snapshot_b(self) -> Snapshot | None:
        """What there is of B's training, on the same stream; None without a B, and before it has begun."""
        return self._snapshot(followed_b(self.state))

    @property
    def trained(self) -> TrainingSnapshot | None:
        """What there is of A's training here; None of a recorded one."""
        return self.snapshot if isinstance(self.snapshot, TrainingSnapshot) else None

    @property
    def trained_b(self) -> TrainingSnapshot | None:
        """The same of B's."""
        return self.snapshot_b if isinstance(self.snapshot_b, TrainingSnapshot) else None

    @property
    def learning(self) -> Answer | None:
        """Whether it learns: what its training has come to so far, else what the record says."""
        snapshot = self.snapshot_b if self.is_b else self.snapshot
        return self.record.outcome.learning if snapshot is None else snapshot.outcome

    def _snapshot(self, followed: Training | Source | None) -> Snapshot | None:
        known = self.results.get(SnapshotOf(followed)) if followed is not None else None
        return None if isinstance(known, Failed) else known

    # -- words ---------------------------------------------------------------------------------------------

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The stages' own names, where they have some: those of modules."""
        return tuple(stage.place for stage in self.stages) if self.record.axis == "module" else ()

    def name(self, stage: int) -> str:
        """layer 12, t = 40; the first one by what it is; a module by its own name."""
        axis = self.record.axis
        return tr(self.stages[stage].place if axis == "module" else place_of(axis, stage))

    @functools.cached_property
    def follows_cell(self) -> bool:
        """Whether the verdict follows ∂L/∂c, the state that carries; else ∂L/∂h."""
        # A record from before the path that carries was judged says nothing of it: ∂L/∂h was judged then.
        return "∂L/∂c" in self.record.outcome.signal.carried and self.stages[-1].cell_gradient_norm is not None

    def carried(self, stage: int) -> float:
        """The gradient's norm that the verdict follows, at a stage."""
        numbers = self.stages[stage]
        return (numbers.cell_gradient_norm or 0.0) if self.follows_cell else numbers.gradient_norm

    def health(self, value: float) -> str:
        """Style of such a norm against that at the output: the rule of the verdict, stage by stage."""
        return health_of(value, self.carried(-1))


def health_of(value: float, at_output: float) -> str:
    """`Scene.health`, of a norm beside that at the output."""
    if not math.isfinite(value):
        return "broken"
    return crossed(ratio(value, at_output)) or "healthy"
