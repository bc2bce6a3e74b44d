"""A training is the same to the last bit with and without the recorder: weights, losses, random numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from gradtui_recorder import watch

from .trainings import kinds, steps


class _Functional(nn.Module):
    """Activations that are functions, in place, and a residual connection."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.head = nn.BatchNorm2d(4), nn.Linear(4 * 16, 3)

    def forward(self, x: Any) -> Any:
        x = functional.relu_(self.norm(self.conv1(x)))
        x = functional.relu(self.conv2(x) + x, inplace=True)
        return self.head(functional.dropout(functional.max_pool2d(x, 2).flatten(1), 0.2, self.training))


class _Language(nn.Module):
    """A transformer with dropout, whose embedding is its output too."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x: Any) -> Any:
        return self.head(self.layers(self.embedding(x))).flatten(0, 1)


class _Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(3, 5, 2, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(x)[0][:, -1])


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 16), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)
    )


#: name → (model, its input, its target, whether it runs in bfloat16).
MODELS: dict[str, tuple[Callable[[], Any], Callable[[], Any], int, bool]] = {
    "mlp": (_mlp, lambda: torch.randn(8, 6), 8, False),
    "mlp, bfloat16": (_mlp, lambda: torch.randn(8, 6), 8, True),
    "convolutions": (_Functional, lambda: torch.randn(4, 1, 8, 8), 4, False),
    "transformer": (_Language, lambda: torch.randint(0, 11, (2, 5)), 10, False),
    "lstm": (_Recurrent, lambda: torch.randn(4, 6, 3), 4, False),
}


def _trained(name: str, path: Path | None, every: Any = 2) -> tuple[Any, ...]:
    make, x, count, half = MODELS[name]
    torch.manual_seed(3)
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    with nullcontext() if path is None else watch(model, optimizer, path, every=every):
        for _ in range(7):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = functional.cross_entropy(model(x()), torch.randint(0, 3, (count,)))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.detach())
    state = list(model.state_dict().values())
    moments = [value for each in optimizer.state.values() for value in each.values()]
    return (*state, *moments, *losses, torch.get_rng_state())


@pytest.mark.parametrize("name", MODELS)
def test_bit_equal(tmp_path: Path, name: str) -> None:
    plain, watched = _trained(name, None), _trained(name, tmp_path / "run.jsonl")
    assert len(plain) == len(watched)
    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    lines = steps(tmp_path / "run.jsonl")
    assert [line["n"] for line in lines] == [0, 2, 4, 6]
    assert lines[0]["half"] == ("bfloat16" if MODELS[name][3] else None)
    assert not kinds(tmp_path / "run.jsonl", "note")
