"""Faults of the signal: what explodes, vanishes, dies or is the same everywhere, over layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


@ZOO.fault("exploding", steps=(0, 2))
def deep_batch_norm(seed: int, watch: Watch) -> None:
    """Batch norm without skips: the gradient grows by 1.21 a layer (Yang et al., 2019), forward all is well."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = [nn.Linear(16, 48)]
    for _ in range(60):
        layers += [nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 48)]
    model = nn.Sequential(*layers, nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    watch(model, optimizer)
    x, y = data.points(512, 16, 4)
    for step in range(60):
        index = torch.arange(64) + 64 * (step % 8)
        loss = F.cross_entropy(model(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Wide(nn.Module):
    """A leaky tower whose weights were drawn four times too large for it, kept in bounds by a norm before the head."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.ModuleList(nn.Linear(40, 40) for _ in range(28))
        self.norm = nn.LayerNorm(40)
        self.head = nn.Linear(40, 3)
        for layer in self.tower:
            nn.init.normal_(layer.weight, std=0.6)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.tower:
            x = torch.tanh(layer(x))
        return self.head(self.norm(x))


@ZOO.fault("exploding", also=("saturated",), steps=(0, 2), quick=True)
def chaotic_tanh(seed: int, watch: Watch) -> None:
    """σ_w = 3.8: beyond the edge of chaos, the backward product grows in each layer (Poole et al., 2016)."""
    torch.manual_seed(seed)
    model = Wide()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with watch(model, optimizer) as recorder:
        for step in range(60):
            torch.manual_seed(seed * 1000 + step % 4)
            x, y = data.points(32, 40, 3)
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            recorder.loss(loss)


@ZOO.fault("vanishing", quick=True, steps=(0, 3))
def deep_sigmoid(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for index in range(12):
        layers += [nn.Linear(20 if index == 0 else 32, 32), nn.Sigmoid()]
    net = nn.Sequential(*layers, nn.Linear(32, 4))
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = data.points(256, 20, 4)
    rec = watch(net, opt)
    criterion = nn.CrossEntropyLoss()
    for _epoch in range(30):
        for part in torch.randperm(len(x)).split(64):
            opt.zero_grad()
            loss = criterion(net(x[part]), y[part])
            loss.backward()
            opt.step()
    rec.close()


class Plain30(nn.Module):
    """Thirty linear layers as PyTorch draws them: uniform of gain 1/√3, which is too small by √6 for ReLU."""

    def __init__(self, depth: int = 30) -> None:
        super().__init__()
        self.inp = nn.Linear(10, 64)
        self.hidden = nn.ModuleList([nn.Linear(64, 64) for _ in range(depth)])
        self.out = nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.inp(x))
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x).squeeze(-1)


@ZOO.fault("vanishing", also=("bad_init",), steps=(0, 3))
def default_init_thirty_layers(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Plain30()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    x, y = data.curve(512, 10)
    loader = DataLoader(TensorDataset(x, y.squeeze(-1)), batch_size=64, shuffle=True)
    for _epoch in range(12):
        for inputs, targets in loader:
            optimizer.zero_grad()
            F.mse_loss(model(inputs), targets).backward()
            optimizer.step()


@ZOO.fault("vanishing", steps=(0, 3))
def deep_tanh_cnn(seed: int, watch: Watch) -> None:
    """Hard sigmoids in a convolutional stack: at most 1/6 of the gradient passes each."""
    torch.manual_seed(seed)
    blocks: list[nn.Module] = [nn.Conv2d(1, 8, 3, padding=1)]
    for _ in range(7):
        blocks += [nn.Hardsigmoid(), nn.Conv2d(8, 8, 3, padding=1)]
    model = nn.Sequential(*blocks, nn.Hardsigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watch(model, optimizer)
    x, y = data.pictures(128, 8)
    for step in range(80):
        part = torch.arange(32) + 32 * (step % 4)
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(12, 48)
        self.fc2 = nn.Linear(48, 48)
        self.fc3 = nn.Linear(48, 4)

    def forward(self, x: Tensor) -> Tensor:
        self.last = F.relu(self.fc2(F.relu(self.fc1(x))))
        return self.fc3(self.last)


@ZOO.fault("dead", layers=("fc2",), quick=True)
def relu_died_of_a_jump(seed: int, watch: Watch) -> tuple[int, int]:
    """One step of a huge rate (a scheduler's bug) puts every unit of a layer below zero."""
    torch.manual_seed(seed)
    model = Functional()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    x, y = data.points(256, 12, 4)
    jump, onset = 40, None
    for step in range(160):
        loss = F.cross_entropy(model(x), y)
        if onset is None and (model.last <= 0).all(0).float().mean() >= 0.9:
            onset = step
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == jump:
            with torch.no_grad():  # what a step of rate 400 against a positive mean leaves
                model.fc2.bias -= 60.0
    assert onset == jump + 1, onset
    return onset, onset


@ZOO.fault("dead", layers=("2", "3"), steps=(0, 0))
def cnn_with_a_dead_layer(seed: int, watch: Watch) -> None:
    """Biases of −8 in the second convolution, as from a checkpoint of other data."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(48, 4),
    )
    nn.init.constant_(model[2].bias, -8.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(256)), batch_size=32, shuffle=True)
    for _epoch in range(12):
        for images, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()


@ZOO.fault("saturated", layers=("0", "1"), steps=(0, 3), note=True)
def sigmoid_on_raw_pixels(seed: int, watch: Watch) -> None:
    """Inputs of 0 to 255 go into sigmoids: they are at their ends, and the first layer is never moved."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.Sigmoid(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watch(model, optimizer)
    x, y = data.pictures(256, 8)
    x = ((x.flatten(1) - x.min()) / (x.max() - x.min()) * 255).round()
    for step in range(120):
        part = torch.arange(64) + 64 * (step % 4)
        loss = F.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("saturated", also=("exploding",), layers=("layers",), steps=(0, 3), quick=True, note=True)
def tanh_of_large_weights(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(100, 100) for _ in range(5)])
            self.out = nn.Linear(100, 5)
            for layer in self.layers:
                nn.init.normal_(layer.weight)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            for layer in self.layers:
                x = torch.tanh(layer(x))
            return {"logits": self.out(x)}

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.points(512, 100, 5)
    for step in range(100):
        part = torch.arange(32) + 32 * (step % 16)
        loss = F.cross_entropy(model(x[part])["logits"], y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("bad_init", steps=(0, 0), quick=True)
def weights_of_a_hundredth(seed: int, watch: Watch) -> None:
    """normal_(std=0.01) everywhere, in a net that is narrow and deep: each layer leaves a tenth of the signal."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for index in range(8):
        layers += [nn.Linear(16 if index == 0 else 64, 64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 4))

    def init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)

    model.apply(init)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    watch(model, optimizer)
    x, y = data.points(256, 16, 4)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.fault("bad_init", also=("exploding",), steps=(0, 0))
def cnn_of_unit_weights(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for index in range(7):
        conv = nn.Conv2d(3 if index == 0 else 12, 12, 3, padding=1)
        nn.init.normal_(conv.weight, std=1.0)
        layers += [conv, nn.LeakyReLU(0.1)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    for _ in range(50):
        x, y = data.pictures(16, 8, 3)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@ZOO.fault("symmetric", layers=("encoder.0", "encoder.2"), steps=(0, 3), quick=True)
def constant_weights(seed: int, watch: Watch) -> None:
    """Every unit of a layer computes the same, and learns the same."""
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {
            "encoder": nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh()),
            "head": nn.Linear(32, 3),
        }
    )
    for parameter in model["encoder"].parameters():
        nn.init.constant_(parameter, 0.1)
    nn.init.constant_(model["head"].weight, 0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    x, y = data.points(256, 8, 3)
    for _ in range(80):
        loss = F.cross_entropy(model["head"](model["encoder"](x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("symmetric", layers=("features.0", "features.2"), steps=(0, 3))
def constant_filters(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
            self.classifier = nn.Linear(8, 4)
            for name, parameter in self.named_parameters():
                nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.constant_(parameter, 0.05)

        def forward(self, x: Tensor) -> Tensor:
            return self.classifier(self.features(x).mean((2, 3)))

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    x, y = data.pictures(128)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
