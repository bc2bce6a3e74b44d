"""The named sets, tensor by tensor, against what PyTorch's own modules draw and what Keras' and Flax' sources say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, ExperimentError, build, simulate
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.initialisers import INITIALISERS, OUTPUT_RULES, RECURRENT_RULES
from gradtui_engine.theory.prediction import weight_scale

SETS = ["torch_default", "keras_default", "flax_default"]
#: What normal numbers are divided by that are cut at two deviations: √ of the variance that the cut leaves.
LEFT = 0.87962566103423978


def started(**fields: Any) -> dict[str, Array]:
    common = {"width": 48, "layers": 2, "depth": 3, "data": "gaussian", "inputs": 20, "steps": 2, "batch": 2}
    return dict(build(Experiment(**{**common, **fields})).parameters)


def assert_uniform(values: Array, bound: float, name: str) -> None:
    """Within ±bound, filled, and of its variance: six standard errors (of x² of a uniform x: √0.8)."""
    count = values.size
    assert np.abs(values).max() <= bound * (1 + 1e-15), name
    assert np.abs(values).max() > bound * (1 - 20 / count), name
    assert abs(values.mean()) < 6 * bound / math.sqrt(3 * count), name
    assert np.mean(values**2) == pytest.approx(bound**2 / 3, rel=6 * math.sqrt(0.8 / count)), name


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mgu"])
def test_keras_draws_all_gates_of_a_cell_in_one_matrix(cell: str) -> None:
    """Kernel (inputs, gates · units) glorot_uniform, recurrent kernel (units, gates · units) with orthonormal rows."""
    found, gates = started(cell=cell, init="keras_default"), {"rnn": 1, "lstm": 4, "gru": 3, "mgu": 2}[cell]
    for layer, inputs in enumerate((20, 48)):
        weight = found[f"{cell}.weight_ih_l{layer}"]
        assert_uniform(weight, math.sqrt(6 / (inputs + gates * 48)), f"layer {layer}")
        recurrent = found[f"{cell}.weight_hh_l{layer}"]
        assert recurrent.shape == (gates * 48, 48)
        assert recurrent.T @ recurrent == pytest.approx(np.eye(48), abs=1e-12)
        biases = [
            array for name, array in found.items() if name.startswith(f"{cell}.bias") and name.endswith(f"{layer}")
        ]
        total = np.sum(biases, axis=0)
        # unit_forget_bias: the second block of an LSTM's, in PyTorch's order i, f, g, o.
        assert total.tolist() == [1.0 if cell == "lstm" and 48 <= row < 96 else 0.0 for row in range(gates * 48)]
    assert_uniform(found["output.weight"], math.sqrt(6 / (48 + len(found["output.bias"]))), "output")
    assert not found["output.bias"].any()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_flax_draws_gate_by_gate(cell: str) -> None:
    """variance_scaling(1, fan_in, truncated_normal) for what enters, orthogonal() for each gate's own, zeros."""
    found = started(cell=cell, init="flax_default", width=64)
    for layer, inputs in enumerate((20, 64)):
        weight = found[f"{cell}.weight_ih_l{layer}"]
        cut = 2 / (LEFT * math.sqrt(inputs))
        assert 0.97 * cut < np.abs(weight).max() <= cut * (1 + 1e-9)
        assert np.mean(weight**2) == pytest.approx(1 / inputs, rel=6 * math.sqrt(2 / weight.size))
        for block in np.split(found[f"{cell}.weight_hh_l{layer}"], len(weight) // 64):
            assert block @ block.T == pytest.approx(np.eye(64), abs=1e-12)
    assert not any(array.any() for array in found.values() if array.ndim == 1)


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_layers_of_keras_and_flax(norm: str) -> None:
    """Dense: glorot_uniform, or lecun_normal, and zeros; norms start at 1 and 0."""
    keras, flax = (started(init=name, norm=norm, activation="relu") for name in SETS[1:])
    for name, fan_in in (("layers.1", 20), ("layers.2", 48), ("layers.3", 48)):
        assert_uniform(keras[f"{name}.weight"], math.sqrt(6 / (fan_in + 48)), name)
        weight = flax[f"{name}.weight"]
        assert np.abs(weight).max() <= 2 / (LEFT * math.sqrt(fan_in)) * (1 + 1e-9)
        assert np.mean(weight**2) == pytest.approx(1 / fan_in, rel=6 * math.sqrt(2 / weight.size))
    for found in (keras, flax):
        assert not any(array.any() for name, array in found.items() if name.endswith("bias"))
        assert all((array == 1).all() for name, array in found.items() if name.endswith("norm.weight"))


# -- what is given by hand -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_what_is_given_by_hand_wins_over_the_set(name: str) -> None:
    plain, by_hand = (
        Experiment(cell="lstm", init=name, **more)
        for more in ({}, {"forget_bias": 3.0, "init_recurrent": "identity", "init_output": "zeros", "sigma_b": 0.5})
    )
    assert plain.resolved.forget_bias == (1.0 if name == "keras_default" else 0.0)
    assert plain.resolved.init_recurrent == (None if name == "torch_default" else "orthogonal")
    found, own = build(by_hand).parameters, build(plain).parameters
    # Gate by gate, also where the set draws all of them in one.
    assert np.array_equal(found["lstm.weight_hh_l0"], np.tile(np.eye(64), (4, 1)))
    assert not found["output.weight"].any()
    assert found["lstm.bias_ih_l0"][64:128].mean() == pytest.approx(3.0, abs=6 * 0.5 / 8)
    assert np.array_equal(found["lstm.weight_ih_l0"], own["lstm.weight_ih_l0"])


def test_a_set_that_says_the_same_by_hand_is_the_same_experiment() -> None:
    plain = Experiment(cell="gru", init="keras_default")
    assert plain.replace(init_recurrent="orthogonal").resolved == plain.resolved
    assert plain.replace(sigma_w=1.0).resolved.init_recurrent is None


@pytest.mark.parametrize("name", SETS)
def test_the_gain_scales_every_matrix_and_no_bias(name: str) -> None:
    one, twice = (started(cell="lstm", init=name, gain=gain) for gain in (1.0, 2.0))
    for parameter, array in twice.items():
        assert np.array_equal(array, (2.0 if array.ndim == 2 else 1.0) * one[parameter]), parameter


def test_sets_have_other_names() -> None:
    called = {
        "pytorch": "torch_default",
        "torch": "torch_default",
        "keras": "keras_default",
        "jax_default": "flax_default",
    }
    assert {text: Experiment(init=text).init for text in called} == called


@pytest.mark.parametrize("field", ["init_recurrent", "init_output"])
@pytest.mark.parametrize("name", SETS)
def test_a_set_is_no_rule_for_one_matrix(field: str, name: str) -> None:
    with pytest.raises(ExperimentError, match=f"{field}: '{name}' is unknown"):
        Experiment(cell="rnn", **{field: name})
    assert not {*SETS} & {*OUTPUT_RULES, *RECURRENT_RULES}
    assert {*OUTPUT_RULES} - {*RECURRENT_RULES} == {"lsuv"}


# -- rules of their own --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RECURRENT_RULES.names)
@pytest.mark.parametrize("more", [{}, {"sigma_w": 0.7}, {"init": "torch_default"}], ids=str)
def test_recurrent_weights_of_their_own_leave_all_others_alone(rule: str, more: dict[str, Any]) -> None:
    plain, found = (
        started(cell="lstm", **more, **own) for own in ({}, {"init_recurrent": rule, "gain_recurrent": 0.5})
    )
    for name, array in found.items():
        assert np.array_equal(array, plain[name]) == ("weight_hh" not in name), name
    rng_free = {"identity": np.tile(0.5 * np.eye(48), (4, 1)), "zeros": np.zeros((192, 48))}
    if rule in rng_free:
        assert np.array_equal(found["lstm.weight_hh_l1"], rng_free[rule])
    variance = RECURRENT_RULES[rule].variance
    if variance is not None:
        wanted = variance(48, 48, 0.5, None)
        spread = 6 * math.sqrt(2 / found["lstm.weight_hh_l0"].size)
        assert np.mean(found["lstm.weight_hh_l0"] ** 2) == pytest.approx(wanted, rel=spread)


def test_gains_of_their_own_without_a_rule_multiply_what_would_have_been_drawn() -> None:
    for more in ({}, {"sigma_w": 1.3}, {"init": "he_uniform"}, {"init": "keras_default"}, {"init_scale": 0.2}):
        plain, found = (
            started(cell="gru", **more, **own) for own in ({}, {"gain_recurrent": 0.25, "gain_output": 4.0})
        )
        for name, array in found.items():
            factor = 0.25 if "weight_hh" in name else 4.0 if name == "output.weight" else 1.0
            assert np.array_equal(array, factor * plain[name]), (name, more)


def test_a_small_output_layer_is_what_its_gain_says() -> None:
    """Orthogonal with a gain of 0.01, the head of a policy (Schulman et al. 2017's code)."""
    found = started(init_output="orthogonal", gain_output=0.01, gain="auto", activation="tanh")
    singular = np.linalg.svd(found["output.weight"], compute_uv=False)
    assert singular == pytest.approx(0.01, rel=1e-12)


def test_zeros_in_the_output_layer_give_the_loss_of_a_guess() -> None:
    trace = build(Experiment(init_output="zeros", activation="relu", init="he_normal")).run()
    assert trace.loss == pytest.approx(math.log(10), rel=1e-12)


@pytest.mark.parametrize("cell", ["mlp", "rnn", "gru"])
def test_an_output_layer_alone_can_be_scaled_on_the_batch(cell: str) -> None:
    trace = build(Experiment(cell=cell, init_output="lsuv", gain_output=1.5, depth=3)).run()
    assert trace.values["output"].std() == pytest.approx(1.5, rel=1e-12)
    plain = build(Experiment(cell=cell, depth=3)).parameters
    assert all(np.array_equal(trace.parameters[name], plain[name]) for name in plain if name != "output.weight")


def test_lsuv_leaves_an_output_layer_with_a_rule_of_its_own_alone() -> None:
    trace = build(Experiment(init="lsuv", init_output="zeros", activation="tanh", depth=4)).run()
    assert not trace.parameters["output.weight"].any()
    assert [trace.values[f"z/{layer}"].std() for layer in range(1, 5)] == pytest.approx([1.0] * 4, rel=1e-12)


# -- theory --------------------------------------------------------------------------------------------------


def test_theory_along_time_has_the_scale_of_the_recurrent_weights() -> None:
    for rule, gain, wanted in (("orthogonal", 0.9, 0.81), ("he_normal", 1.0, 2.0), ("normal", 1.2, 1.44)):
        resolved = Experiment(cell="rnn", init_recurrent=rule, gain_recurrent=gain).resolved
        assert weight_scale(resolved, 64, 64, "recurrent") == pytest.approx(wanted, rel=1e-12)
        assert weight_scale(resolved, 64, 64) == pytest.approx(1.0, rel=1e-12)
    trace = simulate(Experiment(cell="rnn", init_recurrent="identity", steps=4, data="gaussian"))
    assert set(trace.theory.factors) == {None}
    assert "identity" in trace.theory.note


@pytest.mark.parametrize("rule", ["orthogonal", "normal", "xavier_uniform"])
@pytest.mark.parametrize("gain", [0.7, 1.3])
def test_an_rnns_measured_factor_is_the_predicted_one(rule: str, gain: float) -> None:
    trace = simulate(
        Experiment(
            cell="rnn", width=400, inputs=400, steps=12, data="gaussian", batch=32, init="he_normal", gain=0.3,
            init_recurrent=rule, gain_recurrent=gain,
        )
    )  # fmt: skip
    measured = [stage.factor for stage in trace.stages[4:10]]
    # Width 400 and 32 samples: over ten seeds the factors scatter by 1 to 2 %.
    assert measured == pytest.approx(list(trace.theory.factors[4:10]), rel=0.06)


@pytest.mark.parametrize("name", SETS)
def test_the_variance_of_a_set_is_that_of_its_draw(name: str) -> None:
    row = INITIALISERS[name]
    assert row.is_set
    assert row.variance is not None
    drawn = row.draw(np.random.default_rng(3), 300, 500, 1.5, None)
    assert np.mean(drawn**2) == pytest.approx(row.variance(300, 500, 1.5, None), rel=6 * math.sqrt(2 / drawn.size))
