"""A lecture in the state: what is presented is adopted, whatever moves it breaks away, and following again is whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model import events as e
from gradtui.model import keys, lecture
from gradtui.model.commands import BROUGHT, COMMANDS
from gradtui.model.keys import offered
from gradtui.model.permissions import FOLLOWER, OPEN, PRESENTER, VISITOR
from gradtui.model.progress import Progress
from gradtui.model.state import Audience, State
from gradtui.model.sweeps import plan_of
from gradtui.model.timeline import Timeline
from gradtui.model.update import update
from gradtui.serve.lecture import state_words
from gradtui.share import address
from gradtui.text import process
from gradtui.text.scale import LogScale
from gradtui.views import status
from tests.engine.helpers import drawn
from tests.tui.helpers import CASES, scene_with, texts, timeline_of
from tests.tui.model.test_state_random import ANY, LESSONS, SHOWN

MLP, LSTM = CASES["mlp"], CASES["lstm"]


def loaded(state: State) -> tuple[State, Timeline]:
    """The state when its trace has arrived."""
    timeline = timeline_of(state.experiment)
    return update(state, e.Loaded(state.experiment), timeline), timeline


def follower(shown: State) -> tuple[State, Timeline]:
    """A visitor who landed on the usual screen, and whom a presenter then shows something."""
    state, timeline = loaded(State(MLP, lessons=LESSONS))
    state = update(state, e.Present(shown), timeline)
    return (state, timeline) if state.loaded else loaded(state)


def shared(state: State) -> dict[str, object]:
    return {name: getattr(state, name) for name in lecture.FIELDS}


def test_what_is_shared_is_what_an_address_spells() -> None:
    rows = {row.of_state for row in address.OPTIONS} - {"lesson_step", "loop"}
    assert set(lecture.FIELDS) == rows | {"experiment", "changes"}


# -- following ---------------------------------------------------------------------------------------------


def test_a_visitor_sees_the_presenters_experiment_view_and_cursor() -> None:
    shown, _ = loaded(State(LSTM, view="compare", pane="side_b", zoomed=True, changes=(("seed", 7),)))
    shown = replace(shown, step=5, selected=3, quantity="std", unit=2)
    state, _ = follower(shown)
    assert shared(state) == shared(shown)
    assert state.following
    assert (state.cell, state.axis, state.loaded) == ("lstm", "time", True)


def test_the_cursor_waits_for_the_trace_and_is_then_where_the_presenters_is() -> None:
    state, timeline = loaded(State(MLP))
    state = update(state, e.Present(replace(loaded(State(LSTM))[0], step=7)), timeline)
    assert not state.loaded
    assert state.step == timeline.arrived, "of the trace that is still on the screen"
    state, _ = loaded(state)
    assert state.step == 7


def test_while_the_presenters_own_trace_is_on_its_way_the_cursor_is_where_every_trace_opens() -> None:
    state, timeline = follower(State(LSTM, cell="lstm", step=lecture.OPENING))
    assert state.step == timeline.arrived


def test_the_wave_of_the_story_runs_at_visitors_as_at_the_presenter() -> None:
    shown, timeline = loaded(State(MLP, (("activation", "relu"),), view="story", pane="disease"))
    shown = update(update(shown, e.TogglePlay(), timeline), e.Tick(7), timeline)
    state, timeline = follower(shown)
    assert state.wave == shown.wave == 7
    alone = update(update(state, e.TogglePlay(), timeline), e.Tick(4), timeline)
    assert not alone.following
    assert alone.wave == 11
    assert update(alone, e.Follow(), timeline).wave == 7


def test_the_cursor_of_iterations_goes_at_the_presenters_pace_where_it_has_one_of_its_own() -> None:
    shown, timeline = loaded(State(MLP, (("activation", "relu"),), view="story", pane="disease"))
    shown = update(update(shown, e.TogglePlay(), timeline), e.Tick(30), timeline)
    shown = update(update(shown, e.Trained(90), timeline), e.Tick(2), timeline)
    assert shown.training
    assert 0 < shown.iteration < 89
    told = state_words.words(shown, timeline)
    assert told is not None
    read = state_words.read(told)
    assert read is not None
    state, timeline = follower(read)
    assert state.training
    assert update(state, e.Trained(80), timeline).iteration == shown.iteration
    in_train = state_words.words(replace(shown, view="train", pane="loss", follows=True), timeline)
    assert in_train is not None
    read = state_words.read(in_train)
    assert read is not None
    state, timeline = follower(read)
    assert update(state, e.Trained(80), timeline).iteration == 79


def test_a_cursor_beyond_the_trace_stops_at_its_end() -> None:
    state, timeline = follower(replace(loaded(State(MLP))[0], step=10**9, selected=10**9))
    assert (state.step, state.selected) == (timeline.last, timeline.stage_count - 1)


def test_following_begins_by_itself_and_only_once() -> None:
    state, timeline = follower(State(MLP, view="maths", pane="circular"))
    state = update(state, e.Show("theory"), timeline)
    state = update(state, e.Present(State(MLP, view="lab", pane="curve")), timeline)
    assert (state.view, state.following) == ("theory", False)


def test_answers_in_a_lesson_are_the_readers_own_as_long_as_it_stays_at_the_step() -> None:
    shown = State(MLP, lesson=Progress(LESSONS[0], 1))
    state, timeline = follower(shown)
    answered = replace(state, lesson=replace(state.lesson, answers=((1, 0),)), offset=4)  # type: ignore[type-var]
    assert update(answered, e.Present(replace(shown, zoomed=True)), timeline).lesson == answered.lesson
    following = update(answered, e.Present(replace(shown, lesson=Progress(LESSONS[0], 2))), timeline)
    assert (following.lesson, following.offset) == (Progress(LESSONS[0], 2), None)


def test_a_scale_that_the_presenter_holds_is_held_for_all_and_let_go_again() -> None:
    state, timeline = follower(State(MLP, lock=LogScale(-9, 3)))
    assert state.lock == LogScale(-9, 3)
    assert update(state, e.Present(State(MLP, quantity="std")), timeline).lock is None


# -- breaking away -----------------------------------------------------------------------------------------

AWAY = (
    e.Move(-1), e.TogglePlay(), e.Jump(), e.Select(2), e.SelectUnit(1), e.Show("maths"), e.Focus(by=1), e.Zoom(),
    e.NextQuantity(), e.NextAxis(), e.NextGrain(), e.Change(LSTM), e.Change(MLP, (("seed", 7),)),
    e.Learn(Progress(LESSONS[0])), e.Lock(LogScale(-9, 3)),
)  # fmt: skip
STILL = (e.Tick(3), e.Faster(1), e.Lock(None), e.Message("said"), e.Undo(), e.Undo(1), e.Focus("gradient"))


@pytest.mark.parametrize("event", AWAY, ids=repr)
def test_whatever_moves_what_is_shared_breaks_away_and_f_leads_back(event: e.Event) -> None:
    state, timeline = follower(loaded(State(MLP))[0])
    gone = update(state, event, timeline)
    assert not gone.following
    assert "on your own" in gone.message
    back = update(gone, e.Follow(), timeline)
    back = back if back.loaded else loaded(back)[0]
    assert back.following
    assert not back.playing
    assert shared(back) == shared(state)


@pytest.mark.parametrize("event", STILL, ids=repr)
def test_what_moves_nothing_that_is_shared_does_not(event: e.Event) -> None:
    state, timeline = follower(loaded(State(MLP))[0])
    assert update(state, event, timeline).following


@drawn(150)
@given(SHOWN, st.lists(ANY, max_size=20))
def test_whatever_a_visitor_has_done_following_again_shows_the_same_as_never_having_left(
    shown: State, done: list[e.Event]
) -> None:
    shown = replace(shown, lesson=None)
    never, _ = follower(shown)
    state, timeline = never, timeline_of(never.experiment)
    for event in done:
        if isinstance(event, e.Loaded):
            timeline = timeline_of(event.experiment)
        if not isinstance(event, e.Present):
            state = update(state, event, timeline)
    state = update(state, e.Follow(), timeline)
    # Whatever trace was on its way, the one that is asked for arrives at last.
    state, _ = loaded(update(state, e.Change(state.experiment, record=False), timeline))
    assert state.following
    assert shared(state) == shared(never)


def test_who_cannot_compute_it_keeps_what_there_is_until_something_else_is_shown() -> None:
    state, timeline = loaded(State(MLP))
    state = update(state, e.Present(State(LSTM)), timeline)
    state = update(state, e.Unable(MLP), timeline)
    state, _ = loaded(state)
    assert (state.experiment, state.loaded, state.following) == (MLP, True, True)
    same = update(state, e.Present(State(LSTM, step=3)), timeline)
    assert same.experiment == MLP
    assert update(same, e.Present(State(CASES["gru"])), timeline).experiment == CASES["gru"]
    assert update(same, e.Follow(), timeline).experiment == LSTM, "asked for again, it is tried again"


# -- keys --------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _keys() -> object:
    yield
    keys.rebind({})


def test_f_follows_in_a_lecture_and_opens_the_form_elsewhere() -> None:
    assert keys.keys_of("form") == ("f",)
    assert keys.keys_of("follow") == ()
    keys.rebind({}, FOLLOWER)
    assert (keys.keys_of("form"), keys.keys_of("follow")) == (("O",), ("f",))
    keys.rebind({})
    assert keys.keys_of("form") == ("f",)


@pytest.mark.parametrize("permissions", [OPEN, VISITOR, FOLLOWER, PRESENTER])
def test_no_key_has_two_meanings_in_any_profile(permissions: object) -> None:
    assert isinstance(permissions, type(OPEN))
    keys.rebind({}, permissions)
    everywhere = [each for each in (*COMMANDS, *BROUGHT) if not each.where]
    bound = [key for each in everywhere for key in keys.keys_of(each.id)]
    assert len(bound) == len(set(bound))
    assert {each.id for each in offered(permissions)} & {each.id for each in BROUGHT} == set(permissions.brings)


def test_a_key_of_the_users_own_is_not_taken_away_by_what_a_lecture_brings() -> None:
    keys.rebind({"zoom": ("V",)}, PRESENTER)
    assert (keys.keys_of("zoom"), keys.keys_of("invite")) == (("V",), ())


# -- what is said ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("following", [True, False])
def test_the_timeline_says_where_one_stands(width: int, following: bool) -> None:
    keys.rebind({}, FOLLOWER)
    state, timeline = follower(loaded(State(MLP))[0])
    scene = scene_with(replace(state, following=following))
    line = texts([status.timeline(scene, width)])[0]
    assert len(line) == width
    assert ("following" if following else "on your own") in line
    assert f"{scene.step.index + 1}" in line
    assert f"{len(timeline.phases)}" in line.rstrip(), "the step is never cut"
    assert "━" in line or width < 100


def test_the_presenter_sees_how_many_there_are_and_how_they_come_in() -> None:
    state, timeline = loaded(State(MLP))
    state = update(state, e.Audience(Audience("ssh -p 2222 demo@host", 12, 10)), timeline)
    assert "visitors 12 · following 10" in texts([status.timeline(scene_with(state), 100)])[0]
    state = update(state, e.Invite(), timeline)
    assert "ssh -p 2222 demo@host" in texts([status.timeline(scene_with(state), 100)])[0]
    state = update(state, e.Move(-1), timeline)
    state = update(state, e.Audience(replace(state.audience, ended=True)), timeline)  # type: ignore[type-var]
    assert "the server has ended" in texts([status.timeline(scene_with(state), 100)])[0]


# -- sweeps ----------------------------------------------------------------------------------------------------


def test_a_follower_has_the_presenters_plane_and_cursor_or_hears_why_it_is_not_computed_here() -> None:
    plan = (("x", "gain=0.5:2:30:log"), ("y", "depth=2:31:30"))
    shown, timeline = loaded(State(MLP, view="sweep", pane="sweep_a", sweep=plan, spot_x=3, spot_y=7))
    told = state_words.words(shown, timeline)
    assert told is not None
    read = state_words.read(told)
    assert read is not None
    state, _ = follower(read)
    assert (state.view, state.sweep, state.spot_x, state.spot_y) == ("sweep", plan, 3, 7)
    assert plan_of(state) == plan_of(shown)
    before = process.current()
    VISITOR.enforce()
    try:
        within, _ = follower(read)
        assert "900" in plan_of(within).problem
        assert plan_of(within).both == ()
    finally:
        process.put_in_force(before)
