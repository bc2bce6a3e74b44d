"""Training in 16 bits: GradScaler's scale, weights in float32 or not, replay to the bit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradtui_engine import Experiment
from gradtui_engine.core.number_types import NUMBER_TYPES
from gradtui_engine.experiment.training import Training
from gradtui_engine.run.loss_scale import INTERVAL, LossScale
from gradtui_engine.training.trainer import Trainer

torch.set_num_threads(1)


def network(**changes: Any) -> Experiment:
    fields = {"depth": 3, "width": 16, "batch": 16, "activation": "relu", "init": "he_normal", "dtype": "float16"}
    return Experiment(**(fields | changes))


def trained(experiment: Experiment, iterations: int) -> Trainer:
    trainer = Trainer(Training(experiment=experiment, iterations=iterations, validate_every=1000))
    trainer.advance(iterations)
    return trainer


def scaler(first: float) -> Any:
    return torch.amp.GradScaler("cpu", init_scale=first)


def test_the_scale_moves_as_pytorchs_grad_scaler_moves_it() -> None:
    theirs, ours = scaler(2.0**16), LossScale(2.0**16)
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.0)
    overflows = {0, 1, 5, 900, 2950}
    for step in range(INTERVAL * 2 + 1000):
        assert theirs.get_scale() == ours.factor, step
        finite = step not in overflows
        theirs.scale(weight.sum() * 0)  # as a scaler is made ready by its first loss
        weight.grad = torch.tensor([1.0 if finite else float("inf")])
        theirs.step(optimizer)
        theirs.update()
        ours = ours.after(finite)
    assert ours.factor == 2.0**13


@pytest.mark.parametrize("scale", ["none", 64.0, "dynamic"])
def test_a_step_of_sgd_is_that_of_float32_weights_by_the_16_bit_gradient(scale: float | str) -> None:
    """Two iterations in PyTorch by hand: weights cast for the products, the loss in float32."""
    trainer = trained(network(loss_scale=scale), 2)
    first = trainer.trace(0)
    factor = {"none": 1.0, "dynamic": 2.0**16}.get(str(scale), 64.0)
    weights = {name: torch.tensor(np.array(array), requires_grad=True) for name, array in first.parameters.items()}
    state = torch.tensor(np.array(first.input)).half()
    for layer in [1, 2, 3]:
        weight, bias = (weights[f"layers.{layer}.{name}"].half() for name in ("weight", "bias"))
        state = torch.relu(functional.linear(state, weight, bias))
    output = functional.linear(state, weights["output.weight"].half(), weights["output.bias"].half())
    loss = functional.cross_entropy(output.float(), torch.tensor(first.target))
    (loss * factor).backward()  # type: ignore[no-untyped-call]
    after = trainer.trace(1)
    for name, weight in weights.items():
        assert weight.grad is not None
        wanted = (weight - 0.1 * weight.grad / factor).detach().numpy()
        # One number of a thousand may lie at a tie, where the order of a sum decides its last bit of eleven.
        assert np.mean(np.abs(after.parameters[name] - wanted) > 1e-6 * np.abs(wanted).max()) < 2e-3, name


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    "fields",
    [
        {"loss_scale": "dynamic"}, {"dtype": "bfloat16", "master_weights": "no"}, {"data": "gaussian", "clip": "norm"},
        {"loss_scale": "dynamic", "data": "gaussian"},
    ],
)  # fmt: skip
def test_every_iteration_is_computed_again_bit_for_bit(optimizer: str, fields: dict[str, Any]) -> None:
    trainer = trained(network(optimizer=optimizer, **fields), 8)
    losses = trainer.columns.read()["loss"]
    traces = [trainer.trace(k) for k in range(8)]
    assert [trace.loss for trace in traces] == losses.tolist()
    for before, after in itertools.pairwise(traces):
        for name in before.parameters:
            assert np.array_equal(before.updated(name), after.parameters[name])


def test_a_step_whose_gradient_overflows_is_left_out_and_the_scale_is_halved() -> None:
    # A mean square of gaussian data sends 65,536 times a gradient over float16's 65,504.
    trainer = trained(network(data="gaussian", loss_scale="dynamic"), 8)
    traces = [trainer.trace(k) for k in range(8)]
    assert traces[0].loss_scale == 2.0**16
    skipped = [not np.isfinite(trace.parameter_gradients["output.weight"]).all() for trace in traces]
    assert skipped[0]
    assert not skipped[-1]
    for (before, after), is_skipped in zip(itertools.pairwise(traces), skipped[:-1], strict=True):
        moved = any(not np.array_equal(before.parameters[name], after.parameters[name]) for name in before.parameters)
        assert moved != is_skipped
        assert after.loss_scale == before.loss_scale / (2 if is_skipped else 1)


def test_without_master_weights_small_updates_round_away() -> None:
    """bfloat16 has 8 bits: an update under 2⁻⁹ of a weight leaves it where it is (Micikevicius et al. 2018, §3.1)."""
    changed = {}
    for master in ("yes", "no"):
        trainer = trained(network(dtype="bfloat16", master_weights=master, learning_rate=1e-4), 3)
        first, last = trainer.trace(0).parameters, trainer.parameters()
        changed[master] = float(np.mean(first["layers.2.weight"] != last["layers.2.weight"]))
        if master == "no":
            assert all(np.array_equal(NUMBER_TYPES["bfloat16"].cast(array), array) for array in last.values())
    assert changed["yes"] > 0.5
    assert changed["no"] < changed["yes"] / 10


def test_float32_has_no_loss_scale() -> None:
    plain, scaled = (trained(network(dtype="float32", loss_scale=scale), 3) for scale in ("none", "dynamic"))
    assert plain.columns.read()["loss"].tolist() == scaled.columns.read()["loss"].tolist()
