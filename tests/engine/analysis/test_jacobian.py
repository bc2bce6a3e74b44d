"""The exact Jacobian of stages: against autograd, central differences, and the recorded gradients."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, build, simulate
from gradtui_engine.analysis.jacobian import MOST_UNITS, jacobian, singular_values, spectra
from gradtui_engine.analysis.json_document import document
from gradtui_engine.cells.residual_blocks import BLOCKS
from tests.engine.helpers import analysed, refused, shaken, small, with_inputs
from tests.engine.oracles import difference, jacobian_of
from tests.examples import covering

# Products of a few matrices of four to eight units.
TOLERANCE = 1e-11

every_kind = covering(
    norm=("none", "layer", "rms"),
    position=("before", "after"),
    residual=("none", "add", "scaled", "highway", "layer_scale"),
    block=BLOCKS,
    span=(1, 2),
)


def square(**changes: Any) -> Trace:
    """A network of four units, four inputs, and biases."""
    fields = {"depth": 5, "width": 4, "batch": 3, "data": "gaussian", "inputs": 4, "activation": "tanh", "steps": 6}
    return analysed(shaken(Experiment(**(fields | changes))).run())


# -- against other derivatives -----------------------------------------------------------------------------


@every_kind
def test_autograd_finds_the_jacobian_of_every_kind_of_layer(
    norm: str, position: str, residual: str, block: str, span: int
) -> None:
    trace = square(
        norm=None if norm == "none" else norm, norm_position=position, residual=residual, residual_block=block,
        residual_span=span,
        activation="prelu" if span == 2 else "tanh",
    )  # fmt: skip
    for last, first in ((5, 1), (5, 0), (4, 2), (2, 1)):
        assert difference(jacobian(trace, last, first, 1), jacobian_of(trace, last, first, 1)) < TOLERANCE


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mgu", "mingru", "lru"])
@pytest.mark.parametrize("more", [{}, {"readout": "all"}, {"pin_forget": 0.7}])
def test_autograd_finds_the_jacobian_of_every_cell_over_time(cell: str, more: dict[str, Any]) -> None:
    trace = square(cell=cell, **more, **({"activation": "linear"} if cell == "lru" else {}))
    for last, first in ((6, 0), (6, 5), (4, 1), (3, 2)):
        assert difference(jacobian(trace, last, first, 2), jacobian_of(trace, last, first, 2)) < TOLERANCE


@pytest.mark.parametrize("changes", [{}, {"norm": "layer"}, {"residual": "add", "norm": "rms"}])
def test_central_differences_of_the_forward_pass_find_the_same(changes: dict[str, Any]) -> None:
    network = shaken(Experiment(depth=4, width=4, batch=3, data="gaussian", inputs=5, activation="gelu", **changes))
    found = jacobian(analysed(network.run()), 4, 0, 1)
    numeric = np.empty((4, 5))
    for unit in range(5):
        ends = []
        for sign in (1.0, -1.0):
            inputs = network.batch.inputs.copy()
            inputs[1, unit] += sign * 1e-5
            ends.append(analysed(with_inputs(network, inputs).run()).values["h/4"][1])
        numeric[:, unit] = (ends[0] - ends[1]) / 2e-5
    # Truncation 1e-10 and rounding 2e-16/1e-5, on entries of order 1.
    assert found == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("fields", [{}, {"norm": "layer", "residual": "scaled"}, {"cell": "rnn"}, {"cell": "gru"}])
def test_the_recorded_gradient_of_each_sample_is_the_jacobians_transpose_times_the_last_ones(
    fields: dict[str, Any],
) -> None:
    trace = square(**fields)
    last = len(trace.stages) - 1
    for sample, first in itertools.product(range(3), (0, 1, last - 1)):
        passed = jacobian(trace, last, first, sample).T @ trace.gradients[f"h/{last}"][sample]
        assert trace.gradients[f"h/{first}"][sample] == pytest.approx(passed, rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("fields", [{}, {"residual": "add", "norm": "rms"}, {"cell": "rnn"}, {"cell": "gru"}])
def test_the_jacobian_end_to_end_is_the_product_of_those_of_the_stages(fields: dict[str, Any]) -> None:
    trace = square(**fields)
    first, last = (1, 5) if trace.axis != "time" else (0, 6)
    product = np.eye(4)
    for stage in range(first, last):
        product = jacobian(trace, stage + 1, stage) @ product
    assert difference(jacobian(trace), product) < TOLERANCE


def test_the_factor_of_a_stage_lies_between_the_singular_values_of_its_jacobian() -> None:
    trace = square(batch=1)
    for stage in trace.stages[:-1]:
        largest, *_, smallest = singular_values(jacobian(trace, stage.index + 1, stage.index))
        assert smallest * (1 - 1e-12) <= stage.factor <= largest * (1 + 1e-12)


# -- known ones --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, 0.9])
def test_a_deep_linear_network_of_orthogonal_weights_is_an_isometry_times_its_gain(gain: float) -> None:
    # Saxe et al. 2014: all singular values at gain^(depth − 1), from layer 1 on.
    trace = simulate(Experiment(depth=21, activation="linear", init="orthogonal", gain=gain))
    assert singular_values(jacobian(trace)) == pytest.approx([gain**20] * 64, rel=1e-10)


def test_a_deep_linear_network_of_gaussian_weights_is_none() -> None:
    # The same mean square, spread over orders of magnitude (Saxe et al. 2014).
    values = singular_values(jacobian(simulate(Experiment(depth=21, activation="linear", init="normal"))))
    assert values[0] / values[-1] > 1e6


def test_the_jacobian_of_one_layer_is_the_slope_times_the_weights() -> None:
    trace = square()
    weight, hidden = trace.parameters["layers.3.weight"], trace.values["h/3"][0]
    assert jacobian(trace, 3, 2) == pytest.approx((1 - hidden**2)[:, None] * weight, rel=1e-13)


def test_a_skip_adds_the_identity() -> None:
    plain = square(residual="add")
    branch = jacobian(plain, 3, 2) - np.eye(4)
    weight, bent = plain.parameters["layers.3.weight"], plain.values["a/3"][0]
    assert branch == pytest.approx((1 - bent**2)[:, None] * weight, rel=1e-12, abs=1e-14)


def test_the_mean_square_singular_value_is_the_squared_factor_of_mean_field_theory() -> None:
    # χ = σ_w² E φ'² is the mean of J Jᵀ's eigenvalues; ReLU with He's weights: 1.
    trace = simulate(Experiment(depth=6, width=500, activation="relu", init="he_normal", batch=2))
    squares = [np.mean(singular_values(jacobian(trace, k + 1, k)) ** 2) for k in range(1, 6)]
    # Half of 500 units are on: √(1/500)/½ = 4.5 % a layer at the most, the mean of five within three of 2 %.
    assert np.mean(squares) == pytest.approx(1.0, abs=0.06)


# -- the spectra of a trace --------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"cell": "gru"}])
def test_the_spectra_are_the_singular_values_of_every_stage_and_end_to_end(fields: dict[str, Any]) -> None:
    trace = square(**fields)
    found = spectra(trace, sample=2)
    assert found.sample == 2
    assert np.array_equal(found.end_to_end, singular_values(jacobian(trace, sample=2)))
    for stage, values in enumerate(found.stages):
        assert np.array_equal(values, singular_values(jacobian(trace, stage + 1, stage, 2)))
        assert (np.diff(values) <= 0).all()
    assert len(found.stages) == len(trace.stages) - 1


def test_the_document_has_the_spectra_where_they_are_asked_for() -> None:
    trace = square()
    assert "jacobian" not in document(trace)
    found = json.loads(json.dumps(document(trace, with_jacobian=True), allow_nan=False))["jacobian"]
    assert found["end_to_end"] == spectra(trace).end_to_end.tolist()
    assert [len(values) for values in found["stages"]] == [4] * 5


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_jacobian_that_is_not_finite_has_no_singular_values_and_is_no_error(number: float) -> None:
    matrix = np.eye(3)
    matrix[1, 2] = number
    assert np.isnan(singular_values(matrix)).all()


def test_the_spectra_of_a_network_that_overflows_are_strict_json() -> None:
    trace = simulate(Experiment(activation="gelu", depth=4, width=3, sigma_w=1e30, dtype="float32"))
    json.dumps(document(trace, with_jacobian=True), allow_nan=False)


# -- where there is none -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "first"), [(1, 1), (1, 2), (6, 0), (3, -1), (0, 0)])
def test_stages_that_do_not_exist_or_are_not_in_order_are_refused(last: int, first: int) -> None:
    (problem,) = refused(jacobian, square(), last, first)
    assert problem == f"stages: {first} to {last} given; allowed: 0 ≤ first < last ≤ 5"


@pytest.mark.parametrize("sample", [-1, 3])
def test_a_sample_that_does_not_exist_is_refused(sample: int) -> None:
    (problem,) = refused(jacobian, square(), sample=sample)
    assert problem == f"sample: {sample} given; allowed: 0 to 2"


def test_batch_norm_is_refused_as_its_samples_depend_on_each_other() -> None:
    (problem,) = refused(jacobian, square(norm="batch"))
    assert problem.startswith("norm: batch norm ties the samples together")
    assert jacobian(square(cell="gru", norm="batch")).shape == (4, 4)  # a cell has no norm


def test_a_stack_is_refused() -> None:
    (problem,) = refused(jacobian, square(cell="gru", layers=2))
    assert problem.startswith("layers: 2 given")
    assert jacobian(square(layers=2)).shape == (4, 4)  # an MLP has no stacked layers


def test_more_units_than_can_be_decomposed_in_a_second_are_refused() -> None:
    trace = simulate(Experiment(depth=2, width=MOST_UNITS + 1, batch=1, init="zeros"))
    (problem,) = refused(jacobian, trace)
    assert problem == f"width: {MOST_UNITS + 1} units; the exact Jacobian goes up to {MOST_UNITS}"


def test_every_reason_comes_at_once() -> None:
    problems = refused(jacobian, square(norm="batch"), 9, 0, 7)
    assert [problem.split(":")[0] for problem in problems[:3]] == ["stages", "sample", "norm"]


def test_the_smallest_network_has_a_jacobian_of_one_number() -> None:
    network = build(small("mlp", depth=1, width=1, batch=1, data="gaussian", inputs=1))
    trace = analysed(network.run())
    wanted = (1 - trace.values["h/1"] ** 2) * trace.parameters["layers.1.weight"]
    assert jacobian(trace) == pytest.approx(wanted, rel=1e-14)
