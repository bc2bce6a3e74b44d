"""What goes on from iteration to iteration: the trainings of A and B, or recorded ones; and what is known of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Training
    from gradtui_engine.analysis.record import Source
    from gradtui_engine.experiment.training import Turn

    from .state import Changes, State


@dataclass(frozen=True, slots=True)
class SnapshotOf:
    """The key of what there is of a training: a `TrainingSnapshot`, another one as the training goes on.

    Of a recorded one, which its `Source.whole` with `stages` names, a `RecordingSnapshot`.
    """

    training: Training | Source

    def compute(self, watch: Any, known: Any = None) -> Any:
        """It is put there by who trains."""
        raise NotImplementedError(self)


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """The key of the training itself: a `TrainingHistory`, which goes on in a thread of its own; of a recorded one, by
    its `Source.whole`, the `Recording`, which grows."""

    training: Training | Source

    def compute(self, watch: Any, known: Any = None) -> Any:
        """It is put there by who trains."""
        raise NotImplementedError(self)


@functools.lru_cache(maxsize=16)
def training_of(experiment: Experiment, plan: Changes = (), turns: tuple[str, ...] = ()) -> Training | None:
    """The training of an experiment; None where the plan does not go with it (fresh batches, with digits)."""
    # Here, as it checks experiments: a state that nobody trains needs none of it.
    from gradtui_engine import ExperimentError, Training

    fields: dict[str, Any] = dict(plan)
    try:
        return Training(experiment=experiment, **fields | {"turns": (*fields.get("turns", ()), *turns)})
    except ExperimentError:
        return None


def training_of_a(state: State) -> Training | None:
    """A's training; None of a recording, and where the plan does not go with the experiment."""
    return None if state.recordings else training_of(state.experiment, state.plan)


def training_of_b(state: State) -> Training | None:
    """B's training, on A's stream: B's experiment, or A's own that branches off at an iteration; None without a B."""
    from .changes import other

    if state.recordings or not (state.changes or state.turns):
        return None
    b = other(state.experiment, state.changes)
    return None if b is None else training_of(b, state.plan, state.turns)


def recorded(state: State) -> bool:
    """Whether A is a recorded training: iterations that somebody else has trained."""
    return bool(state.recordings) and state.recordings[0].recorded


def followed_a(state: State) -> Training | Source | None:
    """What A's iterations are known by: its training, or of a recorded one what is looked at of it."""
    return replace(state.recordings[0].whole, stages=state.along) if recorded(state) else training_of_a(state)


def followed_b(state: State) -> Training | Source | None:
    """What B's iterations are known by. A recorded step that is held is one record, and no history."""
    if not recorded(state):
        return training_of_b(state)
    b = state.recordings[1] if len(state.recordings) > 1 else None
    return replace(b.whole, stages=state.along) if b is not None and b.recorded and not b.pinned else None


def branches(a: Training | None, b: Training | None) -> tuple[Turn, ...]:
    """From where on B is trained otherwise, and how: the turns that A has not."""
    return () if a is None or b is None else tuple([turn for turn in b.turns if turn not in a.turns])


def iterations_of(state: State) -> int:
    """How many iterations are to be trained."""
    training = training_of_a(state)
    return training.iterations if training is not None else 0
