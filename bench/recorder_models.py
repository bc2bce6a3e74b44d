"""Models of four kinds, each with its optimizer and a step, as people train them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Training:
    """A model and one step of its training on a batch that stays the same."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[], Tensor]

    def step(self) -> None:
        """Gradients cleared, forward, backward, update."""
        self.optimizer.zero_grad()
        self.loss().backward()
        self.optimizer.step()


def mlp() -> Training:
    """20 layers, 256 wide, batch 64."""
    layers: list[nn.Module] = [nn.Linear(32, 256), nn.ReLU()]
    for _ in range(18):
        layers += [nn.Linear(256, 256), nn.ReLU()]
    return _classifier(nn.Sequential(*layers, nn.Linear(256, 10)), torch.randn(64, 32))


def cnn() -> Training:
    """Six convolutions with batch norm over pictures of 32 × 32, batch 8."""
    layers: list[nn.Module] = []
    widths = (3, 32, 32, 64, 64, 128, 128)
    for number, (before, after) in enumerate(pairwise(widths)):
        stride = 2 if number in (2, 4) else 1
        layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    return _classifier(nn.Sequential(*layers, *head), torch.randn(8, 3, 32, 32))


class _LastOutput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(16, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, inputs: Tensor) -> Tensor:
        output, _ = self.lstm(inputs)
        scores: Tensor = self.head(output[:, -1])
        return scores


def lstm() -> Training:
    """A fused LSTM, 128 wide, 64 time steps, batch 64, whose last output is read."""
    return _classifier(_LastOutput(), torch.randn(64, 64, 16))


class _Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True)
        self.embedding = nn.Embedding(256, 128)
        self.blocks = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.head = nn.Linear(128, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        scores: Tensor = self.head(self.blocks(self.embedding(tokens)).mean(1))
        return scores


def transformer() -> Training:
    """4 blocks, 128 wide, 64 tokens, batch 4."""
    return _classifier(_Transformer(), torch.randint(256, (4, 64)))


#: By name; each makes the same numbers whenever it is called after the same seed.
MODELS: dict[str, Callable[[], Training]] = {"mlp": mlp, "cnn": cnn, "lstm": lstm, "transformer": transformer}


def _classifier(model: nn.Module, inputs: Tensor) -> Training:
    labels = torch.randint(10, (len(inputs),))
    # A small rate: what is measured stays a network that learns.
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    return Training(model, optimizer, lambda: nn.functional.cross_entropy(model(inputs), labels))
