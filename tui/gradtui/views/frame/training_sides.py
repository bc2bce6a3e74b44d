"""What the panes of Train read: the trainings of A and B so far, on one stream, and the cursor in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from gradtui_engine import TrainingSnapshot
from gradtui_engine.analysis.outcome import OFF_SCALE
from gradtui_engine.experiment.training import Turn
from gradtui_engine.training.judgement import guess_before

from ...model.needs import Failed
from ...model.trainings import SnapshotOf, branches, iterations_of, training_of_a
from ...text.language import tr
from ...text.scale import Scale
from .cache_keys import Same
from .scene import Scene


@dataclass(frozen=True, slots=True)
class Side:
    """One of two: its letter, its training so far, its style, and the glyph of its validations."""

    letter: str
    snapshot: TrainingSnapshot
    style: str
    mark: str

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

    a: TrainingSnapshot | None
    b: TrainingSnapshot | None
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

    @classmethod
    def of(cls, scene: Scene) -> Sides:
        state = scene.state
        return cls(
            scene.snapshot, scene.snapshot_b, state.iteration, scene.stage, max(iterations_of(state), 1),
            state.quantity, state.axis_kind, state.lock, _refused(scene), _first_guess(scene),
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

    @property
    def raced(self) -> bool:
        """Whether both are there, so that each is to be called by its letter."""
        return len(list(self)) > 1

    @property
    def guess(self) -> float | None:
        """The loss of answering without looking."""
        return next((given.guess for given in (self.a, self.b) if given is not None), self.first_guess)

    @property
    def span(self) -> int:
        """Iterations that the axis spans: all that are to be trained; where none can follow, those that are there."""
        ended = all(given is None or given.done for given in (self.a, self.b))
        return self.count if self.started and ended else max(self.total, self.count)

    @property
    def branches(self) -> tuple[Turn, ...]:
        """From where on B is trained otherwise, and how."""
        return branches(*(None if given is None else given.training for given in (self.a, self.b)))

    @property
    def marks(self) -> dict[int, str]:
        """What the axis marks, by iteration: where B branches off."""
        return {turn.iteration: "B" for turn in self.branches}

    @property
    def b_is_a(self) -> bool:
        """Whether the cursor is before B branches off: there it is A."""
        if self.a is None or self.b is None or not self.branches or self.iteration >= self.branches[0].iteration:
            return False
        return self.a.training.experiment == self.b.training.experiment

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


def _refused(scene: Scene) -> str:
    training = training_of_a(scene.state)
    if training is None:
        recorded = bool(scene.state.recordings)
        return tr("a recording is not trained") if recorded else tr("this cannot be trained as it is planned")
    result = scene.results.get(SnapshotOf(training))
    return tr(result.problem) if isinstance(result, Failed) else ""


def thrown_off(snapshot: TrainingSnapshot, until: int | None = None) -> int | None:
    """The first iteration (of those before `until`) whose loss is off the scale of any start; None where none is."""
    losses = snapshot.columns["loss"][:until]
    if not losses.size:
        return None
    # What is not a number compares as false.
    with np.errstate(invalid="ignore"):
        beyond = np.flatnonzero(~(losses <= OFF_SCALE * max(snapshot.guess, float(losses[0]))))
    return int(beyond[0]) if beyond.size else None


def at(side: Side, iteration: int) -> int:
    """The cursor's iteration, or the last that this side has."""
    return max(0, min(iteration, side.snapshot.count - 1))
