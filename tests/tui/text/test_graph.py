"""Graphs: every value at its height, curves told apart, names that cover nothing, axes that agree with the canvas."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from gradtui.text import glyphs
from gradtui.text.dots import Array
from gradtui.text.graph import Axes, Graph, even, square
from gradtui.text.spans import text_of, width_of
from tests.tui.graphs import dots_of, graph_in

#: 21 columns, 42 of dots, for 0 … 41; 5 rows, 20 of dots, for 0 … 19: a dot is a unit.
UNIT = Axes((0.0, 41.0), (0.0, 19.0), ((0.0, "0"), (20.0, "20"), (41.0, "41")), ((0.0, "0"), (19.0, "19")))
WIDTH = 21 + UNIT.margin


def graph(right: int = 0) -> Graph:
    return Graph(UNIT, WIDTH + right, 5, right)


def line(x: Array) -> Array:
    return np.asarray(x / 2)


def test_a_functions_dots_are_at_its_values() -> None:
    drawn = graph()
    drawn.function(line, "curve_1", "f")
    found = dots_of(drawn.cells)
    for column in range(1, 39):
        rows = {19 - row for at, row in found if at == column}
        assert rows, column
        assert all(abs(row - column / 2) <= 1 for row in rows), column


def test_a_function_is_cut_off_at_the_edges_and_has_a_gap_where_it_has_no_value() -> None:
    drawn = graph()
    tip = drawn.function(lambda x: np.where(np.abs(x - 10) < 2, np.nan, 40 - x), "curve_1", "f")
    columns = {column for column, _ in dots_of(drawn.cells)}
    assert min(columns) >= 20  # before, 40 − x is above the edge
    assert max(columns) == 40  # behind, it is below the edge
    assert tip is not None
    assert tip[0] == 20
    gap = graph()
    gap.function(lambda x: np.where(np.abs(x - 20) < 2, np.inf, 5.0), "curve_1", "f")
    assert not {19, 20, 21} & {column for column, _ in dots_of(gap.cells)}
    assert graph().function(lambda x: x + 100, "curve_1", "f") is None


def test_a_spike_between_two_columns_of_dots_is_seen() -> None:
    drawn = graph()
    drawn.function(lambda x: np.where(np.abs(x - 10.25) < 0.2, 18.0, 0.0), "curve_1", "f")
    assert min(row for _, row in dots_of(drawn.cells)) <= 2


def test_two_curves_in_one_cell_both_keep_their_dots_and_one_is_dashed() -> None:
    both = graph()
    both.function(lambda x: np.full_like(x, 10.0), "curve_1", "f")
    both.function(lambda x: np.full_like(x, 9.0), "curve_2", "g", dashed=True)
    rows = {row: {at for at, where in dots_of(both.cells) if where == row} for row in (9, 10)}
    assert rows[9] == set(range(42))
    assert 0 < len(rows[10]) < 42


def test_a_path_joins_its_points_and_leaves_out_what_lies_outside() -> None:
    drawn = graph()
    tip = drawn.path(np.array([5.0, 5.0, 1000.0]), np.array([-1000.0, 10.0, 10.0]), "curve_1", "p")
    found = dots_of(drawn.cells)
    assert {row for column, row in found if column == 5} >= set(range(9, 20))
    assert {column for column, row in found if row == 9} >= set(range(5, 42))
    assert tip == (20, 2)


def test_an_area_has_half_of_its_dots_and_stays_behind_a_curve() -> None:
    drawn = graph()
    drawn.fill(lambda x, y: (x < 20) & (y < 10), "curve_2")
    found = dots_of(drawn.cells)
    assert len(found) == 100
    assert all(column < 20 and row >= 10 for column, row in found)


@pytest.mark.parametrize("place", [(0.0, 0.0), (41.0, 19.0), (20.0, 8.0)])
def test_a_mark_stands_over_its_labels(place: tuple[float, float]) -> None:
    drawn = Graph(Axes(UNIT.x, UNIT.y, ((place[0], "here"),), ((place[1], "up"),)), 30, 5)
    drawn.mark(*place, "●", "cursor")
    found = graph_in([text_of(each) for each in drawn.lines()])
    ((column, row),) = found.places("●")
    assert (column, row) == (found.x["here"], found.y["up"])


def test_a_mark_outside_is_not_drawn() -> None:
    drawn = graph()
    outside = (drawn.mark(x, y, "●", "cursor") for x, y in ((-1.0, 5.0), (50.0, 5.0), (5.0, 25.0), (5.0, math.nan)))
    assert not any(outside)
    assert not any("●" in text for row in drawn.cells for text, _ in row)


def test_names_cover_neither_curves_nor_one_another() -> None:
    drawn = graph(right=8)
    tips = [drawn.function(lambda x, up=up: np.full_like(x, up), "curve_1", "f") for up in (9.0, 10.0, 11.0)]
    before = dots_of(drawn.cells)
    assert all(drawn.name(tip, (name, "curve_1")) for tip, name in zip(tips, ("one", "two", "three"), strict=True))
    assert dots_of(drawn.cells) == before
    text = "\n".join(map(text_of, drawn.lines()))
    assert all(text.count(name) == 1 for name in ("one", "two", "three"))
    assert all(width_of(each) <= WIDTH + 8 for each in drawn.lines())


def test_a_name_without_room_gives_way_to_a_shorter_one_or_to_none() -> None:
    drawn = Graph(Axes((0.0, 1.0), (0.0, 1.0)), 9, 1)
    assert drawn.name((0, 0), ("a name that is too long", "text"), ("short", "text"))
    assert not drawn.name((0, 0), ("more", "text"))
    assert not drawn.name(None, ("x", "text"))


def test_a_name_of_double_width_takes_its_cells() -> None:
    drawn = graph(right=12)
    tip = drawn.function(line, "curve_1", "f")
    assert drawn.name(tip, ("三项之和", "curve_1"))
    assert max(width_of(each) for each in drawn.lines()) == WIDTH + 12


@pytest.mark.parametrize("size", [(20, 10), (60, 8), (31, 30)])
def test_square_axes_hold_both_ranges_and_one_is_as_long_upwards_as_to_the_right(size: tuple[int, int]) -> None:
    columns, rows = size
    axes = square((-1.0, 2.0), (-1.5, 1.5), columns, rows)
    across = (axes.x[1] - axes.x[0]) / (2 * columns - 1)
    up = (axes.y[1] - axes.y[0]) / (4 * rows - 1)
    assert across == pytest.approx(up)
    assert axes.x[0] <= -1.0 + 1e-9
    assert axes.x[1] >= 2.0 - 1e-9
    assert axes.y[0] <= -1.5 + 1e-9
    assert axes.y[1] >= 1.5 - 1e-9


def test_in_ascii_a_curve_is_its_letter_and_a_line_of_reference_dashes() -> None:
    with glyphs.drawing(glyphs.ASCII):
        drawn = graph()
        drawn.across(0.0)
        drawn.function(lambda x: np.full_like(x, 10.0), "curve_1", "F")
    assert {text for text, style in (cell for row in drawn.cells for cell in row) if style == "curve_1"} == {"f"}
    assert {text for text, _ in drawn.cells[-1]} == {"-"}


def test_a_curve_takes_the_place_of_a_line_of_reference() -> None:
    drawn = graph()
    drawn.across(10.0)
    drawn.function(lambda x: np.full_like(x, 9.0), "curve_1", "f")
    assert {row for _, row in dots_of(drawn.cells)} == {10}


def test_labels_that_would_touch_are_left_out() -> None:
    axes = Axes((0.0, 1.0), (0.0, 1.0), tuple((number / 20, f"{number / 20:.2f}") for number in range(21)))
    labels = text_of(Graph(axes, 40, 3).lines()[-1])
    assert len(labels) <= 40
    assert all(len(each) == 4 for each in labels.split())


def test_the_screens_plots_load_no_plotext() -> None:
    code = "import sys\nimport gradtui.views.catalogue\nimport gradtui.screen.app\nprint('plotext' in sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


@pytest.mark.parametrize("cells", [5, 9, 18, 23, 45, 60])
@pytest.mark.parametrize("span", [(-1.5, 1.5), (-11.8, 11.8), (0.0, 11.8), (-3.1, 2.0)])
def test_even_ticks_are_whole_cells_apart_and_stand_in_the_middle_of_theirs(
    span: tuple[float, float], cells: int
) -> None:
    found = even(span, 0.0, [1.0, 2.0, 5.0], cells, 4)
    low, high = found.span
    assert low <= span[0] + 1e-9
    assert high >= span[1] - 1e-9
    places = [(high - tick) / (high - low) * (cells * 4 - 1) for tick in found.ticks]
    assert places, "there is room for the longest step"
    assert all(abs(place % 4 - 1.5) < 1e-6 for place in places)
    drawn = Graph(Axes((0.0, 1.0), found.span, (), tuple((tick, f"{tick:g}") for tick in found.ticks)), 30, cells)
    drawn.across(0.0)
    (row,) = {number for number, line_ in enumerate(drawn.cells) if any(text != " " for text, _ in line_)}
    assert text_of(drawn.lines()[row]).lstrip().startswith("0┤")
    apart = np.diff([drawn.row(tick) for tick in found.ticks])
    assert len(set(apart.tolist())) <= 1
