"""The axis of iterations: training on, and going back. Part of `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.language import plural, tr
from . import events as e
from .keys import shown_keys
from .names import STORY
from .refusals import untrained
from .state import State
from .trainings import iterations_of, recorded, training_of_a

if TYPE_CHECKING:
    from .timeline import Timeline


def toggle(state: State) -> State:
    """Train on, or pause; of a recorded training the cursor plays, from the first step where it is at the last."""
    if recorded(state):
        last = max(state.trained - 1, 0)
        start = 0 if state.iteration >= last and not state.playing else state.iteration
        return replace(state, playing=not state.playing and last > 0, iteration=start, follows=False)
    if state.training:
        return replace(state, training=False)
    if state.finished:
        count = iterations_of(state)
        all_done = plural("the one iteration is done", "all {count} iterations are done", count)
        text = tr("{all_done}; {key} plans more", all_done=all_done, key=shown_keys("plan"))
        return replace(state, message=text)
    return train(state, e.Train(), None)


def train(state: State, event: e.Train, timeline: Timeline | None) -> State:
    """Train on; what has been trained already is there at once."""
    if recorded(state):
        return replace(state, message=untrained(state))
    if training_of_a(state) is None:
        text = tr("a recording is not trained") if state.recordings else tr("this cannot be trained as it is planned")
        return replace(state, message=text)
    return replace(state, training=True, follows=True)


def go_to(state: State, event: e.GoTo, timeline: Timeline | None) -> State:
    """Another iteration; where nothing has been trained there is the first alone."""
    if state.recordings and not recorded(state):
        return replace(state, message=tr("a recording has this one iteration"))
    if event.step is not None and state.steps is not None:
        event = replace(event, iteration=state.steps.iteration(event.step))
    if event.ahead:
        iteration = min(event.iteration or 0, max(iterations_of(state) - 1, 0))
        return opened(replace(state, iteration=iteration, follows=False))
    if state.trained == 0 and state.iteration == 0 and not recorded(state):
        keys = {"view": shown_keys("view_train"), "play": shown_keys("play")}
        if state.view in ("train", "story"):
            return replace(state, message=tr("nothing has been trained yet: {play} trains", **keys))
        return replace(state, message=tr("nothing has been trained yet: {view}, then {play}, trains", **keys))
    last = max(state.trained - 1, 0)
    wanted = event.iteration if event.iteration is not None else state.iteration + event.by
    iteration = min(max(wanted, 0), last)
    return opened(replace(state, iteration=iteration, follows=iteration == last))


def opened(state: State) -> State:
    """The record is that of the iteration under the cursor, but in the views where that moves alone."""
    if state.view in ("train", *STORY) or state.opened == state.iteration:
        return state
    return replace(state, opened=state.iteration, loaded=False)


def trained(state: State, event: e.Trained, timeline: Timeline | None) -> State:
    """Who trains has come further: the cursor goes along, as far as the record can follow."""
    on = state.training and not event.done
    state = replace(
        state, trained=event.count, training=on, finished=event.done, pace=event.pace, steps=event.steps
    )  # fmt: skip
    last = max(event.count - 1, 0)
    if not state.follows:
        # A cursor that an address has put further on waits there.
        return opened(replace(state, iteration=min(state.iteration, last))) if event.done else state
    if state.view == "train" or (state.loaded and event.ready):
        return opened(replace(state, iteration=last))
    return state


def tick(state: State, steps: int) -> State:
    """The clock: what was recorded passes by, up to what is there."""
    if not recorded(state):
        return replace(state, playing=False)
    last = max(state.trained - 1, 0)
    iteration = min(state.iteration + steps, last)
    return opened(replace(state, iteration=iteration, playing=iteration < last, follows=iteration == last))


def rest(state: State, event: e.Rest, timeline: Timeline | None) -> State:
    """Pause: what is there stays."""
    return replace(state, training=False, playing=state.playing and state.view not in STORY)


def restarted(state: State) -> State:
    """Nothing is trained: another experiment, another plan."""
    return replace(
        state, iteration=0, opened=0, trained=0, training=False, follows=True, turns=(), finished=False, steps=None,
        loaded=state.loaded and state.opened == 0, diagnosed=0, findings=(), finding=None,
    )  # fmt: skip
