"""The panes of the view that is shown, and the lists that arrows walk in it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from gradtui_engine.rules.activations import ACTIVATIONS

from .names import FUNCTIONS, OF_TOKENS, PANES, QUANTITIES
from .state import State
from .trainings import followed_b, recorded


@functools.cache
def explore_panes(cell: str) -> tuple[str, ...]:
    """The panes of Explore for a trace of this cell: those that have something to show."""
    # Here, as the table builds programs: without an experiment the state needs none of it.
    from gradtui_engine.cells.table import CELLS

    row = CELLS[cell]
    fits = {
        "cell": row.has_cell_state, "gates": bool(row.gates), "paths": row.has_cell_state and bool(row.added),
        "attention": row.tokens, "branches": row.tokens, "numbers": False,
    }  # fmt: skip
    return tuple(pane for pane in PANES["explore"] if fits.get(pane, True))


def cell_of(axis: str) -> str:
    """The cell whose panes a record has that does not say which experiment it was: the first with the same stages that
    has no gates, where modules are layers.
    """
    from gradtui_engine.cells.table import CELLS

    stages = "layer" if axis == "module" else axis
    return next(name for name, row in CELLS.items() if row.axis == stages and row.chooses_activation)


def train_panes(state: State) -> tuple[str, ...]:
    """The panes of Train: B's map where there is a B, gates and reach where the cell has any."""
    from gradtui_engine.cells.table import CELLS

    row = CELLS[state.cell]
    if recorded(state):
        raced = followed_b(state) is not None
        fits = {"map_b": raced, "opening": False, "reach": False}
    else:
        raced = bool(state.changes or state.turns) and not state.recordings
        fits = {"map_b": raced, "opening": bool(row.gates), "reach": row.over_time, "findings": False}
    return tuple(pane for pane in PANES["train"] if fits.get(pane, True))


def sweep_panes(state: State) -> tuple[str, ...]:
    """The panes of a sweep: B's plane where there is a B, else that of a second measure where one is asked for."""
    from .sweeps import second

    raced = bool(state.changes) and not state.recordings
    fits = {"sweep_b": raced, "sweep_second": bool(second(state))}
    return tuple(pane for pane in PANES["sweep"] if fits.get(pane, True))


#: Explore's of a recorded training, which has numbers alone.
_RECORDED = ("gradient", "numbers")
#: The views whose panes depend on the state; of the others all are there.
_SOME: dict[str, Callable[[State], tuple[str, ...]]] = {
    "explore": lambda state: _RECORDED if recorded(state) else explore_panes(state.cell),
    "compare": lambda state: ("both", "difference") if state.interleaved else ("side_a", "side_b", "difference"),
    "train": train_panes,
    "sweep": sweep_panes,
}


def panes_of(state: State) -> tuple[str, ...]:
    """The panes of the view that is shown, in the order of tab; an open lesson comes last, beside any view."""
    panes = _SOME[state.view](state) if state.view in _SOME else PANES[state.view]
    return (*panes, "lesson") if state.lesson is not None and state.view != "lessons" else panes


def seen_pane(state: State) -> str:
    """The view's pane that is looked at: the focused one, or beside a focused lesson the one that had the focus."""
    if state.pane != "lesson":
        return state.pane
    panes = panes_of(state)
    return state.beside if state.beside in panes else panes[0]


def quantities_of(state: State) -> tuple[str, ...]:
    """What bars can show, in order: of tokens theirs too."""
    from gradtui_engine.cells.table import CELLS

    tokens = not recorded(state) and CELLS[state.cell].tokens
    return tuple(name for name in QUANTITIES if tokens or name not in OF_TOKENS)


#: Every view's panes for the help, in the order of tab; which of them there are depends on the cell or the layout.
_ALL = (*PANES.items(), ("beside an open lesson", ("lesson",)))
PANE_NAMES = "; ".join(f"{view}: {', '.join(panes)}" for view, panes in _ALL)

#: View → (the state's field, what it can be): what up and down walk through.
LISTS: dict[str, tuple[str, Callable[[State], tuple[object, ...]]]] = {
    "lab": ("row", lambda state: ("", *ACTIVATIONS.names)),
    "maths": ("function", lambda state: FUNCTIONS),
    "lessons": ("item", lambda state: state.lessons),
}
