"""What mean-field theory predicts for wide networks, measured (Poole et al. 2016, Schoenholz et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine import Experiment, Trace, simulate
from tests.engine.oracles import length

WIDTH, DEPTH, BATCH, SEEDS = 500, 24, 32, 6
# One seed's geometric mean over 20 layers of width 500 scatters by about 1 %, from layer to layer independently
# (measured: 0.4 % to 0.9 %, growing with 1/√width); the mean of six by 0.4 %. Four of those.
TOLERANCE = 0.016
# The variance of 500 units and 32 samples that see the same weights: √(2/500) a layer, averaged over 20 layers
# and six seeds is 0.6 %, doubled since neighbouring layers move together. Four of those.
VARIANCE_TOLERANCE = 0.05

# activation, init, gain, gradient factor a layer √χ, variance q* of the pre-activation (None: depends on the input).
PREDICTIONS = [
    ("sigmoid", "normal", 1.0, 0.23605, 0.26469),
    ("tanh", "normal", 1.5, 1.06739, 0.79335),
    ("relu", "normal", 1.0, math.sqrt(0.5), None),
    ("relu", "he_normal", 1.0, 1.0, None),
    ("relu", "he_uniform", 1.0, 1.0, None),
    ("relu", "normal", math.sqrt(2.0), 1.0, None),
    ("linear", "normal", 1.0, 1.0, None),
    ("linear", "xavier_uniform", 0.5, 0.5, None),
]
FIRST, LAST = 3, 23  # the stages between which q has settled: after two layers, before the output


def wide(seed: int, activation: str, init: str, gain: float) -> Trace:
    return simulate(
        Experiment(
            depth=DEPTH,
            width=WIDTH,
            batch=BATCH,
            data="gaussian",
            inputs=WIDTH,
            activation=activation,
            init=init,
            gain=gain,
            seed=seed,
        )
    )


@pytest.mark.parametrize(
    ("activation", "init", "gain", "factor", "variance"),
    [PREDICTIONS[0], *(pytest.param(*row, marks=pytest.mark.soak) for row in PREDICTIONS[1:])],
)
def test_a_wide_network_has_the_predicted_factor_and_variance(
    activation: str, init: str, gain: float, factor: float, variance: float | None
) -> None:
    factors, variances = [], []
    for seed in range(SEEDS):
        trace = wide(seed, activation, init, gain)
        norms = [length(trace.gradients[f"h/{k}"]) for k in (FIRST, LAST)]
        factors.append((norms[0] / norms[1]) ** (1 / (LAST - FIRST)))
        variances += [float(np.mean(trace.values[f"z/{k}"] ** 2)) for k in range(FIRST, LAST)]
    assert np.mean(factors) == pytest.approx(factor, rel=TOLERANCE)
    if variance is not None:
        assert np.mean(variances) == pytest.approx(variance, rel=VARIANCE_TOLERANCE)


def test_half_of_the_units_of_a_relu_layer_are_off_so_its_activation_passes_the_root_of_a_half() -> None:
    trace = wide(0, "relu", "he_normal", 1.0)
    parts = [stage.factors["activation"] for stage in trace.stages[1:-1]]
    assert np.mean(parts) == pytest.approx(math.sqrt(0.5), rel=TOLERANCE)


def test_the_weights_part_is_the_gain_in_a_square_layer() -> None:
    # ‖δW‖ / ‖δ‖ for N(0, gain²/n) weights and a δ that does not depend on them.
    trace = wide(0, "linear", "normal", 1.25)
    parts = [stage.factors["weight"] for stage in trace.stages[1:-1]]
    assert np.mean(parts) == pytest.approx(1.25, rel=TOLERANCE)


@pytest.mark.parametrize(("bias", "forget"), [(0.0, 0.5), (1.0, 0.731), (2.0, 0.881), (4.0, 0.982)])
def test_the_direct_path_of_an_lstm_keeps_sigma_of_the_forget_bias_a_step(bias: float, forget: float) -> None:
    # Small weights: the gates are at σ(bias) but for 1 % noise, which averages out to second order.
    trace = simulate(
        Experiment(cell="lstm", data="gaussian", inputs=8, width=32, steps=30, gain=0.05, forget_bias=bias)
    )
    for stage in trace.stages[:-1]:
        assert stage.factors["direct"] == pytest.approx(forget, abs=0.005)
