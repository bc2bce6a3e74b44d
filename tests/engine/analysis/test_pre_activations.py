"""Pre-activations: what the activations got, against what they gave; slopes against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.pre_activations import pre_activations, slopes_at, weight_spread
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.meanfield import moments

SMALL = {"data": "gaussian", "width": 5, "batch": 6}


@pytest.mark.parametrize(
    "changes", [{}, {"norm": "layer", "residual": "add", "residual_block": "pre"}, {"norm": "batch"}]
)
@pytest.mark.parametrize("activation", ["sigmoid", "leaky_relu", "prelu"])
def test_a_layers_are_what_its_activation_was_given(activation: str, changes: dict[str, str]) -> None:
    trace = simulate(Experiment(depth=3, width=8, activation=activation, **changes))
    for stage in (1, 2, 3):
        (found,) = pre_activations(trace, stage)
        instruction = trace.activation_at(stage)
        assert instruction is not None
        output = np.empty_like(found.z)
        ACTIVATIONS[found.activation].forward(found.z, output, found.slope)
        np.testing.assert_array_equal(output, trace.values[instruction.outputs[0]])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_gates_are_its_logit_and_the_candidates_its_artanh(cell: str, layers: int) -> None:
    trace = simulate(Experiment(cell=cell, steps=4, layers=layers, **SMALL))
    for stage in (1, 3, 4):
        gate, candidate = pre_activations(trace, stage)
        gates = trace.values[f"gates/{stage}"]
        share, new = gates[:, 5:10], gates[:, 10:15]
        assert (gate.activation, candidate.activation) == ("sigmoid", "tanh")
        assert (gate.part, candidate.part) == (f"{'forget' if cell == 'lstm' else 'update'} gate", "candidate")
        np.testing.assert_allclose(gate.z, np.log(share / (1 - share)), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(candidate.z, np.arctanh(new), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_an_rnns_give_its_hidden_state(activation: str) -> None:
    trace = simulate(Experiment(cell="rnn", steps=4, activation=activation, **SMALL))
    for stage in (1, 2, 4):
        (found,) = pre_activations(trace, stage)
        wanted = np.tanh(found.z) if activation == "tanh" else np.maximum(found.z, 0)
        np.testing.assert_allclose(trace.values[f"h/{stage}"], wanted, rtol=1e-12, atol=1e-15)


def test_a_saturated_gates_are_finite_where_its_logit_is_not() -> None:
    trace = simulate(Experiment(cell="lstm", steps=3, forget_bias=800.0, **SMALL))
    assert (trace.values["gates/2"][:, 5:10] == 1.0).all()
    gate, _ = pre_activations(trace, 2)
    assert np.isfinite(gate.z).all()
    assert float(gate.z.mean()) == pytest.approx(800, abs=5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_pinned_gate_says_so(cell: str) -> None:
    trace = simulate(Experiment(cell=cell, steps=3, pin_forget=1.0, **SMALL))
    assert [each.pinned for each in pre_activations(trace, 1)] == [True, False]


@pytest.mark.parametrize("stage", [0, 4, -1])
def test_a_stage_without_an_activation_is_refused(stage: int) -> None:
    with pytest.raises(IndexError, match=f"stage {stage}: there are 1 to 3"):
        pre_activations(simulate(Experiment(depth=3)), stage)


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_the_mean_square_slope_of_a_normal_z_is_that_of_mean_field_theory(name: str) -> None:
    z = 1.3 * np.random.default_rng(3).standard_normal((400, 500))
    found = slopes_at(name, z)
    # 200,000 draws: four standard errors of a quantity of order 1 are about 1e-2.
    assert found.square == pytest.approx(moments(name, 1.3**2).slope_square, rel=1e-2)
    assert found.factor == math.sqrt(found.square)


def test_saturated_and_dead_are_shares_of_outputs_and_of_units() -> None:
    z = np.array([[-5.0, 0.1, -1.0], [5.0, -0.2, -2.0], [0.0, 9.0, -3.0], [0.0, 0.3, -4.0]])
    relu, tanh = slopes_at("relu", z), slopes_at("tanh", z)
    assert (relu.mean, relu.square, relu.saturated, relu.dead) == (4 / 12, 4 / 12, None, 1 / 3)
    # |tanh z| > 0.97 from |z| = 2.09 on: −5, 5, 9, −3, −4.
    assert (tanh.saturated, tanh.dead) == (5 / 12, 0.0)


@pytest.mark.parametrize("experiment", [Experiment(depth=2), Experiment(depth=2, activation="relu", init="orthogonal")])
def test_the_measured_spread_of_the_weights_is_the_factor_of_a_random_gradient(experiment: Experiment) -> None:
    trace = simulate(experiment)
    weight = trace.parameters["layers.2.weight"]
    gradient = np.random.default_rng(0).standard_normal((4000, weight.shape[0]))
    factor = np.linalg.norm(gradient @ weight) / np.linalg.norm(gradient)
    assert weight_spread(trace, 2) == pytest.approx(factor, rel=0.01)


def test_only_a_gated_cell_has_no_matrix_on_its_direct_path() -> None:
    spreads = {
        cell: weight_spread(simulate(Experiment(cell=cell, steps=3, layers=2, **SMALL)), 2)
        for cell in ("rnn", "lstm", "gru")
    }
    assert spreads["lstm"] is spreads["gru"] is None
    assert (spreads["rnn"] or 0.0) > 0
