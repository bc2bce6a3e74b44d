"""What a view needs to have computed: frozen keys, each of which knows how to compute its result."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from gradtui_engine import Experiment, ExperimentError, Trace, simulate

from .timeline import Timeline

#: Told the share that is done; raises Cancelled where nobody wants the result any more.
Watch = Callable[[float], None]


class Cancelled(Exception):
    """temporary"""


class Need(Hashable, Protocol):
    """A key of a result. Equal needs have equal results."""

    def compute(self, watch: Watch) -> Any: ...


@dataclass(frozen=True, slots=True)
class Failed:
    """A result that there is not, and why."""

    problem: str


@dataclass(frozen=True)
class Computed:
    """The trace of an experiment, with the timeline of its steps."""

    trace: Trace
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Simulation:
    """An experiment, to be run, with all that views read, so that the screen does not wait for it later."""

    experiment: Experiment

    def compute(self, watch: Watch) -> Computed | Failed:
        try:
            trace = simulate(self.experiment)
            _ = trace.outcome, trace.steps, trace.updates
            return Computed(trace, Timeline.of(trace))
        except ExperimentError as error:
            return Failed("; ".join(map(str, error.problems)))
        except MemoryError:
            return Failed("not enough memory for this size")


def other(experiment: Experiment, changes: tuple[tuple[str, Any], ...]) -> Experiment | None:
    """Experiment B: A with its changes; None where they do not go together."""
    try:
        return experiment.replace(**dict(changes))
    except ExperimentError:
        return None
