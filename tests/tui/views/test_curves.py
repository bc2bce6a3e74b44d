"""An activation's curves behind the histogram: the values are f and f′, and no curve covers a bar."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.text.heat import histogram
from gradtui.views.frame.curves import curves, histogram_with_curves
from gradtui_engine.rules.activations import ACTIVATIONS, Activation
from tests.tui.helpers import texts

rows = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda each: each.name)
SLOPE = 0.1
Z = np.random.default_rng(3).normal(0.3, 1.2, (16, 24))


@rows
def test_the_second_curve_is_the_slope_of_the_first(row: Activation) -> None:
    """Against central differences, away from kinks: where the two one-sided slopes agree."""
    z, step = np.linspace(-2.93, 3.07, 61), 1e-6
    value, derivative = curves(row, z, SLOPE)
    above, below = curves(row, z + step, SLOPE)[0], curves(row, z - step, SLOPE)[0]
    right, left = (above - value) / step, (value - below) / step
    smooth = np.abs(right - left) < 1e-3
    assert smooth.mean() > 0.9
    assert derivative[smooth] == pytest.approx(((right + left) / 2)[smooth], abs=1e-4)


@rows
@pytest.mark.parametrize("width", [24, 60, 110])
def test_curves_stand_only_where_no_bar_does_and_the_legend_names_both(row: Activation, width: int) -> None:
    height = 6
    lines = histogram_with_curves(Z, width, height, row, SLOPE)
    shown = texts(lines)
    narrow = len(shown[0])
    bars = texts(histogram(Z, narrow, height))
    for line, bare in zip(shown[:-1], bars[:-1], strict=True):
        for there, without in zip(line, bare.ljust(narrow), strict=True):
            assert there == without if without != " " else there in " ○·"
    assert "○" in "".join(shown[:-1])
    assert bars[-1].strip() in shown[-1]
    long, brief = f"z under {row.symbol} ○ and {row.symbol}′ ·", "f ○ f′ ·"
    assert shown[-1].rstrip().endswith((long, brief))
    assert (long in shown[-1]) == (len(long) + 2 <= width / 2)
    assert narrow >= width // 2
    assert all(len(line) <= width for line in shown)


def test_f_of_a_rising_activation_rises_from_left_to_right() -> None:
    grid = texts(histogram_with_curves(Z, 110, 8, ACTIVATIONS["sigmoid"], SLOPE))[:-1]
    heights = [max((8 - y for y, line in enumerate(grid) if line[x] == "○"), default=None) for x in range(len(grid[0]))]
    seen = [height for height in heights if height is not None]
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] >= 4


@pytest.mark.parametrize("pre", [np.zeros((4, 4)), np.full((3, 3), np.nan), np.full((2, 2), np.inf), np.ones((1, 1))])
def test_where_there_is_no_range_the_histogram_is_alone(pre: np.ndarray) -> None:
    shown = "".join(texts(histogram_with_curves(pre, 60, 5, ACTIVATIONS["relu"], SLOPE)))
    assert "○" not in shown


def test_infinite_values_among_finite_ones_break_nothing() -> None:
    pre = np.array([[1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, 1e300, 0.0]])
    for row in ACTIVATIONS.values():
        shown = texts(histogram_with_curves(pre, 60, 5, row, SLOPE))
        assert len(shown) == 6
        assert max(map(len, shown)) <= 60
