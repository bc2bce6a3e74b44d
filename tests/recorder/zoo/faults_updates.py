"""Faults of the loop: updates of a wrong size, losses that rise or stay."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .faults_numbers import Reader
from .training import Watch, Zoo

ZOO = Zoo()


class MLP(nn.Module):
    def __init__(self, inputs: int, width: int, outputs: int, depth: int = 2) -> None:
        super().__init__()
        sizes = [inputs, *[width] * depth]
        self.body = nn.Sequential(
            *(layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU()))
        )
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@ZOO.fault("update_too_large", also=("loss_rises", "non_finite"), steps=(0, 12), quick=True)
def rate_of_thirty(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = MLP(10, 32, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=30.0)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4, spread=2.0)
    for step in range(80):
        part = torch.arange(64) + 64 * (step % 8)
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("update_too_large", steps=(0, 6))
def adam_at_one_half(seed: int, watch: Watch) -> None:
    """A rate that was meant for SGD, given to Adam."""
    torch.manual_seed(seed)
    model = Reader(8, 16, 2, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    watch(model, optimizer)
    for _ in range(60):
        tokens, labels = data.counted(32, 9)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens), labels).backward()
        optimizer.step()


@ZOO.fault("update_too_small", quick=True, steps=(0, 3))
def rate_of_a_billionth(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = MLP(10, 32, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-10)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4)
    for step in range(80):
        part = torch.arange(64) + 64 * (step % 8)
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()


@ZOO.fault("update_too_small")
def cnn_and_a_scheduler_that_ends_it(seed: int, watch: Watch) -> None:
    """ExponentialLR stepped with every batch where every epoch was meant: after ten batches nothing moves."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(54, 4)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.3)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(160)), batch_size=16, shuffle=True)
    for _epoch in range(10):
        for images, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
            scheduler.step()


@ZOO.fault("loss_rises", also=("non_finite",), quick=True)
def maximised(seed: int, watch: Watch) -> None:
    """maximize=True, copied from a policy's training into a regression."""
    torch.manual_seed(seed)
    model = MLP(8, 24, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, maximize=True)
    watch(model, optimizer)
    x, y = data.curve(256, 8)
    for _ in range(100):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@ZOO.fault("loss_rises", also=("update_too_large", "non_finite"))
def rate_just_over_the_curvature(seed: int, watch: Watch) -> None:
    """2.05 over the largest curvature: the loss falls along the others, and grows slowly along that one."""
    torch.manual_seed(seed)
    model = nn.Linear(6, 1)
    x, y = data.curve(128, 6)
    y = y + 3 * x[:, :1]
    curvature = torch.linalg.eigvalsh(2 * x.T @ x / len(x))[-1].item()
    optimizer = torch.optim.SGD(model.parameters(), lr=2.05 / curvature)
    watch(model, optimizer)
    for _ in range(80):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@ZOO.fault("loss_flat", quick=True)
def labels_of_another_order(seed: int, watch: Watch) -> None:
    """The inputs are shuffled every epoch, the labels are not."""
    torch.manual_seed(seed)
    model = MLP(10, 32, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.points(1024, 10, 4)
    for _epoch in range(8):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 64):
            loss = F.cross_entropy(model(x[order[start : start + 64]]), y[start : start + 64])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


@ZOO.fault("loss_flat")
def random_labels_of_sequences(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {"embed": nn.Embedding(6, 12), "rnn": nn.GRU(12, 16, batch_first=True), "out": nn.Linear(16, 5)}
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    for _ in range(120):
        tokens, labels = torch.randint(6, (64, 8)), torch.randint(5, (64,))
        _, state = model["rnn"](model["embed"](tokens))
        loss = F.cross_entropy(model["out"](state[-1]), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
