"""`update`: a pure function from state and event to state, without Textual, clock or engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import events as e
from . import experiments, found, lecture, navigation, story, sweep_moves, training_moves
from .names import SPEEDS, STORY
from .panes_of import panes_of, seen_pane
from .playback import playback_of, show, to_step
from .state import State
from .studies import begun_or_new, merged, noted
from .timeline import Grain, Timeline
from .trainings import recorded

GRAINS = tuple(Grain)


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
    return playback_of(state).tick(state, event.steps, timeline) if state.playing else state


def _toggle_play(state: State, event: e.TogglePlay, timeline: Timeline | None) -> State:
    return playback_of(state).toggle(state, timeline)


def _move(state: State, event: e.Move, timeline: Timeline | None) -> State:
    return playback_of(state).move(state, event.count, timeline)


def _jump(state: State, event: e.Jump, timeline: Timeline | None) -> State:
    if event.step is None and not event.moment:
        return playback_of(state).to_end(state, event.end, timeline)
    if timeline is None:
        return state
    step = event.step if event.moment == "" else timeline.moment(event.moment, event.stage)
    return to_step(state, state.step if step is None else step, timeline)


def _arrow(state: State, event: e.Arrow, timeline: Timeline | None) -> State:
    if state.view not in STORY:
        return navigation.arrow(state, event, timeline)
    return story.next_page(state, e.NextPage(event.y), timeline) if event.y else _move(state, e.Move(event.x), timeline)


def _faster(state: State, event: e.Faster, timeline: Timeline | None) -> State:
    if state.view == "maths":
        return navigation.set_terms(state, e.SetTerms(state.terms + event.by), timeline)
    speed = min(max(state.speed + event.by, 0), len(SPEEDS) - 1)
    return replace(state, speed=speed)


def _next_grain(state: State, event: e.NextGrain, timeline: Timeline | None) -> State:
    return replace(state, grain=GRAINS[(GRAINS.index(state.grain) + 1) % len(GRAINS)])


# -- records ---------------------------------------------------------------------------------------------


def _loaded(state: State, event: e.Loaded, timeline: Timeline | None) -> State:
    """timeline is the new record's. It opens with the gradient arrived; pane and selected stage stay where they can."""
    if timeline is None:
        return state
    if event.stays:
        return replace(state, step=timeline.clamp(state.step), loaded=True)
    selected = None if state.selected is None else min(state.selected, timeline.stage_count - 1)
    cell = event.cell or event.experiment.cell
    if cell != state.cell and not recorded(state):  # of a recorded training it was selected along what is shown now
        selected = None
    following = replace(
        state,
        experiment=event.experiment,
        cell=cell,
        step=timeline.arrived,
        selected=selected,
        unit=min(state.unit, event.experiment.resolved.width - 1),
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
    if opened:
        following = replace(following, before=(*state.past, state.asked))
    elif event.progress is None:
        following = experiments.left_behind(following)
    return replace(following, pane=pane, beside=seen_pane(state))


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
    e.Plan: experiments.plan,
    e.Branch: experiments.branch,
    e.PlanSweep: sweep_moves.plan,
    e.ToCell: sweep_moves.to_cell,
    e.Swept: sweep_moves.swept,
    e.StopSweep: sweep_moves.stop,
    e.LeaveSweep: experiments.leave_sweep,
    e.Diagnose: found.diagnose,
    e.Found: found.found,
    e.ChooseFinding: found.choose,
    e.Arrow: _arrow,
    e.Select: navigation.select,
    e.SelectUnit: navigation.select_unit,
    e.SelectItem: navigation.select_item,
    e.Scroll: navigation.scroll,
    e.SetTerms: navigation.set_terms,
    e.Show: show,
    e.Focus: navigation.focus,
    e.Zoom: navigation.zoom,
    e.Turn: navigation.turn,
    e.TurnUnits: navigation.turn_units,
    e.TurnAxes: navigation.turn_axes,
    e.Along: navigation.along,
    e.NextQuantity: navigation.next_quantity,
    e.NextAxis: navigation.next_axis,
    e.Lock: navigation.lock,
    e.OpenStory: story.open_story,
    e.OpenPair: story.open_pair,
    e.NextPage: story.next_page,
    e.OpenIdea: story.open_idea,
    e.Change: experiments.change,
    e.About: experiments.about,
    e.Remember: experiments.remember,
    e.Undo: experiments.undo,
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
