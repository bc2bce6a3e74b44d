"""Normalisation: what the formulas imply for values and gradients; running statistics; a batch of one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, build, simulate
from gradtui_engine.core.numerics import Array
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.run.npz import arrays
from tests.engine.helpers import refused, shaken, small, with_inputs, with_parameters
from tests.engine.oracles import LOSSES, activate, length

# Sums over 5 samples or 8 units of numbers that cancel to rounding: a few eps of their sizes.
ROUNDING = 1e-13
NORMS = [name for name in NORMALISATIONS if name != "none"]
# What the gradient and the values are centred over, where they are: samples of a unit, units of a sample.
AXES = {"batch": 0, "layer": 1}

every_norm = pytest.mark.parametrize("norm", NORMS)
every_position = pytest.mark.parametrize("position", ["before", "after"])


def normed(norm: str, **changes: Any) -> Trace:
    """A trace whose affine parameters are not 1 and 0."""
    network = shaken(small("mlp", norm=norm, **changes))
    weights = {
        name.replace(".", "__"): 0.5 + np.arange(array.size) / 7
        for name, array in network.parameters.items()
        if name.endswith("norm.weight")
    }
    return with_parameters(network, **weights).run()


def entering(trace: Trace) -> dict[int, str]:
    """The slot that each layer's norm reads."""
    return {each.site.layer: each.inputs[0] for each in trace.program.instructions if each.operation == "norm"}


def normal(trace: Trace, layer: int) -> Array:
    """The normalised value before γ and β, from the definition."""
    row = NORMALISATIONS[trace.resolved.norm]
    values = trace.values[entering(trace)[layer]]
    axis = AXES.get(row.name, 1)
    centred = values - values.mean(axis=axis, keepdims=True) if row.name in AXES else values
    eps = 1e-5 if row.name in AXES else np.finfo(values.dtype).eps
    return centred / np.sqrt((centred**2).mean(axis=axis, keepdims=True) + eps)


@every_norm
@every_position
def test_the_norm_puts_out_gamma_times_the_normalised_value_plus_beta(norm: str, position: str) -> None:
    trace = normed(norm, norm_position=position)
    for each in trace.program.instructions:
        if each.operation == "norm":
            weight, *bias = (trace.parameters[name] for name in each.parameters)
            wanted = normal(trace, each.site.layer) * weight + (bias[0] if bias else 0.0)
            assert trace.values[each.outputs[0]] == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("norm", AXES)
@every_position
@pytest.mark.parametrize("residual", ["none", "add"])
def test_the_gradient_that_leaves_a_centring_norm_sums_to_zero(norm: str, position: str, residual: str) -> None:
    """Over the batch for BatchNorm, over the units for LayerNorm: adding a constant changes nothing.

    Where a skip joins, what is looked at is the branch's share, which z is before.
    """
    trace = normed(norm, norm_position=position, residual=residual)
    for slot in entering(trace).values():
        gradient = trace.gradient(slot)
        assert length(gradient) > 1e-6
        assert np.abs(gradient.sum(axis=AXES[norm])).max() < ROUNDING


@every_norm
@every_position
def test_the_gradient_that_leaves_a_norm_is_orthogonal_to_the_value_but_for_eps(norm: str, position: str) -> None:
    # Σ (z − μ) dz = Σ g x̂ · ε / (σ² + ε): making z larger changes nothing else.
    trace = normed(norm, norm_position=position, width=16, depth=2)
    axis, eps = AXES.get(norm, 1), 1e-5 if norm in AXES else np.finfo(np.float64).eps
    for each in trace.program.instructions:
        if each.operation == "norm":
            value, gradient = trace.values[each.inputs[0]], trace.gradient(each.inputs[0])
            centred = value - value.mean(axis=axis, keepdims=True) if norm in AXES else value
            arriving = trace.gradient(each.outputs[0]) * trace.parameters[each.parameters[0]]
            along = (arriving * normal(trace, each.site.layer)).sum(axis=axis)
            wanted = along * eps / ((centred**2).mean(axis=axis) + eps)
            assert (centred * gradient).sum(axis=axis) == pytest.approx(wanted, rel=1e-6, abs=ROUNDING)


@every_norm
def test_the_gradient_of_a_scale_invariant_layer_is_orthogonal_to_its_weights(norm: str) -> None:
    # Biases are 0, so the layer's z is linear in W, and the norm after it takes W's scale away.
    trace = simulate(small("mlp", norm=norm, width=16))
    for layer in range(1, 5):
        weight, gradient = (which[f"layers.{layer}.weight"] for which in (trace.parameters, trace.parameter_gradients))
        # ε = 1e-5 over variances of about ½ leaves up to 1e-4; RMSNorm's is the dtype's own.
        tolerance = 1e-12 if norm == "rms" else 1e-4
        assert length(gradient) > 1e-3
        assert abs(np.vdot(weight, gradient)) < tolerance * length(weight) * length(gradient)


@every_norm
def test_weights_ten_times_as_large_change_no_value_and_have_a_tenth_of_the_gradient(norm: str) -> None:
    # That is why a norm and weight decay together act on the effective learning rate.
    plain = build(small("mlp", norm=norm, width=16))
    larger = with_parameters(plain, layers__2__weight=10 * plain.parameters["layers.2.weight"])
    one, ten = plain.run(), larger.run()
    assert ten.loss == pytest.approx(one.loss, rel=1e-4)
    name = "layers.2.weight"
    assert 10 * ten.parameter_gradients[name] == pytest.approx(one.parameter_gradients[name], abs=1e-4)


def test_the_bias_in_front_of_a_batch_norm_does_nothing() -> None:
    trace = normed("batch")
    for layer in range(1, 5):
        assert np.abs(trace.parameter_gradients[f"layers.{layer}.bias"]).max() < ROUNDING
        assert length(trace.parameter_gradients[f"layers.{layer}.norm.bias"]) > 1e-6


@every_norm
def test_the_affine_parameters_start_at_one_and_zero_and_rms_norm_has_no_bias(norm: str) -> None:
    parameters = build(small("mlp", norm=norm)).parameters
    for layer in range(1, 5):
        assert np.array_equal(parameters[f"layers.{layer}.norm.weight"], np.ones(8))
        if norm == "rms":
            assert f"layers.{layer}.norm.bias" not in parameters
        else:
            assert np.array_equal(parameters[f"layers.{layer}.norm.bias"], np.zeros(8))


@pytest.mark.parametrize(("norm", "alone"), [("layer", True), ("rms", True), ("batch", False)])
def test_a_norm_over_the_units_treats_each_sample_by_itself_and_batch_norm_does_not(norm: str, alone: bool) -> None:
    network = shaken(small("mlp", norm=norm))
    moved = network.batch.inputs.copy()
    moved[1:] += 1.0
    before, after = (each.run().values["output"][0] for each in (network, with_inputs(network, moved)))
    assert np.array_equal(before, after) == alone


# -- running statistics ------------------------------------------------------------------------------------


def test_the_running_statistics_are_pytorchs_after_one_batch() -> None:
    # running ← 0.9 · running + 0.1 · batch's, from 0 and 1; the variance with n − 1.
    trace = normed("batch")
    slots = entering(trace)
    assert len(trace.running_statistics) == 2 * len(slots)
    for layer, slot in slots.items():
        values = trace.values[slot]
        mean, variance = (trace.running_statistics[f"layers.{layer}.norm.running_{kind}"] for kind in ("mean", "var"))
        assert mean == pytest.approx(0.1 * values.mean(axis=0), rel=1e-12)
        assert variance == pytest.approx(0.9 + 0.1 * values.var(axis=0, ddof=1), rel=1e-12)


@pytest.mark.parametrize("norm", [name for name in NORMALISATIONS if name != "batch"])
def test_only_batch_norm_has_running_statistics(norm: str) -> None:
    assert simulate(small("mlp", norm=norm)).running_statistics == {}


def test_the_archive_has_the_running_statistics_as_buffers() -> None:
    trace = normed("batch", depth=2)
    found = {name: array for name, array in arrays(trace) if name.startswith("buffer/")}
    assert list(found) == [f"buffer/layers.{k}.norm.running_{kind}" for k in (1, 2) for kind in ("mean", "var")]


def test_in_evaluation_the_loss_is_that_of_the_running_statistics() -> None:
    trace = normed("batch", depth=3)
    network = build(trace.experiment).with_parameters(trace.parameters)
    running, hidden = trace.running_statistics, trace.input
    for layer in (1, 2, 3):
        of = {name: trace.parameters[f"layers.{layer}.{name}"] for name in ("weight", "bias")}
        raw = hidden @ of["weight"].T + of["bias"]
        mean, variance = (running[f"layers.{layer}.norm.running_{kind}"] for kind in ("mean", "var"))
        scaled = (raw - mean) / np.sqrt(variance + 1e-5) * trace.parameters[f"layers.{layer}.norm.weight"]
        hidden = activate("tanh", scaled + trace.parameters[f"layers.{layer}.norm.bias"])
    output = hidden @ trace.parameters["output.weight"].T + trace.parameters["output.bias"]
    wanted = float(LOSSES["cross_entropy"](output, trace.target))
    assert network.loss(running) == pytest.approx(wanted, rel=1e-12)
    assert network.loss() == trace.loss != pytest.approx(wanted, rel=1e-3)


def test_with_the_batchs_own_statistics_evaluation_is_training() -> None:
    trace = normed("batch")
    network = build(trace.experiment).with_parameters(trace.parameters)
    own = {}
    for layer, slot in entering(trace).items():
        own[f"layers.{layer}.norm.running_mean"] = trace.values[slot].mean(axis=0)
        own[f"layers.{layer}.norm.running_var"] = trace.values[slot].var(axis=0)
    assert network.loss(own) == pytest.approx(trace.loss, rel=1e-12)


# -- the smallest ------------------------------------------------------------------------------------------


def test_batch_norm_of_one_sample_is_refused_with_what_to_try() -> None:
    (problem,) = refused(Experiment, norm="batch", batch=1)
    assert problem.startswith("batch: 1 given; norm batch needs at least 2")
    assert "norm layer" in problem


def test_batch_norm_of_a_file_of_one_row_is_refused_when_the_file_is_known(tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text("a,b,y\n1,2,3\n")
    (problem,) = refused(build, Experiment(data=f"csv:{table}", norm="batch", depth=2, width=3))
    assert problem.startswith("batch: 1 given; norm batch needs at least 2")


def test_a_recurrent_cell_has_no_norm_and_takes_a_batch_of_one() -> None:
    assert math.isfinite(simulate(small("gru", norm="batch", batch=1)).loss)


@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_a_norm_over_the_units_takes_a_batch_of_one(norm: str) -> None:
    assert simulate(small("mlp", norm=norm, batch=1)).outcome.signal.kind == "healthy"


def test_layer_norm_over_one_unit_leaves_nothing_of_it_and_rms_norm_its_sign() -> None:
    layer = shaken(small("mlp", norm="layer", width=1, depth=1)).run()
    assert np.array_equal(layer.values["n/1"], np.tile(layer.parameters["layers.1.norm.bias"], (5, 1)))
    assert not layer.gradient("z/1").any()
    rms = simulate(small("mlp", norm="rms", width=1, depth=1))
    assert rms.values["n/1"] == pytest.approx(np.sign(rms.values["z/1"]), rel=1e-12)


def test_a_row_says_what_ties_samples_together_keeps_statistics_and_follows_a_theory_of_its_own() -> None:
    tied = {name for name, row in NORMALISATIONS.items() if row.ties_samples}
    kept = {name for name, row in NORMALISATIONS.items() if row.keeps_running}
    assert tied == kept == {name for name, row in NORMALISATIONS.items() if row.theory != "scale"} == {"batch"}
