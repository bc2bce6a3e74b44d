"""What plays on the maths page: terms that come one by one, a point that turns all the way around."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from gradtui.model import events as e
from gradtui.model.maths import ARROW, GROWTH, MOST_ANGLE, MOST_TERMS, TURN
from gradtui.model.state import State
from gradtui.model.update import update
from gradtui_engine import Experiment

SERIES, TURNING = ("circular", "hyperbolic"), ("circle", "bridge")


def state_at(pane: str, **fields: Any) -> State:
    return State(Experiment(depth=2), view="maths", pane=pane, loaded=True, **fields)


def played(state: State, steps: int = 1) -> list[State]:
    """Every state from space on, until it stops by itself."""
    states = [update(state, e.TogglePlay(), None)]
    while states[-1].playing:
        states.append(update(states[-1], e.Tick(steps), None))
        assert len(states) < 1000
    return states


@pytest.mark.parametrize("pane", SERIES)
@pytest.mark.parametrize("steps", [1, 3, 20])
def test_terms_come_one_by_one_to_the_last(pane: str, steps: int) -> None:
    states = played(state_at(pane, terms=3), steps)
    shown = [state.terms + state.growth / GROWTH for state in states]
    assert shown == sorted(shown)
    assert shown[0] == 3
    assert shown[-1] == MOST_TERMS
    assert all(later - before <= steps / GROWTH for before, later in itertools.pairwise(shown))
    assert {state.angle for state in states} == {states[0].angle}


@pytest.mark.parametrize("pane", TURNING)
def test_the_point_turns_all_the_way_around_evenly(pane: str) -> None:
    angles = [state.angle for state in played(state_at(pane, angle=0))]
    assert angles == list(range(0, MOST_ANGLE + 1, TURN))
    assert {state.terms for state in played(state_at(pane))} == {3}


def test_from_the_end_it_begins_again() -> None:
    assert played(state_at("bridge", angle=MOST_ANGLE))[0].angle == 0
    assert played(state_at("circle", angle=-45))[0].angle == 0
    assert played(state_at("circular", terms=MOST_TERMS))[0].terms == 1


@pytest.mark.parametrize("pane", [*SERIES, *TURNING])
def test_space_pauses_and_goes_on_where_it_was(pane: str) -> None:
    playing = update(update(state_at(pane, angle=60), e.TogglePlay(), None), e.Tick(5), None)
    paused = update(playing, e.TogglePlay(), None)
    assert not paused.playing
    assert update(paused, e.Tick(5), None) == paused
    assert update(paused, e.TogglePlay(), None) == playing


def test_steps_and_ends() -> None:
    series, turning = state_at("circular", terms=3, growth=4, playing=True), state_at("circle", angle=62, playing=True)
    assert update(series, e.Move(1), None) == replace(series, terms=4, growth=0, playing=False)
    assert update(series, e.Move(-1), None) == replace(series, terms=2, growth=0, playing=False)
    assert update(series, e.Jump(end=True), None).terms == MOST_TERMS
    assert update(turning, e.Move(1), None) == replace(turning, angle=62 // ARROW * ARROW + ARROW, playing=False)
    assert update(turning, e.Jump(end=True), None).angle == MOST_ANGLE
    assert update(turning, e.Jump(end=False), None).angle == 0


def test_what_plays_there_does_not_go_on_elsewhere() -> None:
    playing = update(state_at("circle", angle=0), e.TogglePlay(), None)
    assert not update(playing, e.Show("explore"), None).playing
    assert update(playing, e.Focus(by=1), None).playing
