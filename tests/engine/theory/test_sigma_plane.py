"""The plane of mean-field theory: against the fixed point one by one, closed forms, and another quadrature."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.gate_path import at_bias, at_factor, measured, predicted
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.meanfield import fixed_point
from gradtui_engine.theory.sigma_plane import Plane, place, plane
from tests.engine.quadrature import slope_square, square
from tests.examples import spread

whole = functools.cache(plane)


def at(found: Plane, sigma_w: float, sigma_b: float) -> tuple[float, float]:
    """(q*, χ) at a point of the grid."""
    row = int(np.flatnonzero(np.isclose(found.sigma_b, sigma_b))[0])
    column = int(np.flatnonzero(np.isclose(found.sigma_w, sigma_w))[0])
    return float(found.q_star[row, column]), float(found.chi[row, column])


# -- against the fixed point, one by one -------------------------------------------------------------------


@spread("name", ACTIVATIONS.names, 5)
@pytest.mark.soak
def test_every_point_is_the_fixed_point_that_is_found_one_at_a_time(name: str) -> None:
    # The cubics are off by 3/128 · 0.05⁴ = 1.5e-7 of a fourth derivative, which is of order 1; q*'s error is larger
    # than the map's own by 1/(1 − slope of the map), about 20 at these points.
    found = plane(name, columns=8, rows=4)
    for row, sigma_b in enumerate(found.sigma_b.tolist()):
        for column, sigma_w in enumerate(found.sigma_w.tolist()):
            one = fixed_point(name, sigma_w, sigma_b)
            star = math.nan if one.q_star is None else one.q_star
            assert found.chi[row, column] == pytest.approx(one.chi, rel=1e-6, abs=1e-12)
            assert found.q_star[row, column] == pytest.approx(star, rel=1e-5, abs=0.0, nan_ok=True)
            assert found.depth_scale[row, column] == pytest.approx(one.depth_scale, rel=1e-3, abs=1e-12)


def test_a_given_slope_takes_the_place_of_the_rows_own() -> None:
    found = plane("leaky_relu", 0.5, columns=9, rows=3)
    assert found.slope == 0.5
    assert found.chi == pytest.approx(np.broadcast_to(found.sigma_w**2 * 1.25 / 2, (3, 9)), rel=1e-12)


# -- figures that are known --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sigma_w", "q_star", "factor"), [("sigmoid", 1.0, 0.26469, 0.23605), ("tanh", 1.5, 0.79335, 1.06739)]
)
def test_the_published_figures_stand_in_the_plane(name: str, sigma_w: float, q_star: float, factor: float) -> None:
    found_q, chi = at(whole(name), sigma_w, 0.0)
    assert found_q == pytest.approx(q_star, abs=6e-6)
    assert math.sqrt(chi) == pytest.approx(factor, abs=6e-6)


@pytest.mark.soak
def test_relus_factor_depends_on_the_weights_alone_and_is_critical_at_root_two_for_every_bias() -> None:
    found = whole("relu")
    assert found.chi == pytest.approx(np.broadcast_to(found.sigma_w**2 / 2, found.chi.shape), rel=1e-12)
    assert [sigma_b for _, sigma_b in found.edge] == found.sigma_b.tolist()
    # Halved twelve times, a column of 0.025 is 6e-6 wide.
    assert [sigma_w for sigma_w, _ in found.edge] == pytest.approx([math.sqrt(2)] * len(found.edge), abs=6.2e-6)


@pytest.mark.soak
def test_a_linear_network_settles_at_the_geometric_series_of_its_biases() -> None:
    found = whole("linear")
    ordered = found.sigma_w < 1
    wanted = found.sigma_b[1:, None] ** 2 / (1 - found.sigma_w[ordered] ** 2)
    assert found.q_star[1:, ordered] == pytest.approx(wanted, rel=1e-9)
    assert np.isinf(found.q_star[1:, found.sigma_w >= 1]).all()
    assert math.isnan(at(found, 1.0, 0.0)[0])  # every q stays as it is
    assert at(found, 0.975, 0.0)[0] == 0.0
    assert at(found, 1.025, 0.0)[0] == math.inf


@pytest.mark.parametrize("name", ["tanh", "sin", "softsign", "hard_tanh"])
@pytest.mark.soak
def test_without_biases_an_activation_of_slope_one_is_critical_at_one(name: str) -> None:
    # χ − 1 grows with the square of σ_w − 1 only: the cubics' 1e-7 blurs the crossing by their root.
    sigma_w, sigma_b = whole(name).edge[0]
    assert sigma_b == 0.0
    assert sigma_w == pytest.approx(1.0, abs=4e-4)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "hard_tanh", "relu6"])
def test_another_quadrature_finds_chi_one_on_the_edge(name: str) -> None:
    found = whole(name)
    for sigma_w, sigma_b in found.edge[4::12]:
        q = 1.0
        for _ in range(400):
            before, q = q, sigma_w**2 * square(name, q) + sigma_b**2
            if abs(q - before) < 1e-10 * q:
                break
        # χ changes by about 2/σ_w for every 1 of σ_w, which is known to 1/4096 of a column.
        column = found.sigma_w[1] - found.sigma_w[0]
        assert sigma_w**2 * slope_square(name, q) == pytest.approx(1.0, abs=2 * column / 4096)


def test_beside_the_edge_the_gradient_shrinks_on_the_left_and_grows_on_the_right() -> None:
    found = whole("tanh")
    for sigma_w, sigma_b in found.edge:
        row = found.sigma_b.tolist().index(sigma_b)
        assert (found.chi[row, found.sigma_w < sigma_w - 1e-3] < 1).all()
        assert (found.chi[row, found.sigma_w > sigma_w + 1e-3] > 1).all()


@spread("name", ACTIVATIONS.names, 5)
def test_the_plane_reaches_from_order_to_chaos(name: str) -> None:
    found = plane(name, columns=5, rows=2)
    assert found.sigma_w[-1] == (16.0 if "sigmoid" in name else 4.0)
    assert found.sigma_b[-1] == found.sigma_w[-1] / 2
    assert found.chi[0, 0] == 0.0
    assert found.chi[0, -1] > 1.0


def test_over_the_depth_scale_the_squared_gradient_changes_by_e() -> None:
    found = whole("relu")
    passing = found.chi > 0
    passed = found.chi[passing] ** found.depth_scale[passing]
    assert passed == pytest.approx(np.where(found.chi[passing] > 1, math.e, 1 / math.e))
    assert (found.depth_scale[~passing] == 0).all()
    assert found.factor**2 == pytest.approx(found.chi)


# -- the computation ---------------------------------------------------------------------------------------


def test_progress_goes_up_to_one() -> None:
    seen: list[float] = []
    plane("tanh", watch=seen.append, columns=9, rows=9)
    assert len(seen) > 20
    assert seen == sorted(seen)
    assert 0.0 < seen[0] < 0.02
    assert seen[-1] == 1.0


class Stopped(Exception):
    pass


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.9])
def test_whoever_watches_can_end_it(share: float) -> None:
    def watch(done: float) -> None:
        if done >= share:
            raise Stopped

    with pytest.raises(Stopped):
        plane("tanh", watch=watch)


# -- an experiment's place ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sigma_w", "sigma_b"),
    [
        ({"init": "xavier_normal"}, 1.0, 0.0),
        ({"init": "he_uniform"}, math.sqrt(2), 0.0),
        ({"init": "orthogonal", "gain": 0.7}, 0.7, 0.0),
        ({"init": "normal", "init_scale": 0.5, "width": 16}, 2.0, 0.0),
        ({"sigma_w": 1.3, "sigma_b": 0.4}, 1.3, 0.4),
        ({"cell": "rnn", "init": "uniform"}, math.sqrt(1 / 3), 0.0),
        # Two biases, each of variance 1 / (3 · 64).
        ({"cell": "rnn", "init": "torch_default"}, math.sqrt(1 / 3), math.sqrt(2 / 192)),
        ({"init": "torch_default"}, math.sqrt(1 / 3), math.sqrt(1 / 192)),
    ],
)
def test_an_experiment_stands_where_its_initialiser_puts_it(
    fields: dict[str, object], sigma_w: float, sigma_b: float
) -> None:
    found = place(Experiment(**fields).resolved)  # type: ignore[arg-type]
    assert found is not None
    assert found.sigma_w == pytest.approx(sigma_w, rel=1e-12)
    assert found.sigma_b == sigma_b


@pytest.mark.parametrize("fields", [{"cell": "lstm"}, {"cell": "gru"}, {"init": "lsuv"}, {"init": "constant"}])
def test_what_has_no_variance_of_weights_has_no_place(fields: dict[str, str]) -> None:
    assert place(Experiment(**fields).resolved) is None  # type: ignore[arg-type]


def test_the_theory_of_a_trace_is_that_of_its_place() -> None:
    experiment = Experiment(depth=3, width=8, batch=4, activation="tanh", sigma_w=1.5, sigma_b=0.3)
    found = place(experiment.resolved)
    assert found is not None
    assert simulate(experiment).theory.chi == fixed_point("tanh", found.sigma_w, found.sigma_b).chi


# -- the direct path ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bias", "factor", "half_life"), [(0, 0.5, 1.0), (1, 0.731, 2.2), (2, 0.881, 5.5), (4, 0.982, 38)]
)
def test_a_gates_bias_decides_its_half_life(bias: float, factor: float, half_life: float) -> None:
    found = at_bias(bias)
    assert found.factor == pytest.approx(factor, abs=5e-4)
    assert found.half_life == pytest.approx(half_life, rel=0.02)
    assert at_factor(found.factor).bias == pytest.approx(bias, abs=1e-12)


def test_gates_at_their_ends_forget_all_or_nothing() -> None:
    assert (at_factor(1.0).bias, at_factor(1.0).half_life) == (math.inf, math.inf)
    assert (at_factor(0.0).bias, at_factor(0.0).half_life) == (-math.inf, 0.0)
    assert at_bias(1000.0).factor == 1.0
    assert at_bias(-1000.0).factor == 0.0


@pytest.mark.parametrize(
    ("fields", "factor"),
    [
        ({"cell": "lstm", "forget_bias": 2.0}, 1 / (1 + math.exp(-2))),
        ({"cell": "gru"}, 0.5),
        ({"cell": "lstm", "pin_forget": 0.9}, 0.9),
        ({"cell": "gru", "pin_forget": 0.25}, 0.25),
    ],
)
def test_with_hardly_any_weights_the_measured_path_is_the_predicted_one(
    fields: dict[str, object], factor: float
) -> None:
    # Of order 1e-9, the weights leave each gate at its bias.
    experiment = Experiment(data="gaussian", steps=12, width=4, batch=3, gain=1e-9, **fields)  # type: ignore[arg-type]
    wanted = predicted(experiment.resolved)
    assert wanted is not None
    assert wanted.factor == pytest.approx(factor, rel=1e-12)
    assert measured(simulate(experiment).stages) == pytest.approx(factor, rel=1e-7)


def test_a_cell_without_a_gate_has_no_direct_path() -> None:
    experiment = Experiment(depth=2, width=4, batch=3)
    assert predicted(experiment.resolved) is None
    assert measured(simulate(experiment).stages) is None
