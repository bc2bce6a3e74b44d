"""The axis of iterations: which column shows which, and what many in one column come to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.model.state import Steps
from gradtui.text.dots import ACROSS
from gradtui.text.spans import text_of, width_of
from gradtui.views.frame.iteration_axis import IterationAxis
from gradtui.views.frame.step_axis import StepAxis

TOTALS, CELLS = st.integers(1, 5000), st.integers(1, 220)


@given(TOTALS, CELLS, st.data())
def test_a_click_on_an_iteration_s_column_finds_it_or_its_neighbours_in_the_column(
    total: int, cells: int, data: st.DataObject
) -> None:
    axis = IterationAxis(total, cells)
    iteration = data.draw(st.integers(0, total - 1))
    cell = axis.cell(iteration)
    assert 0 <= cell < cells
    found = axis.iteration_at(cell)
    assert found is not None
    if cells >= total:
        assert found == iteration
    else:
        assert found <= iteration < found + total / cells + 1
    assert axis.iteration_at(-1) is None
    assert axis.iteration_at(cells) is None


@given(TOTALS, CELLS)
def test_columns_follow_one_another_as_iterations_do(total: int, cells: int) -> None:
    axis = IterationAxis(total, cells)
    columns = [axis.cell(iteration) for iteration in range(total)]
    assert columns == sorted(columns)
    if total >= cells:
        assert set(columns) == set(range(cells)), "every column has an iteration"
    assert axis.known(0) == 0
    assert axis.known(total) == cells


@given(TOTALS, CELLS, st.data())
def test_no_iteration_is_lost_and_none_is_counted_twice(total: int, cells: int, data: st.DataObject) -> None:
    """The smallest and the largest of the columns are those of all values; means weigh as their columns do."""
    axis = IterationAxis(total, cells)
    count = data.draw(st.integers(1, total))
    values = np.random.default_rng(count).normal(size=count)
    least, most = axis.least_and_most(values)
    assert len(least) == len(most) == cells * ACROSS
    assert np.nanmin(least) == values.min()
    assert np.nanmax(most) == values.max()
    means = axis.means(values)
    assert len(means) == axis.known(count)
    starts = [cell * total // cells for cell in range(len(means))]
    ends = [*starts[1:], count]
    oracle = [values[start : max(end, start + 1)].mean() for start, end in zip(starts, ends, strict=True)]
    np.testing.assert_allclose(means, oracle, rtol=1e-12, atol=1e-12)
    assert axis.most(values).max() == values.max()


def test_what_is_not_finite_has_no_place_in_a_curve() -> None:
    least, most = IterationAxis(4, 2).least_and_most(np.array([1.0, np.nan, np.inf, 3.0]))
    np.testing.assert_array_equal(least, [1.0, np.nan, np.nan, 3.0])
    np.testing.assert_array_equal(most, least)


@given(TOTALS, CELLS, st.data())
def test_the_ruler_fills_its_place_and_is_solid_as_far_as_it_is_trained(
    total: int, cells: int, data: st.DataObject
) -> None:
    axis = IterationAxis(total, cells)
    count = data.draw(st.integers(0, total))
    cursor = data.draw(st.integers(0, max(count - 1, 0)))
    line = axis.ruler(count, cursor)
    assert width_of(line) == cells
    text = text_of(line)
    known = axis.known(count)
    assert "┄" not in text[:known]
    assert "━" not in text[known:]
    if len(str(cursor)) + 1 <= cells:
        assert text.count("▴") == 1
        assert abs(text.index("▴") - axis.cell(cursor)) <= len(str(cursor))
        assert f"▴{cursor}" in text or f"{cursor}▴" in text


@pytest.mark.parametrize(("cursor", "shown"), [(0, "▴0"), (150, "▴150"), (299, "299▴")])
def test_the_cursor_s_number_stands_beside_its_mark_with_no_number_cut(cursor: int, shown: str) -> None:
    text = text_of(IterationAxis(300, 60).ruler(300, cursor))
    assert shown in text
    numbers = text.replace("▴", " ").replace("━", " ").split()
    assert all(number in {"0", "50", "100", "150", "200", "250", "300", str(cursor)} for number in numbers)


# -- recorded trainings ----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60, unique=True), st.integers(0, 900), CELLS)
def test_a_recorded_step_stands_where_its_number_is_and_no_value_is_lost(
    numbers: list[int], more: int, cells: int
) -> None:
    numbers.sort()
    end = numbers[-1] + more
    axis = StepAxis(len(numbers), cells, Steps(numbers, end))
    places = [axis.cell(iteration) for iteration in range(len(numbers))]
    assert places == [min(number * cells // (end + 1), cells - 1) for number in numbers]
    values = np.random.default_rng(len(numbers)).normal(size=len(numbers))
    least, most = axis.least_and_most(values)
    assert np.nanmin(least) == values.min()
    assert np.nanmax(most) == values.max()
    means, largest = axis.means(values), axis.most(values)
    assert len(means) == len(largest) == places[-1] + 1
    shown = np.full((2, len(means)), np.nan)
    for cell in range(len(means)):
        here = values[[place == cell for place in places]]
        # Where nothing was looked at it is as it last was.
        shown[:, cell] = (here.mean(), here.max()) if here.size else shown[:, cell - 1] if cell else np.nan
    np.testing.assert_allclose([means, largest], shown, rtol=1e-12)


def test_eight_steps_at_the_start_of_three_hundred_are_no_picture_of_them_all() -> None:
    axis = StepAxis(9, 60, Steps([*range(8), 280], 299))
    assert [axis.cell(iteration) for iteration in range(9)] == [0, 0, 0, 0, 0, 1, 1, 1, 56]
    assert axis.iteration_at(30) == 7
    text = text_of(axis.ruler(9, 8))
    assert "100" in text
    assert "280" in text
