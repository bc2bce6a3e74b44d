"""What playback needs to know of a trace: plain numbers, so that `update` needs no engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtui_engine import Step, Trace


class Grain(StrEnum):
    """How far one step goes: to the next operation, stage (layer or time step) or phase."""

    OPERATION = "operation"
    STAGE = "stage"
    PHASE = "phase"


def label(step: Step) -> str:
    """A step in words: backward · layer 12 · activation."""
    return f"{step.phase} · {step.site}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps of a trace: phase and stage of each, and the lowest stage whose gradient is known by then.

    places[i] names where step i stands (stepping by stage goes to the next place); stages[i] is the stage to look
    at: the last one for output and loss, the first for what precedes or follows all stages. known[i] is
    stage_count before the backward pass, then falls to 0.
    """

    phases: tuple[str, ...]
    places: tuple[str, ...]
    stages: tuple[int, ...]
    known: tuple[int, ...]
    stage_count: int
    #: Cells of the longest label of a step, so that what stands beside it does not jump.
    label_width: int = 0

    @classmethod
    def of(cls, trace: Trace) -> Timeline:
        count = len(trace.program.stages)
        known, lowest = [], count
        for step in trace.steps:
            if step.completes is not None:
                lowest = min(lowest, step.completes)
            known.append(lowest)
        phases = tuple(str(step.phase) for step in trace.steps)
        outside = {"output": count - 1, "loss": count - 1}
        stages = tuple(outside.get(step.site.part, 0) if step.stage is None else step.stage for step in trace.steps)
        widest = max(len(label(step)) for step in trace.steps)
        return cls(phases, tuple(step.site.place for step in trace.steps), stages, tuple(known), count, widest)

    @property
    def last(self) -> int:
        return len(self.phases) - 1

    @property
    def loss(self) -> int:
        """The step of the loss, where backpropagation starts."""
        return self.phases.index("loss")

    @property
    def arrived(self) -> int:
        """The last backward step: the gradient has reached the first stage."""
        return len(self.phases) - 1 - self.phases[::-1].index("backward")

    def clamp(self, step: int) -> int:
        return min(max(step, 0), self.last)

    def move(self, step: int, count: int, grain: Grain) -> int:
        """The step that lies `count` grains further on (or back, count < 0)."""
        if grain is Grain.OPERATION:
            return self.clamp(step + count)
        direction = 1 if count > 0 else -1
        for _ in range(abs(count)):
            step = self._next(step, direction, grain)
        return step

    def _next(self, step: int, direction: int, grain: Grain) -> int:
        def key(index: int) -> tuple[str, str]:
            return self.phases[index], self.places[index] if grain is Grain.STAGE else ""

        start = key(step)
        if direction < 0 and step > 0 and key(step - 1) == start:
            # Back goes to the beginning of this stage or phase first, as a music player does.
            while step > 0 and key(step - 1) == start:
                step -= 1
            return step
        if direction < 0:
            step = max(step - 1, 0)
            while step > 0 and key(step - 1) == key(step):
                step -= 1
            return step
        while step < self.last and key(step) == start:
            step += 1
        return step
