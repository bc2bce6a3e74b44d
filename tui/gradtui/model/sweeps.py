"""The sweep of the screen: the plan of it in the state, the sweeps of A and B that it comes to, and what is known of
their cells."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtui_engine.core import allowances
from gradtui_engine.core.allowances import Allowances
from gradtui_engine.core.message import Message

from . import sweep_defaults
from .refusals import file_of
from .sweep_plan import Shown

if TYPE_CHECKING:
    from gradtui_engine import Experiment
    from gradtui_engine.sweeps.sweep import Sweep

    from .state import Changes, State


@dataclass(frozen=True, slots=True)
class CellsOf:
    """The key of the cells that there are of a sweep: `SweepCells`, others as it goes on."""

    sweep: Sweep

    def compute(self, watch: Any, known: Any = None) -> Any:
        """They are put there by who computes them."""
        raise NotImplementedError(self)


class Plan(NamedTuple):
    """What is swept: A's sweep and B's, where there are any; or why nothing is, as one may read it."""

    a: Sweep | None = None
    b: Sweep | None = None
    problem: str = ""
    #: Why B has none.
    problem_of_b: str = ""

    @property
    def both(self) -> tuple[Sweep, ...]:
        return tuple(sweep for sweep in (self.a, self.b) if sweep is not None)

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.a.shape if self.a is not None else (1, 1)


def shown(state: State) -> Shown:
    """What the plan of the screen comes to, with what suits the experiment where nothing was given."""
    return _shown(state.experiment, state.sweep)


@functools.lru_cache(maxsize=16)
def _shown(experiment: Experiment, plan: Changes) -> Shown:
    given: Mapping[str, Any] = dict(plan)
    train = int(given.get("train", 0))
    x, y = sweep_defaults.axes(experiment)
    measure, second = (_spelled(str(given.get(name, ""))) for name in ("measure", "second"))
    return Shown(
        str(given.get("x", x)),
        # Whoever names x alone asks for a line.
        str(given.get("y", "" if "x" in given else y)),
        measure or sweep_defaults.measure(experiment, train),
        second,
        train,
        str(given.get("repeats", "")),
    )


def _spelled(measure: str) -> str:
    """A measure in its one spelling; as it was given where it is none."""
    from gradtui_engine.core.fields import Rejected
    from gradtui_engine.measures.expression import expression

    try:
        return expression(measure).text if measure else ""
    except Rejected:
        return measure


def plan_of(state: State) -> Plan:
    """What is swept of the experiments on the screen."""
    if state.recordings:
        return Plan(problem=_unswept(state))
    return _plan(state.experiment, state.changes, state.sweep, state.plan, allowances.current())


def _unswept(state: State) -> Message:
    file = file_of(state.recordings[0])
    return Message(
        "a recording is not swept: `gradtui mirror {file}` builds the closest experiment, which can be", file=file
    )


@functools.lru_cache(maxsize=16)
def _plan(
    experiment: Experiment, changes: Changes, plan: Changes, training: Changes, allowed: Allowances
) -> Plan:  # fmt: skip
    from gradtui_engine.core.problems import ExperimentError, in_one

    from .changes import other
    from .sweep_reading import beyond

    try:
        a = sweep_of(experiment, plan, training)
    except ExperimentError as error:
        return Plan(problem=in_one(error.problems))
    if problem := beyond(a, allowed):
        return Plan(problem=problem)
    b = other(experiment, changes) if changes else None
    if b is None:
        return Plan(a)
    try:
        return Plan(a, sweep_of(b, plan, training, experiment))
    except ExperimentError as error:
        return Plan(a, problem_of_b=in_one(error.problems))


def sweep_of(base: Experiment, plan: Changes, training: Changes, suits: Experiment | None = None) -> Sweep:
    """The sweep of an experiment. suits: whom the axes are chosen for where none are given (B's are A's).

    Raises ExperimentError with every problem, the field being one of FIELDS.
    """
    # Here, as it trains: a state that nobody sweeps needs none of it.
    from .sweep_reading import sweep

    return sweep(base, _shown(suits or base, plan), training)


def second(state: State) -> str:
    """The measure whose plane stands beside A's; "" where there is none: B's has the place."""
    return "" if state.changes else shown(state).second


def spot(state: State) -> tuple[int, int]:
    """The cell under the cursor: its column and row, within the plane."""
    columns, rows = plan_of(state).shape
    return min(state.spot_x, columns - 1), min(state.spot_y, rows - 1)
