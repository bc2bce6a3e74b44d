"""What stands on the screen: A and B, each an experiment to be run, or a recording to be read."""

from __future__ import annotations

from dataclasses import replace

from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source
from gradtui_engine.experiment.training import Training

from .changes import other
from .needs import Need, need_of
from .state import State
from .trainings import training_of, training_of_a

#: The panes that are B's alone: while one of them has the focus, the keys that change the experiment change B.
OF_B = ("side_b", "map_b", "cure", "sweep_b")


def source_of_a(state: State) -> Source:
    """Where A's record comes from."""
    if state.recordings:
        return _step(state, state.recordings[0])
    return _at(state.experiment, training_of_a(state), state.opened)


def _step(state: State, source: Source) -> Source:
    """A recording, and of a recorded training the step under the cursor, along what is looked at."""
    if not source.recorded:
        return source
    if source.pinned or state.steps is None:
        return replace(source, stages=state.along)
    return replace(source, iteration=state.steps[state.opened], stages=state.along)


def _at(experiment: Experiment, training: Training | None, iteration: int) -> Source:
    """An iteration of a training. The first one is the experiment alone, and is known as such."""
    if training is None or iteration == 0:
        return Source(experiment)
    return Source(experiment, training=training, iteration=iteration)


def source_of_b(state: State, experiment: Experiment | None) -> Source | None:
    """Where B's record comes from; None where there is no B, or cannot be. experiment is A's on the screen."""
    if len(state.recordings) > 1:
        return _step(state, state.recordings[1])
    if not (state.changes or state.turns) or experiment is None:
        return None
    b = other(experiment, state.changes)
    return _at(b, training_of(b, state.plan, state.turns), state.opened) if b is not None else None


def needs_of_b(state: State) -> tuple[Need, ...]:
    """B's record beside A's: what the views that show both need."""
    source = source_of_b(state, source_of_a(state).experiment)
    return (need_of(source),) if source is not None else ()
