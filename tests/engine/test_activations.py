"""The table of activations: every row's value, derivative, bounds and gain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.activations import ACTIVATIONS, Activation, sigmoid
from gradtui_engine.numerics import Array

from .helpers import drawn
from .oracles import FORMULAS

every_activation = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda row: row.name)

EPS = float(np.finfo(float).eps)
STEP = 1e-5
# Truncation: step²/6 · |f‴| with |f‴| ≤ 2 (tanh's at 0). Rounding: eps · |f(z)| / step, |f| ≤ 30 here.
DIFFERENCE_TOLERANCE = STEP**2 + 2 * 30 * EPS / STEP


def value(row: Activation, z: Array) -> Array:
    out = np.full_like(z, np.nan)
    with np.errstate(over="ignore"):  # as in a run: the sigmoid's exp may overflow
        row.forward(z, out)
    return out


def derivative(row: Activation, z: Array) -> Array:
    out = np.full_like(z, np.nan)
    row.derivative(z, value(row, z), out)
    return out


def slopes_by_differences(row: Activation, z: Array) -> Array:
    return (value(row, z + STEP) - value(row, z - STEP)) / (2 * STEP)


@every_activation
def test_the_derivative_agrees_with_central_differences_on_a_grid(row: Activation) -> None:
    grid = np.linspace(-8.0, 8.0, 1601)
    for kink in row.kinks:
        grid = grid[np.abs(grid - kink) > 2 * STEP]
    assert derivative(row, grid) == pytest.approx(slopes_by_differences(row, grid), abs=DIFFERENCE_TOLERANCE)


@every_activation
@drawn(60)
@given(z=st.floats(-30.0, 30.0))
def test_the_derivative_agrees_with_central_differences_anywhere_off_the_kinks(row: Activation, z: float) -> None:
    point = np.array([z])
    if all(abs(z - kink) > 2 * STEP for kink in row.kinks):
        found = slopes_by_differences(row, point)
        assert derivative(row, point) == pytest.approx(found, abs=DIFFERENCE_TOLERANCE)


@every_activation
def test_at_a_kink_the_derivative_is_that_of_one_side_and_no_other_point_is_a_kink(row: Activation) -> None:
    for kink in row.kinks:
        sides = derivative(row, np.array([kink - STEP, kink + STEP]))
        assert sides[0] != sides[1]
        assert derivative(row, np.array([kink]))[0] in sides
    # |f″| ≤ 1 for every smooth row, so a derivative that jumps by more than the grid's spacing has a kink.
    spacing = 1 / 256  # a power of two, so that the grid meets 0 exactly
    grid = np.arange(-8.0, 8.0 + spacing, spacing)
    jumps = grid[:-1][np.abs(np.diff(derivative(row, grid))) > spacing]
    assert all(any(abs(jump - kink) <= spacing for kink in row.kinks) for jump in jumps)


def test_relu_is_off_at_zero_as_in_pytorch() -> None:
    assert derivative(ACTIVATIONS["relu"], np.array([0.0, -0.0])).tolist() == [0.0, 0.0]


@every_activation
def test_the_derivative_bounds_hold_and_are_attained(row: Activation) -> None:
    # 0 is in the grid, and at ±40 the sigmoids are flat to 1e-17.
    found = derivative(row, np.linspace(-40.0, 40.0, 8001))
    low, high = row.derivative_bounds
    assert found.min() >= low
    assert found.max() <= high
    assert found.min() == pytest.approx(low, abs=1e-16)
    assert found.max() == high


@every_activation
@pytest.mark.parametrize("z", [-30.0, -5.0, -1.0, -0.25, 0.0, 1e-8, 0.5, 1.0, 2.0, 30.0])
def test_the_value_at_known_points_is_the_formula_in_the_math_module(row: Activation, z: float) -> None:
    # NumPy's exp and tanh are within 4 ulp of the C library's.
    assert value(row, np.array([z]))[0] == pytest.approx(FORMULAS[row.name](math, z), rel=8 * EPS, abs=0.0)


@every_activation
def test_the_value_keeps_the_dtype(row: Activation) -> None:
    exact = value(row, np.linspace(-3.0, 3.0, 25))
    single = value(row, np.linspace(-3.0, 3.0, 25).astype(np.float32))
    assert single == pytest.approx(exact, rel=8 * float(np.finfo(np.float32).eps))


@every_activation
def test_nan_goes_in_and_comes_out(row: Activation) -> None:
    assert np.isnan(value(row, np.array([1.0, np.nan, -1.0]))).tolist() == [False, True, False]


@every_activation
def test_at_the_ends_of_the_line_the_value_is_its_limit(row: Activation) -> None:
    ends = np.array([-np.inf, np.inf])
    far = value(row, np.array([-1e300, 1e300]))
    limits = np.where(far > 1.0, np.inf, np.where(far < -1.0, -np.inf, far))
    assert value(row, ends).tolist() == limits.tolist()


@drawn(100)
@given(z=st.floats(-700.0, -20.0))
def test_the_sigmoid_keeps_its_relative_precision_where_it_is_tiny(z: float) -> None:
    out = np.empty(1)
    sigmoid(np.array([z]), out)
    assert out[0] == pytest.approx(math.exp(z) / (1 + math.exp(z)), rel=8 * EPS, abs=0.0)


def test_the_sigmoid_may_be_computed_in_place() -> None:
    z = np.linspace(-5.0, 5.0, 11)
    inside = z.copy()
    sigmoid(inside, inside)
    assert inside.tolist() == value(ACTIVATIONS["sigmoid"], z).tolist()


@pytest.mark.parametrize(
    ("name", "gain"), [("linear", 1.0), ("sigmoid", 1.0), ("tanh", 5 / 3), ("relu", math.sqrt(2.0))]
)
def test_the_gain_is_the_one_that_pytorch_publishes(name: str, gain: float) -> None:
    # torch.nn.init.calculate_gain, documentation of PyTorch 2.
    assert ACTIVATIONS[name].gain == gain


@every_activation
def test_the_saturation_levels_lie_within_the_range_near_its_ends(row: Activation) -> None:
    if row.saturation is not None:
        least, most = value(row, np.array([-40.0, 40.0]))
        low, high = row.saturation
        # 3 % of the half range at either end: Karpathy's |tanh| > 0.97, for every sigmoid.
        assert (low - least, most - high) == pytest.approx((0.015 * (most - least),) * 2, rel=1e-9)
