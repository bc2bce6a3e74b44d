"""Timeline: phases, places and known gradients of real traces."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model import events as e
from gradtui.model.state import State
from gradtui.model.timeline import Grain, Timeline
from gradtui.model.update import update
from tests.engine.helpers import drawn
from tests.tui.helpers import CASES, timeline_of, trace_of

cases = pytest.mark.parametrize("name", CASES)


@cases
def test_known_falls_from_stage_count_to_zero_and_never_rises(name: str) -> None:
    timeline = timeline_of(CASES[name])
    assert timeline.stage_count == len(trace_of(CASES[name]).stages)
    assert timeline.known[0] == timeline.stage_count
    assert timeline.known[-1] == 0
    drops = [before - after for before, after in itertools.pairwise(timeline.known)]
    assert set(drops) == {0, 1}
    assert drops.count(1) == timeline.stage_count


@cases
def test_no_gradient_is_known_before_the_backward_pass_and_all_are_at_its_end(name: str) -> None:
    timeline = timeline_of(CASES[name])
    assert set(timeline.known[: timeline.loss + 1]) == {timeline.stage_count}
    assert timeline.known[timeline.arrived] == 0


@cases
def test_a_stage_is_reached_by_the_step_that_writes_it(name: str) -> None:
    trace, timeline = trace_of(CASES[name]), timeline_of(CASES[name])
    # What the first stage is may be the batch itself, or is computed of it (a Transformer's tokens).
    first = any(trace.program.stages[0] in each.outputs for each in trace.program.instructions)
    written = -1 if first else 0
    for step, reached in zip(trace.steps, timeline.reached, strict=True):
        if step.phase == "forward":
            outputs = trace.program.instructions[step.instruction or 0].outputs
            written += sum(output in trace.program.stages for output in outputs)
            assert reached == max(written, 0)
        else:
            assert reached == timeline.stage_count - 1 == written


@cases
def test_the_phases_are_blocks_in_order_clipping_only_where_asked_for(name: str) -> None:
    phases = timeline_of(CASES[name]).phases
    blocks = [phases[0], *(new for old, new in itertools.pairwise(phases) if new != old)]
    clip = [] if CASES[name].clip == "none" else ["clip"]
    assert blocks == ["forward", "loss", "backward", *clip, "update"]


@cases
def test_the_loss_is_one_step_and_the_gradient_arrives_before_clip_and_update(name: str) -> None:
    timeline = timeline_of(CASES[name])
    assert timeline.phases.count("loss") == 1
    assert timeline.phases[timeline.loss] == "loss"
    assert timeline.phases[timeline.arrived] == "backward"
    assert timeline.known[timeline.arrived] == min(timeline.known) < timeline.known[timeline.arrived - 1]
    # Over time the shared weights' own gradients are summed up after that.
    after = [phase for phase in timeline.phases[timeline.arrived + 1 :] if phase != "backward"]
    assert after == (["update"] if CASES[name].clip == "none" else ["clip", "update"])
    assert timeline.last == len(trace_of(CASES[name]).steps) - 1


@pytest.mark.parametrize("name", [name for name, each in CASES.items() if each.layers == 1])
def test_forward_climbs_through_the_stages_and_backward_comes_down(name: str) -> None:
    timeline = timeline_of(CASES[name])
    last = timeline.stage_count - 1
    forward, backward = timeline.stages[: timeline.loss + 1], timeline.stages[timeline.loss : timeline.last]
    assert list(forward) == sorted(forward)
    assert list(backward) == sorted(backward, reverse=True)
    assert forward[-1] == backward[0] == last
    assert set(timeline.stages) <= set(range(timeline.stage_count))


@cases
@pytest.mark.parametrize("grain", Grain)
def test_a_walk_on_reaches_the_last_step_and_a_walk_back_the_first(name: str, grain: Grain) -> None:
    timeline = timeline_of(CASES[name])
    assert timeline.move(0, 10**4, grain) == timeline.last
    assert timeline.move(timeline.last, -(10**4), grain) == 0


def test_a_step_by_phase_goes_from_one_phase_to_the_next() -> None:
    timeline = timeline_of(CASES["mlp"])
    stops = [timeline.move(0, count, Grain.PHASE) for count in range(4)]
    assert stops == [0, timeline.loss, timeline.loss + 1, timeline.last]


def test_a_step_by_stage_goes_through_every_layer_once_in_each_direction() -> None:
    timeline = timeline_of(CASES["one number"])
    places, step = [timeline.places[0]], 0
    while step < timeline.last:
        step = timeline.move(step, 1, Grain.STAGE)
        places.append(timeline.places[step])
    layers = [f"layer {number}" for number in range(1, 8)]
    assert places == [*layers, "output", "loss", "loss", "output", *reversed(layers), "update"]


def test_back_within_a_stage_goes_to_its_beginning_first() -> None:
    places = ("layer 1", "layer 1", "layer 2", "layer 2")
    timeline = Timeline(("forward",) * 4, places, (1, 1, 2, 2), (3,) * 4, (0, 1, 1, 2), 3)
    assert timeline.move(3, -1, Grain.STAGE) == 2
    assert timeline.move(2, -1, Grain.STAGE) == 0


# -- the same place in another trace -------------------------------------------------------------------

#: A and B, as Compare shows them: another operation a layer, another depth, another network.
PAIRS = [("mlp", "cured"), ("mlp", "one layer"), ("lstm", "gru"), ("rnn", "300 steps"), ("one step", "stacked")]
pairs = pytest.mark.parametrize(("one", "other"), [*PAIRS, *(pair[::-1] for pair in PAIRS)])


@cases
def test_a_place_in_a_trace_is_itself_in_the_same_trace_to_the_stage(name: str) -> None:
    """Not to the operation: of a stage's steps the last one is taken, that all of it is seen."""
    timeline = timeline_of(CASES[name])
    for step in range(0, timeline.last + 1, 1 + timeline.last // 400):
        there = timeline.locate(timeline, step)
        assert timeline.phases[there] == timeline.phases[step]
        assert timeline.known[there] == timeline.known[step]
        assert there >= step


@pairs
def test_both_cursors_stand_in_the_same_phase_with_as_much_of_the_gradient_known(one: str, other: str) -> None:
    a, b = timeline_of(CASES[one]), timeline_of(CASES[other])
    for step in range(a.last + 1):
        there = b.locate(a, step)
        if a.phases[step] in b.phases:
            assert b.phases[there] == a.phases[step]
        if a.phases[step] == "backward":
            assert b.known[there] == min(a.known[step], b.stage_count)


@pairs
def test_while_one_cursor_goes_on_the_other_never_goes_back_through_the_gradient(one: str, other: str) -> None:
    a, b = timeline_of(CASES[one]), timeline_of(CASES[other])
    known = [b.known[b.locate(a, step)] for step in range(a.loss, a.last + 1)]
    assert known == sorted(known, reverse=True)


def test_while_one_clips_the_other_which_does_not_is_at_its_update() -> None:
    clipped, plain = timeline_of(CASES["stacked"]), timeline_of(CASES["lstm"])
    assert plain.phases[plain.locate(clipped, clipped.phases.index("clip"))] == "update"


# -- laws of moving ----------------------------------------------------------------------------------------

WALKS = ("mlp", "lstm", "gru", "one layer", "one step")


@drawn(100)
@given(st.sampled_from(WALKS), st.data())
def test_so_many_operations_on_and_as_many_back_is_where_it_began(name: str, data: st.DataObject) -> None:
    timeline = timeline_of(CASES[name])
    step = data.draw(st.integers(0, timeline.last))
    count = data.draw(st.integers(-step, timeline.last - step))
    state = State(CASES[name], step=step)
    there = update(state, e.Move(count), timeline)
    assert there.step == step + count
    assert update(there, e.Move(-count), timeline) == state


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
