"""What is looked at: the selected stage and unit, rows of lists, views, panes, quantities. Part of `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..text.language import tr
from . import events as e
from . import found, maths, sweep_moves, training_moves
from .keys import shown_keys
from .names import AXES
from .panes_of import LISTS, panes_of, quantities_of, seen_pane
from .state import State
from .studies import begun_or_new

if TYPE_CHECKING:
    from .timeline import Timeline

#: Compare over time, (rows, interleaved) → what comes next: A above B in columns, side by side in rows, interleaved.
_TURNS = {(False, False): (True, False), (True, False): (True, True)}


def selected_stage(state: State, timeline: Timeline) -> int:
    """The stage that the panes show: the picked one, else the cursor's."""
    if state.selected is not None:
        return min(state.selected, timeline.stage_count - 1)
    return timeline.stages[timeline.clamp(state.step)]


def arrow(state: State, event: e.Arrow, timeline: Timeline | None) -> State:
    """Up and down: the list of the view or of the pane, or the stages. Left and right: time, terms, or the angle."""
    if state.view in LISTS and event.y:
        return _move_in_list(state, event.y)
    if state.view == "sweep":
        return sweep_moves.to_cell(state, e.ToCell(event.x, -event.y), timeline)
    if state.view == "maths":
        # Up and down choose the function, left and right turn the point.
        return maths.turned(state, event.x) if event.x else state
    if state.pane == "findings" and event.y and state.findings:
        return found.walk(state, event.y, timeline)
    if state.view == "train" and event.x:
        return training_moves.go_to(state, e.GoTo(event.x), timeline)
    if state.view == "lab" and event.x:
        return select_unit(state, e.SelectUnit(event.x), timeline)
    return select(state, e.Select(event.y - event.x), timeline)


def _move_in_list(state: State, by: int) -> State:
    field, rows = LISTS[state.view]
    names = rows(state)
    if not names:
        return state
    current = getattr(state, field)
    place = names.index(current) if current in names else 0
    return _pick(state, field, names[min(max(place + by, 0), len(names) - 1)])


def select_item(state: State, event: e.SelectItem, timeline: Timeline | None) -> State:
    if state.view not in LISTS:
        return state
    field, rows = LISTS[state.view]
    names = rows(state)
    return _pick(state, field, names[min(max(event.index, 0), len(names) - 1)]) if names else state


def _pick(state: State, field: str, value: Any) -> State:
    return replace(state, **{field: value})


def select(state: State, event: e.Select, timeline: Timeline | None) -> State:
    if state.view == "sweep" and event.stage is None:
        return sweep_moves.to_cell(state, e.ToCell(by_rows=-event.by), timeline)
    if timeline is None:
        return state
    stage = event.stage if event.stage is not None else selected_stage(state, timeline) - event.by
    stage = min(max(stage, 0), timeline.stage_count - 1)
    return replace(state, selected=stage, playing=False)


def scroll(state: State, event: e.Scroll, timeline: Timeline | None) -> State:
    """A window that has grown meanwhile may show more than the offset says: it counts from what is seen."""
    seen = event.at if state.offset is None else min(state.offset, event.most)
    offset = min(max(seen + event.by, 0), event.most)
    return state if offset == seen else replace(state, offset=offset)


def select_unit(state: State, event: e.SelectUnit, timeline: Timeline | None) -> State:
    """Units of hidden stages are as many as the experiment's width; the views clamp where a stage has fewer."""
    unit = event.unit if event.unit is not None else state.unit + event.by
    return replace(state, unit=min(max(unit, 0), state.experiment.resolved.width - 1))


def set_terms(state: State, event: e.SetTerms, timeline: Timeline | None) -> State:
    return maths.with_terms(state, event.terms)


def show(state: State, event: e.Show, timeline: Timeline | None) -> State:
    following = replace(state, view=event.view, zoomed=state.zoomed and event.view == state.view)
    if event.view == "lessons" != state.view:
        following = replace(following, item=begun_or_new(state.studies, state.lessons) or state.item)
    following = training_moves.opened(following)
    panes = panes_of(following)
    return replace(following, pane=state.pane if state.pane in panes else panes[0])


def focus(state: State, event: e.Focus, timeline: Timeline | None) -> State:
    panes = panes_of(state)
    if event.pane and event.pane not in panes:
        return state
    place = panes.index(state.pane) if state.pane in panes else 0
    return replace(state, pane=event.pane or panes[(place + event.by) % len(panes)], beside=seen_pane(state))


def zoom(state: State, event: e.Zoom, timeline: Timeline | None) -> State:
    return replace(state, zoomed=not state.zoomed)


def turn(state: State, event: e.Turn, timeline: Timeline | None) -> State:
    if state.view == "sweep":
        return sweep_moves.turn(state)
    if state.view == "compare":
        if state.axis != "time":
            rows, interleaved = state.rows, not state.interleaved
        else:
            rows, interleaved = _TURNS.get((state.rows, state.interleaved), (False, False))
        return show(replace(state, rows=rows, interleaved=interleaved), e.Show("compare"), timeline)
    if state.axis != "time":
        return replace(
            state, message=tr("these are rows already; {key} turns the bars over time", key=shown_keys("turn"))
        )
    return replace(state, rows=not state.rows)


def turn_axes(state: State, event: e.TurnAxes, timeline: Timeline | None) -> State:
    """A scale that was held belongs to the axes before."""
    if state.view != "compare":
        return replace(state, message=tr("own axes: in Compare, {key}", key=shown_keys("view_compare")))
    return replace(state, own_axes=not state.own_axes, lock=None)


def along(state: State, event: e.Along, timeline: Timeline | None) -> State:
    """Other stages: which was selected, and a scale that was held, belong to the ones before."""
    if event.stages == state.along:
        return state
    return replace(state, along=event.stages, selected=None, lock=None, loaded=False, playing=False)


def turn_units(state: State, event: e.TurnUnits, timeline: Timeline | None) -> State:
    """Its pane gets the focus: where there is no room for all of them it is in sight."""
    if state.view != "explore":
        return replace(state, message=tr("units × samples: in Explore, {key}", key=shown_keys("view_explore")))
    if "activation" not in panes_of(state):
        return replace(state, message=tr("units × samples: a recorded training has norms and shares, no single values"))
    return replace(state, units=not state.units, pane="activation")


def next_quantity(state: State, event: e.NextQuantity, timeline: Timeline | None) -> State:
    if state.view == "sweep":
        return sweep_moves.next_measure(state, event.by, event.name)
    known = quantities_of(state)
    place = known.index(state.quantity) if state.quantity in known else 0
    return replace(state, quantity=event.name or known[(place + event.by) % len(known)], axis_kind="", lock=None)


def next_axis(state: State, event: e.NextAxis, timeline: Timeline | None) -> State:
    kinds = ("", *AXES)
    return replace(state, axis_kind=kinds[(kinds.index(state.axis_kind) + 1) % len(kinds)], lock=None)


def lock(state: State, event: e.Lock, timeline: Timeline | None) -> State:
    return replace(state, lock=event.scale)
