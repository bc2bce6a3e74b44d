"""The table of initialisers: variance, bounds, gain and random streams."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build, simulate
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.initialisers import INITIALISERS, Initialiser
from tests.engine.helpers import small
from tests.engine.strategies import init_names
from tests.examples import covering, in_one, spread

every_initialiser = pytest.mark.parametrize("row", INITIALISERS.values(), ids=lambda row: row.name)

Rule = Callable[[int, int], float]
# The variance of a standard normal cut at ±2: 1 − 4φ(2) / (2Φ(2) − 1).
CUT = 1 - 4 * math.exp(-2.0) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2.0))
# Mean square of a weight at gain 1, by (fan_out, fan_in); THEORY.md and PyTorch's documentation.
VARIANCES: dict[str, Rule] = {
    "normal": lambda fan_out, fan_in: 1 / fan_in,
    "uniform": lambda fan_out, fan_in: 1 / (3 * fan_in),
    "torch_default": lambda fan_out, fan_in: 1 / (3 * fan_in),
    "keras_default": lambda fan_out, fan_in: 2 / (fan_in + fan_out),
    "flax_default": lambda fan_out, fan_in: 1 / fan_in,
    "truncated_normal": lambda fan_out, fan_in: CUT / fan_in,
    "trunc_normal": lambda fan_out, fan_in: 1 / fan_in,  # cut at 20 standard deviations and more
    "xavier_normal": lambda fan_out, fan_in: 2 / (fan_in + fan_out),
    "xavier_uniform": lambda fan_out, fan_in: 2 / (fan_in + fan_out),
    "he_normal": lambda fan_out, fan_in: 2 / fan_in,
    "he_uniform": lambda fan_out, fan_in: 2 / fan_in,
    "lecun_normal": lambda fan_out, fan_in: 1 / fan_in,
    "lecun_uniform": lambda fan_out, fan_in: 1 / fan_in,
    "orthogonal": lambda fan_out, fan_in: 1 / max(fan_out, fan_in),
    "lsuv": lambda fan_out, fan_in: 1 / max(fan_out, fan_in),
    "identity": lambda fan_out, fan_in: 2 / (fan_in + fan_out),  # not square here
    "constant": lambda fan_out, fan_in: 1 / fan_in,
    "zeros": lambda fan_out, fan_in: 0.0,
}
UNIFORM = [name for name in INITIALISERS if name.endswith("uniform") or name in ("torch_default", "keras_default")]
NORMAL = [name for name in INITIALISERS if name.endswith("_normal") and not name.startswith("truncated")]
RANDOM = [name for name in INITIALISERS if name not in ("constant", "zeros")]
FANS = [(500, 400), (100, 2000), (2000, 100)]
NUMBERS = 200_000  # fan_out · fan_in of each of FANS
# The sample variance of n normal numbers has the relative standard error √(2/n); five of them.
VARIANCE_TOLERANCE = 5 * math.sqrt(2 / NUMBERS)


def draw(row: Initialiser, fan_out: int, fan_in: int, gain: float = 1.0) -> Array:
    return row.draw(np.random.default_rng(7), fan_out, fan_in, gain)


@every_initialiser
@in_one(("fan_out", "fan_in"), FANS)
def test_the_variance_is_that_of_the_formula(row: Initialiser, fan_out: int, fan_in: int) -> None:
    weights = draw(row, fan_out, fan_in)
    wanted = VARIANCES[row.name](fan_out, fan_in)
    assert weights.shape == (fan_out, fan_in)
    assert np.mean(weights**2) == pytest.approx(wanted, rel=VARIANCE_TOLERANCE)
    if row.name in RANDOM:
        assert abs(weights.mean()) <= 5 * math.sqrt(wanted / NUMBERS)  # five standard errors of a mean


@every_initialiser
@in_one(("fan_out", "fan_in"), FANS)
@in_one("gain", [1.0, 1.7])
def test_the_variance_that_theory_is_told_is_the_one_that_is_drawn(
    row: Initialiser, fan_out: int, fan_in: int, gain: float
) -> None:
    if row.variance is not None:
        wanted = gain**2 * VARIANCES[row.name](fan_out, fan_in)
        assert row.variance(fan_out, fan_in, gain, None) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", UNIFORM)
@pytest.mark.parametrize(("fan_out", "fan_in"), FANS)
def test_a_uniform_row_fills_its_bounds_and_never_leaves_them(name: str, fan_out: int, fan_in: int) -> None:
    weights = draw(INITIALISERS[name], fan_out, fan_in)
    bound = math.sqrt(3 * VARIANCES[name](fan_out, fan_in))
    assert np.abs(weights).max() <= bound * (1 + 1e-15)  # rounding of the bound itself
    # The largest of n uniform numbers misses the bound by 1/n on average; by 20/n once in e^20.
    assert np.abs(weights).max() > bound * (1 - 20 / NUMBERS)


@pytest.mark.parametrize("name", NORMAL)
def test_a_normal_row_has_the_tails_of_a_normal_distribution(name: str) -> None:
    weights = draw(INITIALISERS[name], *FANS[0]).ravel()
    kurtosis = np.mean(weights**4) / np.mean(weights**2) ** 2
    # 3 for a normal distribution (1.8 for a uniform one), standard error √(24/n).
    assert kurtosis == pytest.approx(3.0, abs=5 * math.sqrt(24 / NUMBERS))


def test_zeros_are_zeros() -> None:
    assert not draw(INITIALISERS["zeros"], 3, 5, gain=4.0).any()


# trunc_normal's cut stays where it is, whatever the gain.
@pytest.mark.parametrize(
    "row", [row for row in INITIALISERS.values() if row.name != "trunc_normal"], ids=lambda row: row.name
)
def test_the_gain_scales_the_weights_exactly(row: Initialiser) -> None:
    ones = draw(row, 20, 30)
    assert np.array_equal(draw(row, 20, 30, gain=4.0), 4.0 * ones)  # a power of two: no rounding at all
    # Any other gain rounds twice, once on each side.
    assert draw(row, 20, 30, gain=1.7) == pytest.approx(1.7 * ones, rel=4 * np.finfo(float).eps, abs=0.0)
    assert not draw(row, 20, 30, gain=0.0).any()


@pytest.mark.parametrize(("fan_out", "fan_in"), [(7, 7), (9, 4), (4, 9)])
def test_an_orthogonal_matrix_has_all_its_singular_values_at_the_gain(fan_out: int, fan_in: int) -> None:
    found = np.linalg.svd(draw(INITIALISERS["orthogonal"], fan_out, fan_in, gain=1.5), compute_uv=False)
    assert found == pytest.approx(1.5, rel=1e-14)


def test_orthogonal_matrices_are_drawn_evenly_from_all_of_them() -> None:
    # Haar measure: E Q = 0 and E Q_ij² = 1/n. Without the signs of R's diagonal, Q_00 would never be positive.
    rng = np.random.default_rng(0)
    draws = np.array([INITIALISERS["orthogonal"].draw(rng, 3, 3, 1.0) for _ in range(2000)])
    assert np.abs(draws.mean(axis=0)).max() < 5 * math.sqrt(1 / 3 / 2000)  # five standard errors
    assert (draws**2).mean(axis=0) == pytest.approx(1 / 3, rel=0.1)


def test_a_square_identity_is_the_gain_on_the_diagonal() -> None:
    assert np.array_equal(draw(INITIALISERS["identity"], 5, 5, gain=0.5), 0.5 * np.eye(5))


def test_a_truncated_normal_has_nothing_beyond_two_standard_deviations() -> None:
    weights = draw(INITIALISERS["truncated_normal"], 500, 400) * math.sqrt(400)
    assert 1.99 < np.abs(weights).max() <= 2.0  # 1 of 200,000 lies beyond 1.99998


def cut_variance(spread: float) -> float:
    """E[x²] of N(0, spread²) between −2 and 2, by the midpoint rule."""
    x = (np.arange(400_000) + 0.5) / 100_000 - 2.0
    density = np.exp(-0.5 * (x / spread) ** 2)
    return float((x * x * density).sum() / density.sum())


@pytest.mark.parametrize("spread", [0.05, 0.8, 1.0, 1.9, 2.1, 5.0, 1e5])
def test_pytorchs_truncated_normal_is_cut_at_two_whatever_its_standard_deviation(spread: float) -> None:
    """torch.nn.init.trunc_normal_(w, std=spread): a = −2 and b = 2 are values, not standard deviations."""
    row = INITIALISERS["trunc_normal"]
    weights = row.draw(np.random.default_rng(7), 500, 400, 1.0, spread)
    assert np.abs(weights).max() <= 2.0
    assert np.mean(weights**2) == pytest.approx(cut_variance(spread), rel=VARIANCE_TOLERANCE)
    assert row.variance is not None
    assert row.variance(500, 400, 1.0, spread) == pytest.approx(cut_variance(spread), rel=1e-6)
    assert row.variance(500, 400, 0.5, 2 * spread) == row.variance(500, 400, 1.0, spread)


def test_the_two_truncated_rows_have_the_deviations_of_pytorch_and_of_keras() -> None:
    """σ_w 1.000 against 0.8796, the constant by which Keras' and JAX' variance_scaling divides."""
    found = [draw(INITIALISERS[name], 500, 400).std() * math.sqrt(400) for name in ("trunc_normal", "truncated_normal")]
    assert found == pytest.approx([1.0, 0.87962566], rel=VARIANCE_TOLERANCE)


@pytest.mark.parametrize("gain", [0.0, 1e30])
def test_pytorchs_truncated_normal_ends_with_any_gain(gain: float) -> None:
    weights = draw(INITIALISERS["trunc_normal"], 20, 30, gain)
    assert np.abs(weights).max() <= 2.0
    assert bool(weights.any()) == bool(gain)


def bounds(network: Network) -> dict[str, float]:
    return {name: float(np.abs(array).max()) for name, array in network.parameters.items()}


def test_pytorchs_start_is_that_of_its_linear_layers_biases_too() -> None:
    """torch.nn.Linear: weights kaiming_uniform_(a=√5), which is ±1/√fan_in, and biases in ±1/√fan_in."""
    fields: dict[str, Any] = {"depth": 2, "width": 300, "data": "gaussian", "inputs": 200, "init": "torch_default"}
    network = build(Experiment(**fields, norm="layer", activation="prelu"))
    fans = {"layers.1": 200, "layers.2": 300, "output": 300}
    for name, fan in fans.items():
        assert bounds(network)[f"{name}.weight"] <= 1 / math.sqrt(fan)
        assert bounds(network)[f"{name}.bias"] <= 1 / math.sqrt(fan)
        # The largest of n uniform numbers misses the bound by 1/n on average; by 20/n once in e^20.
        if name != "output":
            assert bounds(network)[f"{name}.bias"] > (1 - 20 / 300) / math.sqrt(fan)
            assert bounds(network)[f"{name}.weight"] > (1 - 20 / 60_000) / math.sqrt(fan)
    assert network.parameters["layers.1.activation.weight"].tolist() == [0.25]
    assert set(network.parameters["layers.1.norm.weight"]) == {1.0}
    assert not network.parameters["layers.1.norm.bias"].any()


@pytest.mark.parametrize(("cell", "count"), [("rnn", 4), ("lstm", 4), ("gru", 4), ("mgu", 3), ("mingru", 2)])
def test_pytorchs_start_of_a_cell_draws_every_tensor_within_the_root_of_its_hidden_units(cell: str, count: int) -> None:
    """torch.nn.RNNBase.reset_parameters: all weights and biases in ±1/√hidden_size, whatever the inputs."""
    network = build(Experiment(cell=cell, width=64, layers=2, init="torch_default"))
    found = [
        (size, array)
        for (name, array), size in zip(network.parameters.items(), bounds(network).values(), strict=True)
        if name.startswith(f"{cell}.")
    ]
    assert len(found) == 2 * count
    for size, array in found:
        assert (1 - 20 / array.size) / 8 < size <= 1 / 8
    assert bounds(network)["output.bias"] > 0


@pytest.mark.parametrize("seed", range(3))
def test_an_lstm_that_starts_as_pytorchs_loses_as_much_of_the_gradient(seed: int) -> None:
    """torch.nn.LSTM(1, 64) and nn.Linear(64, 10), digits' pixels, ten seeds: ‖∂L/∂h_0‖/‖∂L/∂h_64‖ 2e-14 to 3e-13."""
    stages = simulate(Experiment(cell="lstm", init="torch_default", seed=seed)).stages
    assert 2e-14 < stages[0].gradient_norm / stages[-1].gradient_norm < 3e-13


def test_pytorchs_lstm_has_no_forget_bias_unless_it_is_given() -> None:
    assert Experiment(cell="lstm").resolved.forget_bias == 1.0
    assert Experiment(cell="lstm", init="torch_default").resolved.forget_bias == 0.0
    assert Experiment(cell="lstm", init="torch_default", forget_bias=1.0).resolved.forget_bias == 1.0
    assert Experiment(cell="lstm", init="torch_default", sigma_w=1.0).resolved.forget_bias == 1.0  # init is not used


def test_given_spreads_stand_in_the_place_of_pytorchs_start() -> None:
    fields: dict[str, Any] = {"depth": 2, "width": 400, "batch": 2, "init": "torch_default"}
    by_sigma_w = build(Experiment(**fields, sigma_w=1.0)).parameters
    assert not by_sigma_w["layers.2.bias"].any()
    by_sigma_b = build(Experiment(**fields, sigma_b=2.0)).parameters
    assert by_sigma_b["layers.2.bias"].std() == pytest.approx(2.0, rel=5 * math.sqrt(1 / 800))  # five standard errors
    assert np.abs(by_sigma_b["layers.2.weight"]).max() <= 1 / 20
    scaled = build(Experiment(**fields, init_scale=3.0, gain=0.5)).parameters
    assert 1.49 < np.abs(scaled["layers.2.weight"]).max() <= 1.5
    assert 0.04 < np.abs(scaled["layers.2.bias"]).max() <= 0.05


@pytest.mark.parametrize(("name", "size"), [("normal", 0.02), ("uniform", 0.02 / math.sqrt(3)), ("constant", 0.02)])
def test_the_scale_is_the_standard_deviation_the_bound_or_the_value_itself(name: str, size: float) -> None:
    weights = INITIALISERS[name].draw(np.random.default_rng(7), 500, 400, 1.0, 0.02)
    assert math.sqrt(np.mean(weights**2)) == pytest.approx(size, rel=VARIANCE_TOLERANCE)
    found = build(Experiment(depth=2, width=400, batch=2, init=name, init_scale=0.02)).parameters["layers.2.weight"]
    assert math.sqrt(np.mean(found**2)) == pytest.approx(size, rel=VARIANCE_TOLERANCE)


@pytest.mark.parametrize("activation", ["tanh", "relu", "softsign"])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_lsuv_gives_every_layers_pre_activation_the_variance_gain_squared(activation: str, gain: float) -> None:
    trace = simulate(Experiment(depth=8, width=16, batch=32, activation=activation, init="lsuv", gain=gain))
    for layer in range(1, 9):
        assert trace.values[f"z/{layer}"].std() == pytest.approx(gain, rel=1e-12)


@pytest.mark.parametrize("name", INITIALISERS.names)
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "selu"])
def test_an_automatic_gain_is_the_activations_in_place_of_the_rules_own(name: str, activation: str) -> None:
    auto = build(Experiment(depth=2, width=8, init=name, gain="auto", activation=activation)).parameters
    wanted = ACTIVATIONS[activation].gain / (math.sqrt(2) if name.startswith("he_") else 1.0)
    given = build(Experiment(depth=2, width=8, init=name, gain=wanted, activation=activation)).parameters
    assert np.allclose(auto["layers.2.weight"], given["layers.2.weight"], rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("activation", ["leaky_relu", "prelu"])
@pytest.mark.parametrize(
    ("init", "gain"), [("normal", "auto"), ("he_normal", 1.0), ("he_normal", "auto"), ("he_uniform", 1.0)]
)
@pytest.mark.parametrize("slope", [0.25, 0.5, 0.9, -0.5])
def test_weights_follow_the_slope_of_the_activation(activation: str, init: str, gain: Any, slope: float) -> None:
    """torch.nn.init.kaiming_normal_(w, a=slope, nonlinearity="leaky_relu"): std √(2 / (1 + a²)) / √fan_in."""
    fields: dict[str, Any] = {"activation": activation, "slope": slope, "init": init, "gain": gain}
    found = build(Experiment(depth=2, width=400, batch=2, **fields)).parameters["layers.2.weight"]
    wanted = 2 / (1 + slope**2) / 400
    assert np.mean(found**2) == pytest.approx(wanted, rel=VARIANCE_TOLERANCE)


def test_a_given_scale_stands_in_the_place_of_hes_rule_and_its_slope() -> None:
    fields: dict[str, Any] = {"activation": "leaky_relu", "slope": 0.5, "init": "he_normal", "init_scale": 0.02}
    one, auto = (
        build(Experiment(depth=2, width=400, batch=2, gain=gain, **fields)).parameters for gain in (1.0, "auto")
    )
    assert np.mean(one["layers.2.weight"] ** 2) == pytest.approx(0.02**2, rel=VARIANCE_TOLERANCE)
    wanted = 2 / (1 + 0.5**2) * 0.02**2
    assert np.mean(auto["layers.2.weight"] ** 2) == pytest.approx(wanted, rel=VARIANCE_TOLERANCE)


@covering(init=["normal", "he_normal", "lsuv"], leak=[("leaky_relu", 0.5), ("leaky_relu", 0.9), ("prelu", 0.5)])
def test_with_the_gain_of_its_slope_a_deep_network_keeps_the_gradient(init: str, leak: tuple[str, float]) -> None:
    activation, slope = leak
    wide: dict[str, Any] = {"depth": 50, "width": 256, "inputs": 256, "batch": 16, "data": "gaussian"}
    trace = simulate(Experiment(activation=activation, slope=slope, init=init, gain="auto", **wide))
    # A layer's factor scatters by √(2/256)/2 = 4.4 %: over 50 of them by e^±0.31, three times that is 2.6.
    assert 1 / 2.6 < trace.outcome.ratio < 2.6
    if init != "lsuv":
        assert trace.theory.factors[-2] == pytest.approx(1.0, rel=1e-9)


def test_sigma_w_and_sigma_b_draw_every_layer_normally() -> None:
    fields = {"depth": 2, "width": 400, "batch": 2, "data": "gaussian", "inputs": 400, "init": "zeros"}
    parameters = build(Experiment(**fields, sigma_w=1.5, sigma_b=0.3)).parameters
    tolerance = 5 * math.sqrt(2 / 400)  # five standard errors of the variance of 400 biases
    for name, array in parameters.items():
        wanted = 1.5**2 / 400 if array.ndim == 2 else 0.3**2
        if array.size > 1:
            assert np.mean(array**2) == pytest.approx(wanted, rel=tolerance), name


@spread(("cell", "name"), [(cell, name) for cell in CELLS for name in init_names(cell)], 17)
def test_float32_starts_from_the_same_numbers(cell: str, name: str) -> None:
    if not INITIALISERS[name].data_dependent:
        exact, single = (build(small(cell, init=name, dtype=dtype)).parameters for dtype in ("float64", "float32"))
        for parameter, array in single.items():
            assert array.dtype == np.float32
            assert np.array_equal(array, exact[parameter].astype(np.float32)), parameter


def test_every_matrix_has_a_stream_of_its_own() -> None:
    shallow = build(Experiment(depth=3, width=16)).parameters
    deep = build(Experiment(depth=6, width=16)).parameters
    for name in ("layers.1.weight", "layers.2.weight", "layers.3.weight", "output.weight"):
        assert np.array_equal(shallow[name], deep[name]), name
    assert not np.isclose(deep["layers.2.weight"], deep["layers.3.weight"]).any()


def test_another_seed_draws_other_weights() -> None:
    one, other = (build(Experiment(depth=2, seed=seed)).parameters["layers.2.weight"] for seed in (1, 2))
    assert not np.isclose(one, other, rtol=1e-6).any()


def test_each_gate_of_an_lstm_is_drawn_with_the_fans_of_one_gate() -> None:
    width, inputs = 200, 300
    weights = build(
        Experiment(cell="lstm", data="gaussian", width=width, inputs=inputs, steps=1, init="xavier_normal")
    ).parameters
    tolerance = 5 * math.sqrt(2 / (width * width))  # five standard errors of a sample variance
    for name, fan_in in (("lstm.weight_ih_l0", inputs), ("lstm.weight_hh_l0", width)):
        gates = np.split(weights[name], 4)
        for gate in gates:
            assert gate.var() == pytest.approx(2 / (width + fan_in), rel=tolerance)
        assert len({gate.tobytes() for gate in gates}) == 4


@pytest.mark.parametrize("cell", CELLS.names)
def test_biases_start_at_zero_but_for_the_forget_gate(cell: str) -> None:
    parameters = build(Experiment(cell=cell, depth=2, width=4, forget_bias=0.0)).parameters
    biases = {name: array for name, array in parameters.items() if "bias" in name}
    assert "output.bias" in biases
    assert not any(array.any() for array in biases.values())
