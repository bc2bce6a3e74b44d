"""What every view reads: the trace, where the cursor stands in it, and what the person picked."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from gradtui_engine import Stage, Step, Trace

from ..scale import LogScale
from ..state import State, selected_stage
from ..timeline import Timeline


@dataclass(frozen=True)
class Scene:
    """One moment: a trace, its timeline, and the state."""

    trace: Trace
    timeline: Timeline
    state: State

    @property
    def step(self) -> Step:
        """The operation under the cursor."""
        return self.trace.steps[self.timeline.clamp(self.state.step)]

    @functools.cached_property
    def stage(self) -> int:
        """The selected stage."""
        return selected_stage(self.state, self.timeline)

    @property
    def known(self) -> int:
        """The lowest stage whose gradient has been computed at the cursor; the stage count before any has."""
        return self.timeline.known[self.timeline.clamp(self.state.step)]

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self.trace.stages

    @functools.cached_property
    def scale(self) -> LogScale:
        """The gradients' axis: of the whole trace, so that it stays where it is during playback."""
        values = [stage.gradient_norm for stage in self.stages]
        values += [stage.cell_gradient_norm for stage in self.stages if stage.cell_gradient_norm is not None]
        return LogScale.of(values)

    @property
    def over_time(self) -> bool:
        return self.trace.axis == "time"

    def name(self, stage: int) -> str:
        """layer 12, t = 40; the first one by what it is."""
        if stage == 0:
            return "the initial state" if self.over_time else "the input"
        return f"t = {stage}" if self.over_time else f"layer {stage}"

    def health(self, value: float) -> str:
        """Style of a gradient norm against that at the output: the rule of the verdict, stage by stage."""
        reference = self.stages[-1].gradient_norm
        if not math.isfinite(value):
            return "broken"
        if value < 1e-3 * reference or value == 0.0:
            return "vanishing"
        return "exploding" if value > 1e3 * reference else "healthy"
