"""What B differs in from A: pairs of field and value."""

from __future__ import annotations

import functools
from typing import Any

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.experiment.experiment import options


#: Some are asked for ten times a frame: B of the story, and its training.
@functools.lru_cache(maxsize=16)
def other(experiment: Experiment, changes: tuple[tuple[str, Any], ...]) -> Experiment | None:
    """Experiment B: A with its changes; None where they do not go together."""
    try:
        return experiment.replace(**dict(changes))
    except ExperimentError:
        return None


def differences(a: Experiment, b: Experiment) -> tuple[tuple[str, Any], ...]:
    """The fields that were given otherwise in B than in A, with B's values: what leads from A to B."""
    return tuple((name, getattr(b, name)) for name in options() if getattr(a, name) != getattr(b, name))
