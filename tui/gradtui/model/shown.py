"""What stands on the screen: A and B, each an experiment to be run, or a recording to be read."""

from __future__ import annotations

from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source

from .needs import other
from .state import State


def source_of_a(state: State) -> Source:
    """Where A's record comes from."""
    return state.recordings[0] if state.recordings else Source(state.experiment)


def source_of_b(state: State, experiment: Experiment | None) -> Source | None:
    """Where B's record comes from; None where there is no B, or cannot be. experiment is A's on the screen."""
    if len(state.recordings) > 1:
        return state.recordings[1]
    if not state.changes or experiment is None:
        return None
    b = other(experiment, state.changes)
    return Source(b) if b is not None else None
