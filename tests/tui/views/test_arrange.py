"""Where the panes stand: every view, every network, every focused pane, from the smallest screen to a large one."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import Any

import pytest

from gradtui.model.names import VIEWS
from gradtui.model.panes_of import panes_of
from gradtui.model.progress import Progress
from gradtui.model.state import State
from gradtui.views.arrangement import FOOTER, TIMELINE, arrange, beside, header_lines, place
from gradtui.views.frame.layout import Box, Boxes
from gradtui.views.frame.stage_rows import stage_rows
from gradtui.views.status import SMALLEST
from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from tests.examples import covering
from tests.tui.helpers import EXPLORE

#: Around every width that decides something, and every height.
WIDTHS = (60, 79, 80, 99, 100, 112, 131, 132, 150, 200)
SCREENS = [(width, height) for width in WIDTHS for height in (*range(16, 50), 60)]
LESSON = Progress("02-vanishing-with-sigmoid")

everywhere = covering(view=VIEWS, cell=EXPLORE)
cells = pytest.mark.parametrize("cell", EXPLORE)

Arranged = list[tuple[str, State, int, int, Boxes]]


def state_of(cell: str, **fields: Any) -> State:
    return State(Experiment(cell=cell), cell=cell, **fields)


def states(view: str, cell: str) -> list[State]:
    """Every focused pane of a view, without and with a lesson beside it; of Compare in every order."""
    found = []
    turns = itertools.product((False, True), repeat=2) if view == "compare" else [(False, False)]
    for (rows, interleaved), lesson in itertools.product(turns, (None, LESSON)):
        state = state_of(cell, view=view, rows=rows, interleaved=interleaved, lesson=lesson)
        found += [replace(state, pane=each) for each in panes_of(state)]
    return found


@functools.cache
def arranged(view: str, cell: str) -> Arranged:
    """(what it is, the state, width, height, the boxes) of every state on every screen."""
    found = []
    for state in states(view, cell):
        for width, height in SCREENS:
            boxes = arrange(state, width, height)
            where = f"{view} {cell}, {state.pane} focused, lesson {state.lesson is not None}, {width}×{height}: {boxes}"
            found.append((where, state, width, height, boxes))
    return found


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_the_smallest_screen_is_what_the_issue_names() -> None:
    assert SMALLEST == (60, 16)
    assert min(SCREENS) == SMALLEST


@everywhere
def test_the_panes_fill_all_between_header_and_timeline_and_do_not_overlap(view: str, cell: str) -> None:
    """Inside the screen, no overlap, and the areas add up: so there is no hole either."""
    for where, state, width, height, boxes in arranged(view, cell):
        for box in boxes.values():
            assert min(box.width, box.height) > 0, where
            assert box.x >= 0, where
            assert box.x + box.width <= width, where
            assert box.y >= header_lines(state, width), where
            assert box.y + box.height <= height - TIMELINE - FOOTER, where
        assert not any(overlap(*pair) for pair in itertools.combinations(boxes.values(), 2)), where
        area = sum(box.width * box.height for box in boxes.values())
        assert area == width * (height - header_lines(state, width) - TIMELINE - FOOTER), where


@everywhere
def test_every_pane_that_is_shown_has_room_for_two_lines_of_text(view: str, cell: str) -> None:
    for where, _, _, _, boxes in arranged(view, cell):
        for name, box in boxes.items():
            assert box.height >= 4, f"{name} of {where}"
            assert box.width >= 20, f"{name} of {where}"


@everywhere
def test_the_focused_pane_is_always_in_sight(view: str, cell: str) -> None:
    for where, state, _, _, boxes in arranged(view, cell):
        assert state.pane in boxes, where


@everywhere
def test_only_panes_of_the_view_are_shown(view: str, cell: str) -> None:
    for where, state, _, _, boxes in arranged(view, cell):
        assert boxes.keys() <= set(panes_of(state)), where


@everywhere
def test_an_open_lesson_stays_in_sight_beside_the_view_from_80_by_24_on(view: str, cell: str) -> None:
    """Below there is no room for both: tab goes from one to the other."""
    for where, state, width, height, boxes in arranged(view, cell):
        if state.lesson is not None and view != "lessons" and width >= 80 and height >= 24:
            assert "lesson" in boxes, where
            assert len(boxes) > 1, where


@everywhere
def test_which_pane_is_focused_moves_no_other_as_long_as_all_are_in_sight(view: str, cell: str) -> None:
    seen: dict[tuple[object, ...], Boxes] = {}
    for where, state, width, height, boxes in arranged(view, cell):
        if boxes.keys() == set(panes_of(state)):
            assert seen.setdefault((state.lesson, state.rows, state.interleaved, width, height), boxes) == boxes, where


@cells
def test_in_compare_a_and_b_are_as_high_and_as_wide_as_each_other(cell: str) -> None:
    """An odd column goes to neither: beside each other their widths may differ by one."""
    for where, state, _, _, boxes in arranged("compare", cell):
        if state.lesson is None and {"side_a", "side_b"} <= boxes.keys():
            a, b = boxes["side_a"], boxes["side_b"]
            assert a.height == b.height, where
            assert abs(a.width - b.width) <= 1, where


@cells
def test_the_gradient_is_always_in_sight_in_explore_except_on_the_smallest_screens_behind_a_lesson(cell: str) -> None:
    for where, state, width, height, boxes in arranged("explore", cell):
        if state.lesson is None or (width >= 80 and height >= 24):
            assert "gradient" in boxes, where


@everywhere
def test_a_maximised_pane_stands_alone(view: str, cell: str) -> None:
    for lesson in (None, LESSON):
        for pane in panes_of(state_of(cell, view=view, lesson=lesson)):
            state = state_of(cell, view=view, lesson=lesson, pane=pane, zoomed=True)
            above = header_lines(state, 80)
            assert arrange(state, 80, 24) == {pane: Box(0, above, 80, 22 - above)}


@everywhere
def test_the_focused_panes_place_is_said_exactly_where_not_all_panes_are_in_sight(view: str, cell: str) -> None:
    for where, state, _, _, boxes in arranged(view, cell):
        panes = panes_of(state)
        hidden = set(panes) - boxes.keys()
        number = dict(zip(panes, "123456789", strict=False))[state.pane]
        assert place(state, boxes) == (f"{number}/{len(panes)} · " if hidden else ""), where


@everywhere
def test_a_large_screen_shows_every_pane(view: str, cell: str) -> None:
    for where, state, width, height, boxes in arranged(view, cell):
        if (width, height) == (200, 60):
            assert boxes.keys() == set(panes_of(state)), where


@cells
def test_panes_over_time_share_one_width_and_so_their_time_axis(cell: str) -> None:
    for where, _, _, _, boxes in arranged("explore", cell):
        shared = [boxes[name] for name in ("gradient", "cell", "gates") if name in boxes]
        if CELLS[cell].over_time and shared:
            assert {box.width for box in shared} == {shared[0].width}, where
            assert {box.x for box in shared} == {0}, where


@cells
def test_a_and_b_are_of_one_size_so_that_their_bars_can_be_compared(cell: str) -> None:
    for where, state, width, _, boxes in arranged("compare", cell):
        if {"side_a", "side_b"} <= boxes.keys():
            a, b = boxes["side_a"], boxes["side_b"]
            assert abs(a.width - b.width) <= 1, where
            assert abs(a.height - b.height) <= 1, where
            # Over time they stand one above the other, so that a step has one column, unless steps are rows.
            assert (a.x == b.x) == (state.axis == "time" and not (state.rows and a.width < width)), where


@pytest.mark.parametrize(("width", "height"), [(112, 30), (120, 36), (200, 50), (200, 60)])
def test_the_bars_of_layers_leave_no_quarter_of_their_pane_empty_whatever_the_depth(width: int, height: int) -> None:
    for depth in range(1, 400):
        box = arrange(State(Experiment(depth=depth)), width, height)["gradient"]
        inside = box.height - 3  # the frame, and the names of the columns
        rows = len(stage_rows(depth + 1, inside))
        assert inside - rows * min(4, inside // rows) < max(7, inside / 4), depth
        assert box.width * 2 > width or box.height * 2 > height, "the largest pane"


@everywhere
@pytest.mark.soak
def test_a_dialog_leaves_timeline_and_footer_whole(view: str, cell: str) -> None:
    for where, state, width, height, boxes in arranged(view, cell):
        for pane in boxes:
            room = beside(state, width, height, pane)
            assert room.y + room.height <= height - TIMELINE - FOOTER, (where, pane)


def test_an_open_lesson_has_a_wider_column_where_the_view_needs_no_more() -> None:
    state = state_of("mlp", view="explore", lesson=LESSON)
    assert [arrange(state, width, 50)["lesson"].width for width in (132, 150, 200)] == [44, 44, 60]
