"""Healthy trainings whose loop or optimizer is the odd thing: rates, scales, accumulation."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


class Net(nn.Module):
    """Three layers with functional activations."""

    def __init__(self, inputs: int, outputs: int, width: int = 48) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(inputs, width), nn.Linear(width, width)
        self.fc3 = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


@ZOO.healthy(quick=True)
def edge_of_stability(seed: int, watch: Watch) -> None:
    """Full-batch descent at a large rate (Cohen et al., 2021): the loss rises at every third step, and falls in all."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 100), nn.Tanh(), nn.Linear(100, 100), nn.Tanh(), nn.Linear(100, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.6)
    watch(model, optimizer)
    x, labels = data.points(200, 10, 4, spread=2.0)
    y = F.one_hot(labels, 4).float()
    for _ in range(250):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@ZOO.healthy()
def tiny_targets(seed: int, watch: Watch) -> None:
    """Targets of 1e-4, as of physical units: losses of 1e-8, gradients of 1e-4."""
    torch.manual_seed(seed)
    model = Net(6, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.curve(512, 6)
    for _ in range(150):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.mse_loss(model(x[part]), 1e-4 * y[part]).backward()
        optimizer.step()


@ZOO.healthy()
def large_targets(seed: int, watch: Watch) -> None:
    """Prices: targets around 3e3, losses of 1e7 at the start."""
    torch.manual_seed(seed)
    model = Net(6, 1, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    x, y = data.curve(512, 6)
    for _ in range(400):
        part = torch.randint(512, (64,))
        loss = F.mse_loss(model(x[part]), 3e3 + 1e3 * y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def huber_regression(seed: int, watch: Watch) -> None:
    """Outliers in the targets."""
    torch.manual_seed(seed)
    model = Net(8, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    x, y = data.curve(512, 8)
    y = torch.where(torch.rand_like(y) < 0.05, 20 * torch.randn_like(y), y)
    criterion = nn.HuberLoss(delta=1.0)
    for inputs, targets in (batch for _ in range(20) for batch in DataLoader(TensorDataset(x, y), 64, shuffle=True)):
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def overfitting_on_purpose(seed: int, watch: Watch) -> None:
    """One batch, again and again, until the loss is nearly 0 and so is every gradient."""
    torch.manual_seed(seed)
    model = Net(10, 4, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    x, y = torch.randn(32, 10), torch.randint(4, (32,))
    for _ in range(300):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.healthy()
def large_weight_decay(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1.0)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4)
    for _ in range(200):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()


@ZOO.healthy()
def warm_up_and_cosine_to_zero(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 1e-3, total_iters=20),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 130),
        ],
        milestones=[20],
    )
    watch(model, optimizer)
    x, y = data.points(512, 10, 4, spread=1.5)
    for _ in range(150):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
        scheduler.step()


@ZOO.healthy()
def quasi_newton(seed: int, watch: Watch) -> None:
    """LBFGS calls the closure, and so backward, many times inside of one step."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, line_search_fn="strong_wolfe")
    watch(model, optimizer)
    x, y = data.curve(200, 4)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(40):
        optimizer.step(closure)


@ZOO.healthy()
def adagrad_and_a_plateau(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3, factor=0.5)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4)
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    for _epoch in range(20):
        total = 0.0
        for inputs, labels in loader:
            loss = F.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step(total)


@ZOO.healthy()
def clipping_always_active(seed: int, watch: Watch) -> None:
    """A threshold of 0.05 and a rate that fits it: direction without size."""
    torch.manual_seed(seed)
    model = Net(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    watch(model, optimizer)
    x, y = data.points(512, 8, 3, spread=3.0)
    for _ in range(200):
        part = torch.randint(512, (64,))
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()


@ZOO.healthy(quick=True)
def accumulation(seed: int, watch: Watch) -> None:
    """Four micro-batches a step, the loss divided by four."""
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.points(1024, 10, 4)), batch_size=16, shuffle=True)
    optimizer.zero_grad()
    for _epoch in range(5):
        for index, (inputs, labels) in enumerate(loader):
            (F.cross_entropy(model(inputs), labels) / 4).backward()
            if (index + 1) % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()


@ZOO.healthy()
def cyclic_rate_with_restarts(seed: int, watch: Watch) -> None:
    """SGDR: at each restart the loss goes up a little, and comes down further."""
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 40, eta_min=1e-4)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4, spread=2.0)
    for _ in range(160):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
        scheduler.step()


@ZOO.healthy()
def sum_of_losses_over_a_batch(seed: int, watch: Watch) -> None:
    """reduction="sum" and a rate that fits it."""
    torch.manual_seed(seed)
    model = Net(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=3e-4, momentum=0.9)
    watch(model, optimizer)
    x, y = data.curve(512, 8)
    for _ in range(150):
        part = torch.randint(512, (128,))
        optimizer.zero_grad()
        (F.mse_loss(model(x[part]), y[part], reduction="sum") + math.pi).backward()
        optimizer.step()
