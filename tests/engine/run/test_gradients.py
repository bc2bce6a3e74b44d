"""The gradient of whole networks against central differences of the loss, and the checker itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment
from gradtui_engine.analysis.gradient_check import DirectionalCheck, directional_check
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import drawn, shaken, small
from tests.engine.strategies import small_experiments

# Truncation at step 1e-5 is about 1e-10 of the slope. Rounding: eps · L / step = 2e-16 · 5 / 1e-5 = 1e-10, over
# a slope along a unit direction of at least 1e-4 in these networks (the output layer always has one): 1e-6.
TOLERANCE = 1e-6

every_cell = pytest.mark.parametrize("cell", CELLS.names)
every_parameter = pytest.mark.parametrize(
    ("cell", "name"), [(cell, name) for cell in CELLS for name in shaken(small(cell)).parameters]
)


@drawn(300)
@given(small_experiments())
def test_the_gradient_is_the_slope_of_the_loss(experiment: Experiment) -> None:
    network = shaken(experiment)
    assert directional_check(network, network.run().parameter_gradients).error < TOLERANCE


@every_parameter
def test_a_gradient_wrong_by_a_thousandth_in_one_parameter_is_caught(cell: str, name: str) -> None:
    network = shaken(small(cell))
    right = network.run().parameter_gradients
    assert directional_check(network, right).error < TOLERANCE
    assert directional_check(network, right | {name: 1.001 * right[name]}).error > TOLERANCE


@every_parameter
def test_each_parameter_alone_passes_the_check_and_fails_it_when_wrong_by_a_thousandth(cell: str, name: str) -> None:
    network = shaken(small(cell))
    right = network.run().parameter_gradients[name]
    assert directional_check(network, {name: right}).error < TOLERANCE
    # Relative to a slope of 1.001 the error is 0.001/1.001; the tolerance is the check's own.
    wrong = directional_check(network, {name: 1.001 * right}).error
    assert wrong == pytest.approx(0.001 / 1.001, abs=TOLERANCE)


@every_cell
def test_a_single_wrong_number_is_caught(cell: str) -> None:
    network = shaken(small(cell))
    gradient = {name: array.copy() for name, array in network.run().parameter_gradients.items()}
    largest = max(gradient, key=lambda name: float(np.abs(gradient[name]).max()))
    place = np.unravel_index(np.abs(gradient[largest]).argmax(), gradient[largest].shape)
    gradient[largest][place] *= 1.001
    assert directional_check(network, gradient).error > TOLERANCE


@every_cell
def test_a_missing_term_and_a_wrong_sign_are_caught(cell: str) -> None:
    network = shaken(small(cell))
    right = network.run().parameter_gradients
    name = "output.weight"
    assert directional_check(network, right | {name: -right[name]}).error > 0.01
    assert directional_check(network, right | {name: right[name] + 0.01}).error > TOLERANCE


@every_cell
def test_the_error_of_the_check_falls_with_the_square_of_the_step(cell: str) -> None:
    network = shaken(small(cell))
    gradient = network.run().parameter_gradients
    # Small enough for the third derivative to rule, large enough for the truncation to stand above rounding.
    steps = [0.1 / 2**k for k in range(6)]
    checks = [directional_check(network, gradient, step) for step in steps]
    errors = [abs(each.analytic - each.numeric) for each in checks]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(2.0, abs=0.02)  # the next term of the series, step⁴, bends it by under 1 %


def test_the_error_is_relative_to_the_larger_slope_and_zero_where_both_are_zero() -> None:
    assert DirectionalCheck(0.0, 0.0).error == 0.0
    assert DirectionalCheck(1.0, -1.0).error == 2.0
    assert DirectionalCheck(2.0, 1.0).error == DirectionalCheck(1.0, 2.0).error == 0.5
    assert DirectionalCheck(0.0, 1e-300).error == 1.0


def test_a_check_does_not_change_the_network() -> None:
    network = shaken(small("mlp"))
    before = {name: array.tobytes() for name, array in network.parameters.items()}
    directional_check(network, network.run().parameter_gradients, step=0.5)
    assert {name: array.tobytes() for name, array in network.parameters.items()} == before


def test_the_slope_along_the_direction_is_never_negative_so_no_parts_cancel() -> None:
    network = shaken(small("mlp"))
    gradient = network.run().parameter_gradients
    total = math.hypot(*(number for array in gradient.values() for number in array.ravel()))
    for seed in range(5):
        # Amounts between ½ and 1 in the sign of the gradient: between ½·‖g‖₁/√n and ‖g‖₂.
        check = directional_check(network, gradient, seed=seed)
        count = sum(array.size for array in gradient.values())
        sum_of_sizes = sum(float(np.abs(array).sum()) for array in gradient.values())
        assert 0.5 * sum_of_sizes / math.sqrt(count) < check.analytic < total
