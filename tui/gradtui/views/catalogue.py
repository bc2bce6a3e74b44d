"""The views: what each is called, what it is for, and what it needs to have computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..lessons.staging import needs as lesson_needs
from ..model.needs import Need, Simulation, other
from ..model.state import State
from ..model.theory_needs import needs as theory_needs
from ..text.language import current as language
from .idea import idea

Needs = Callable[[State], tuple[Need, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """One view. needs(state) is what it shows beside the trace of experiment A, most wanted first."""

    id: str
    label: str
    help: str
    needs: Needs = lambda state: ()


def _b(state: State) -> tuple[Need, ...]:
    experiment = other(state.experiment, state.changes) if state.changes else None
    return (Simulation(experiment),) if experiment is not None else ()


_ROWS = (
    View("explore", "explore", "One network: where its gradient goes, step by step, and why."),
    View("idea", "one idea", "Three cures, one product.", idea.needs),
    View("compare", "compare", "Two networks on the same data and random numbers, under one cursor.", _b),
    View("lab", "lab", "An activation, its slope, and what this network's own pre-activations make of it."),
    View("maths", "maths", "sinh, cosh, tanh beside sin, cos, tan."),
    View("theory", "theory", "Where mean field theory puts this network, and its Jacobian's spectrum.", theory_needs),
    View("lessons", "lessons", "Predict, then see.", lambda state: lesson_needs(None, language())),
)
VIEWS = {each.id: each for each in _ROWS}


def needs(state: State) -> tuple[Need, ...]:
    """All that the screen shows: the trace first, then what the view adds, then what an open lesson asks."""
    found = [Simulation(state.experiment), *VIEWS[state.view].needs(state)]
    if state.lesson is not None:
        found += lesson_needs(state.lesson, language())
    return tuple(dict.fromkeys(found))
