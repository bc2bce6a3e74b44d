"""Mean-field theory: moments against another quadrature and closed forms, fixed points against the iterated map."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.meanfield import Moments, fixed_point, moments, regime
from tests.engine.quadrature import mean, slope_square, square
from tests.examples import in_one

# From where a float32 network has nothing left, over the ordinary, to where every sigmoid is a step.
VARIANCES = (1e-20, 1e-6, 0.01, 0.3, 1.0, 10.0, 1e3, 1e4)
# Double exponential quadrature with 401 nodes a piece is exact to 1e-14; the engine's Gauss–Legendre, whose pieces
# are not cut at the activation's bend, to 1e-10.
TOLERANCE = 1e-9

every_activation = pytest.mark.parametrize("name", ACTIVATIONS.names)


def oracle(name: str, q: float) -> Moments:
    return Moments(mean(name, q), square(name, q), slope_square(name, q))


def assert_close(found: Moments, wanted: Moments, tolerance: float = TOLERANCE) -> None:
    assert found.square == pytest.approx(wanted.square, rel=tolerance, abs=0.0)
    assert found.slope_square == pytest.approx(wanted.slope_square, rel=tolerance, abs=0.0)
    # An odd activation's mean is 0: what is left of two sides that cancel.
    assert found.mean == pytest.approx(wanted.mean, rel=tolerance, abs=1e-12 * math.sqrt(wanted.square))


# A sine over hundreds of its periods is for the closed form alone.
@every_activation
@in_one("q", VARIANCES)
def test_the_moments_are_those_of_another_quadrature(name: str, q: float) -> None:
    if name != "sin" or q < 99:
        assert_close(moments(name, q), oracle(name, q))


def normal_cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def normal_pdf(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def within(q: float, end: float) -> float:
    """E[x²; |x| < end]."""
    at = end / math.sqrt(q)
    return q * (1 - 2 * normal_cdf(-at) - 2 * at * normal_pdf(at))


def leaky(s: float) -> Callable[[float], tuple[float, float, float]]:
    half = (1 + s * s) / 2
    return lambda q: ((1 - s) * math.sqrt(q / (2 * math.pi)), half * q, half)


# q → E φ, E φ², E φ'².
CLOSED: dict[str, Callable[[float], tuple[float, float, float]]] = {
    "linear": lambda q: (0.0, q, 1.0),
    "relu": leaky(0.0),
    "leaky_relu": leaky(0.01),
    "prelu": leaky(0.25),
    "sin": lambda q: (0.0, -math.expm1(-2 * q) / 2, (1 + math.exp(-2 * q)) / 2),
    "hard_tanh": lambda q: (
        0.0,
        within(q, 1.0) + 2 * normal_cdf(-1 / math.sqrt(q)),
        1 - 2 * normal_cdf(-1 / math.sqrt(q)),
    ),
    "hard_sigmoid": lambda q: (
        0.5,
        0.25 + within(q, 3.0) / 36 + normal_cdf(-3 / math.sqrt(q)) / 2,
        (1 - 2 * normal_cdf(-3 / math.sqrt(q))) / 36,
    ),
    "relu6": lambda q: (
        math.sqrt(q) * (normal_pdf(0.0) - normal_pdf(6 / math.sqrt(q))) + 6 * normal_cdf(-6 / math.sqrt(q)),
        within(q, 6.0) / 2 + 36 * normal_cdf(-6 / math.sqrt(q)),
        normal_cdf(6 / math.sqrt(q)) - 0.5,
    ),
}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("q", [1e-6, 0.3, 1.0, 10.0, 1e3, 1e4])
def test_the_moments_are_those_of_the_closed_form(name: str, q: float) -> None:
    # `within` subtracts nearly equal numbers where the end is near: (end/√q)³ of them is left, 1e-6 at q = 1e4.
    assert_close(moments(name, q), Moments(*CLOSED[name](q)), tolerance=1e-10)


@pytest.mark.parametrize("s", [-0.5, 0.0, 0.3, 2.0])
def test_a_given_slope_takes_the_place_of_the_rows_own(s: float) -> None:
    assert_close(moments("leaky_relu", 0.7, s), Moments(*leaky(s)(0.7)), tolerance=1e-12)


@every_activation
def test_at_variance_zero_the_moments_are_those_of_the_limit(name: str) -> None:
    # From q = 1e-20 on nothing but φ(0) and φ'(0±) counts; the next term is of order √q = 1e-10.
    found, near = moments(name, 0.0), oracle(name, 1e-20)
    assert found.mean == pytest.approx(near.mean, abs=1e-9)
    assert found.square == pytest.approx(near.square, abs=1e-9)
    assert found.slope_square == pytest.approx(near.slope_square, rel=1e-9)


@pytest.mark.parametrize("q", [math.inf, math.nan, -1.0])
def test_a_variance_that_is_none_has_no_moments(q: float) -> None:
    found = moments("tanh", q)
    assert all(math.isnan(each) for each in (found.mean, found.square, found.slope_square))


# -- fixed points ------------------------------------------------------------------------------------------

# activation, σ_w², σ_b² → q*, √χ: THEORY.md, to the digits that are published; then closed forms.
PUBLISHED = [
    ("sigmoid", 1.0, 0.0, 0.26469, 0.23605),
    ("tanh", 2.25, 0.0, 0.79335, 1.06739),
    ("relu", 1.0, 0.0, 0.0, math.sqrt(0.5)),
    ("relu", 2.0, 0.0, None, 1.0),
    ("leaky_relu", 2 / (1 + 0.01**2), 0.0, None, 1.0),
    ("linear", 1.0, 0.0, None, 1.0),
    ("linear", 0.25, 0.75, 1.0, 0.5),  # q = q/4 + 3/4
    ("relu", 1.0, 0.3, 0.6, math.sqrt(0.5)),  # q = q/2 + 0.3
    ("relu", 2.0, 0.3, math.inf, 1.0),  # q grows by 0.3 a layer
    ("relu", 3.0, 0.0, math.inf, math.sqrt(1.5)),
    ("linear", 4.0, 0.0, math.inf, 2.0),
    ("tanh", 0.81, 0.0, 0.0, 0.9),
    ("tanh", 1.0, 0.0, 0.0, 1.0),
    ("sin", 0.5, 0.0, 0.0, math.sqrt(0.5)),
    ("gelu", 1.0, 0.0, 0.0, 0.5),  # φ'(0) = ½
]


@pytest.mark.parametrize(("name", "sigma_w2", "sigma_b2", "q_star", "factor"), PUBLISHED)
def test_the_fixed_point_is_the_published_one(
    name: str, sigma_w2: float, sigma_b2: float, q_star: float | None, factor: float
) -> None:
    found = fixed_point(name, math.sqrt(sigma_w2), math.sqrt(sigma_b2))
    assert found.q_star == (q_star if q_star is None else pytest.approx(q_star, abs=6e-6))
    assert math.sqrt(found.chi) == pytest.approx(factor, abs=6e-6)


# σ_w that is ordered, critical, chaotic over 30 layers: a linear network's χ is σ_w².
REGIMES = {"tanh": (0.9, 1.0, 1.5), "relu": (1.0, math.sqrt(2), 2.0), "linear": (0.99, 0.996, 1.01)}


@pytest.mark.parametrize("name", REGIMES)
def test_the_regime_is_ordered_below_one_chaotic_above_and_critical_between(name: str) -> None:
    found = [regime(fixed_point(name, sigma_w, 0.0).chi, 30) for sigma_w in REGIMES[name]]
    assert found == ["ordered", "critical", "chaotic"]


def test_critical_is_what_stays_the_same_over_a_depth_far_within_the_depth_scale() -> None:
    """Schoenholz et al. 2017: ξ = −1/ln χ. χ 0.998 is a scale of 499.5 layers: enough for 100, not for 250."""
    assert [regime(0.998, depth) for depth in (1, 100, 249, 250, 10_000)] == ["critical"] * 3 + ["ordered"] * 2
    assert [regime(1 / 0.998, depth) for depth in (100, 249, 250)] == ["critical"] * 2 + ["chaotic"]
    # The scale of 20 layers is no edge of chaos, however shallow the network.
    assert (regime(math.exp(-1 / 20), 1), regime(math.exp(1 / 20), 1)) == ("ordered", "chaotic")
    assert (regime(1.0, 10_000), regime(0.0, 1)) == ("critical", "ordered")


@pytest.mark.parametrize(("sigma_w", "depth"), [(math.exp(0.05), 10.0), (math.exp(-0.005), 100.0), (1.0, math.inf)])
def test_over_the_depth_scale_the_squared_gradient_changes_by_e(sigma_w: float, depth: float) -> None:
    # A linear network's χ is σ_w²; the gradient's norm changes by √e.
    assert fixed_point("linear", sigma_w, 0.0).depth_scale == pytest.approx(depth, rel=1e-9)


def test_weights_of_nothing_lead_to_the_variance_of_the_bias_and_pass_nothing() -> None:
    found = fixed_point("tanh", 0.0, 0.5)
    assert found.q_star == pytest.approx(0.25, rel=1e-12)
    assert (found.chi, found.depth_scale) == (0.0, 0.0)


def mapped(name: str, q: float, sigma_w: float, sigma_b: float) -> float:
    return sigma_w**2 * oracle(name, q).square + sigma_b**2


@every_activation
@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(0.9, 0.5), (0.5, 0.1)])
def test_the_map_leaves_the_fixed_point_where_it_is_and_chi_is_its_slope_there(
    name: str, sigma_w: float, sigma_b: float
) -> None:
    found = fixed_point(name, sigma_w, sigma_b)
    assert found.q_star is not None
    assert math.isfinite(found.q_star)
    assert mapped(name, found.q_star, sigma_w, sigma_b) == pytest.approx(found.q_star, rel=TOLERANCE)
    assert found.chi == pytest.approx(sigma_w**2 * oracle(name, found.q_star).slope_square, rel=TOLERANCE)


# The last three have a second fixed point, an unstable one, not far above the first: a search in long strides must
# not pass over both.
LED = [
    ("tanh", 2.0, 0.0),
    ("sigmoid", 3.0, 0.2),
    ("sin", 1.6, 0.1),
    ("selu", 1.0, 0.0),
    ("hard_tanh", 1.5, 0.05),
    ("relu6", 2.5, 0.3),
    ("softplus", 0.7, 0.3),
    ("gelu", math.sqrt(2.0), math.sqrt(0.15)),
    ("silu", math.sqrt(2.06), math.sqrt(0.3)),
    ("silu", math.sqrt(2.04), math.sqrt(0.4)),
]


@pytest.mark.parametrize(("name", "sigma_w", "sigma_b"), LED)
def test_the_fixed_point_is_where_depth_leads_from_variance_one(name: str, sigma_w: float, sigma_b: float) -> None:
    q = 1.0
    for _ in range(1000):
        before, q = q, sigma_w**2 * moments(name, q).square + sigma_b**2
        if abs(q - before) < 1e-12 * q:
            break
    else:
        pytest.fail("the map does not settle: not a case for this test")
    assert fixed_point(name, sigma_w, sigma_b).q_star == pytest.approx(q, rel=1e-6)
