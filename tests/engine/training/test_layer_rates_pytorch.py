"""A learning rate of its own for two layers against groups of PyTorch's optimisers, and the lines that make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradtui_engine import Experiment, Stream, Trainer, Training
from gradtui_engine.experiment.pytorch import lines
from tests.engine.oracles import difference

torch.set_num_threads(1)
_RATES = {"learning_rate": 0.01, "learning_rate_1": 0.2, "learning_rate_2": 0.003}


def trained(training: Training, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    stream = Stream(training)
    for k in range(training.iterations):
        batch = stream.batch(k)
        optimizer.zero_grad()
        output = model(torch.tensor(batch.inputs))
        target = torch.tensor(batch.target)
        loss = (
            nn.functional.cross_entropy(output, target) if target.ndim == 1 else nn.functional.mse_loss(output, target)
        )
        loss.backward()
        optimizer.step()


class Stacked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.output = nn.LSTM(2, 4, 2), nn.Linear(4, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.output(self.lstm(inputs)[0][-1])


def mlp() -> tuple[Training, nn.Module, dict[str, str]]:
    experiment = Experiment(depth=3, width=7, batch=16, activation="tanh", optimizer="adam", seed=4, **_RATES)
    names = {f"layers.{n}.{part}": f"{2 * (n - 1)}.{part}" for n in (1, 2, 3) for part in ("weight", "bias")}
    names |= {f"output.{part}": f"6.{part}" for part in ("weight", "bias")}
    model = nn.Sequential(
        nn.Linear(64, 7), nn.Tanh(), nn.Linear(7, 7), nn.Tanh(), nn.Linear(7, 7), nn.Tanh(), nn.Linear(7, 10)
    )
    return Training(experiment=experiment, iterations=10), model.double(), names


def lstm() -> tuple[Training, nn.Module, dict[str, str]]:
    experiment = Experiment(
        cell="lstm", layers=2, width=4, data="adding", steps=5, batch=8, optimizer="momentum", seed=4, **_RATES
    )
    model = Stacked().double()
    return Training(experiment=experiment, iterations=10), model, {name: name for name in model.state_dict()}


def by_hand(training: Training, model: nn.Module) -> torch.optim.Optimizer:
    if training.experiment.cell == "mlp":
        first, second, others = (
            model[0].parameters(),
            model[2].parameters(),
            [*model[4].parameters(), *model[6].parameters()],
        )
    else:
        named = dict(model.named_parameters())
        first = [p for name, p in named.items() if name.endswith("_l0")]
        second = [p for name, p in named.items() if name.endswith("_l1")]
        others = list(model.output.parameters())
    groups = [{"params": first, "lr": 0.2}, {"params": second, "lr": 0.003}, {"params": others}]
    if training.experiment.cell == "mlp":
        return torch.optim.Adam(groups, lr=0.01)
    return torch.optim.SGD(groups, lr=0.01, momentum=0.9)


def by_our_lines(training: Training, model: nn.Module) -> torch.optim.Optimizer:
    """What is copied from the program, run as it stands."""
    plain = training.replace(optimizer=None, **dict.fromkeys(_RATES))
    space: dict[str, Any] = {"torch": torch, "nn": nn, "model": model}
    for line in lines(plain, training):
        exec(str(line), space)
    made = space["optimizer"]
    assert isinstance(made, torch.optim.Optimizer)
    return made


@pytest.mark.parametrize("case", [mlp, lstm])
@pytest.mark.parametrize("optimiser_of", [by_hand, by_our_lines])
def test_ten_iterations_are_those_of_groups(case: Any, optimiser_of: Any) -> None:
    training, model, names = case()
    trainer = Trainer(training)
    start = trainer.parameters()
    model.load_state_dict({theirs: torch.tensor(start[ours]) for ours, theirs in names.items()})
    trained(training, model, optimiser_of(training, model))
    trainer.advance(10)
    theirs = {name: array.numpy() for name, array in model.state_dict().items()}
    for name, array in trainer.parameters().items():
        assert difference(array, np.asarray(theirs[names[name]])) < 1e-8, name
