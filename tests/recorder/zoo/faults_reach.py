"""Faults of the loop: gradients that are not cleared, parameters that are not reached."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .faults_numbers import Reader
from .faults_updates import MLP
from .training import Watch, Zoo

ZOO = Zoo()


@ZOO.fault("stale_gradient", steps=(1, 1), quick=True)
def zero_grad_forgotten(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = MLP(8, 24, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.curve(256, 8)
    for step in range(60):
        part = torch.arange(64) + 64 * (step % 4)
        loss = F.mse_loss(model(x[part]), y[part])
        loss.backward()
        optimizer.step()


@ZOO.fault("stale_gradient", steps=(1, 1))
def zero_grad_once_an_epoch(seed: int, watch: Watch) -> None:
    """Cleared at the head of an epoch, stepped with every batch."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(1, 6, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 25, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(160)), batch_size=16, shuffle=True)
    for _epoch in range(6):
        optimizer.zero_grad()
        for images, labels in loader:
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()


@ZOO.fault("stale_gradient", steps=(1, 2))
def the_wrong_optimizer_is_cleared(seed: int, watch: Watch) -> None:
    """Two optimizers; the encoder's is never cleared, the head's twice."""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"encoder": nn.GRU(4, 16, batch_first=True), "head": nn.Linear(16, 2)})
    encoder = torch.optim.SGD(model["encoder"].parameters(), lr=1e-2)
    head = torch.optim.SGD(model["head"].parameters(), lr=1e-2)
    watch(model, [encoder, head])
    for _ in range(60):
        x = torch.randn(32, 8, 4)
        y = (x.mean((1, 2)) > 0).long()
        states, _ = model["encoder"](x)
        loss = F.cross_entropy(model["head"](states[:, -1]), y)
        head.zero_grad()
        head.zero_grad()
        loss.backward()
        encoder.step()
        head.step()


@ZOO.fault("no_gradient", layers=("encoder",), steps=(0, 3), quick=True)
def detached_encoder(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
            self.decoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.decoder(self.encoder(x).detach())

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.points(256, 8, 3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.fault("no_gradient", layers=("auxiliary",), steps=(0, 3))
def a_head_that_is_never_called(seed: int, watch: Watch) -> None:
    """The auxiliary head was built and given to the optimizer; its loss was never added."""
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(1, 8, 3, padding=1)
            self.bn = nn.BatchNorm2d(8)
            self.auxiliary = nn.Linear(8, 4)
            self.fc = nn.Linear(8 * 9, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.bn(self.stem(x)))
            return self.fc(F.adaptive_avg_pool2d(x, 3).flatten(1))

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(256)), batch_size=32, shuffle=True)
    for _epoch in range(8):
        for images, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()


@ZOO.fault("no_gradient", layers=("embed",), steps=(0, 3))
def states_under_no_grad(seed: int, watch: Watch) -> None:
    """A transformer whose embedding is computed under no_grad, left over from an evaluation."""
    torch.manual_seed(seed)

    class Model(Reader):
        def forward(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
            with torch.no_grad():
                x = self.embed(tokens)
            for block in self.blocks:
                x = block(x, padding)
            return self.head(self.norm(x).mean(1))

    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    for _ in range(50):
        tokens, labels = data.counted(32, 9)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens), labels).backward()
        optimizer.step()


@ZOO.fault("not_updated", layers=("backbone",), steps=(0, 25), quick=True)
def an_optimizer_that_never_steps(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential()
    model.add_module("backbone", nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU()))
    model.add_module("head", nn.Linear(32, 3))
    slow = torch.optim.SGD(model.backbone.parameters(), lr=0.01)
    fast = torch.optim.SGD(model.head.parameters(), lr=0.1)
    watch(model, [slow, fast])
    x, y = data.points(256, 8, 3)
    for _ in range(60):
        slow.zero_grad()
        fast.zero_grad()
        F.cross_entropy(model(x), y).backward()
        fast.step()


@ZOO.fault("not_updated", layers=("rnn",), steps=(0, 25))
def one_scheduler_too_many(seed: int, watch: Watch) -> None:
    """Three optimizers of a recurrent model; the recurrent layer's is built, scheduled, and never stepped."""
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {"embed": nn.Embedding(6, 12), "rnn": nn.LSTM(12, 16, batch_first=True), "out": nn.Linear(16, 2)}
    )
    optimizers = {name: torch.optim.Adam(part.parameters(), lr=5e-3) for name, part in model.items()}
    watch(model, list(optimizers.values()))
    for _ in range(80):
        tokens, labels = data.counted(32, 10)
        model.zero_grad()
        states, _ = model["rnn"](model["embed"](tokens))
        F.cross_entropy(model["out"](states.mean(1)), labels).backward()
        optimizers["embed"].step()
        optimizers["out"].step()


@ZOO.fault("not_optimized", layers=("body",), steps=(0, 3), quick=True)
def only_the_head_is_given(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = MLP(8, 32, 3)
    optimizer = torch.optim.Adam(model.head.parameters(), lr=1e-2)
    watch(model, optimizer)
    x, y = data.points(256, 8, 3)
    for _ in range(60):
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.fault("not_optimized", layers=("fc",), steps=(0, 3))
def head_replaced_too_late(seed: int, watch: Watch) -> None:
    """The classifier is replaced after the optimizer was built: the new one is in nobody's hands."""
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 8, 3)
            self.fc = nn.Linear(8, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(F.relu(self.conv(x)).amax((2, 3)))

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    model.fc = nn.Linear(8, 4)
    watch(model, optimizer)
    x, y = data.pictures(256)
    for step in range(80):
        part = torch.arange(32) + 32 * (step % 8)
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("frozen", layers=("body",), note=True, quick=True)
def frozen_on_purpose(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = MLP(8, 32, 3)
    model.body.requires_grad_(False)
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-2)
    watch(model, optimizer)
    x, y = data.points(256, 8, 3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.fault("frozen", layers=("embed",), note=True)
def frozen_embedding(seed: int, watch: Watch) -> None:
    """All parameters are given to the optimizer, among them an embedding that needs no gradient."""
    torch.manual_seed(seed)
    model = Reader()
    model.embed.weight.requires_grad = False
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    for _ in range(60):
        tokens, labels = data.counted(32, 9)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens), labels).backward()
        optimizer.step()
