"""The plane of a sweep: its plan, its cursor, what is shown of its cells. Part of `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.language import tr
from . import events as e
from .keys import shown_keys
from .state import State
from .sweeps import plan_of, shown, spot

if TYPE_CHECKING:
    from .timeline import Timeline

VIEW = "sweep"
#: The panes with a plane; of two of them the one that is looked at.
PLANES = ("sweep_a", "sweep_b", "sweep_second")


def plan(state: State, event: e.PlanSweep, timeline: Timeline | None) -> State:
    """Another plan: it is computed at once, as far as nobody has."""
    if event.plan == state.sweep:
        return state
    same = shown(state)
    following = replace(state, sweep=event.plan, resting=False, swept=0, swept_all=False)
    now = shown(following)
    if (same.x, same.y) != (now.x, now.y):
        following = replace(following, lock=None)
    return replace(following, pane=_pane(following))


def _pane(state: State) -> str:
    from .panes_of import panes_of

    panes = panes_of(state)
    return state.pane if state.pane in panes else panes[0]


def to_cell(state: State, event: e.ToCell, timeline: Timeline | None) -> State:
    """The cursor to another cell, by so many columns and rows or to one by number; at the edges it stays."""
    columns, rows = plan_of(state).shape
    here = spot(state)
    x = event.column if event.column is not None else here[0] + event.by_columns
    y = event.row if event.row is not None else here[1] + event.by_rows
    return replace(state, spot_x=min(max(x, 0), columns - 1), spot_y=min(max(y, 0), rows - 1))


def swept(state: State, event: e.Swept, timeline: Timeline | None) -> State:
    return replace(state, swept=event.count, swept_all=event.done)


def toggle(state: State) -> State:
    """Compute on, or pause."""
    problem = plan_of(state).problem
    if problem:
        return replace(state, message=tr(problem))
    if state.swept_all and state.swept:
        return replace(
            state, message=tr("all cells are there; {key} plans another sweep", key=shown_keys("sweep_plan"))
        )
    return replace(state, resting=not state.resting)


def stop(state: State, event: e.StopSweep, timeline: Timeline | None) -> State:
    """Compute no more; the cells that are there stay."""
    said = tr("cancelled; the cells that are there stay, {key} goes on", key=shown_keys("play"))
    return replace(state, resting=True, message=said)


def next_measure(state: State, by: int, name: str = "") -> State:
    """Another measure of the same cells; a plane of B's has the same. Of a second plane its own."""
    from .sweep_reading import measures

    if plan_of(state).problem:
        return state
    asked, field = shown(state), "second" if state.pane == "sweep_second" else "measure"
    names = measures(state.experiment, asked)
    current = getattr(asked, field)
    place = names.index(current) if current in names else 0
    following = name if name in names else "" if name else names[(place + by) % len(names)]
    if not following or following == current:
        return state
    given = dict(state.sweep) | {field: following}
    return replace(state, sweep=tuple(given.items()), axis_kind="", lock=None)


def turn(state: State) -> State:
    """The other one of two planes."""
    from .panes_of import panes_of

    planes = [pane for pane in panes_of(state) if pane in PLANES]
    if len(planes) < 2:
        text = tr("there is one plane: {keys} give B a cure, {form} a second measure",
                  keys=" ".join(filter(None, map(shown_keys, ("cure_residual", "cure_norm")))),
                  form=shown_keys("sweep_plan"))  # fmt: skip
        return replace(state, message=text)
    other = planes[1] if state.pane == planes[0] else planes[0]
    return replace(state, pane=other)
