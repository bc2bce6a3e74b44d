"""Rows of stages: groups of neighbours that multiply to the whole, the same ones wherever the cursor stands."""

from __future__ import annotations

import math

import pytest

from gradtui.views.frame.stage_rows import StageRow, each_row, label_room, stage_rows, stride
from tests.examples import in_one

COUNTS = (1, 2, 5, 31, 65, 301, 1001)
HEIGHTS = (1, 2, 3, 10, 16, 30, 60)
counts = pytest.mark.parametrize("count", COUNTS)
heights = in_one("height", HEIGHTS)


@counts
@heights
@in_one("first", [0, 1])
def test_every_stage_has_one_row_the_last_on_top_and_all_rows_are_alike(count: int, height: int, first: int) -> None:
    rows = stage_rows(count, height, first)
    assert [stage for row in rows for stage in row.stages] == list(range(count - 1, first - 1, -1))
    assert len(rows) <= height
    sizes = [len(row.stages) for row in rows]
    assert set(sizes[:-1]) <= {stride(count, height, first)}
    assert not sizes or sizes[-1] <= stride(count, height, first)
    # One stage fewer in a row, and there would be too many rows.
    assert stride(count, height, first) == 1 or math.ceil((count - first) / (stride(count, height, first) - 1)) > height


@counts
@heights
def test_neighbours_multiply_to_the_whole(count: int, height: int) -> None:
    """Powers of two, so that a product is exact: the gradient at a row, times the next one's factor, is that there."""
    factors = [2.0 ** ((7 * stage) % 5 - 2) if stage < count - 1 else None for stage in range(count)]
    gradients = [1.0]
    for factor in reversed(factors[:-1]):
        gradients.insert(0, gradients[0] * (factor or 0.0))
    rows = stage_rows(count, height)
    here = gradients[-1]
    for row in rows:
        product = row.product(factors)
        here *= 1.0 if product is None else product
        assert row.lowest(gradients) == here
    assert here == gradients[0]


def test_labels_name_both_ends_or_where_there_is_no_room_the_stage_of_the_value() -> None:
    assert StageRow(12, 12).label(9) == "12"
    assert [StageRow(28, 30).label(room) for room in (9, 5, 4)] == ["30–28", "30–28", "28"]
    assert label_room(31, 31) == 2
    assert label_room(31, 12) == 5
    assert label_room(1001, 30) == 8


def test_means() -> None:
    row = StageRow(1, 3)
    assert row.mean([9.0, 1.0, 2.0, 6.0]) == 3.0
    assert row.geometric_mean([9.0, 1.0, 2.0, 4.0]) == pytest.approx(2.0, rel=1e-15)
    assert row.geometric_mean([9.0, 0.25, None, 0.25]) == 0.25
    assert row.mean([9.0, None, None, None]) is row.geometric_mean([9.0, None, None, None]) is None
    assert row.geometric_mean([9.0, 1.0, 0.0, 4.0]) == 0.0
    for broken in (math.nan, math.inf):
        values = [9.0, 1.0, broken, 4.0]
        assert repr(row.mean(values)) == repr(row.geometric_mean(values)) == repr(broken)
    assert StageRow(2, 2).geometric_mean([0.1, 0.2, 0.3]) == 0.3, "a stage alone keeps its number to the bit"


def test_a_row_says_in_words_how_many_stages_it_has() -> None:
    assert each_row("layer", 3) == "3 layers a row"
    assert each_row("time", 2) == "2 steps a row"
    assert each_row("layer", 1) == ""
