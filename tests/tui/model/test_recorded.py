"""A recorded training in the state: its steps are the axis of iterations, and a step of it is a source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradtui.model import events as e
from gradtui.model.panes_of import panes_of
from gradtui.model.shown import source_of_a, source_of_b
from gradtui.model.state import State, Steps
from gradtui.model.trainings import followed_a, followed_b
from gradtui.model.update import update
from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Source

RUN = Source(recording="run.jsonl", recorded=True, files=("run.jsonl",))
STEPS = Steps([0, 1, 2, 57, 114, 171])


def state(**fields: object) -> State:
    opened = State(Experiment(), recordings=(RUN,), view="train", steps=STEPS, trained=6, loaded=True)
    return replace(opened, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("step", "iteration"), [(-5, 0), (0, 0), (56, 2), (57, 3), (170, 4), (10**9, 5)])
def test_a_step_is_shown_by_the_last_one_that_was_recorded_up_to_it(step: int, iteration: int) -> None:
    assert STEPS.iteration(step) == iteration
    assert update(state(), e.GoTo(step=step), None).iteration == iteration


def test_leaving_train_asks_for_the_step_under_the_cursor_by_the_trainings_own_number() -> None:
    there = update(state(), e.GoTo(iteration=3), None)
    assert source_of_a(there).iteration == 0
    explored = update(there, e.Show("explore"), None)
    assert (source_of_a(explored).iteration, explored.loaded) == (57, False)


def test_the_cursor_plays_to_the_end_and_begins_again_there() -> None:
    playing = update(state(iteration=5), e.TogglePlay(), None)
    assert (playing.iteration, playing.playing) == (0, True)
    on = update(playing, e.Tick(4), None)
    assert (on.iteration, on.playing, on.follows) == (4, True, False)
    end = update(on, e.Tick(4), None)
    assert (end.iteration, end.playing, end.follows) == (5, False, True)


def test_what_grows_takes_the_cursor_along_only_where_it_stands_at_the_end() -> None:
    longer = Steps([*range(9)])
    grown = e.Trained(9, steps=longer)
    assert update(state(iteration=5), grown, None).iteration == 8
    assert update(state(iteration=2, follows=False), grown, None).iteration == 2


def test_a_step_that_is_held_stays_while_the_cursor_moves_and_has_no_history() -> None:
    held = replace(RUN, iteration=57, pinned=True)
    both = state(recordings=(RUN, held), iteration=1, opened=1, view="compare")
    b = source_of_b(both, None)
    assert b is not None
    assert (source_of_a(both).iteration, b.iteration) == (1, 57)
    assert followed_b(both) is None
    assert "map_b" not in panes_of(replace(both, view="train"))


def test_of_two_recorded_trainings_both_are_followed_along_the_same_stages() -> None:
    other = replace(RUN, recording="other.jsonl", files=("other.jsonl",))
    both = state(recordings=(RUN, other), along="lstm")
    assert followed_a(both) == replace(RUN, stages="lstm")
    assert followed_b(both) == replace(other, stages="lstm")
    assert "map_b" in panes_of(both)


def test_other_stages_forget_the_selected_one_and_a_scale_that_was_held() -> None:
    turned = update(state(selected=3), e.Along("lstm"), None)
    assert (turned.along, turned.selected, turned.loaded) == ("lstm", None, False)
    assert source_of_a(turned).stages == "lstm"
