"""Another experiment, another B, another plan, and the way back. Part of `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.language import tr
from . import events as e
from . import navigation, training_moves
from .panes_of import panes_of
from .state import State

if TYPE_CHECKING:
    from .timeline import Timeline

#: So many experiments back does undo lead.
_MOST_PAST = 100


def change(state: State, event: e.Change, timeline: Timeline | None) -> State:
    changes = state.changes if event.changes is None else event.changes
    planned = state.plan if event.plan is None else event.plan
    same = event.experiment == state.experiment and event.recordings[:1] == state.recordings[:1]
    # B's turns are turns of this B, off this A.
    kept = state.turns if same and changes == state.changes and planned == state.plan else ()
    turns = kept if event.turns is None else event.turns
    asked = (event.experiment, changes, event.recordings, planned, turns)
    if asked == state.asked:
        return state
    if event.record:
        state = remember(state, e.Remember(*state.asked), timeline)
    if not same or planned != state.plan:
        state = training_moves.restarted(state)
    following = replace(
        state,
        experiment=event.experiment,
        changes=changes,
        recordings=event.recordings,
        plan=planned,
        turns=turns,
        finished=False,
        swept=0,
        swept_all=False,
        loaded=state.loaded and same,
    )
    # Some panes are B's, and there may be none any more.
    panes = panes_of(following)
    return following if state.pane in panes else replace(following, pane=panes[0])


def plan(state: State, event: e.Plan, timeline: Timeline | None) -> State:
    """Another plan is another training."""
    return change(state, e.Change(state.experiment, recordings=state.recordings, plan=event.plan), timeline)


def branch(state: State, event: e.Branch, timeline: Timeline | None) -> State:
    """B is A up to there: what else it differed in would be another network. It is trained at once, A's stays."""
    off_a = e.Change(state.experiment, (), state.recordings, turns=event.turns)
    return replace(change(state, off_a, timeline), training=bool(event.turns), follows=False)


def about(state: State, event: e.About, timeline: Timeline | None) -> State:
    return replace(state, preset=event.preset)


def remember(state: State, event: e.Remember, timeline: Timeline | None) -> State:
    asked = (event.experiment, event.changes, event.recordings, event.plan, event.turns)
    return replace(state, past=(*state.past, asked)[-_MOST_PAST:], future=())


def left_behind(state: State) -> State:
    """Where a lesson is closed: one undo leads back to what stood before it was opened."""
    if stands_before(state):
        state = replace(state, past=state.before[-_MOST_PAST:], future=())
    return replace(state, before=())


def stands_before(state: State) -> bool:
    """Whether something else stood before the open lesson."""
    return bool(state.before) and state.before[-1] != state.asked


def undo(state: State, event: e.Undo, timeline: Timeline | None) -> State:
    source, target = (state.past, state.future) if event.by < 0 else (state.future, state.past)
    if not source:
        text = tr("nothing to undo") if event.by < 0 else tr("nothing to redo")
        return replace(state, message=text)
    asked, rest = source[-1], source[:-1]
    target = (*target, state.asked)
    past, future = (rest, target) if event.by < 0 else (target, rest)
    following = change(state, e.Change(*asked, record=False), timeline)
    following = replace(following, past=past, future=future)
    if event.by < 0 and asked == state.swept_from:
        # A cell that was opened out of its plane: back to that plane.
        return navigation.show(replace(following, swept_from=None), e.Show("sweep"), timeline)
    return following


def leave_sweep(state: State, event: e.LeaveSweep, timeline: Timeline | None) -> State:
    return replace(state, swept_from=event.asked)
