"""The mirror of a model in PyTorch behaves as the model does: the first gradient reaches as far down."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import gradtui
from gradtui_engine import simulate
from gradtui_engine.findings.mirror import Mirror, mirror
from gradtui_engine.recordings.recording import Recording, open_recording

_LAYERS, _WIDTH = 12, 64
#: ln of the ratio of two layers' gradients varies from draw to draw by √(5/4 · Σ 1/n) over layers of n ReLU units (of
#: one sample: Hanin, "Which neural net architectures give rise to exploding and vanishing gradients?", 2018). The
#: difference of two draws varies by √2 of it; twice that is allowed: ×3.9, where weights that are an eighth off would
#: give ×4.1.
WITHIN = math.exp(2 * math.sqrt(2 * 1.25 * _LAYERS / _WIDTH))


def he(layer: nn.Linear) -> None:
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)


def small(layer: nn.Linear) -> None:
    nn.init.normal_(layer.weight, std=0.5 / math.sqrt(layer.in_features))
    nn.init.zeros_(layer.bias)


def large(layer: nn.Linear) -> None:
    nn.init.orthogonal_(layer.weight, gain=2.2)
    nn.init.zeros_(layer.bias)


def modules(activation: Callable[[], nn.Module]) -> nn.Module:
    layers = [nn.Linear(64, _WIDTH), activation()]
    for _ in range(_LAYERS - 1):
        layers += [nn.Linear(_WIDTH, _WIDTH), activation()]
    return nn.Sequential(*layers, nn.Linear(_WIDTH, 10))


class Functional(nn.Module):
    """The same, whose ReLU is no module."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(_WIDTH, _WIDTH) for _ in range(_LAYERS))
        self.head = nn.Linear(_WIDTH, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
        out: torch.Tensor = self.head(x)
        return out


def mirrored(model: nn.Module, path: Path) -> tuple[Recording, Mirror]:
    """Of one step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with gradtui.watch(model, optimizer, path, every=1):
        nn.functional.cross_entropy(model(torch.randn(64, 64)), torch.randint(10, (64,))).backward()
        optimizer.step()
    recording = open_recording([path])
    recording.refresh()
    return recording, mirror(recording)


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: modules(nn.ReLU), None),
        (lambda: modules(nn.ReLU), he),
        (lambda: modules(nn.Tanh), small),
        (lambda: modules(nn.ReLU), large),
        (Functional, he),
    ],
    ids=["as PyTorch starts it", "He", "tanh, too small", "too large", "functional"],
)
def test_the_first_gradient_reaches_as_far_down(
    make: Callable[[], nn.Module], start: Callable[[nn.Linear], None] | None, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = make()
    for layer in model.modules():
        if start is not None and isinstance(layer, nn.Linear):
            start(layer)
    recording, found = mirrored(model, tmp_path / "run.jsonl")
    rows = [k for k, call in enumerate(recording.calls) if isinstance(model.get_submodule(call.module), nn.Linear)]
    gradients = recording.columns.activations["grad"][0, rows]
    assert found.experiment.depth == _LAYERS
    stages = simulate(found.experiment).stages
    here, there = gradients[0] / gradients[-2], stages[1].gradient_norm / stages[_LAYERS].gradient_norm
    assert 1 / WITHIN < here / there < WITHIN


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_recurrent_model_is_found_again(kind: type[nn.Module], tmp_path: Path) -> None:
    torch.manual_seed(0)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(20, 6)
            self.rnn = kind(6, 32, num_layers=2, batch_first=True)
            self.head = nn.Linear(32, 10)
            if kind is nn.LSTM:
                for bias in (self.rnn.bias_ih_l0, self.rnn.bias_ih_l1):
                    bias.data[32:64].fill_(1.0)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.head(self.rnn(self.embedding(x))[0][:, -1])
            return out

    model, path = Model(), tmp_path / "run.jsonl"
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    with gradtui.watch(model, optimizer, path, every=1):
        nn.functional.cross_entropy(model(torch.randint(20, (16, 9))), torch.randint(10, (16,))).backward()
        optimizer.step()
    recording = open_recording([path])
    recording.refresh()
    found = mirror(recording)
    resolved = found.experiment.resolved
    assert (resolved.cell, resolved.width, resolved.layers) == (kind.__name__.lower(), 32, 2)
    assert (resolved.steps, resolved.inputs, resolved.init, resolved.gain) == (9, 6, "torch_default", 1.0)
    assert (resolved.optimizer, resolved.learning_rate) == ("adam", 2e-3)
    if kind is nn.LSTM:
        assert resolved.forget_bias == pytest.approx(1.0, abs=0.05)
    assert any("Embedding" in text for text in found.missing)
