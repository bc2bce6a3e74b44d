"""The table of initialisers: variance, bounds, gain and random streams."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine import Experiment, build
from gradtui_engine.initialisers import INITIALISERS, Initialiser
from gradtui_engine.numerics import Array

every_initialiser = pytest.mark.parametrize("row", INITIALISERS.values(), ids=lambda row: row.name)

# The variances of THEORY.md at gain 1, by (fan_out, fan_in).
VARIANCES = {
    "normal": lambda fan_out, fan_in: 1 / fan_in,
    "xavier_normal": lambda fan_out, fan_in: 2 / (fan_in + fan_out),
    "xavier_uniform": lambda fan_out, fan_in: 2 / (fan_in + fan_out),
    "he_normal": lambda fan_out, fan_in: 2 / fan_in,
    "he_uniform": lambda fan_out, fan_in: 2 / fan_in,
    "zeros": lambda fan_out, fan_in: 0.0,
}
UNIFORM = [name for name in INITIALISERS if name.endswith("uniform")]
NORMAL = [name for name in INITIALISERS if name.endswith("normal")]
FANS = [(500, 400), (100, 2000), (2000, 100)]
NUMBERS = 200_000  # fan_out · fan_in of each of FANS
# The sample variance of n normal numbers has the relative standard error √(2/n); five of them.
VARIANCE_TOLERANCE = 5 * math.sqrt(2 / NUMBERS)


def draw(row: Initialiser, fan_out: int, fan_in: int, gain: float = 1.0) -> Array:
    return row.draw(np.random.default_rng(7), fan_out, fan_in, gain)


@every_initialiser
@pytest.mark.parametrize(("fan_out", "fan_in"), FANS)
def test_the_variance_is_that_of_the_formula(row: Initialiser, fan_out: int, fan_in: int) -> None:
    weights = draw(row, fan_out, fan_in)
    wanted = VARIANCES[row.name](fan_out, fan_in)
    assert weights.shape == (fan_out, fan_in)
    assert np.mean(weights**2) == pytest.approx(wanted, rel=VARIANCE_TOLERANCE)
    assert abs(weights.mean()) <= 5 * math.sqrt(wanted / NUMBERS)  # five standard errors of a mean


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


@every_initialiser
def test_the_gain_scales_the_weights_exactly(row: Initialiser) -> None:
    ones = draw(row, 20, 30)
    assert np.array_equal(draw(row, 20, 30, gain=4.0), 4.0 * ones)  # a power of two: no rounding at all
    # Any other gain rounds twice, once on each side.
    assert draw(row, 20, 30, gain=1.7) == pytest.approx(1.7 * ones, rel=4 * np.finfo(float).eps, abs=0.0)
    assert not draw(row, 20, 30, gain=0.0).any()


@every_initialiser
@pytest.mark.parametrize("cell", ["mlp", "lstm"])
def test_float32_starts_from_the_same_numbers(row: Initialiser, cell: str) -> None:
    exact, single = (
        build(Experiment(cell=cell, init=row.name, depth=2, width=5, dtype=dtype)).parameters
        for dtype in ("float64", "float32")
    )
    for name, array in single.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, exact[name].astype(np.float32)), name


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


@pytest.mark.parametrize("cell", ["mlp", "lstm"])
def test_biases_start_at_zero_but_for_the_forget_gate(cell: str) -> None:
    parameters = build(Experiment(cell=cell, depth=2, width=4, forget_bias=0.0)).parameters
    assert all(not array.any() for array in parameters.values() if array.ndim == 1)
