"""Where the panes stand, on screens from the smallest to a large one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from gradtui.state import PANES, State
from gradtui.views.panes import FOOTER, HEADER, TIMELINE, Box, arrange, pane_number
from gradtui.views.status import SMALLEST
from gradtui_engine import Experiment
from gradtui_engine.cells import CELLS

SCREENS = list(itertools.product(range(60, 201, 4), range(16, 61)))

cells = pytest.mark.parametrize("cell", PANES)


def state_of(cell: str, **fields: Any) -> State:
    return State(Experiment(cell=cell), cell=cell, axis=CELLS[cell].axis, **fields)


def states(cell: str) -> list[State]:
    return [state_of(cell, pane=pane, zoomed=zoomed) for pane in PANES[cell] for zoomed in (False, True)]


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_the_smallest_screen_is_what_the_issue_names() -> None:
    assert SMALLEST == (60, 16)


@cells
def test_the_panes_fill_all_between_header_and_timeline_and_do_not_overlap(cell: str) -> None:
    """Inside the screen, no overlap, and the areas add up: so there is no hole either."""
    for state in states(cell):
        for width, height in SCREENS:
            boxes = arrange(state, width, height)
            where = f"{state.pane} {state.zoomed} {width}×{height} {boxes}"
            for box in boxes.values():
                assert box.x >= 0, where
                assert box.x + box.width <= width, where
                assert box.y >= HEADER, where
                assert box.y + box.height <= height - TIMELINE - FOOTER, where
            assert not any(overlap(*pair) for pair in itertools.combinations(boxes.values(), 2)), where
            area = sum(box.width * box.height for box in boxes.values())
            assert area == width * (height - HEADER - TIMELINE - FOOTER), where


@cells
def test_every_pane_that_is_shown_has_room_for_two_lines_of_text(cell: str) -> None:
    for state in states(cell):
        for width, height in SCREENS:
            for name, box in arrange(state, width, height).items():
                assert box.height >= 4, f"{name} of {state.pane} {width}×{height}"
                assert box.width >= 24, f"{name} of {state.pane} {width}×{height}"


@cells
def test_the_gradient_is_always_in_sight_unless_another_pane_is_maximised(cell: str) -> None:
    for state in states(cell):
        for width, height in SCREENS:
            assert ("gradient" in arrange(state, width, height)) == (not state.zoomed or state.pane == "gradient")


@cells
def test_the_focused_pane_is_always_in_sight(cell: str) -> None:
    for state in states(cell):
        for width, height in SCREENS:
            assert state.pane in arrange(state, width, height), f"{state.pane} {width}×{height}"


@cells
def test_a_maximised_pane_stands_alone(cell: str) -> None:
    for pane in PANES[cell]:
        assert arrange(state_of(cell, pane=pane, zoomed=True), 80, 24) == {pane: Box(0, 2, 80, 20)}


@cells
def test_only_panes_of_the_network_are_shown(cell: str) -> None:
    for state in states(cell):
        for width, height in SCREENS:
            assert arrange(state, width, height).keys() <= set(PANES[cell])


@cells
def test_a_large_screen_shows_every_pane(cell: str) -> None:
    assert arrange(state_of(cell), 200, 60).keys() == set(PANES[cell])


@cells
def test_panes_over_time_share_the_screens_full_width_and_so_their_time_axis(cell: str) -> None:
    if CELLS[cell].over_time:
        for state in states(cell):
            for width, height in SCREENS:
                boxes = arrange(state, width, height)
                assert {boxes[name].width for name in ("gradient", "cell", "gates") if name in boxes} <= {width}


@cells
def test_the_digit_of_a_pane_is_its_place_in_the_order(cell: str) -> None:
    state = state_of(cell)
    assert [pane_number(state, pane) for pane in PANES[cell]] == list(range(1, len(PANES[cell]) + 1))
