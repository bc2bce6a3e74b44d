"""What plays in each view: what space, a tick of the clock, a step and a jump to either end mean there. Part of
`update`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import events as e
from . import maths, navigation, story, sweep_moves, training_moves
from .state import State
from .timeline import Timeline

Moved = Callable[[State, int, Timeline | None], State]


@dataclass(frozen=True, slots=True)
class Playback:
    """What plays in a view.

    toggle(state, timeline) plays or pauses; tick(state, steps, timeline) is the clock, while it plays; move(state,
    count, timeline) is so many steps on or back; to_end(state, end, timeline) goes to the last or the first.
    """

    toggle: Callable[[State, Timeline | None], State]
    tick: Moved
    move: Moved
    to_end: Callable[[State, bool, Timeline | None], State]


# -- backpropagation, operation by operation -----------------------------------------------------------------


def _toggle(state: State, timeline: Timeline | None) -> State:
    """Play, or pause. Once the gradient has arrived: from the loss again."""
    if timeline is None:
        return state
    if state.playing:
        return replace(state, playing=False)
    step = timeline.loss if state.step >= timeline.arrived else state.step
    return replace(state, playing=True, step=step, selected=None)


def _tick(state: State, steps: int, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    step = timeline.move(state.step, steps, state.grain)
    stop = timeline.arrived if state.step <= timeline.arrived else timeline.last
    step = min(step, stop)
    return replace(state, step=step, playing=step < stop, selected=None)


def _move(state: State, count: int, timeline: Timeline | None) -> State:
    if timeline is None:
        return state
    step = timeline.move(state.step, count, state.grain)
    return replace(state, step=step, playing=False, selected=None)


def _to_end(state: State, end: bool, timeline: Timeline | None) -> State:
    return state if timeline is None else to_step(state, timeline.last if end else 0, timeline)


def to_step(state: State, step: int, timeline: Timeline) -> State:
    """The cursor at a step of the trace."""
    return replace(state, step=timeline.clamp(step), playing=False, selected=None)


# -- the table -------------------------------------------------------------------------------------------------

_TRACE = Playback(_toggle, _tick, _move, _to_end)
_TRAINING = Playback(
    lambda state, timeline: training_moves.toggle(state),
    lambda state, steps, timeline: training_moves.tick(state, steps),
    lambda state, count, timeline: training_moves.go_to(state, e.GoTo(count), timeline),
    lambda state, end, timeline: training_moves.go_to(state, e.GoTo(iteration=state.trained if end else 0), timeline),
)
_STORY = Playback(story.toggle, story.tick, story.move, story.to_end)
_MATHS = Playback(maths.toggle, maths.tick, maths.move, maths.to_end)
_WAVE = Playback(story.toggle_wave, story.tick_wave, story.move, story.to_end)

_SWEEP = Playback(
    lambda state, timeline: sweep_moves.toggle(state),
    lambda state, steps, timeline: state,
    lambda state, count, timeline: sweep_moves.to_cell(state, e.ToCell(count), timeline),
    lambda state, end, timeline: sweep_moves.to_cell(state, e.ToCell(column=10**9 if end else 0), timeline),
)

#: By view; in the others it is backpropagation that plays.
PLAYBACKS = {"train": _TRAINING, "story": _STORY, "idea": _WAVE, "maths": _MATHS, "sweep": _SWEEP}


def playback_of(state: State) -> Playback:
    """What plays in the view that is shown."""
    return PLAYBACKS.get(state.view, _TRACE)


def show(state: State, event: e.Show, timeline: Timeline | None) -> State:
    """Another view: what plays goes on where the same thing plays there."""
    following = navigation.show(state, event, timeline)
    same = playback_of(following) is playback_of(state)
    return replace(following, playing=following.playing and same)
