"""The gradient check, parameter by parameter: what passes, what is caught, what cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

from gradtui_engine import Experiment, Network, build
from gradtui_engine.analysis.gradient_check import ENTRIES, TOLERANCE, check_parameter, check_parameters
from gradtui_engine.cells.residual_blocks import BLOCKS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.losses import LOSSES
from tests.engine.helpers import drawn, refused, shaken, small, with_inputs, with_parameters
from tests.engine.strategies import small_experiments
from tests.examples import spread

# A sample of the tables against each other: each row of each at least once.
CROSSED: list[dict[str, Any]] = [
    *({"cell": cell, "loss": loss} for cell in CELLS for loss in LOSSES),
    *({"cell": cell, "layers": 2, "readout": "all"} for cell in ("rnn", "lstm", "gru", "mgu", "mingru")),
    *({"cell": cell, "pin_forget": 0.7} for cell in ("lstm", "gru", "mgu", "mingru")),
    *({"activation": activation} for activation in ACTIVATIONS),
    *({"norm": norm, "norm_position": position} for norm in NORMALISATIONS for position in ("before", "after")),
    *(
        {"norm": "layer", "residual": residual, "residual_block": block, "residual_span": span}
        for residual in ("add", "scaled")
        for block in BLOCKS
        for span in (1, 2)
    ),
]

crossed = spread("fields", CROSSED, 20, ids=lambda fields: "-".join(map(str, fields.values())))


def tampered(array: np.ndarray, factor: float) -> np.ndarray:
    """The gradient with its largest number multiplied."""
    wrong = array.copy()
    wrong[np.unravel_index(np.abs(wrong).argmax(), wrong.shape)] *= factor
    return wrong


@crossed
def test_a_right_gradient_passes_and_one_wrong_by_a_thousandth_in_one_number_does_not(fields: dict[str, Any]) -> None:
    network = shaken(small(**({"cell": "mlp", "depth": 3, "width": 4, "batch": 4} | fields)))
    caught = 0
    for name, gradient in network.run().parameter_gradients.items():
        right = check_parameter(network, name, gradient)
        assert right.passed, right
        # A norm takes away what a bias in front of it adds: its gradient is rounding.
        if not right.unresolved:
            wrong = check_parameter(network, name, tampered(gradient, 1.001))
            assert not wrong.passed, wrong
            caught += 1
    assert caught >= 4


@drawn(25)
@given(small_experiments())
def test_every_parameter_of_any_small_smooth_experiment_passes(experiment: Experiment) -> None:
    # Without kinks: two units exactly at one, with opposite signs, show differences a slope that is not there.
    activations = {experiment.resolved.activation, experiment.output_activation} - {"none"}
    assume(not any(ACTIVATIONS[name].kinks for name in activations))
    found = list(check_parameters(experiment))
    assert [each.name for each in found] == list(build(experiment).parameters)
    assert all(each.passed for each in found), [each for each in found if not each.passed]


def test_it_is_checked_in_float64_whatever_the_dtype() -> None:
    single, double = (list(check_parameters(small("mlp", dtype=dtype))) for dtype in ("float32", "float64"))
    assert single == double
    assert all(each.passed for each in single)


@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.001])
@pytest.mark.parametrize("name", ["layers.1.weight", "layers.4.bias", "output.weight"])
def test_a_doubled_and_a_turned_number_are_caught_by_their_size(name: str, factor: float) -> None:
    network = shaken(small("mlp"))
    wrong = tampered(network.run().parameter_gradients[name], factor)
    found = check_parameter(network, name, wrong)
    assert not found.passed
    # Over the largest number, which is the wrong one itself.
    assert found.error == pytest.approx(abs(factor - 1) / abs(factor), rel=1e-4)


def test_an_error_in_a_small_number_is_relative_to_the_largest() -> None:
    # 1 % of a number that is a thousandth of the largest is 1e-5 of it.
    network = shaken(small("mlp", width=3, data="gaussian", inputs=3))
    gradient = network.run().parameter_gradients["layers.2.weight"]
    wrong = gradient.copy()
    wrong[0, 0] += 3 * TOLERANCE * np.abs(gradient).max()
    found = check_parameter(network, "layers.2.weight", wrong)
    assert not found.passed
    assert found.error == pytest.approx(3 * TOLERANCE, rel=0.1)


def test_at_most_so_many_numbers_are_moved_and_the_largest_among_them() -> None:
    network = build(small("mlp", width=16))
    for name, gradient in network.run().parameter_gradients.items():
        found = check_parameter(network, name, gradient)
        assert min(ENTRIES, gradient.size) <= found.checked <= min(ENTRIES + 1, gradient.size)
        assert found.left_out == 0


def test_checking_changes_neither_the_network_nor_the_gradient() -> None:
    network = build(small("gru"))
    gradient = network.run().parameter_gradients["gru.weight_hh_l0"].copy()
    before = {name: array.tobytes() for name, array in network.parameters.items()}
    kept = gradient.tobytes()
    check_parameter(network, "gru.weight_hh_l0", gradient)
    assert gradient.tobytes() == kept
    assert {name: array.tobytes() for name, array in network.parameters.items()} == before


# -- kinks -------------------------------------------------------------------------------------------------


def on_the_kink(on: int) -> Network:
    """One ReLU layer fed with zeros: units whose bias is 0 stand exactly on the kink, `on` of eight do not."""
    network = build(small("mlp", activation="relu", depth=1))
    bias = np.where(np.arange(8) < on, 0.5, 0.0)
    network = with_parameters(network, layers__1__bias=bias)
    return with_inputs(network, np.zeros_like(network.batch.inputs))


@pytest.mark.parametrize("on", [1, 5, 8])
def test_numbers_at_a_kink_are_left_out_and_counted(on: int) -> None:
    network = on_the_kink(on)
    found = check_parameter(network, "layers.1.bias", network.run().parameter_gradients["layers.1.bias"])
    assert (found.checked, found.left_out) == (on, 8 - on)
    assert found.passed


def test_a_parameter_that_lies_at_kinks_altogether_is_not_called_wrong() -> None:
    # Behind a layer that is off for every sample, biases of 0 put every unit there: there is no derivative to check.
    network = on_the_kink(0)
    found = check_parameter(network, "layers.1.bias", network.run().parameter_gradients["layers.1.bias"])
    assert (found.checked, found.left_out, found.error) == (0, 8, 0.0)
    assert found.passed


def test_a_wrong_number_beside_the_kink_is_still_caught() -> None:
    network = on_the_kink(5)
    wrong = tampered(network.run().parameter_gradients["layers.1.bias"], 1.001)
    assert not check_parameter(network, "layers.1.bias", wrong).passed


@pytest.mark.parametrize("factor", [1.001, -1.0])
@pytest.mark.parametrize("distance", [1e-2, 1e-4])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_curvature_near_a_minimum_is_not_taken_for_a_kink(activation: str, distance: float, factor: float) -> None:
    # Squared error, moved to 1e-2 or 1e-4 from its minimum over the output's bias: slope 2e-4, curvature 2.
    network = build(small("mlp", data="gaussian", inputs=4, activation=activation))
    trace = network.run()
    bias = np.mean(trace.target - (trace.values["output"] - trace.parameters["output.bias"])) + distance
    network = with_parameters(network, output__bias=np.full(1, bias))
    gradient = network.run().parameter_gradients["output.bias"]
    assert gradient == pytest.approx(2 * distance, rel=1e-9)
    assert check_parameter(network, "output.bias", gradient).passed
    assert not check_parameter(network, "output.bias", gradient * factor).passed


# -- what cannot be told -----------------------------------------------------------------------------------


def test_a_gradient_too_small_for_differences_is_said_to_be_so() -> None:
    # 30 sigmoid layers: layer 1 gets 1e-19 of what layer 30 gets; a difference of losses resolves 1e-9.
    found = {each.name: each for each in check_parameters(Experiment(width=8, batch=8))}
    assert found["layers.1.weight"].unresolved
    assert not found["layers.30.weight"].unresolved
    assert not found["output.weight"].unresolved
    assert all(each.passed for each in found.values())


def test_a_gradient_that_should_be_tiny_and_is_not_is_caught() -> None:
    network = build(Experiment(width=8, batch=8))
    gradient = network.run().parameter_gradients["layers.1.weight"]
    assert not check_parameter(network, "layers.1.weight", gradient + 1e-3).passed


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_does_not_pass(number: float) -> None:
    network = build(small("mlp"))
    gradient = network.run().parameter_gradients["output.bias"].copy()
    gradient[3] = number
    assert not check_parameter(network, "output.bias", gradient).passed


def test_what_cannot_be_built_is_refused() -> None:
    (problem,) = refused(lambda: list(check_parameters(Experiment(depth=10_000, width=2000))))
    assert problem.startswith("size: ")


def test_where_many_activations_are_at_a_kink_at_once_there_is_no_derivative_to_check() -> None:
    """Every step of a ReLU RNN whose biases are 0 and whose first pixels are blank: what PyTorch's slope of 0 makes of
    them is neither one-sided derivative, and no mistake."""
    experiment = Experiment(
        cell="rnn", width=2, layers=3, batch=5, activation="relu", init_scale=0.1, gain_recurrent=1.5,
        init_output="orthogonal",
    )  # fmt: skip
    checks = list(check_parameters(experiment))
    assert [check.name for check in checks if not check.passed] == []
    assert sum(check.left_out for check in checks) > 0
