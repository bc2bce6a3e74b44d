"""update(state, event): each event, one fact at a time."""

from __future__ import annotations

import dataclasses

import pytest

from gradtui.model import events as e
from gradtui.model.names import SPEEDS
from gradtui.model.navigation import selected_stage
from gradtui.model.state import State
from gradtui.model.timeline import Grain, Timeline
from gradtui.model.update import update
from gradtui_engine import Experiment
from tests.tui.helpers import CASES, moved, timeline_of, trace_of

MLP, LSTM = CASES["mlp"], CASES["lstm"]


@pytest.fixture
def timeline() -> Timeline:
    return timeline_of(MLP)


@pytest.fixture
def state(timeline: Timeline) -> State:
    return State(MLP, step=timeline.arrived, loaded=True)


def test_a_state_cannot_be_changed_in_place(state: State) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.step = 3  # type: ignore[misc]


def test_an_unknown_event_is_refused_by_name(state: State, timeline: Timeline) -> None:
    with pytest.raises(TypeError, match="object object"):
        update(state, object(), timeline)


@pytest.mark.parametrize(
    "event",
    [e.Tick(), e.TogglePlay(), e.Move(1), e.Jump(True), e.Select(1), e.Loaded(LSTM)],
)
def test_before_the_first_trace_there_is_nothing_to_move_in(event: e.Event) -> None:
    state = State(MLP)
    assert update(state, event, None) == state


# -- playback ------------------------------------------------------------------------------------------


def played(state: State, timeline: Timeline) -> list[State]:
    """The states from the start of playback to its end."""
    states = [update(state, e.TogglePlay(), timeline)]
    while states[-1].playing:
        states.append(update(states[-1], e.Tick(), timeline))
        assert len(states) <= len(timeline.phases), "playback does not end"
    return states


@pytest.mark.parametrize("place", ["arrived", "last"])
def test_play_at_the_end_goes_from_the_loss_to_the_first_stage_and_stops(
    state: State, timeline: Timeline, place: str
) -> None:
    states = played(dataclasses.replace(state, step=getattr(timeline, place)), timeline)
    assert [each.step for each in states] == list(range(timeline.loss, timeline.arrived + 1))


def test_play_from_the_start_passes_the_loss_and_stops_where_the_gradient_has_arrived(
    state: State, timeline: Timeline
) -> None:
    states = played(dataclasses.replace(state, step=0), timeline)
    assert [each.step for each in states] == list(range(timeline.arrived + 1))


@pytest.mark.parametrize("grain", Grain)
def test_play_stops_exactly_at_the_first_stage_whatever_the_grain(
    state: State, timeline: Timeline, grain: Grain
) -> None:
    states = played(dataclasses.replace(state, grain=grain), timeline)
    assert states[-1].step == timeline.arrived
    steps = [each.step for each in states]
    assert steps == sorted(set(steps))


def test_space_pauses_where_it_is_and_plays_on_from_there(state: State, timeline: Timeline) -> None:
    state = update(update(state, e.TogglePlay(), timeline), e.Tick(), timeline)
    paused = update(state, e.TogglePlay(), timeline)
    assert (paused.playing, paused.step) == (False, timeline.loss + 1)
    assert update(paused, e.TogglePlay(), timeline) == dataclasses.replace(state, message="")


def test_a_tick_while_paused_changes_nothing(state: State, timeline: Timeline) -> None:
    state = dataclasses.replace(state, step=3)
    assert update(state, e.Tick(), timeline) == state


@pytest.mark.parametrize("event", [e.Move(1), e.Jump(False), e.Select(1)])
def test_taking_the_cursor_by_hand_pauses(state: State, timeline: Timeline, event: e.Event) -> None:
    assert not update(dataclasses.replace(state, playing=True), event, timeline).playing


@pytest.mark.parametrize("event", [e.Move(1), e.Jump(False), e.TogglePlay()])
def test_moving_through_the_steps_lets_the_selection_follow_again(
    state: State, timeline: Timeline, event: e.Event
) -> None:
    assert update(dataclasses.replace(state, selected=7), event, timeline).selected is None


def test_jump_goes_to_the_first_and_to_the_last_step(state: State, timeline: Timeline) -> None:
    assert update(state, e.Jump(False), timeline).step == 0
    assert update(state, e.Jump(True), timeline).step == timeline.last


def test_the_speed_goes_through_all_notches_and_stays_at_the_ends(state: State) -> None:
    slow = update(state, e.Faster(-100), None)
    speeds = [SPEEDS[update(slow, e.Faster(by), None).speed] for by in range(len(SPEEDS) + 3)]
    assert speeds == [*SPEEDS, *[SPEEDS[-1]] * 3]


def test_the_grain_goes_round(state: State) -> None:
    found = []
    for _ in range(4):
        state = update(state, e.NextGrain(), None)
        found.append(state.grain)
    assert found == [Grain.STAGE, Grain.PHASE, Grain.OPERATION, Grain.STAGE]


# -- experiments and messages --------------------------------------------------------------------------


def test_a_change_keeps_the_old_trace_in_view_until_the_new_one_is_loaded(state: State, timeline: Timeline) -> None:
    changed = update(state, e.Change(LSTM), timeline)
    assert (changed.experiment, changed.loaded, changed.axis) == (LSTM, False, "layer")
    assert changed.step == state.step


def test_loaded_shows_the_gradient_arrived_and_paused(state: State) -> None:
    loaded = update(dataclasses.replace(state, playing=True, loaded=False), e.Loaded(LSTM), timeline_of(LSTM))
    assert (loaded.step, loaded.playing, loaded.loaded) == (timeline_of(LSTM).arrived, False, True)


def test_loaded_keeps_selection_pane_speed_grain_and_zoom(state: State) -> None:
    state = dataclasses.replace(state, selected=12, pane="why", speed=1, grain=Grain.PHASE, zoomed=True)
    again = Experiment(activation="relu")
    loaded = update(state, e.Loaded(again), timeline_of(again))
    assert dataclasses.replace(loaded, experiment=MLP) == state


def test_loaded_brings_a_selection_into_a_shallower_network(state: State) -> None:
    state = dataclasses.replace(state, selected=12)
    shallow = CASES["one layer"]
    assert update(state, e.Loaded(shallow), timeline_of(shallow)).selected == 1


def test_loaded_of_another_network_drops_the_selection_and_a_pane_that_it_does_not_have(state: State) -> None:
    over_time = update(dataclasses.replace(state, selected=12), e.Loaded(LSTM), timeline_of(LSTM))
    assert over_time.selected is None
    there = update(over_time, e.Focus(pane="cell"), timeline_of(LSTM))
    assert update(there, e.Loaded(MLP), timeline_of(MLP)).pane == "gradient"


# -- undo ----------------------------------------------------------------------------------------------


def test_undo_waits_for_the_trace_that_it_leads_back_to_and_redo_leads_on(state: State, timeline: Timeline) -> None:
    changed = update(state, e.Change(LSTM), timeline)
    undone = update(changed, e.Undo(), timeline)
    assert (undone.experiment, undone.loaded, undone.past, undone.future) == (MLP, False, (), ((LSTM, (), (), (), ()),))
    assert update(undone, e.Undo(1), timeline) == changed


def test_undo_leads_back_from_a_branch_and_from_another_plan(state: State, timeline: Timeline) -> None:
    """A's training stays with the branch's end, and begins anew with another plan."""
    trained = update(update(state, e.Train(), timeline), e.Trained(40), timeline)
    branched = update(trained, e.Branch(("3:clip=norm",)), timeline)
    assert (branched.turns, branched.trained, branched.training) == (("3:clip=norm",), 40, True)
    undone = update(branched, e.Undo(), timeline)
    assert (undone.turns, undone.trained) == ((), 40)
    planned = update(trained, e.Plan((("iterations", 7),)), timeline)
    assert (planned.plan, planned.trained) == ((("iterations", 7),), 0)
    assert update(planned, e.Undo(), timeline).plan == ()


def test_a_change_of_b_alone_keeps_as_trace_on_the_screen(state: State, timeline: Timeline) -> None:
    changed = update(state, e.Change(MLP, (("activation", "relu"),)), timeline)
    assert (changed.loaded, changed.changes) == (True, (("activation", "relu"),))
    assert update(changed, e.Undo(), timeline).changes == ()


def test_the_same_again_is_no_change_to_undo(state: State, timeline: Timeline) -> None:
    assert update(state, e.Change(MLP), timeline) == state
    assert update(state, e.Change(MLP, ()), timeline) == state


def test_where_there_is_nothing_to_undo_or_redo_a_message_says_so(state: State) -> None:
    assert moved(state, e.Undo(), timeline_of(MLP)) == {"message": "nothing to undo"}
    assert moved(state, e.Undo(1), timeline_of(MLP)) == {"message": "nothing to redo"}


def test_a_selection_beyond_the_trace_on_screen_shows_its_last_stage(timeline: Timeline) -> None:
    assert selected_stage(State(MLP, selected=10**6), timeline) == len(trace_of(MLP).stages) - 1


@pytest.mark.parametrize(
    "event",
    [
        e.TogglePlay(),
        e.Move(1),
        e.Jump(True),
        e.Select(1),
        e.Faster(1),
        e.NextGrain(),
        e.Focus(by=1),
        e.Zoom(),
        e.Turn(),
        e.Change(LSTM),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_message_gives_way_to_the_next_thing_that_a_person_does(
    state: State, timeline: Timeline, event: e.Event
) -> None:
    over_time = dataclasses.replace(state, cell="lstm")
    said = update(over_time, e.Message("copied"), timeline)
    assert said.message == "copied"
    assert update(said, event, timeline).message == ""
