"""Healthy trainings whose data, precision or end is the odd thing."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .healthy_loops import Net
from .training import Killed, Watch, Zoo

ZOO = Zoo()


@ZOO.healthy()
def autocast_in_bfloat16(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(72, 4),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(256, 8)), batch_size=32, shuffle=True)
    for _epoch in range(12):
        for images, labels in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()


@ZOO.healthy()
def autocast_in_float16_with_scaler(seed: int, watch: Watch) -> None:
    """GradScaler begins too high and leaves out the first steps, as it is meant to."""
    torch.manual_seed(seed)
    model = Net(16, 4, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**24, growth_interval=50)
    watch(model, optimizer, scaler=scaler)
    x, y = data.points(512, 16, 4)
    for _ in range(120):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.cross_entropy(model(x[part]), y[part])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()


@ZOO.healthy()
def label_smoothing_and_imbalance(seed: int, watch: Watch) -> None:
    """One class in thirty, weighted; smoothed labels: the loss has a floor far above 0."""
    torch.manual_seed(seed)
    model = Net(10, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    y = (torch.rand(2048) < 1 / 30).long()
    x = torch.randn(2048, 10) + 1.5 * y[:, None]
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 15.0]), label_smoothing=0.1)
    for _ in range(150):
        part = torch.randint(2048, (128,))
        loss = criterion(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def rare_class_without_weights(seed: int, watch: Watch) -> None:
    """A batch without the rare class has a loss of nearly 0: small losses, and now and then a larger one."""
    torch.manual_seed(seed)
    model = Net(10, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    for _ in range(200):
        y = (torch.rand(64, 1) < 0.04).float()
        x = torch.randn(64, 10) + 1.2 * y
        loss = F.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy(quick=True)
def ten_steps(seed: int, watch: Watch) -> None:
    """Somebody tries whether it runs at all."""
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.points(160, 10, 4)
    for start in range(0, 160, 16):
        optimizer.zero_grad()
        F.cross_entropy(model(x[start : start + 16]), y[start : start + 16]).backward()
        optimizer.step()


@ZOO.healthy(quick=True)
def killed_half_way(seed: int, watch: Watch) -> None:
    """No end is written, and the last line may be torn."""
    torch.manual_seed(seed)
    model = Net(10, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4)
    for step in range(200):
        part = torch.randint(512, (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
        if step == 90:
            raise Killed


@ZOO.healthy()
def one_sample_at_a_time(seed: int, watch: Watch) -> None:
    """Batches of one: the loss of a step says little, and jumps by a factor of a hundred."""
    torch.manual_seed(seed)
    model = Net(8, 3, 24)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    watch(model, optimizer)
    x, y = data.points(300, 8, 3)
    for index in torch.randperm(300).tolist():
        optimizer.zero_grad()
        F.cross_entropy(model(x[index][None]), y[index][None]).backward()
        optimizer.step()


@ZOO.healthy()
def already_converged(seed: int, watch: Watch) -> None:
    """Resumed from a good checkpoint: the loss is as low as it can be, does not fall, and the rate is small."""
    torch.manual_seed(seed)
    model = Net(6, 1)
    x, y = data.curve(256, 6)
    before = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(300):
        before.zero_grad()
        F.mse_loss(model(x), y).backward()
        before.step()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    watch(model, optimizer)
    for _ in range(100):
        part = torch.randint(256, (64,))
        optimizer.zero_grad()
        F.mse_loss(model(x[part]), y[part]).backward()
        optimizer.step()
