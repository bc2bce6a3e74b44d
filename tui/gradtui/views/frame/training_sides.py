"""What the panes of Train read: the trainings of A and B so far, on one stream, and the cursor in them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from gradtui_engine import Training, TrainingSnapshot
from gradtui_engine.analysis.outcome import OFF_SCALE
from gradtui_engine.core.numerics import Array
from gradtui_engine.data.yardstick import Yardstick
from gradtui_engine.experiment.training import Turn
from gradtui_engine.program.program import place_of, walls
from gradtui_engine.training.judgement import guess_before

from ...model.needs import Failed
from ...model.state import Steps
from ...model.trainings import SnapshotOf, branches, followed_a, iterations_of, recorded, training_of_a
from ...text.language import tr
from ...text.scale import Scale
from .cache_keys import Same
from .iteration_axis import IterationAxis
from .scene import Scene, Snapshot
from .step_axis import StepAxis


@dataclass(frozen=True, slots=True)
class Side:
    """One of two: its letter, its training so far, its style, and the glyph of its validations."""

    letter: str
    snapshot: Snapshot
    style: str
    mark: str

    @property
    def training(self) -> Training | None:
        """The training that goes on here; None of a recorded one."""
        return self.snapshot.training if isinstance(self.snapshot, TrainingSnapshot) else None

    @property
    def names(self) -> tuple[str, ...]:
        """The stages' own names, where they have some: those of modules."""
        snapshot = self.snapshot
        return () if isinstance(snapshot, TrainingSnapshot) or snapshot.axis != "module" else snapshot.places

    @property
    def yardstick(self) -> Yardstick | None:
        """What has its losses in the units of a file's target."""
        return self.snapshot.yardstick if isinstance(self.snapshot, TrainingSnapshot) else None

    @property
    def losses(self) -> tuple[Array, Array]:
        """The smallest and the largest loss of each iteration; of a recorded one also of the steps that follow it."""
        snapshot = self.snapshot
        if isinstance(snapshot, TrainingSnapshot):
            return snapshot.columns["loss"], snapshot.columns["loss"]
        return snapshot.loss_range

    @property
    def walls(self) -> range:
        """The stages behind which backpropagation is truncated; none of most trainings."""
        if self.training is None or self.snapshot.axis != "time":
            return range(0)
        last = self.snapshot.columns["gradient"].shape[1] - 1
        return walls(self.training.experiment.resolved.truncate, last)

    def place(self, stage: int) -> str:
        """layer 12, t = 40; a module by its own name."""
        return self.names[stage] if self.names else tr(place_of(self.snapshot.axis, stage))

    @property
    def ended(self) -> bool:
        """Whether no iteration can follow those that are there: it diverged, say."""
        return self.snapshot.done or self.snapshot.interrupted


@dataclass(frozen=True, slots=True)
class Sides:
    """Both trainings, the cursor (an iteration), the selected stage, and the quantity and the kind of axis asked for.

    total is how many iterations are to be trained. a and b are None where there is nothing of one yet. refused says why
    it cannot be trained, where it cannot.
    """

    a: Snapshot | None
    b: Snapshot | None
    iteration: int
    stage: int
    total: int
    quantity: str = "gradient"
    axis_kind: str = ""
    #: The scale that is held, None while it follows what is trained.
    lock: Scale | None = None
    refused: str = ""
    #: The same before anything is trained, where it is known by then.
    first_guess: float | None = None
    #: Of recorded trainings, which of their steps the iterations are.
    steps: Steps | None = None

    @classmethod
    def of(cls, scene: Scene) -> Sides:
        state = scene.state
        return cls(
            scene.snapshot, scene.snapshot_b, state.iteration, scene.stage, max(iterations_of(state), 1),
            state.quantity, state.axis_kind, state.lock, _refused(scene), _first_guess(scene),
            state.steps if recorded(state) else None,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Side]:
        """Those of which at least one iteration is there."""
        if self.a is not None and self.a.count:
            yield Side("A", self.a, "curve_1", "+")
        if self.b is not None and self.b.count:
            yield Side("B", self.b, "curve_2", "×")

    @property
    def started(self) -> bool:
        return next(iter(self), None) is not None

    @property
    def count(self) -> int:
        """Iterations that either has."""
        return max((side.snapshot.count for side in self), default=0)

    def axis(self, cells: int) -> IterationAxis:
        """The axis of iterations in so many cells; of recorded trainings that of their steps."""
        if self.steps is not None and len(self.steps):
            return StepAxis(self.span, cells, self.steps)
        return IterationAxis(self.span, cells)

    @property
    def number(self) -> int:
        """What the iteration under the cursor is called: its number, of a recorded training that of its step."""
        return self.iteration if self.steps is None else self.steps[self.iteration]

    @property
    def whereabouts(self) -> str:
        """The same in words."""
        return _called(self.steps is not None, self.number)

    @property
    def raced(self) -> bool:
        """Whether both are there, so that each is to be called by its letter."""
        return len(list(self)) > 1

    @property
    def guess(self) -> float | None:
        """The loss of answering without looking."""
        guess = next((given.guess for given in (self.a, self.b) if given is not None), self.first_guess)
        # Of a recorded training nobody knows it.
        return None if guess is None or math.isnan(guess) else guess

    @property
    def span(self) -> int:
        """Iterations that the axis spans: all that are to be trained; where none can follow, those that are there."""
        ended = all(given is None or given.done for given in (self.a, self.b))
        return self.count if self.started and ended else max(self.total, self.count)

    @property
    def branches(self) -> tuple[Turn, ...]:
        """From where on B is trained otherwise, and how."""
        a, b = (given.training if isinstance(given, TrainingSnapshot) else None for given in (self.a, self.b))
        return branches(a, b)

    @property
    def marks(self) -> dict[int, str]:
        """What the axis marks, by iteration: where B branches off."""
        return {turn.iteration: "B" for turn in self.branches}

    @property
    def b_is_a(self) -> bool:
        """Whether the cursor is before B branches off: there it is A."""
        if not self.branches or self.iteration >= self.branches[0].iteration:
            return False
        a, b = self.a, self.b
        if not (isinstance(a, TrainingSnapshot) and isinstance(b, TrainingSnapshot)):
            return False
        return a.training.experiment == b.training.experiment

    @property
    def here(self) -> list[Side]:
        """Those that have the iteration at the cursor."""
        return [side for side in self if self.iteration < side.snapshot.count]

    @property
    def key(self) -> Hashable:
        """Equal where all of this is the same."""
        same = tuple(given is not None and Same(given) for given in (self.a, self.b))
        return same, self.iteration, self.stage, self.total, self.quantity, self.axis_kind, self.lock, self.refused


def reads(scene: Scene) -> Hashable:
    """What every pane of Train reads."""
    return Sides.of(scene).key


def _first_guess(scene: Scene) -> float | None:
    """The number that the trainings will have, so that one thing has one number; where they have it, nothing."""
    if scene.snapshot is not None or scene.snapshot_b is not None:
        return None
    training = training_of_a(scene.state)
    if training is not None:
        return guess_before(training)
    first_step = scene.record.outcome.first_step
    return first_step.numbers.get("guess") if first_step is not None else None


def _called(recorded: bool, number: int) -> str:
    return tr("step {number}", number=number) if recorded else tr("iteration {number}", number=number)


def _refused(scene: Scene) -> str:
    if recorded(scene.state):
        followed = followed_a(scene.state)
        result = scene.results.get(SnapshotOf(followed)) if followed is not None else None
        return tr(result.problem) if isinstance(result, Failed) else ""
    training = training_of_a(scene.state)
    if training is None:
        if scene.state.recordings:
            return tr("a recording is not trained")
        return tr("this cannot be trained as it is planned")
    result = scene.results.get(SnapshotOf(training))
    return tr(result.problem) if isinstance(result, Failed) else ""


def thrown_off(snapshot: Snapshot, until: int | None = None) -> int | None:
    """The first iteration (of those before `until`) whose loss is off the scale of any start; None where none is."""
    losses = snapshot.columns["loss"][:until]
    if not losses.size:
        return None
    # What is not a number compares as false.
    with np.errstate(invalid="ignore"):
        start = max(0.0 if math.isnan(snapshot.guess) else snapshot.guess, float(losses[0]))
        beyond = np.flatnonzero(~(losses <= OFF_SCALE * start))
    return int(beyond[0]) if beyond.size else None


def at(side: Side, iteration: int) -> int:
    """The cursor's iteration, or the last that this side has."""
    return max(0, min(iteration, side.snapshot.count - 1))
