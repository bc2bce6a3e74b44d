"""What every view reads: the traces, where the cursor stands in them, and what the person picked."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gradtui_engine import Experiment, Run, StageNumbers, Step
from gradtui_engine.core.numerics import ratio
from gradtui_engine.core.thresholds import crossed

from ...model.navigation import selected_stage
from ...model.needs import Computed, Need, Simulation, other
from ...model.state import State
from ...model.timeline import Timeline
from ...text.language import tr
from ...text.scale import Scale


@dataclass(frozen=True)
class Scene:
    """One moment: a trace, its timeline, the state, and whatever else has been computed."""

    trace: Run
    timeline: Timeline
    state: State
    results: Mapping[Need, Any] = field(default_factory=dict)
    #: The scale that the bars are to be drawn on, where it is not the trace's own: A and B share one.
    given_scale: Scale | None = None

    @functools.cached_property
    def at(self) -> int:
        """Where the cursor stands in the trace's steps."""
        return self.timeline.clamp(self.state.step)

    @property
    def step(self) -> Step:
        """The operation under the cursor."""
        return self.trace.steps[self.at]

    @functools.cached_property
    def stage(self) -> int:
        """The selected stage."""
        return selected_stage(self.state, self.timeline)

    @property
    def unit(self) -> int:
        """The selected unit of the selected stage, 0 the first."""
        values = self.trace.values[self.trace.program.stages[self.stage]]
        return min(self.state.unit, int(values.shape[1]) - 1)

    @property
    def known(self) -> int:
        """The lowest stage whose gradient has been computed at the cursor; the stage count before any has."""
        return self.timeline.known[self.at]

    @property
    def reached(self) -> int:
        """The highest stage whose value has been computed at the cursor."""
        return self.timeline.reached[self.at]

    @property
    def stages(self) -> tuple[StageNumbers, ...]:
        return self.trace.stages

    @property
    def over_time(self) -> bool:
        return self.trace.axis == "time"

    @property
    def gated(self) -> bool:
        """Whether the network's cell has gates: an LSTM, a GRU."""
        return self.trace.resolved.kind.gated

    def computed(self, experiment: Experiment | None) -> Computed | None:
        """The trace of another experiment, where it has arrived."""
        found = self.results.get(Simulation(experiment)) if experiment is not None else None
        return found if isinstance(found, Computed) else None

    @functools.cached_property
    def other(self) -> Scene | None:
        """Experiment B under the same cursor; None without a change, while it is on its way, or where it cannot be."""
        if not self.state.changes:
            return None
        found = self.computed(other(self.trace.experiment, self.state.changes))
        if found is None:
            return None
        step = found.timeline.locate(self.timeline, self.state.step)
        return replace(self, trace=found.trace, timeline=found.timeline, state=replace(self.state, step=step))

    def name(self, stage: int) -> str:
        """layer 12, t = 40; the first one by what it is."""
        if stage == 0:
            return tr("the initial state") if self.over_time else tr("the input")
        return tr("t = {number}", number=stage) if self.over_time else tr("layer {number}", number=stage)

    def health(self, value: float) -> str:
        """Style of a gradient norm against that at the output: the rule of the verdict, stage by stage."""
        if not math.isfinite(value):
            return "broken"
        return crossed(ratio(value, self.stages[-1].gradient_norm)) or "healthy"
