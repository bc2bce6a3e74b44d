"""An activation's curves: the second one is the slope of the first."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui.views.frame.curves import curves
from gradtui_engine.rules.activations import ACTIVATIONS, Activation

rows = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda each: each.name)
SLOPE = 0.1


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
