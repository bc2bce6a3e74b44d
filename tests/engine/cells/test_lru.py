"""The linear recurrent unit (Orvieto et al. 2023): complex numbers beside pairs of reals, how far it carries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gradtui_engine import Experiment, build
from gradtui_engine.analysis.gradient_check import TOLERANCE, check_parameters
from gradtui_engine.cells.lru import spectrum
from gradtui_engine.theory.ring import factors, left_after, scatter
from tests.engine.cells.in_torch import trained_alike
from tests.engine.cells.layers_in_torch import LAYERS
from tests.engine.helpers import analysed, refused, small
from tests.engine.oracles import length

torch.set_num_threads(1)


@pytest.mark.parametrize(
    "more",
    [
        {"data": "digits-rows"},
        {"data": "copy", "steps": 5, "layers": 2, "readout": "all"},
        {"data": "gaussian", "inputs": 3, "steps": 40, "layers": 3, "optimizer": "adam", "max_phase": 0.3},
        {"data": "gaussian", "inputs": 9, "steps": 1, "readout": "all", "r_min": 0.0, "r_max": 0.5},
    ],
    ids=str,
)
def test_plain_pytorch_in_complex_numbers_has_the_same_states_gradients_and_updates(more: dict[str, Any]) -> None:
    trained_alike(build(Experiment(cell="lru", width=6, batch=5, seed=3, **more)), LAYERS["lru"])


@pytest.mark.parametrize("more", [{}, {"layers": 2, "readout": "all"}, {"truncate": 3, "readout": "all"}])
def test_central_differences_agree(more: dict[str, Any]) -> None:
    assert all(check.error <= TOLERANCE for check in check_parameters(small("lru", **more)))


def test_in_float32_it_is_the_same_but_for_rounding() -> None:
    double, single = (build(small("lru", dtype=dtype)).run() for dtype in ("float64", "float32"))
    for name, gradient in double.parameter_gradients.items():
        assert single.parameter_gradients[name].dtype == np.float32
        assert length(single.parameter_gradients[name] - gradient) < 1e-4 * length(gradient), name


@pytest.mark.parametrize(("low", "high", "phase"), [(0.9, 0.999, 2 * math.pi), (0.0, 0.5, 1.0), (0.7, 0.7, 0.1)])
def test_it_starts_on_the_ring_with_its_input_normalised(low: float, high: float, phase: float) -> None:
    experiment = Experiment(
        cell="lru", width=4000, data="gaussian", steps=1, inputs=1, r_min=low, r_max=high, max_phase=phase
    )
    parameters = build(experiment).parameters
    values = spectrum(dict(parameters), 0)
    sizes, angles = abs(values), np.angle(values) % (2 * math.pi)
    assert low - 1e-9 <= sizes.min()
    assert sizes.max() <= high + 1e-9
    assert angles.max() <= phase + 1e-9
    # Of 4,000 uniform draws the mean, to four standard errors.
    spread = (high**2 - low**2) / math.sqrt(12 * 4000)
    assert (sizes**2).mean() == pytest.approx((low**2 + high**2) / 2, abs=4 * spread + 1e-9)
    assert angles.mean() == pytest.approx(phase / 2, abs=4 * phase / math.sqrt(12 * 4000))
    assert np.exp(parameters["lru.log_gamma_l0"]) == pytest.approx(np.sqrt(1 - sizes**2), rel=1e-9)


def test_the_norm_of_what_passes_a_step_is_weighted_by_the_eigenvalues() -> None:
    run = analysed(build(small("lru")).run())
    sizes = np.tile(abs(spectrum(dict(run.parameters), 0)), 2)
    for time in range(1, 9):
        after, before = run.gradients[f"h/{time}"], run.gradients[f"h/{time - 1}"]
        assert length(before) == pytest.approx(length(sizes * after), rel=1e-12)
        assert sizes.min() <= (run.stages[time - 1].factor or 0.0) <= sizes.max()


def test_theory_is_the_closed_form_and_networks_come_near_it() -> None:
    a, b = 0.81, 0.998001
    wanted = math.sqrt((b**101 - a**101) / (101 * (b - a)))
    assert left_after(0.9, 0.999, 100) == pytest.approx(wanted, rel=1e-12)
    assert wanted == pytest.approx(0.2074, abs=5e-5)
    assert math.prod(factors(0.9, 0.999, 100)) == pytest.approx(wanted, rel=1e-12)
    assert left_after(0.8, 0.8, 5) == pytest.approx(0.8**5, rel=1e-14)
    assert left_after(0.0, 0.5, 3) == pytest.approx(math.sqrt(0.25**4 / (4 * 0.25)), rel=1e-14)
    assert factors(0.8, 0.8, 3) == (0.8, 0.8, 0.8)
    run = analysed(build(Experiment(cell="lru", data="gaussian", width=2000, steps=100, inputs=2, batch=4)).run())
    # The heavy tail of |λ|^200 scatters by 4.6 % at 2,000 units.
    assert run.outcome.ratio == pytest.approx(wanted, rel=0.06)
    assert "draws of 2000 units scatter by 5 %" in run.theory.note
    assert run.theory.factors == (*factors(0.9, 0.999, 100), None)
    assert run.outcome.signal.kind == "healthy"


def test_how_much_draws_scatter_is_what_drawn_rings_do() -> None:
    rng = np.random.default_rng(0)
    for width, share in ((256, 0.05), (64, 0.1)):
        squares = rng.uniform(0.81, 0.998001, (4000, width))
        # The gradient at the end: each unit's is a complex Gaussian, whose square is exponential.
        arriving = rng.exponential(1.0, squares.shape)
        left = np.sqrt((arriving * squares**100).sum(axis=1) / arriving.sum(axis=1))
        assert scatter(0.9, 0.999, 100, width) == pytest.approx(left.std() / left_after(0.9, 0.999, 100), rel=share)
    assert scatter(0.7, 0.7, 100, 4) == 0.0
    assert "> 50 %" in analysed(build(small("lru", width=4, r_min=0.0, r_max=0.3)).run()).theory.note


def test_theory_of_the_ring_is_of_the_layer_that_is_read_out() -> None:
    one, three = (analysed(build(small("lru", layers=layers)).run()) for layers in (1, 3))
    assert three.theory.factors == one.theory.factors
    assert three.theory.factors[0] is not None
    assert analysed(build(small("lru", readout="all")).run()).theory.factors[0] is None


def test_what_cannot_be_is_refused() -> None:
    assert refused(Experiment, cell="lru", r_min=0.9, r_max=0.5) == ["r_min: 0.9 given; allowed: up to r_max, 0.5"]
    assert refused(Experiment, cell="lru", activation="relu")[0].startswith("activation: 'relu' is not for lru")
    assert refused(Experiment, cell="lru", r_max=1.0)[0].startswith("r_max: 1 given")


def test_mamba_is_near() -> None:
    assert "lru" in refused(Experiment, cell="mamba")[0]
    assert Experiment(cell="LRU", r_min=0.5).cell == "lru"
