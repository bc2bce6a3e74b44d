"""update(state, event) under any sequence of events: laws, not examples."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui import state as s
from gradtui.timeline import Grain, Timeline
from gradtui.views import status
from gradtui.views.panes import TABLE, arrange
from gradtui.views.scene import Scene
from gradtui_engine import Trace
from tests.engine.helpers import drawn

from .helpers import CASES, SIZES, assert_page, timeline_of, trace_of

SMALL = ("one layer", "one step", "gru", "rnn", "one number", "one number over time", "no weights", "overflow")
WALKS = ("mlp", "lstm", "gru", "one layer", "one step")

EVENTS = st.one_of(
    st.just(s.Tick()),
    st.just(s.TogglePlay()),
    st.integers(-300, 300).map(s.Move),
    st.booleans().map(s.Jump),
    st.integers(-70, 70).map(s.Select),
    st.integers(-3, 10**9).map(lambda stage: s.Select(stage=stage)),
    st.integers(-9, 9).map(s.Faster),
    st.just(s.NextGrain()),
    st.sampled_from((*TABLE, "no such pane")).map(s.Focus),
    st.integers(0, 9).map(lambda number: s.Focus(number=number)),
    st.integers(-3, 3).map(lambda by: s.Focus(by=by)),
    st.just(s.Zoom()),
    st.just(s.Turn()),
    st.sampled_from(SMALL).map(lambda name: s.Change(CASES[name])),
    st.sampled_from(("", "said")).map(s.Message),
    st.sampled_from(SMALL).map(lambda name: s.Loaded(CASES[name], trace_of(CASES[name]).axis)),
)


def assert_sound(state: s.State, timeline: Timeline | None) -> None:
    """What every view takes for granted."""
    assert 0 <= state.speed < len(s.SPEEDS)
    assert state.pane in s.PANES[state.cell]
    assert state.grain in Grain
    if timeline is None:
        assert (state.step, state.selected, state.playing) == (0, None, False)
        return
    assert 0 <= state.step <= timeline.last
    assert state.selected is None or 0 <= state.selected < timeline.stage_count
    assert 0 <= s.selected_stage(state, timeline) < timeline.stage_count


@drawn(400)
@given(st.lists(EVENTS, max_size=60))
def test_any_sequence_of_events_leaves_a_sound_state(events: list[s.Event]) -> None:
    state, timeline = s.State(CASES["mlp"]), None
    for event in events:
        if isinstance(event, s.Loaded):
            timeline = timeline_of(event.experiment)
        before, copy = state, dataclasses.replace(state)
        state = s.update(state, event, timeline)
        assert before == copy
        assert s.update(before, event, timeline) == state, "update is not a function of its arguments"
        assert_sound(state, timeline)


def walk(seed: int, count: int) -> list[tuple[s.State, Trace, Timeline]]:
    """The states after every 20th of so many random events that start with a trace."""
    choose = random.Random(seed)
    events = [
        lambda: s.Tick(),
        lambda: s.TogglePlay(),
        lambda: s.Move(choose.randint(-20, 20)),
        lambda: s.Jump(choose.random() < 0.5),
        lambda: s.Select(choose.randint(-40, 40)),
        lambda: s.NextGrain(),
        lambda: s.Focus(by=choose.choice((-1, 1))),
        lambda: s.Zoom(),
        lambda: s.Turn(),
        lambda: s.Message(choose.choice(("", "said"))),
    ]
    name = choose.choice(SMALL)
    state, found = s.State(CASES[name]), []
    for number in range(count):
        if number % 50 == 0:
            name = choose.choice(SMALL)
            event = s.Loaded(CASES[name], trace_of(CASES[name]).axis)
        else:
            event = choose.choice(events)()
        state = s.update(state, event, timeline_of(CASES[name]))
        if number % 20 == 0:
            found.append((state, trace_of(CASES[name]), timeline_of(CASES[name])))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_whatever_was_pressed_the_whole_screen_is_filled_exactly(seed: int) -> None:
    for state, trace, timeline in walk(seed, 2000):
        scene = Scene(trace, timeline, state)
        for width, height in SIZES:
            assert_page(status.header(scene, width), width, 2, "header")
            assert_page([status.timeline(scene, width)], width, 1, "timeline")
            for name, box in arrange(state, width, height).items():
                inner = box.width - 2, box.height - 2
                assert_page(TABLE[name].view(scene, *inner), *inner, f"{name} {inner} {state}")


@drawn(100)
@given(st.sampled_from(WALKS), st.data())
def test_so_many_operations_on_and_as_many_back_is_where_it_began(name: str, data: st.DataObject) -> None:
    timeline = timeline_of(CASES[name])
    step = data.draw(st.integers(0, timeline.last))
    count = data.draw(st.integers(-step, timeline.last - step))
    state = s.State(CASES[name], step=step)
    there = s.update(state, s.Move(count), timeline)
    assert there.step == step + count
    assert s.update(there, s.Move(-count), timeline) == state


@drawn(100)
@given(st.sampled_from(WALKS), st.sampled_from((Grain.STAGE, Grain.PHASE)), st.integers(0, 60), st.integers(1, 5))
def test_from_the_beginning_of_a_stage_or_phase_on_and_back_is_where_it_began(
    name: str, grain: Grain, grains: int, count: int
) -> None:
    timeline = timeline_of(CASES[name])
    start = timeline.move(0, grains, grain)
    there = timeline.move(start, count, grain)
    if there < timeline.last:
        assert timeline.move(there, -count, grain) == start


@drawn(100)
@given(st.sampled_from(WALKS), st.sampled_from(tuple(Grain)), st.data())
def test_a_step_on_goes_on_and_a_step_back_goes_back_until_the_ends(
    name: str, grain: Grain, data: st.DataObject
) -> None:
    timeline = timeline_of(CASES[name])
    step = data.draw(st.integers(0, timeline.last))
    assert timeline.move(step, 1, grain) > step or step == timeline.last
    assert timeline.move(step, -1, grain) < step or step == 0


@drawn(60)
@given(st.sampled_from(WALKS), st.sampled_from(tuple(Grain)), st.integers(1, 30))
def test_so_many_steps_at_once_are_the_same_as_one_by_one(name: str, grain: Grain, count: int) -> None:
    timeline = timeline_of(CASES[name])
    for start, direction in ((0, 1), (timeline.last, -1)):
        step = start
        for _ in range(count):
            step = timeline.move(step, direction, grain)
        assert timeline.move(start, direction * count, grain) == step
