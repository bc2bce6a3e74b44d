"""Fifty iterations against PyTorch's own modules, optimisers, schedulers and clipping. See conftest."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from gradtui_engine import Experiment, Stream, Trainer, Training
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.rules.schedules import SCHEDULES
from tests.engine.training.plain import pairs
from tests.engine.training.test_exact import ITERATIONS, NETWORKS, TOLERANCE, assert_same, training_of

torch.set_num_threads(1)

#: What PyTorch has; the other ways to clip are held against plain NumPy alone.
CLIPS: dict[str, Callable[[nn.Module, float], None]] = {
    "none": lambda model, most: None,
    "value": lambda model, most: nn.utils.clip_grad_value_(model.parameters(), most),
    "norm": lambda model, most: nn.utils.clip_grad_norm_(model.parameters(), most) and None,
}
OPTIMS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda p, lr, momentum, weight_decay: torch.optim.SGD(p, lr, weight_decay=weight_decay),
    "momentum": lambda p, lr, momentum, weight_decay: torch.optim.SGD(p, lr, momentum, weight_decay=weight_decay),
    "nesterov": lambda p, lr, momentum, weight_decay: torch.optim.SGD(
        p, lr, momentum, weight_decay=weight_decay, nesterov=True
    ),
    "rmsprop": lambda p, lr, momentum, weight_decay: torch.optim.RMSprop(p, lr, weight_decay=weight_decay),
    "adam": lambda p, lr, momentum, weight_decay: torch.optim.Adam(p, lr, weight_decay=weight_decay),
    "adamw": lambda p, lr, momentum, weight_decay: torch.optim.AdamW(p, lr, weight_decay=weight_decay),
}
#: With N iterations, w of warmup, a step every s, by γ.
SCHEDULERS: dict[str, Callable[[torch.optim.Optimizer, int, int, int, float], lr_scheduler.LRScheduler]] = {
    "constant": lambda o, n, w, s, γ: lr_scheduler.ConstantLR(o, factor=1.0),
    "warmup": lambda o, n, w, s, γ: lr_scheduler.ConstantLR(o, factor=1.0),
    "cosine": lambda o, n, w, s, γ: lr_scheduler.CosineAnnealingLR(o, T_max=n - w),
    "step": lambda o, n, w, s, γ: lr_scheduler.StepLR(o, s, γ),
}


class Layers(nn.Module):
    """Linear, BatchNorm1d and tanh, layer by layer."""

    def __init__(self, inputs: int, experiment: Experiment) -> None:
        super().__init__()
        widths = [inputs] + [experiment.resolved.width] * experiment.resolved.depth
        self.layers = nn.ModuleDict({str(n): nn.Linear(widths[n - 1], widths[n]) for n in range(1, len(widths))})
        for layer in self.layers.values():
            layer.norm = nn.BatchNorm1d(experiment.resolved.width)
        self.output = nn.Linear(widths[-1], 10)

    def forward(self, hidden: Tensor) -> Tensor:
        for layer in self.layers.values():
            hidden = torch.tanh(layer.norm(layer(hidden)))
        return self.output(hidden)


class Cell(nn.Module):
    """nn.LSTM or nn.GRU and a linear output."""

    def __init__(self, inputs: int, experiment: Experiment, outputs: int) -> None:
        super().__init__()
        cell = {"lstm": nn.LSTM, "gru": nn.GRU}[experiment.cell](inputs, experiment.resolved.width, experiment.layers)
        setattr(self, experiment.cell, cell)
        self.output = nn.Linear(experiment.resolved.width, outputs)
        self._cell, self._last = [cell], experiment.readout == "last"

    def forward(self, inputs: Tensor) -> Tensor:
        states = self._cell[0](inputs)[0]
        return self.output(states[-1] if self._last else states)


def model_of(trainer: Trainer) -> nn.Module:
    """The same network, with the same parameters by the same names."""
    parameters, experiment = trainer.parameters(), trainer.training.experiment
    inputs, outputs = trainer.stream.batch(0).inputs.shape[-1], len(parameters["output.bias"])
    model = Layers(inputs, experiment) if experiment.cell == "mlp" else Cell(inputs, experiment, outputs)
    model = model.double()
    state = {name: torch.tensor(array) for name, array in parameters.items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    assert not unknown
    assert all("running_" in name or "num_batches" in name for name in missing)
    return model


def scheduler_of(optimiser: torch.optim.Optimizer, training: Training) -> lr_scheduler.LRScheduler:
    n, w = training.iterations, training.warmup_iterations
    main = SCHEDULERS[training.schedule](optimiser, n, w, training.step_every_iterations, training.step_factor)
    if w == 0:
        return main
    rising = lr_scheduler.LinearLR(optimiser, start_factor=1 / w, total_iters=w - 1)
    return lr_scheduler.SequentialLR(optimiser, [rising, main], milestones=[w])


def loss_of(output: Tensor, target: Tensor) -> Tensor:
    if target.dtype == torch.int64:
        return nn.functional.cross_entropy(output.reshape(-1, output.shape[-1]), target.reshape(-1))
    return nn.functional.mse_loss(output, target)


def trained(model: nn.Module, training: Training, stream: Stream, iterations: int) -> list[float]:
    resolved, losses = stream.resolved, []
    optimiser = OPTIMS[resolved.optimizer](
        model.parameters(), lr=resolved.learning_rate, momentum=resolved.momentum, weight_decay=resolved.weight_decay
    )
    scheduler = scheduler_of(optimiser, training)
    model.train()
    for k in range(iterations):
        batch = stream.batch(k)
        optimiser.zero_grad()
        loss = loss_of(model(torch.tensor(batch.inputs)), torch.tensor(batch.target))
        loss.backward()
        CLIPS[resolved.clip](model, resolved.clip_threshold or 0.0)
        optimiser.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    """SequentialLR warns about its own calls of its schedulers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torch")
        yield


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("optimizer", "schedule", "clip"), pairs(OPTIMISERS.names, SCHEDULES.names, tuple(CLIPS)))
def test_fifty_iterations_are_pytorchs(network: str, optimizer: str, schedule: str, clip: str) -> None:
    training = training_of(network, optimizer, clip, schedule)
    trainer = Trainer(training)
    model = model_of(trainer)
    losses = trainer.advance(ITERATIONS)["loss"]
    np.testing.assert_allclose(losses, trained(model, training, trainer.stream, ITERATIONS), rtol=TOLERANCE)
    state = {name: each.numpy() for name, each in model.state_dict().items() if "num_batches" not in name}
    assert_same(trainer.parameters() | dict(trainer.running), state)
    held, validation = trainer.stream.validation, trainer.validate()
    assert held is not None
    assert validation is not None
    model.eval()
    with torch.no_grad():
        output, target = model(torch.tensor(held.inputs)), torch.tensor(held.target)
        assert validation.loss == pytest.approx(loss_of(output, target).item(), rel=TOLERANCE)
    if validation.accuracy is not None:
        assert validation.accuracy == pytest.approx((output.argmax(-1) == target).double().mean().item(), abs=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES.names)
@pytest.mark.parametrize(("iterations", "warmup", "every"), [(30, 0, None), (30, 2, 4), (31, 30, 1), (7, 5, 2)])
def test_every_iterations_rate_is_pytorchs(schedule: str, iterations: int, warmup: int, every: int | None) -> None:
    training = Training(
        iterations=iterations, schedule=schedule, warmup=warmup, step_every=every, step_factor=0.3
    )  # fmt: skip
    rate = training.experiment.resolved.learning_rate
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = scheduler_of(optimiser, training)
    for k in range(iterations):
        assert training.learning_rate(k) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-10, abs=1e-15), k
        optimiser.step()
        scheduler.step()
