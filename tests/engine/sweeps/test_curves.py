"""Theory's curves over a plane, against mean field worked out point by point and numbers of papers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from gradtui_engine import Experiment, Sweep
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.curves import Curve, curves
from gradtui_engine.theory.meanfield import fixed_point

EDGE, DEPTH, HE, XAVIER = "χ = 1", "6ξ", "He", "Xavier"


def of(x: str, y: str | None = None, **base: Any) -> Mapping[str, Curve]:
    sweep = Sweep(base=Experiment(**base), x=Axis.parse(x), y=None if y is None else Axis.parse(y))
    return {next(name for name in (EDGE, DEPTH, HE, XAVIER, "1/e", "1e-3") if name in curve.name): curve
            for curve in curves(sweep)}  # fmt: skip


def test_over_sigma_w_and_depth_the_edge_is_a_line_and_6_xi_stands_on_both_sides() -> None:
    found = of("sigma_w=0.6:2.2:17", "depth=5:50:10", activation="tanh", sigma_b=0.05)
    assert set(found) == {EDGE, DEPTH, HE, XAVIER}
    edge = {x for x, _ in found[EDGE].points}
    (at,) = {round(x, 9) for x in edge}
    assert fixed_point("tanh", at, 0.05).chi == pytest.approx(1.0, abs=1e-5)
    assert [y for _, y in found[EDGE].points] == list(range(5, 51, 5))
    # At values of the axis, where nothing is interpolated, it is 6/|ln χ|; between them to half a percent.
    checked = [(x, y) for x, y in found[DEPTH].points if math.isfinite(x) and y < 50]
    assert {x < at for x, _ in checked} == {True, False}
    for x, y in checked[::9]:
        assert y == pytest.approx(6 * fixed_point("tanh", x, 0.05).depth_scale, rel=1e-3)
    # Both branches end where the axis does, and the line breaks between them.
    assert max(y for _, y in found[DEPTH].points if math.isfinite(y)) == 50
    assert any(math.isnan(x) for x, _ in found[DEPTH].points)
    assert [x for x, _ in found[HE].points] == pytest.approx([math.sqrt(2)] * 10)
    assert [x for x, _ in found[XAVIER].points] == pytest.approx([1.0] * 10)


def test_the_axes_may_be_the_other_way_round() -> None:
    one = of("sigma_w=0.6:2.2:5", "depth=5:50:10", activation="tanh")
    two = of("depth=5:50:10", "sigma_w=0.6:2.2:5", activation="tanh")
    for name, curve in one.items():
        assert [(y, x) for x, y in two[name].points if math.isfinite(x)] == [
            (x, y) for x, y in curve.points if math.isfinite(x)
        ]


def test_over_sigma_w_and_sigma_b_the_edge_is_the_curve_of_mean_field() -> None:
    found = of("sigma_w=0.5:3:20", "sigma_b=0:1:6", activation="tanh")
    assert len(found[EDGE].points) == 6
    for sigma_w, sigma_b in found[EDGE].points[1:]:
        assert fixed_point("tanh", sigma_w, sigma_b).chi == pytest.approx(1.0, abs=2e-3)
    # Without biases tanh's edge is σ_w = 1; the rules draw none, so they are points there.
    assert found[EDGE].points[0] == pytest.approx((1.0, 0.0), abs=1e-5)
    assert (found[HE].points, found[HE].joined) == (((pytest.approx(math.sqrt(2)), 0.0),), False)
    assert found[XAVIER].points == ((pytest.approx(1.0), 0.0),)
    assert not {HE, XAVIER} & set(of("sigma_w=0.5:3:6", "sigma_b=0.1:1:3", activation="tanh"))


@pytest.mark.parametrize(
    ("init", "edge", "he", "xavier"),
    [("xavier_normal", math.sqrt(2), math.sqrt(2), 1.0), ("he_normal", 1.0, 1.0, math.sqrt(0.5))],
)
def test_a_gain_stands_on_what_the_rule_has_already(init: str, edge: float, he: float, xavier: float) -> None:
    """ReLU: χ = σ_w²/2, so that He's scale is the edge (He et al. 2015)."""
    found = of("gain=0.5:2:16", "depth=5:50:4", activation="relu", init=init)
    for name, value in ((EDGE, edge), (HE, he), (XAVIER, xavier)):
        assert [x for x, _ in found[name].points] == pytest.approx([value] * 4, abs=1e-5)


def test_a_scale_of_its_own_means_another_sigma_w_at_each_width() -> None:
    found = of("init_scale=0.02:0.5:25", "width=16:256:5:log", activation="tanh", init="normal")
    for scale, width in found[EDGE].points:
        assert scale * math.sqrt(width) == pytest.approx(1.0, rel=1e-5)


def test_he_with_a_slope_is_equation_15() -> None:
    found = of("gain=0.5:2:16", "slope=0:1:3", activation="leaky_relu")
    assert found[HE].points == tuple((pytest.approx(math.sqrt(2 / (1 + slope**2))), slope) for slope in (0.0, 0.5, 1.0))
    assert [x for x, _ in found[EDGE].points] == pytest.approx([x for x, _ in found[HE].points], abs=1e-5)


def test_a_row_of_names_has_a_piece_of_its_own_and_none_where_theory_has_no_edge() -> None:
    found = of("gain=0.5:2:16", "norm=none,batch,layer", activation="tanh")
    assert found[EDGE].points == ((pytest.approx(1.0, abs=1e-5), -0.5), (pytest.approx(1.0, abs=1e-5), 0.5))
    activations = of("gain=0.5:2:16", "activation=relu,tanh")[EDGE].points
    assert [y for _, y in activations if math.isfinite(y)] == [-0.5, 0.5, 0.5, 1.5]
    assert [x for x, _ in activations if math.isfinite(x)] == pytest.approx([math.sqrt(2)] * 2 + [1.0] * 2, abs=1e-5)
    line = of("gain=0.5:2:16", activation="tanh")
    assert [y for _, y in line[EDGE].points] == [-0.5, 0.5]


def test_over_the_gates_bias_and_the_steps_the_path_alone_keeps_1_over_e() -> None:
    found = of("forget_bias=-2:6:17", "steps=10:200:10", cell="lstm", data="recall")
    for name, share in (("1/e", math.exp(-1)), ("1e-3", 1e-3)):
        points = [(bias, steps) for bias, steps in found[name].points if math.isfinite(bias)]
        assert max(steps for _, steps in points) == 200
        for bias, steps in points[::20]:
            assert (1 / (1 + math.exp(-bias))) ** steps == pytest.approx(share, rel=0.02)


def test_of_a_gru_the_update_bias_closes_what_the_forget_bias_opens_and_a_pin_is_the_gate_itself() -> None:
    turned = of("steps=10:200:10", "update_bias=-2:6:17", cell="gru", data="recall")["1/e"].points
    straight = of("forget_bias=-2:6:17", "steps=10:200:10", cell="lstm", data="recall")["1/e"].points
    assert [(y, x) for x, y in turned if math.isfinite(x)] == [(x, y) for x, y in straight if math.isfinite(x)]
    pinned = of("pin_forget=0.9:0.99:10", "steps=10:200:10", cell="lstm", data="recall")["1/e"].points
    for gate, steps in pinned[::10]:
        assert gate**steps == pytest.approx(math.exp(-1), rel=0.01)


@pytest.mark.parametrize(
    ("x", "y", "base"),
    [
        ("learning_rate=1e-3:1:4:log", "depth=5:50:4", {}),
        ("gain=0.5:2:4", "depth=5:50:4", {"init": "orthogonal", "norm": "batch"}),
        ("gain=0.5:2:4", "depth=5:50:4", {"residual": "scaled"}),
        ("norm=none,batch", "depth=5:50:4", {}),
        ("gain=0.5:2:4", "steps=5:50:4", {"cell": "lstm", "data": "recall"}),
        ("gain=0.1:0.3:4", "batch=8:64:4", {"activation": "relu"}),
    ],
)
def test_where_theory_says_nothing_there_is_no_curve(x: str, y: str, base: dict[str, Any]) -> None:
    assert of(x, y, **base) == {}
