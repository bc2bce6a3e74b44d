"""Dropout: PyTorch's arithmetic with the same masks, masks that follow from seed, iteration and place, theory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.analysis.gradient_check import check_parameters
from gradtui_engine.analysis.npz_reading import read_npz
from gradtui_engine.core.numerics import Array
from gradtui_engine.experiment.training import Training
from gradtui_engine.program.dropout import DROPOUTS
from gradtui_engine.run.npz import save
from gradtui_engine.run.trace import Trace
from gradtui_engine.theory.prediction import predict
from gradtui_engine.training.trainer import Trainer

torch.set_num_threads(1)
KINDS = ("inverted", "alpha")
TOLERANCE = 1e-8

every_kind = pytest.mark.parametrize("kind", KINDS)


def network(**changes: Any) -> Experiment:
    """An MLP whose input is not as wide as its layers."""
    fields = {"data": "gaussian", "inputs": 6, "width": 9, "depth": 3, "batch": 8, "activation": "selu", "dropout": 0.3}
    return Experiment(**(fields | changes))


def dropped(values: torch.Tensor, mask: Array, rate: float, kind: str) -> torch.Tensor:
    """As PyTorch's _dropout_impl has it (aten/src/ATen/native/Dropout.cpp), with this mask in place of a drawn one."""
    noise = torch.tensor(mask)
    if kind == "inverted":
        return values * (noise / (1 - rate))
    alpha = 1.7580993408473766
    a = 1 / math.sqrt((alpha * alpha * rate + 1) * (1 - rate))
    return values * (noise * a) + ((noise - 1) * (alpha * a) + alpha * a * rate)


def tensors(trace: Trace) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(array, requires_grad=True) for name, array in trace.parameters.items()}


def near(found: Array, wanted: torch.Tensor | None) -> bool:
    assert wanted is not None
    other = wanted.detach().numpy()
    return float(np.linalg.norm(found - other)) <= TOLERANCE * max(float(np.linalg.norm(other)), 1e-12)


# -- the same numbers as PyTorch -----------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("residual", ["none", "add"])
def test_an_mlp_is_that_of_pytorch_with_the_same_masks(kind: str, residual: str) -> None:
    experiment = network(dropout_kind=kind, residual=residual)
    now = build(experiment)
    for _ in range(3):
        trace = now.run()
        parameters = tensors(trace)
        state = torch.tensor(trace.input)
        for layer in range(1, 4):
            branch = functional.selu(
                functional.linear(state, parameters[f"layers.{layer}.weight"], parameters[f"layers.{layer}.bias"])
            )
            branch = dropped(branch, trace.values[f"mask/{layer}"], 0.3, kind)
            state = state + branch if residual == "add" and layer > 1 else branch
            assert near(trace.values[f"h/{layer}"], state)
        output = functional.linear(state, parameters["output.weight"], parameters["output.bias"])
        loss = functional.mse_loss(output, torch.tensor(trace.target))
        loss.backward()  # type: ignore[no-untyped-call]
        assert abs(trace.loss - loss.item()) <= TOLERANCE * loss.item()
        for name, parameter in parameters.items():
            assert near(trace.parameter_gradients[name], parameter.grad), name
            stepped = parameter.detach() - trace.resolved.learning_rate * parameter.grad  # type: ignore[operator]
            assert near(trace.updated(name), stepped), name
        now = now.updated(trace)


@every_kind
def test_stacked_lstms_have_it_between_their_layers(kind: str) -> None:
    experiment = Experiment(
        cell="lstm", layers=3, data="gaussian", steps=5, inputs=4, width=6, batch=7, dropout=0.4, dropout_kind=kind
    )
    trace = build(experiment).run()
    parameters = tensors(trace)
    states = torch.tensor(trace.input)
    for layer in range(3):
        cell = torch.nn.LSTM(4 if layer == 0 else 6, 6, dtype=torch.float64)
        own = {f"{name}_l0": parameters[f"lstm.{name}_l{layer}"] for name in ("weight_ih", "weight_hh")}
        own |= {f"{name}_l0": parameters[f"lstm.{name}_l{layer}"] for name in ("bias_ih", "bias_hh")}
        states, _ = torch.func.functional_call(cell, own, (states,))
        if layer < 2:
            states = dropped(states, trace.values[f"mask_l{layer}"], 0.4, kind)
    output = functional.linear(states[-1], parameters["output.weight"], parameters["output.bias"])
    functional.mse_loss(output, torch.tensor(trace.target)).backward()  # type: ignore[no-untyped-call]
    assert near(trace.values["h"][1:], states)
    assert all(near(trace.parameter_gradients[name], each.grad) for name, each in parameters.items())


@every_kind
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 1.0])
def test_constants_are_those_of_pytorch(kind: str, rate: float) -> None:
    torch.manual_seed(0)
    values = torch.randn(4000, dtype=torch.float64)
    call = functional.dropout if kind == "inverted" else functional.alpha_dropout
    wanted = call(values, rate, training=True).numpy()
    constants = DROPOUTS[kind].of(rate)
    kept = constants.scale * values.numpy() + constants.kept
    is_kept = np.abs(wanted - kept) <= 1e-12 * (1 + np.abs(kept))
    assert np.allclose(wanted[~is_kept], constants.dropped, rtol=1e-12)
    assert abs(is_kept.mean() - (1 - rate)) < 0.03 or rate == 1.0


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_zero_and_variance_one(rate: float) -> None:
    square, mean = DROPOUTS["alpha"].of(rate).moments(rate, 1.0, 0.0)
    assert math.isclose(square, 1.0, rel_tol=1e-12)
    assert abs(mean) < 1e-12


# -- masks ---------------------------------------------------------------------------------------------------


def test_masks_follow_from_seed_iteration_place_and_shape() -> None:
    one, again = build(network()).run(), build(network(activation="tanh", depth=5)).run()
    other = build(network(seed=1)).run()
    for layer in range(1, 4):
        mask = one.values[f"mask/{layer}"]
        assert set(np.unique(mask)) <= {0.0, 1.0}
        assert np.array_equal(mask, again.values[f"mask/{layer}"])
        assert not np.array_equal(mask, other.values[f"mask/{layer}"])
    assert not np.array_equal(one.values["mask/1"], one.values["mask/2"])


def test_the_share_that_is_dropped_is_p() -> None:
    trace = build(network(width=200, batch=200, dropout=0.3)).run()
    # 40,000 draws of a layer: one standard deviation is 0.0023.
    assert all(abs(mask.mean() - 0.7) < 0.01 for mask in trace.masks.values())


def test_a_training_draws_new_masks_and_replays_them_bit_for_bit() -> None:
    trainer = Trainer(Training(experiment=network(learning_rate=0.05), iterations=6))
    trainer.advance(6)
    traces = [trainer.trace(k) for k in range(6)]
    assert [trace.loss for trace in traces] == trainer.columns.read()["loss"].tolist()
    first = [trace.values["mask/1"].tobytes() for trace in traces]
    assert len(set(first)) == 6
    assert traces[0].values["mask/1"].tobytes() == build(network()).run().values["mask/1"].tobytes()


def test_evaluation_drops_nothing() -> None:
    experiment = Experiment(depth=3, width=16, dropout=0.5, batch=32)
    trainer = Trainer(Training(experiment=experiment, iterations=1))
    plain = Trainer(Training(experiment=experiment.replace(dropout=0.0), iterations=1))
    one, other = trainer.validate(), plain.validate()
    assert one is not None
    assert other is not None
    assert one.loss == other.loss


def test_the_loss_after_the_update_has_the_same_masks() -> None:
    network_ = build(network())
    trace = network_.run()
    assert trace.loss_after == network_.updated(trace).loss() == network_.updated(trace).run().loss


@every_kind
def test_central_differences_hold_the_mask(kind: str) -> None:
    assert all(check.passed for check in check_parameters(network(dropout_kind=kind, activation="tanh")))


def test_a_saved_iteration_is_opened_with_its_masks(tmp_path: Path) -> None:
    trainer = Trainer(Training(experiment=network(), iterations=3))
    trainer.advance(3)
    trace = trainer.trace(2)
    save(trace, tmp_path / "run.npz")
    (run,) = read_npz(tmp_path / "run.npz")
    assert np.array_equal(run.trace.values["mask/2"], trace.values["mask/2"])
    assert run.trace.loss == trace.loss


# -- theory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "activation", "rate", "norm"),
    [("inverted", "relu", 0.5, "none"), ("inverted", "tanh", 0.2, "none"), ("alpha", "selu", 0.1, "none"),
     ("inverted", "relu", 0.3, "layer")],
)  # fmt: skip
def test_factors_are_those_of_theory(kind: str, activation: str, rate: float, norm: str) -> None:
    experiment = Experiment(
        depth=8, width=400, inputs=400, data="gaussian", activation=activation, init="he_normal", dropout=rate,
        dropout_kind=kind, norm=norm,
    )  # fmt: skip
    run = simulate(experiment)
    theory = predict(build(experiment).run())
    for stage, predicted in list(zip(run.stages, theory.factors, strict=True))[1:-1]:
        assert predicted is not None
        # A factor of a layer of 400 units scatters by 3 %.
        assert math.isclose(stage.factor, predicted, rel_tol=0.08)


def test_the_part_of_the_factor_is_the_root_of_one_over_keep() -> None:
    run = simulate(Experiment(depth=4, width=300, dropout=0.5))
    assert all(math.isclose(stage.factors["dropout"] or 0.0, math.sqrt(2), rel_tol=0.03) for stage in run.stages[:-1])
