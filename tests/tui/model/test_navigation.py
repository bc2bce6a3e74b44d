"""update(state, event): selection, panes, arrows, quantities and axes, and where a lesson stands."""

from __future__ import annotations

import dataclasses

import pytest

from gradtui.model import events as e
from gradtui.model.maths import ARROW, MOST_ANGLE, MOST_TERMS
from gradtui.model.names import OF_TOKENS, QUANTITIES, VIEWS
from gradtui.model.navigation import selected_stage
from gradtui.model.panes_of import panes_of
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.model.timeline import Timeline
from gradtui.model.update import update
from gradtui.text.scale import LogScale
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.tui.helpers import CASES, EXPLORE, moved, timeline_of

MLP = CASES["mlp"]


@pytest.fixture
def timeline() -> Timeline:
    return timeline_of(MLP)


@pytest.fixture
def state(timeline: Timeline) -> State:
    return State(MLP, step=timeline.arrived, loaded=True)


# -- selection -----------------------------------------------------------------------------------------


def test_selecting_starts_from_the_stage_under_the_cursor(state: State, timeline: Timeline) -> None:
    here = selected_stage(state, timeline)
    assert here == 1
    up = update(state, e.Select(-1), timeline)
    assert selected_stage(up, timeline) == 2
    assert selected_stage(update(up, e.Select(1), timeline), timeline) == 1


def test_selecting_stays_between_the_input_and_the_last_layer(state: State, timeline: Timeline) -> None:
    assert update(state, e.Select(1000), timeline).selected == 0
    assert update(state, e.Select(-1000), timeline).selected == 30
    assert update(state, e.Select(stage=10**9), timeline).selected == 30
    assert update(state, e.Select(stage=-5), timeline).selected == 0
    assert update(state, e.Select(stage=0), timeline).selected == 0


def test_selecting_does_not_move_the_cursor_in_the_steps(state: State, timeline: Timeline) -> None:
    assert update(state, e.Select(-3), timeline).step == state.step


# -- panes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", EXPLORE)
def test_tab_goes_through_all_panes_and_comes_back(state: State, cell: str) -> None:
    state = dataclasses.replace(state, cell=cell)
    found = []
    for _ in EXPLORE[cell]:
        state = update(state, e.Focus(by=1), None)
        found.append(state.pane)
    assert found == [*EXPLORE[cell][1:], EXPLORE[cell][0]]
    assert update(state, e.Focus(by=-1), None).pane == EXPLORE[cell][-1]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_opens_with_its_first_pane_focused_and_none_maximised(state: State, view: str) -> None:
    state = dataclasses.replace(state, pane="why", zoomed=True)
    shown = update(state, e.Show(view), None)
    assert shown.view == view
    assert shown.pane == ("why" if view == "explore" else panes_of(shown)[0])
    assert shown.zoomed == (view == "explore")


def test_a_pane_is_focused_by_name(state: State) -> None:
    assert update(state, e.Focus(pane="why"), None).pane == "why"


def test_turning_layers_is_answered_and_changes_nothing(state: State) -> None:
    turned = update(state, e.Turn(), None)
    assert "rows already" in turned.message
    assert dataclasses.replace(turned, message="") == state


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("mlp", [(False, True), (False, False)]),
        # Over time A stands above B in columns, beside it in rows, and in rows between its rows.
        ("lstm", [(True, False), (True, True), (False, False)]),
    ],
)
def test_in_compare_turning_goes_round_all_orders(state: State, cell: str, expected: list[tuple[bool, bool]]) -> None:
    state = dataclasses.replace(state, cell=cell, view="compare", pane="side_a")
    found = []
    for _ in expected:
        state = update(state, e.Turn(), None)
        found.append((state.rows, state.interleaved))
        assert state.pane in panes_of(state)
    assert found == expected


def test_own_axes_are_compares_and_let_a_held_scale_go(state: State) -> None:
    elsewhere = update(state, e.TurnAxes(), None)
    assert "in Compare" in elsewhere.message
    assert not elsewhere.own_axes
    state = dataclasses.replace(state, view="compare", pane="side_a", lock=LogScale(-3, 0))
    there = update(state, e.TurnAxes(), None)
    assert (there.own_axes, there.lock) == (True, None)
    assert not update(there, e.TurnAxes(), None).own_axes


def test_zoom_and_turn_go_there_and_back(state: State) -> None:
    state = dataclasses.replace(state, cell="lstm")
    for event, field in ((e.Zoom(), "zoomed"), (e.Turn(), "rows")):
        there = update(state, event, None)
        assert getattr(there, field) is True
        assert update(there, event, None) == state


# -- arrows: what they move is the view's own matter ---------------------------------------------------


@pytest.mark.parametrize("view", ["explore", "compare", "theory"])
def test_up_and_right_select_the_next_stage_down_and_left_the_one_before(
    state: State, timeline: Timeline, view: str
) -> None:
    state = update(dataclasses.replace(state, selected=7), e.Show(view), timeline)
    for event, stage in ((e.Arrow(y=-1), 8), (e.Arrow(x=1), 8), (e.Arrow(y=1), 6), (e.Arrow(x=-1), 6)):
        assert moved(state, event, timeline) == {"selected": stage}


def test_in_the_lab_up_and_down_walk_the_activations_and_left_and_right_the_units(
    state: State, timeline: Timeline
) -> None:
    state = update(state, e.Show("lab"), timeline)
    assert moved(state, e.Arrow(y=1), timeline) == {"row": ACTIVATIONS.names[0]}
    assert moved(state, e.Arrow(x=1), timeline) == {"unit": 1}
    assert moved(state, e.Arrow(y=-1), timeline) == {}, "the first row is the experiment's own"
    assert moved(state, e.Arrow(y=10**6), timeline) == {"row": ACTIVATIONS.names[-1]}


def test_on_the_maths_page_up_and_down_choose_the_function_left_and_right_the_angle_plus_and_minus_the_terms(
    state: State, timeline: Timeline
) -> None:
    state = update(state, e.Show("maths"), timeline)
    assert moved(state, e.Arrow(y=1), timeline) == {"function": 2}, "tan and tanh, which networks use"
    assert moved(state, e.Arrow(x=1), timeline) == {"angle": state.angle + ARROW}
    assert moved(dataclasses.replace(state, angle=62), e.Arrow(x=1), timeline) == {"angle": 75}
    assert moved(dataclasses.replace(state, angle=62), e.Arrow(x=-1), timeline) == {"angle": 60}
    assert moved(state, e.Arrow(x=-(10**6)), timeline) == {"angle": -MOST_ANGLE}
    assert moved(state, e.Faster(1), timeline) == {"terms": state.terms + 1}
    assert moved(state, e.Faster(-(10**6)), timeline) == {"terms": 1}
    assert moved(state, e.Faster(10**6), timeline) == {"terms": MOST_TERMS}


def test_in_the_list_of_lessons_up_and_down_choose_one_and_a_click_too(state: State, timeline: Timeline) -> None:
    state = dataclasses.replace(state, lessons=("one", "two", "three"), item="one")
    state = update(state, e.Show("lessons"), timeline)
    assert moved(state, e.Arrow(y=1), timeline) == {"item": "two"}
    assert moved(state, e.Arrow(y=9), timeline) == {"item": "three"}
    assert moved(state, e.SelectItem(2), timeline) == {"item": "three"}
    none = dataclasses.replace(state, lessons=(), item="")
    assert update(none, e.Arrow(y=1), timeline) == update(none, e.SelectItem(0), timeline) == none


def test_a_unit_is_one_of_the_experiments(state: State, timeline: Timeline) -> None:
    assert moved(state, e.SelectUnit(5), timeline) == {"unit": 5}
    assert moved(state, e.SelectUnit(unit=10**6), timeline) == {"unit": MLP.width - 1}
    assert moved(state, e.SelectUnit(-3), timeline) == {}
    narrow = CASES["one number"]
    kept = dataclasses.replace(state, unit=60)
    assert update(kept, e.Loaded(narrow), timeline_of(narrow)).unit == 0


# -- what the bars show --------------------------------------------------------------------------------


def test_quantities_and_axes_go_round_in_both_directions_and_by_name(state: State) -> None:
    found, there = [], state
    quantities = tuple(name for name in QUANTITIES if name not in OF_TOKENS)  # the state's is an MLP
    for _ in quantities:
        found.append(there.quantity)
        there = update(there, e.NextQuantity(), None)
    assert tuple(found) == quantities
    assert there == state
    assert update(state, e.NextQuantity(-1), None).quantity == quantities[-1]
    assert update(state, e.NextQuantity(name="factor"), None).quantity == "factor"
    kinds = []
    for _ in range(4):
        there = update(there, e.NextAxis(), None)
        kinds.append(there.axis_kind)
    assert kinds == ["log", "linear", "sign-log", ""]


@pytest.mark.parametrize("event", [e.NextQuantity(), e.NextAxis()])
def test_a_held_scale_is_let_go_where_it_would_mean_something_else(state: State, event: e.Event) -> None:
    held = update(state, e.Lock(LogScale(-9, 0)), None)
    assert held.lock == LogScale(-9, 0)
    assert update(held, event, None).lock is None
    assert update(held, e.Lock(None), None) == state


def test_another_quantity_has_its_own_axis_again(state: State) -> None:
    assert update(dataclasses.replace(state, axis_kind="linear"), e.NextQuantity(), None).axis_kind == ""


# -- lessons -------------------------------------------------------------------------------------------


def test_a_lesson_that_is_opened_is_focused_and_one_that_is_closed_gives_the_focus_back(
    state: State, timeline: Timeline
) -> None:
    opened = update(state, e.Learn(Progress("one")), timeline)
    assert (opened.pane, panes_of(opened)[-1]) == ("lesson", "lesson")
    looked = update(opened, e.Focus(pane="why"), timeline)
    assert update(looked, e.Learn(Progress("one", 1)), timeline).pane == "why", "a further step takes no focus"
    assert update(opened, e.Learn(None), timeline).pane == "gradient"


def test_a_lessons_text_is_scrolled_within_what_there_is_and_every_step_begins_at_its_top(
    state: State, timeline: Timeline
) -> None:
    opened = update(state, e.Learn(Progress("one")), timeline)
    assert moved(opened, e.Scroll(5, most=12), timeline) == {"offset": 5}
    assert moved(opened, e.Scroll(-5, most=12), timeline) == {}
    assert moved(opened, e.Scroll(99, most=12), timeline) == {"offset": 12}
    assert moved(opened, e.Scroll(5, most=0), timeline) == {}
    # In a window that has grown the end is nearer.
    low = dataclasses.replace(opened, offset=12)
    assert moved(low, e.Scroll(-2, most=4), timeline) == {"offset": 2}
    assert update(dataclasses.replace(opened, offset=9), e.Learn(Progress("one", 1)), timeline).offset is None
