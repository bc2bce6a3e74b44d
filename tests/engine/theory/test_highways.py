"""What theory says of blocks that are joined otherwise than by a sum, beside what wide networks do and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, ExperimentError, Training, simulate, train
from gradtui_engine.theory.meanfield import gate_moments

WIDE: dict[str, Any] = {
    "data": "gaussian", "width": 256, "inputs": 256, "batch": 32, "depth": 12, "activation": "relu",
    "init": "he_normal",
}  # fmt: skip


def rates(**changes: Any) -> tuple[float, float]:
    """The factor a layer, measured and predicted, averaged over the layers."""
    run = simulate(Experiment(**(WIDE | changes)))
    measured = [float(stage.factor or 0.0) for stage in run.stages[:-1]]
    predicted = [stage.predicted_factor for stage in run.stages[:-1]]
    assert all(each is not None for each in predicted), run.theory.note
    return float(np.exp(np.mean(np.log(measured)))), float(np.exp(np.mean(np.log(np.array(predicted, dtype=float)))))


# A layer of 256 units scatters by 5 %, twelve of them by 1.5; a branch of a tenth by a tenth of that.
@pytest.mark.parametrize(
    ("changes", "tolerance"),
    [
        ({"residual": "rezero"}, 1e-12),
        ({"residual": "rezero", "residual_scale": 0.2, "residual_span": 2}, 0.01),
        ({"residual": "layer_scale"}, 0.005),
        ({"residual": "layer_scale", "residual_block": "pre", "norm": "layer"}, 0.005),
        ({"residual": "deepnorm"}, 0.005),
        ({"residual": "deepnorm", "norm": "rms", "activation": "tanh", "init": "lecun_normal"}, 0.005),
        ({"residual": "deepnorm", "residual_span": 2}, 0.01),
        ({"residual": "add", "residual_block": "post_norm"}, 0.02),
        ({"residual": "add", "residual_block": "post_norm", "activation": "linear", "init": "lecun_normal"}, 0.02),
        ({"residual": "highway"}, 0.015),
        ({"residual": "highway", "highway_bias": 0.5, "activation": "gelu"}, 0.03),
        ({"residual": "highway", "norm": "layer", "residual_block": "pre"}, 0.015),
        ({"residual": "highway", "residual_block": "post_norm", "residual_span": 2}, 0.03),
        ({"residual": "highway", "inputs": 100, "activation": "tanh", "sigma_w": 1.2, "sigma_b": 0.3}, 0.02),
    ],
)  # fmt: skip
def test_a_wide_network_does_what_theory_says(changes: dict[str, Any], tolerance: float) -> None:
    measured, predicted = rates(**changes)
    assert measured == pytest.approx(predicted, rel=tolerance)


def test_by_hand() -> None:
    # ReLU's branch has the mean 1/√π of its root mean square; of the gates nothing but their bias is left at a small q.
    _, predicted = rates(residual="add", residual_block="post_norm", depth=1)
    assert predicted == pytest.approx(
        math.sqrt(2 / (2 - 1 / math.pi)), rel=0.01
    )  # the batch's own mean square is not 1
    for bias in (-2.0, 0.0, 3.0):
        t = 1 / (1 + math.exp(-bias))
        found = gate_moments(bias, 0.0)
        assert found == pytest.approx((t, 1 - t, t * t, (1 - t) ** 2, t * (1 - t), (t * (1 - t)) ** 2), rel=1e-12)
    draws = -2.0 + 1.5 * np.random.default_rng(0).standard_normal(400_000)
    t = 1 / (1 + np.exp(-draws))
    wanted = [np.mean(each) for each in (t, 1 - t, t**2, (1 - t) ** 2, t * (1 - t), (t * (1 - t)) ** 2)]
    assert gate_moments(-2.0, 1.5**2) == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("residual", ["rezero", "layer_scale", "deepnorm", "highway"])
def test_what_theory_does_not_know_has_a_sentence(residual: str) -> None:
    run = simulate(Experiment(residual=residual, norm="batch", depth=4))
    assert run.stages[2].predicted_factor is None
    assert "no closed form" in run.theory.note
    if residual != "deepnorm":
        run = simulate(Experiment(residual=residual, residual_block="original", depth=4))
        assert "no theory for original blocks" in run.theory.note


def test_weights_that_wait_for_alpha_are_not_called_cut_off() -> None:
    for optimizer in ("sgd", "adam"):
        run = simulate(Experiment(residual="rezero", depth=12, width=32, inputs=None, optimizer=optimizer))
        step = run.outcome.first_step
        assert step is not None
        assert (run.outcome.signal.kind, step.kind) == ("healthy", "healthy")
        # Layer 1 has no skip: 64 inputs, 32 units.
        assert (step.numbers["waiting"], step.numbers["without_gradient"]) == (11, 11)
        assert "that moves first, and they after it" in step.message
    # A β of 0 that nothing can move is another matter.
    stuck = simulate(Experiment(residual="scaled", residual_scale=0.0, depth=12, width=32)).outcome.first_step
    assert stuck is not None
    assert stuck.kind == "cut_off"
    assert "waiting" not in stuck.numbers


def test_what_starts_as_the_identity_learns() -> None:
    training = Training(experiment=Experiment(residual="rezero", depth=20, width=64), iterations=60)
    losses = train(training).columns["loss"]
    assert losses[-10:].mean() < 0.5 * losses[0]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"residual": "pre_ln"}, {"residual": "add", "residual_block": "pre", "norm": "layer"}),
        ({"residual": "Post-LN"}, {"residual": "add", "residual_block": "post_norm", "norm": "layer"}),
        ({"residual": "add", "residual_block": "preLN"}, {"residual_block": "pre", "norm": "layer"}),
        ({"residual": "scaled", "residual_block": "post_ln", "norm": "rms"}, {"residual_block": "post_norm"}),
        ({"residual": "ReZero"}, {"residual": "rezero", "residual_scale": 0.0, "norm": "none"}),
        ({"residual": "LayerScale(64, init_values=1e-4)"}, {"residual": "layer_scale", "residual_scale": 1e-4}),
        ({"residual": "DeepNorm"}, {"residual": "deepnorm", "residual_block": "post_norm", "norm": "layer"}),
        ({"residual": "deepnorm", "depth": 8}, {"residual_scale": 2.0}),
        ({"residual": "highway_network"}, {"residual": "highway", "highway_bias": -2.0}),
    ],
)  # fmt: skip
def test_other_names_decide_what_belongs_to_them(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    resolved = Experiment(**given).resolved
    assert {name: getattr(resolved, name) for name in wanted} == wanted


def test_a_sum_that_is_normalised_needs_a_norm_and_its_place() -> None:
    with pytest.raises(ExperimentError, match="norm: 'none' given; a block of the kind post_norm"):
        Experiment(residual="deepnorm", norm="none")
    with pytest.raises(ExperimentError, match="residual_block: 'pre' given; residual deepnorm"):
        Experiment(residual="deepnorm", residual_block="pre")
    assert Experiment(residual_block="post_norm", norm="none").resolved.norm == "none"  # without a skip there is no sum
