"""What playback needs to know of a trace: plain numbers, so that `update` needs no engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.cells import cell_len

from gradtui_engine.core.message import Message

from ..text.language import current, tr
from ..text.spans import cut_left

if TYPE_CHECKING:
    from gradtui_engine import Step
    from gradtui_engine.analysis.record import Record


#: Cells of a place in the label of a step, at the most: the bar has room beside it on 80 columns. The longest of a
#: network of gradtui's own, "input projection, layer 10", has 26.
_PLACE = 26


class Grain(StrEnum):
    """How far one step goes: to the next operation, stage (layer or time step) or phase."""

    OPERATION = Message("operation")
    STAGE = Message("stage")
    PHASE = Message("phase")


def site_words(step: Step) -> str:
    """Where a step stands, in words: layer 12 · activation. A module's long name is cut from the left."""
    place, part = tr(step.site.place), tr(step.site.part)
    brief = cut_left(place, _PLACE)
    return brief if place == part else f"{brief} · {part}"


def label(step: Step) -> str:
    """A step in words: backward · layer 12 · activation."""
    return f"{tr(str(step.phase))} · {site_words(step)}"


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
    #: The highest stage whose value has been computed by step i: rises during the forward pass.
    reached: tuple[int, ...]
    stage_count: int
    #: Cells of the longest label of a step in each language that was asked for: what stands beside it does not jump.
    label_widths: dict[str, int] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, record: Record) -> Timeline:
        count = len(record.stages)
        known, lowest = [], count
        reached, highest = [], 0
        for step in record.steps:
            if step.completes is not None:
                lowest = min(lowest, step.completes)
            if step.reaches is not None:
                highest = max(highest, step.reaches)
            known.append(lowest)
            reached.append(highest if step.phase == "forward" else count - 1)
        phases = tuple(str(step.phase) for step in record.steps)
        outside = dict.fromkeys(("final norm", "readout", "output", "output activation", "loss"), count - 1)
        stages = tuple(outside.get(step.site.part, 0) if step.stage is None else step.stage for step in record.steps)
        places = tuple(step.site.place for step in record.steps)
        timeline = cls(phases, places, stages, tuple(known), tuple(reached), count)
        timeline.label_width(record)  # here, where the record is made: of 10,000 layers it takes a moment
        return timeline

    def label_width(self, record: Record) -> int:
        """Cells of the longest label of the trace's steps, in the reader's language.

        A served program's trace may have been computed by its parent process, for a reader of another one.
        """
        code = current()
        if code not in self.label_widths:
            self.label_widths[code] = max(cell_len(label(step)) for step in record.steps)
        return self.label_widths[code]

    @property
    def last(self) -> int:
        return len(self.phases) - 1

    @property
    def loss(self) -> int:
        """The step of the loss, where backpropagation starts."""
        return self.phases.index("loss")

    @property
    def arrived(self) -> int:
        """The backward step that brings the gradient to the first stage (what may follow are the shared weights)."""
        last = len(self.phases) - 1 - self.phases[::-1].index("backward")
        return min(self.known.index(self.known[last]), last)

    def moment(self, name: str, stage: int | None = None) -> int | None:
        """A step by name; "stage" is the one that brings the gradient to a stage. None: no stage is named."""
        if name == "stage":
            return (
                None
                if stage is None
                else next((i for i, stage_known in enumerate(self.known) if stage_known <= stage), self.last)
            )
        return {"start": 0, "loss": self.loss, "arrived": self.arrived, "end": self.last}[name]

    def clamp(self, step: int) -> int:
        return min(max(step, 0), self.last)

    def locate(self, other: Timeline, step: int) -> int:
        """The step of this trace that stands where a step of another one does: same phase, same place, same progress.

        Traces of two experiments differ in their operations (a norm adds one a layer), not in the order of places.
        """
        step = other.clamp(step)
        phase, known = other.phases[step], min(other.known[step], self.stage_count)
        same = [index for index, step_phase in enumerate(self.phases) if step_phase == phase]
        if not same:  # clipping, say, which only one of them has
            return self.arrived if step <= other.arrived else self.last
        if phase == "backward":
            # Of the steps with as much of the gradient known the last one, at the same place if there is one.
            last = same[-1] if step > other.arrived else self.arrived
            come = [index for index in same if self.known[index] >= known and index <= last] or same[:1]
            as_far = [index for index in come if self.known[index] == self.known[come[-1]]]
            return ([index for index in as_far if self.places[index] == other.places[step]] or as_far)[-1]
        place = [index for index in same if self.places[index] == other.places[step]]
        return (place or same)[-1]

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
