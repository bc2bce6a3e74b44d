"""`update`: a pure function from state and event to state, without Textual, clock or engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..text.language import tr
from . import events as e
from . import lecture, navigation, training_moves
from .names import SPEEDS
from .panes_of import panes_of
from .state import State
from .studies import begun_or_new, merged, noted
from .timeline import Grain, Timeline

GRAINS = tuple(Grain)
#: So many experiments back does undo lead.
_MOST_PAST = 100


def update(state: State, event: e.Event, timeline: Timeline | None) -> State:
    """The next state. timeline is that of the trace on screen, None before the first has arrived."""
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise TypeError(f"no such event: {event!r}")
    before = state
    if state.message and not isinstance(event, lecture.QUIET):
        # A message gives way to the next thing that the person does.
        state = replace(state, message="")
    return lecture.leave(before, handler(state, event, timeline), event)


# -- playback ----------------------------------------------------------------------------------------------


def _tick(state: State, event: e.Tick, timeline: Timeline | None) -> State:
    if not state.playing or timeline is None:
        return state
    step = timeline.move(state.step, event.steps, state.grain)
    stop = timeline.arrived if state.step <= timeline.arrived else timeline.last
    step = min(step, stop)
    return replace(state, step=step, playing=step < stop, selected=None)


def _toggle_play(state: State, event: e.TogglePlay, timeline: Timeline | None) -> State:
    if state.view == "train":
        return training_moves.toggle(state)
    if timeline is None:
        return state
    if state.playing:
        return replace(state, playing=False)
    step = timeline.loss if state.step >= timeline.arrived else state.step
    return replace(state, playing=True, step=step, selected=None)


def _move(state: State, event: e.Move, timeline: Timeline | None) -> State:
    if state.view == "train":
        return training_moves.go_to(state, e.GoTo(event.count), timeline)
    if timeline is None:
        return state
    step = timeline.move(state.step, event.count, state.grain)
    return replace(state, step=step, playing=False, selected=None)


def _jump(state: State, event: e.Jump, timeline: Timeline | None) -> State:
    if state.view == "train" and event.step is None and not event.moment:
        return training_moves.go_to(state, e.GoTo(iteration=state.trained if event.end else 0), timeline)
    if timeline is None:
        return state
    wanted = event.step if event.step is not None else (timeline.last if event.end else 0)
    if event.moment:
        step = timeline.moment(event.moment, event.stage)
        wanted = state.step if step is None else step
    return replace(state, step=timeline.clamp(wanted), playing=False, selected=None)


def _faster(state: State, event: e.Faster, timeline: Timeline | None) -> State:
    if state.view == "maths":
        return navigation.set_terms(state, e.SetTerms(state.terms + event.by), timeline)
    speed = min(max(state.speed + event.by, 0), len(SPEEDS) - 1)
    return replace(state, speed=speed)


def _next_grain(state: State, event: e.NextGrain, timeline: Timeline | None) -> State:
    return replace(state, grain=GRAINS[(GRAINS.index(state.grain) + 1) % len(GRAINS)])


# -- experiments -------------------------------------------------------------------------------------------


def _change(state: State, event: e.Change, timeline: Timeline | None) -> State:
    changes = state.changes if event.changes is None else event.changes
    plan = state.plan if event.plan is None else event.plan
    same = event.experiment == state.experiment and event.recordings[:1] == state.recordings[:1]
    # B's turns are turns of this B, off this A.
    kept = state.turns if same and changes == state.changes and plan == state.plan else ()
    turns = kept if event.turns is None else event.turns
    asked = (event.experiment, changes, event.recordings, plan, turns)
    if asked == state.asked:
        return state
    if event.record:
        state = _remember(state, e.Remember(*state.asked), timeline)
    if not same or plan != state.plan:
        state = training_moves.restarted(state)
    return replace(
        state,
        experiment=event.experiment,
        changes=changes,
        recordings=event.recordings,
        plan=plan,
        turns=turns,
        finished=False,
        loaded=state.loaded and same,
    )


def _plan(state: State, event: e.Plan, timeline: Timeline | None) -> State:
    """Another plan is another training."""
    return _change(state, e.Change(state.experiment, recordings=state.recordings, plan=event.plan), timeline)


def _branch(state: State, event: e.Branch, timeline: Timeline | None) -> State:
    """B is A up to there: what else it differed in would be another network. It is trained at once, A's stays."""
    change = e.Change(state.experiment, (), state.recordings, turns=event.turns)
    return replace(_change(state, change, timeline), training=bool(event.turns), follows=False)


def _about(state: State, event: e.About, timeline: Timeline | None) -> State:
    return replace(state, preset=event.preset)


def _remember(state: State, event: e.Remember, timeline: Timeline | None) -> State:
    asked = (event.experiment, event.changes, event.recordings, event.plan, event.turns)
    return replace(state, past=(*state.past, asked)[-_MOST_PAST:], future=())


def _undo(state: State, event: e.Undo, timeline: Timeline | None) -> State:
    source, target = (state.past, state.future) if event.by < 0 else (state.future, state.past)
    if not source:
        text = tr("nothing to undo") if event.by < 0 else tr("nothing to redo")
        return replace(state, message=text)
    asked, rest = source[-1], source[:-1]
    target = (*target, state.asked)
    past, future = (rest, target) if event.by < 0 else (target, rest)
    following = _change(state, e.Change(*asked, record=False), timeline)
    return replace(following, past=past, future=future)


def _loaded(state: State, event: e.Loaded, timeline: Timeline | None) -> State:
    """timeline is the new record's. It opens with the gradient arrived; pane and selected stage stay where they can."""
    if timeline is None:
        return state
    if event.stays:
        return replace(state, step=timeline.clamp(state.step), loaded=True)
    selected = None if state.selected is None else min(state.selected, timeline.stage_count - 1)
    cell = event.cell or event.experiment.cell
    if cell != state.cell:
        selected = None
    following = replace(
        state,
        experiment=event.experiment,
        cell=cell,
        step=timeline.arrived,
        selected=selected,
        unit=min(state.unit, event.experiment.width - 1),
        playing=False,
        loaded=True,
        message="",
    )
    panes = panes_of(following)
    following = replace(following, pane=state.pane if state.pane in panes else panes[0])
    return lecture.adopt(following, timeline) if state.following else following


def _learn(state: State, event: e.Learn, timeline: Timeline | None) -> State:
    studies = state.studies if event.progress is None else noted(state.studies, event.progress, event.done)
    following = replace(state, lesson=event.progress, offset=event.offset, studies=studies)
    panes = panes_of(following)
    opened = state.lesson is None and event.progress is not None
    pane = "lesson" if opened else (state.pane if state.pane in panes else panes[0])
    return replace(following, pane=pane)


def _recall(state: State, event: e.Recall, timeline: Timeline | None) -> State:
    """The list opens at the first lesson that is not done."""
    studies = merged(event.studies, state.studies)
    item = begun_or_new(studies, state.lessons) if state.view == "lessons" else state.item
    return replace(state, studies=studies, item=item)


def _message(state: State, event: e.Message, timeline: Timeline | None) -> State:
    return replace(state, message=event.text)


_HANDLERS: dict[type, Callable[[State, Any, Timeline | None], State]] = {
    e.Tick: _tick,
    e.TogglePlay: _toggle_play,
    e.Move: _move,
    e.Jump: _jump,
    e.Faster: _faster,
    e.NextGrain: _next_grain,
    e.GoTo: training_moves.go_to,
    e.Train: training_moves.train,
    e.Trained: training_moves.trained,
    e.Rest: training_moves.rest,
    e.Plan: _plan,
    e.Branch: _branch,
    e.Arrow: navigation.arrow,
    e.Select: navigation.select,
    e.SelectUnit: navigation.select_unit,
    e.SelectItem: navigation.select_item,
    e.Scroll: navigation.scroll,
    e.SetTerms: navigation.set_terms,
    e.Show: navigation.show,
    e.Focus: navigation.focus,
    e.Zoom: navigation.zoom,
    e.Turn: navigation.turn,
    e.TurnUnits: navigation.turn_units,
    e.NextQuantity: navigation.next_quantity,
    e.NextAxis: navigation.next_axis,
    e.Lock: navigation.lock,
    e.Change: _change,
    e.About: _about,
    e.Remember: _remember,
    e.Undo: _undo,
    e.Loaded: _loaded,
    e.Learn: _learn,
    e.Recall: _recall,
    e.Message: _message,
    e.Present: lecture.present,
    e.Follow: lecture.follow,
    e.Unable: lecture.unable,
    e.Audience: lecture.audience,
    e.Invite: lecture.invite,
}
