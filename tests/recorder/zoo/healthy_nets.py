"""Healthy trainings of nets of many shapes: what they do may look odd, and is as it should be."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


def fit(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, steps: int, batch: int = 64) -> None:
    """The plainest loop there is: cross-entropy of batches drawn with replacement."""
    for _ in range(steps):
        part = torch.randint(len(x), (batch,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()


@ZOO.healthy(quick=True)
def plain_mlp(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    recorder = watch(model, optimizer)
    x, y = data.points(1024, 12, 4)
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    for epoch in range(8):
        for inputs, labels in loader:
            loss = F.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        recorder.note(f"epoch {epoch}")
    recorder.close()


@ZOO.healthy(quick=True)
def cnn_with_batch_norm(seed: int, watch: Watch) -> None:
    """Evaluates under no_grad between the epochs."""
    torch.manual_seed(seed)

    def block(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )

    model = nn.Sequential(block(1, 8), block(8, 16), nn.Flatten(), nn.Dropout(0.2), nn.Linear(16 * 9, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4, 0.1)
    watch(model, optimizer)
    loader = DataLoader(TensorDataset(*data.pictures(320)), batch_size=32, shuffle=True)
    images, labels = data.pictures(64)
    for _epoch in range(10):
        model.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            model(images).argmax(1).eq(labels).float().mean().item()


class BasicBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.bn2.weight)  # as ResNets are trained: a block begins as the identity

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(x + self.bn2(self.conv2(h)))


@ZOO.healthy()
def deep_residual_cnn(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), *[BasicBlock(8) for _ in range(8)], nn.AdaptiveAvgPool2d(2), nn.Flatten()
    )
    model.append(nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    watch(model, optimizer)
    x, y = data.pictures(256, 8)
    fit(model, optimizer, x, y, 80, 32)


@ZOO.healthy()
def deep_residual_mlp(seed: int, watch: Watch) -> None:
    """Forty pre-norm blocks: the stream grows by √40, its gradient shrinks a little, and all of it learns."""
    torch.manual_seed(seed)

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.up, self.down = nn.LayerNorm(32), nn.Linear(32, 64), nn.Linear(64, 32)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.down(F.gelu(self.up(self.norm(x))))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Linear(12, 32)
            self.blocks = nn.ModuleList(Residual() for _ in range(40))
            self.head = nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 4))

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    fit(model, optimizer, *data.points(512, 12, 4), steps=80)


@ZOO.healthy()
def tanh_net(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
    for layer in (model[0], model[2]):
        nn.init.xavier_normal_(layer.weight, gain=nn.init.calculate_gain("tanh"))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    x = torch.rand(256, 2) * 2 - 1
    y = torch.sin(4 * x[:, :1]) * x[:, 1:]
    for _ in range(250):
        optimizer.zero_grad()
        F.smooth_l1_loss(model(x), y).backward()
        optimizer.step()


@ZOO.healthy()
def elu_gelu_selu(seed: int, watch: Watch) -> None:
    """A self-normalising net (Klambauer et al., 2017), and other smooth functions."""
    torch.manual_seed(seed)
    functions = (nn.SELU, nn.ELU, nn.GELU, nn.SiLU, nn.Mish, nn.SELU)
    layers: list[nn.Module] = []
    for index, function in enumerate(functions):
        linear = nn.Linear(10 if index == 0 else 48, 48)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
        layers += [linear, function(), nn.AlphaDropout(0.05)]
    model = nn.Sequential(*layers, nn.Linear(48, 3))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    fit(model, optimizer, *data.points(512, 10, 3), steps=120)


@ZOO.healthy()
def sigmoid_output(seed: int, watch: Watch) -> None:
    """Its sigmoid is to saturate: the classes can be parted."""
    torch.manual_seed(seed)

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(6, 32), nn.Linear(32, 1)
            self.sigmoid = nn.Sigmoid()

        def forward(self, x: Tensor) -> Tensor:
            return self.sigmoid(self.fc2(F.leaky_relu(self.fc1(x), 0.1))).squeeze(1)

    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    x, y = data.points(400, 6, 2, spread=0.5)
    criterion = nn.BCELoss()
    for _ in range(200):
        part = torch.randint(400, (50,))
        loss = criterion(model(x[part]), y[part].float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def weight_and_spectral_norm(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(
        parametrizations.weight_norm(nn.Linear(10, 32)),
        nn.LeakyReLU(0.2),
        parametrizations.spectral_norm(nn.Linear(32, 32)),
        nn.LeakyReLU(0.2),
        parametrizations.orthogonal(nn.Linear(32, 32)),
        nn.LeakyReLU(0.2),
        nn.Linear(32, 3),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    fit(model, optimizer, *data.points(400, 10, 3), steps=80)


@ZOO.healthy()
def mixer_with_scaled_branches(seed: int, watch: Watch) -> None:
    """LayerScale at 1e-4 (CaiT): the branches begin nearly at nothing, and their gradients are small at first."""
    torch.manual_seed(seed)

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.fc1, self.fc2 = nn.LayerNorm(24), nn.Linear(24, 48), nn.Linear(48, 24)
            self.scale = nn.Parameter(torch.full((24,), 1e-4))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.scale * self.fc2(F.gelu(self.fc1(self.norm(x))))

    model = nn.Sequential(nn.Linear(12, 24), *[Layer() for _ in range(6)], nn.LayerNorm(24), nn.Linear(24, 4))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    fit(model, optimizer, *data.points(512, 12, 4), steps=120)


@ZOO.healthy()
def zero_initialised_head(seed: int, watch: Watch) -> None:
    """The last layer begins at 0, as is usual in fine-tuning and diffusion: nothing goes back at the first step."""
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
            self.head = nn.Linear(64, 4)
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.body(x))

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    watch(model, optimizer)
    fit(model, optimizer, *data.points(512, 10, 4), steps=120)
