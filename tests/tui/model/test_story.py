"""The story: pages by digit, the wave of the multiplication, then the training; a page left alone turns by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradtui.model import events as e
from gradtui.model.names import STORY, WAVE_END
from gradtui.model.pairs import PAIRS
from gradtui.model.state import State
from gradtui.model.story import PAGES, pair_of
from gradtui.model.timeline import Timeline
from gradtui.model.update import update
from gradtui_engine import Experiment
from tests.tui.helpers import CASES, timeline_of

OWN = Experiment(depth=7)
RELU = PAIRS["relu"]


@pytest.fixture
def timeline() -> Timeline:
    """Any: the story's wave goes by shares of the way, not by a trace's steps."""
    return timeline_of(CASES["one layer"])


def story(timeline: Timeline, name: str = "relu") -> State:
    """A pair whose trace has arrived."""
    state = update(State(OWN), e.OpenPair(name), None)
    return update(state, e.Loaded(PAIRS[name].experiment), timeline)


def test_a_page_brings_its_disease_its_cure_and_how_both_are_trained() -> None:
    for name, pair in PAIRS.items():
        state = update(State(OWN), e.OpenPair(name), None)
        assert (state.view, state.experiment, dict(state.changes), dict(state.plan)) == (
            "story", pair.experiment, dict(pair.changes), dict(pair.plan),
        )  # fmt: skip
        assert pair_of(state) is pair
        assert (state.wave, state.iteration, state.playing, state.training) == (WAVE_END, 0, False, False)


def test_undo_leads_back_to_what_stood_before_the_story_however_many_pages_were_turned() -> None:
    state = State(OWN)
    for name in ("relu", "lstm", "depth"):
        state = update(state, e.OpenPair(name), None)
    assert update(state, e.Undo(), None).experiment == OWN


def test_0_opens_the_pair_that_stands_already_and_else_the_first() -> None:
    assert pair_of(update(State(OWN), e.OpenStory(), None)) is RELU
    state = update(State(OWN), e.OpenPair("lstm"), None)
    state = update(state, e.Show("explore"), None)
    assert pair_of(update(state, e.OpenStory(), None)) is PAIRS["lstm"]


def test_what_somebody_has_changed_is_no_pair_any_more() -> None:
    state = update(State(OWN), e.OpenPair("relu"), None)
    changed = update(state, e.Change(state.experiment.replace(depth=9)), None)
    assert pair_of(changed) is None
    assert changed.view == "story"


def test_pages_follow_one_another_in_the_order_of_their_digits_and_begin_again() -> None:
    state, found = update(State(OWN), e.OpenStory(), None), []
    for _ in range(len(PAGES) + 1):
        pair = pair_of(state)
        found.append(state.sheet if state.view == "idea" else pair.name if pair is not None else "")
        state = update(state, e.NextPage(), None)
    assert found == [*PAGES, PAGES[0]]
    assert pair_of(update(state, e.Arrow(y=-1), None)) is PAIRS[str(PAGES[0])]


def test_the_key_of_one_idea_turns_its_sheets() -> None:
    state = update(State(OWN), e.OpenIdea(), None)
    assert (state.view, state.sheet) == ("idea", 0)
    again = update(replace(state, wave=3), e.OpenIdea(), None)
    assert (again.view, again.sheet, again.wave) == ("idea", 1, WAVE_END)
    assert update(again, e.OpenIdea(), None).sheet == 0
    assert update(update(again, e.OpenPair("relu"), None), e.OpenIdea(), None).sheet == 1


# -- playing ---------------------------------------------------------------------------------------------------


def test_space_runs_the_wave_from_the_output_and_then_the_training(timeline: Timeline) -> None:
    state = update(story(timeline), e.TogglePlay(), timeline)
    assert (state.wave, state.playing, state.training) == (0, True, False)
    waves = []
    while state.wave < WAVE_END:
        waves.append(state.wave)
        state = update(state, e.Tick(), timeline)
    assert waves == list(range(WAVE_END))
    assert (state.playing, state.training, state.iteration) == (True, True, 0)


def test_the_cursor_goes_through_the_training_no_faster_than_it_trains(timeline: Timeline) -> None:
    state = update(story(timeline), e.TogglePlay(), timeline)
    state = update(state, e.Tick(WAVE_END), timeline)
    state = update(state, e.Trained(3), timeline)
    for _ in range(5):
        state = update(state, e.Tick(), timeline)
    assert (state.iteration, state.playing) == (2, True)
    state = update(state, e.Trained(400, done=True), timeline)
    ticks = 0
    while state.playing:
        state, ticks = update(state, e.Tick(), timeline), ticks + 1
    assert state.iteration == 399
    assert 90 <= ticks <= 110, "at 15 a second a training is gone through in 7 s, however long it is"
    assert (state.view, state.opened) == ("story", 0), "the record stays that of the first iteration"


def test_space_pauses_both_goes_on_and_after_the_end_begins_again(timeline: Timeline) -> None:
    state = update(story(timeline), e.TogglePlay(), timeline)
    state = update(state, e.Tick(9), timeline)
    paused = update(state, e.TogglePlay(), timeline)
    assert (paused.wave, paused.playing) == (9, False)
    on = update(paused, e.TogglePlay(), timeline)
    assert (on.wave, on.playing) == (9, True)
    state = update(update(on, e.Tick(WAVE_END), timeline), e.Trained(50), timeline)
    state = update(state, e.Tick(), timeline)
    paused = update(state, e.TogglePlay(), timeline)
    assert (paused.training, paused.iteration) == (False, state.iteration)
    on = update(paused, e.TogglePlay(), timeline)
    assert (on.training, on.wave, on.iteration) == (True, WAVE_END, state.iteration)
    end = replace(on, playing=False, training=False, trained=400, finished=True, iteration=399)
    again = update(end, e.TogglePlay(), timeline)
    assert (again.wave, again.iteration, again.playing) == (0, 0, True)


def test_a_training_that_is_there_is_gone_through_again_and_not_trained_again(timeline: Timeline) -> None:
    state = replace(story(timeline), trained=400, finished=True)
    state = update(state, e.TogglePlay(), timeline)
    state = update(state, e.Tick(WAVE_END), timeline)
    assert (state.training, state.playing) == (False, True)
    assert update(state, e.Tick(), timeline).iteration > 0


@pytest.mark.parametrize("view", STORY)
def test_arrows_and_n_move_the_wave_and_home_and_end_go_to_either_end(timeline: Timeline, view: str) -> None:
    state = replace(story(timeline), view=view, pane="idea" if view == "idea" else "cure", wave=10, playing=True)
    assert update(state, e.Arrow(x=1), timeline).wave == 11
    assert update(state, e.Move(-4), timeline).wave == 6
    assert update(state, e.Move(99), timeline).wave == WAVE_END
    assert update(state, e.Jump(), timeline).wave == 0
    assert update(state, e.Jump(end=True), timeline).wave == WAVE_END
    assert not update(state, e.Move(1), timeline).playing


def test_one_idea_has_a_wave_and_no_training(timeline: Timeline) -> None:
    state = update(story(timeline), e.Show("idea"), timeline)
    state = update(state, e.TogglePlay(), timeline)
    assert (state.wave, state.playing) == (0, True)
    state = update(state, e.Tick(WAVE_END), timeline)
    assert (state.wave, state.playing, state.training) == (WAVE_END, False, False)


def test_explore_opens_the_iteration_that_the_story_stands_at(timeline: Timeline) -> None:
    state = replace(story(timeline), trained=50, iteration=20)
    explored = update(state, e.Show("explore"), timeline)
    assert (explored.opened, explored.loaded) == (20, False)
