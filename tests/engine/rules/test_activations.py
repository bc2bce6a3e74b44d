"""The table of activations: every row's value, derivative, bounds and gain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.activations import ACTIVATIONS, Activation, sigmoid
from tests.engine.helpers import drawn
from tests.engine.oracles import FORMULAS, NUMBERS, SLOPES, activate
from tests.examples import in_one

every_activation = pytest.mark.parametrize("row", ACTIVATIONS.values(), ids=lambda row: row.name)

EPS = float(np.finfo(float).eps)
STEP = 1e-5
# Truncation: step²/6 · |f‴| with |f‴| ≤ 6 (softsign's beside 0). Rounding: some eps · |f(z)| / step, |f| ≤ 32 here.
DIFFERENCE_TOLERANCE = STEP**2 + 4 * 32 * EPS / STEP
# gelu's tail is as e^(−z²/2), where one rounding of z costs z² eps = 1.4e-13 at z = −25; that of gelu_tanh as e^2u,
# with u = 18 at z = −7. The others are a few roundings from the formula, of functions that NumPy computes within 4 ulp
# of the C library's.
PRECISION = {"gelu": 3e-13, "gelu_tanh": 2e-13}
# What torch.nn.init.calculate_gain gives (documentation of PyTorch 2); it knows no others.
PYTORCH_GAINS = {
    "linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + 0.01**2)),
    "selu": 0.75,
}  # fmt: skip


def given_slope(row: Activation) -> tuple[float, ...]:
    return () if row.slope is None else (row.slope,)


def value(row: Activation, z: Array) -> Array:
    out = np.full_like(z, np.nan)
    with np.errstate(over="ignore"):  # as in a run: the sigmoid's exp may overflow
        row.forward(z, out, *given_slope(row))
    return out


def derivative(row: Activation, z: Array) -> Array:
    out = np.full_like(z, np.nan)
    with np.errstate(over="ignore"):
        row.derivative(z, value(row, z), out, *given_slope(row))
    return out


def slopes_by_differences(row: Activation, z: Array) -> Array:
    return (value(row, z + STEP) - value(row, z - STEP)) / (2 * STEP)


def off_the_kinks(row: Activation, z: float) -> bool:
    """Whether central differences are a derivative there; at 0 the second derivative of some rows jumps."""
    return all(abs(z - kink) > 2 * STEP for kink in (0.0, *row.kinks))


@every_activation
def test_the_derivative_agrees_with_central_differences_on_a_grid(row: Activation) -> None:
    grid = np.array([z for z in np.linspace(-8.0, 8.0, 1601) if off_the_kinks(row, z)])
    assert derivative(row, grid) == pytest.approx(slopes_by_differences(row, grid), abs=DIFFERENCE_TOLERANCE)


@every_activation
@drawn(60)
@given(z=st.floats(-30.0, 30.0))
def test_the_derivative_agrees_with_central_differences_anywhere_off_the_kinks(row: Activation, z: float) -> None:
    point = np.array([z])
    if off_the_kinks(row, z):
        found = slopes_by_differences(row, point)
        assert derivative(row, point) == pytest.approx(found, abs=DIFFERENCE_TOLERANCE)


@every_activation
def test_at_a_kink_the_derivative_is_that_of_one_side_and_no_other_point_is_a_kink(row: Activation) -> None:
    for kink in row.kinks:
        sides = derivative(row, np.array([kink - STEP, kink + STEP]))
        assert abs(sides[0] - sides[1]) > 0.1
        assert np.abs(derivative(row, np.array([kink]))[0] - sides).min() < 2 * STEP
    # |f″| ≤ 2 for every row, so a derivative that jumps by more than twice the grid's spacing has a kink.
    spacing = 1 / 256  # a power of two, so that the grid meets whole numbers exactly
    grid = np.arange(-8.0, 8.0 + spacing, spacing)
    jumps = grid[:-1][np.abs(np.diff(derivative(row, grid))) > 2 * spacing]
    assert all(any(abs(jump - kink) <= spacing for kink in row.kinks) for jump in jumps)


def test_relu_is_off_at_zero_as_in_pytorch() -> None:
    assert derivative(ACTIVATIONS["relu"], np.array([0.0, -0.0])).tolist() == [0.0, 0.0]


@every_activation
def test_the_derivative_bounds_hold_and_are_attained(row: Activation) -> None:
    # 0 is in the grid; extrema between its points are met to spacing²/8 · |f‴| = 1e-7; the tails are beyond 1e8.
    beside = [np.nextafter(kink, side) for kink in row.kinks for side in (-np.inf, np.inf)]
    found = derivative(row, np.concatenate([np.linspace(-40.0, 40.0, 80_001), [-1e8, 1e8], beside]))
    low, high = row.derivative_bounds
    printed = 1e-6  # the bounds without a closed form are given to six digits
    assert low - printed <= found.min() == pytest.approx(low, abs=2 * printed)
    assert high + printed >= found.max() == pytest.approx(high, abs=2 * printed)


@every_activation
@in_one("z", [-25.0, -5.0, -2.5, -1.0, -0.25, 0.0, 1e-8, 0.5, 1.0, 2.0, 3.5, 7.0, 25.0])
def test_the_value_at_known_points_is_the_formula_in_the_math_module(row: Activation, z: float) -> None:
    wanted = FORMULAS[row.name](NUMBERS, z, SLOPES.get(row.name))
    rel = PRECISION.get(row.name, 8 * EPS)
    assert value(row, np.array([z]))[0] == pytest.approx(wanted, rel=rel, abs=0.0)


@every_activation
def test_the_value_keeps_the_dtype(row: Activation) -> None:
    exact = value(row, np.linspace(-3.0, 3.0, 25))
    single = value(row, np.linspace(-3.0, 3.0, 25).astype(np.float32))
    assert single == pytest.approx(exact, rel=8 * float(np.finfo(np.float32).eps))


@every_activation
def test_nan_goes_in_and_comes_out(row: Activation) -> None:
    assert np.isnan(value(row, np.array([1.0, np.nan, -1.0]))).tolist() == [False, True, False]


@every_activation
@in_one("z", [-1e300, -1e200, -1e100, -800.0, 800.0, 1e100, 1e200, 1e300])
def test_far_out_the_value_is_finite_and_the_derivative_within_its_bounds(row: Activation, z: float) -> None:
    # Formulas that multiply an overflow by an underflow would give NaN here.
    with np.errstate(all="ignore"):
        assert np.isfinite(value(row, np.array([z]))[0])
        found = derivative(row, np.array([z]))[0]
    low, high = row.derivative_bounds
    assert low <= found <= high


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "hard_tanh", "hard_sigmoid", "relu", "relu6", "leaky_relu", "elu"])
def test_at_infinity_the_value_is_its_limit(name: str) -> None:
    found = value(ACTIVATIONS[name], np.array([-np.inf, np.inf]))
    limits = {
        "sigmoid": [0.0, 1.0], "tanh": [-1.0, 1.0], "hard_tanh": [-1.0, 1.0], "hard_sigmoid": [0.0, 1.0],
        "relu": [0.0, math.inf], "relu6": [0.0, 6.0], "leaky_relu": [-math.inf, math.inf], "elu": [-1.0, math.inf],
    }  # fmt: skip
    assert found.tolist() == limits[name]


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


@pytest.mark.parametrize("name", PYTORCH_GAINS)
def test_the_gain_is_the_one_that_pytorch_publishes(name: str) -> None:
    assert ACTIVATIONS[name].gain == PYTORCH_GAINS[name]


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in PYTORCH_GAINS])
def test_a_gain_that_pytorch_does_not_have_keeps_a_signal_of_variance_one(name: str) -> None:
    z, spacing = np.linspace(-12.0, 12.0, 240_001, retstep=True)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    square = float(np.sum(activate(name, z) ** 2 * density) * spacing)
    assert ACTIVATIONS[name].gain == pytest.approx(1 / math.sqrt(square), abs=1e-4)  # printed to four digits


@every_activation
def test_the_saturation_levels_lie_within_the_range_near_its_ends(row: Activation) -> None:
    if row.saturation is not None:
        least, most = value(row, np.array([-1e9, 1e9]))
        low, high = row.saturation
        # 3 % of the half range at either end: Karpathy's |tanh| > 0.97, for every sigmoid.
        assert (low - least, most - high) == pytest.approx((0.015 * (most - least),) * 2, rel=1e-6)


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.3])
def test_the_slope_of_the_leaky_family_is_the_one_that_is_given(name: str, slope: float) -> None:
    z, out, slopes = np.array([-2.0, 3.0]), np.empty(2), np.empty(2)
    ACTIVATIONS[name].forward(z, out, slope)
    ACTIVATIONS[name].derivative(z, out, slopes, slope)
    assert (out.tolist(), slopes.tolist()) == ([-2.0 * slope, 3.0], [slope, 1.0])
    assert ACTIVATIONS[name].slope == SLOPES[name]
    # The gain of torch.nn.init.calculate_gain("leaky_relu", slope), and 1/√E[f(x)²] for a standard normal x.
    assert ACTIVATIONS[name].gain_at(slope) == math.sqrt(2 / (1 + slope**2))
    assert ACTIVATIONS[name].bounds_at(slope) == (min(slope, 1.0), max(slope, 1.0))


def test_the_gain_at_a_slope_is_the_published_one() -> None:
    """Of the cases: 1.2649 at 0.5 and 1.0512 at 0.9; 1 where the line is straight."""
    found = [ACTIVATIONS["leaky_relu"].gain_at(slope) for slope in (0.5, 0.9, 1.0)]
    assert found == pytest.approx([1.2649, 1.0512, 1.0], abs=5e-5)


@every_activation
def test_at_its_default_slope_a_row_has_the_gain_and_the_bounds_that_it_says(row: Activation) -> None:
    for slope in (None, row.slope):
        assert row.gain_at(slope) == row.gain
        assert row.bounds_at(slope) == row.derivative_bounds
    if row.slope is None:
        assert (row.gain_at(0.5), row.bounds_at(0.5)) == (row.gain, row.derivative_bounds)
