"""Faults that whoever wrote the rules had not seen: other nets, sizes, rates and habits."""

from __future__ import annotations

import copy
import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


class CNN(nn.Module):
    """Two convolutions and a head, functional."""

    def __init__(self, channels: int = 10, classes: int = 4, norm: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 5, padding=2)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(2 * channels) if norm else nn.Identity()
        self.fc = nn.Linear(2 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.norm(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


class Trainer:
    """A loop as many write one: everything is an attribute."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: Any = None) -> None:
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.history: list[float] = []

    def step(self, x: Tensor, y: Tensor) -> float:
        self.model.train()
        self.optimizer.zero_grad()
        output = self.model(x)
        loss = F.cross_entropy(output, y) if y.dtype == torch.long else F.mse_loss(output, y)
        loss.backward()
        self.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()
        self.history.append(loss.item())
        return self.history[-1]


def regressor(width: int, depth: int, function: type[nn.Module], inputs: int = 7, outputs: int = 1) -> nn.Sequential:
    sizes = [inputs, *[width] * depth]
    layers = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), function())]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


@ZOO.fault("non_finite", layers=("standardise",), steps=(37, 37))
def constant_batch_is_divided_by_its_deviation(seed: int, watch: Watch) -> None:
    class Standardise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x - x.mean(0)) / x.std(0)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.standardise = Standardise()
            self.net = regressor(40, 3, nn.SiLU)

        def forward(self, x: Tensor) -> Tensor:
            return self.net(self.standardise(x))

    torch.manual_seed(seed)
    model = Model()
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=2e-3))
    watch(model, trainer.optimizer)
    x, y = data.curve(800, 7)
    for step in range(70):
        part = torch.randint(800, (32,))
        if step == 37:
            part = part[:1].repeat(32)
        trainer.step(x[part], y[part])


@ZOO.fault("non_finite", also=("update_too_large", "loss_rises"), steps=(0, 30))
def regression_at_a_rate_of_one_hundred(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(24, 2, nn.LeakyReLU)
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=100.0))
    watch(model, trainer.optimizer)
    x, y = data.curve(300, 7)
    for _ in range(50):
        part = torch.randint(300, (25,))
        trainer.step(x[part], y[part])


@ZOO.fault("exploding", also=("bad_init",), steps=(0, 2))
def residual_blocks_that_double(seed: int, watch: Watch) -> None:
    """x + f(x) without a norm, each f of gain √2: variance is multiplied by three in each of twenty-four blocks."""

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)
            nn.init.kaiming_normal_(self.one.weight, nonlinearity="relu")
            nn.init.kaiming_normal_(self.two.weight, nonlinearity="relu")

        def forward(self, x: Tensor) -> Tensor:
            return x + self.two(F.relu(self.one(x)))

    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(9, 32), *[Block(32) for _ in range(24)], nn.Linear(32, 3))
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-4))
    watch(model, trainer.optimizer)
    x, y = data.points(300, 9, 3)
    for _ in range(60):
        part = torch.randint(300, (50,))
        trainer.step(x[part], y[part])


@ZOO.fault("vanishing", steps=(0, 5), note=True)
def ten_sigmoids_and_adam(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(50, 10, nn.Sigmoid, 14, 3)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=3e-4))
    watch(model, trainer.optimizer, every=1)
    x, y = data.points(400, 14, 3)
    for _ in range(150):
        part = torch.randint(400, (40,))
        trainer.step(x[part], y[part])


@ZOO.fault("vanishing", also=("bad_init",), steps=(0, 5))
def softsign_of_small_weights(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(36, 9, nn.Softsign)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.04)
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9))
    watch(model, trainer.optimizer)
    x, y = data.curve(400, 7)
    for _ in range(120):
        part = torch.randint(400, (40,))
        trainer.step(x[part], y[part])


@ZOO.fault("exploding_time", layers=("rnn",), steps=(0, 3))
def two_layers_of_relu_rnn(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(5, 20, num_layers=2, nonlinearity="relu")
            self.head = nn.Linear(20, 1)
            for name, parameter in self.rnn.named_parameters():
                if name.startswith("weight_hh"):
                    parameter.data.copy_(1.5 * torch.eye(20))

        def forward(self, x: Tensor) -> Tensor:
            _, h = self.rnn(x)
            return self.head(h[-1])

    model = Model()
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-6))
    watch(model, trainer.optimizer)
    for _ in range(60):
        x = torch.randn(28, 16, 5)
        trainer.step(x, x.mean((0, 2))[:, None])


@ZOO.fault("exploding_time", also=("exploding",), layers=("recurrent",), steps=(0, 3))
def a_linear_layer_as_recurrence(seed: int, watch: Watch) -> None:
    """h = tanh(W h + U x) written out, with W of spectral radius 1.8 and states near 0."""

    class Handmade(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inputs = nn.Linear(2, 16)
            self.recurrent = nn.Linear(16, 16, bias=False)
            self.output = nn.Linear(16, 2)
            nn.init.orthogonal_(self.recurrent.weight, gain=1.8)
            for parameter in self.inputs.parameters():
                parameter.data.mul_(1e-8)

        def forward(self, x: Tensor) -> Tensor:
            h = torch.zeros(x.shape[0], 16)
            for t in range(x.shape[1]):
                h = torch.tanh(self.recurrent(h) + self.inputs(x[:, t]))
            return self.output(h)

    torch.manual_seed(seed)
    model = Handmade()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-12)
    watch(model, optimizer)
    trainer = Trainer(model, optimizer)
    x = torch.randn(40, 25, 2)
    for _ in range(50):
        trainer.step(x, (x.sum((1, 2)) > 0).long())


@ZOO.fault("vanishing_time", layers=("lstm",), steps=(0, 20), note=True)
def adding_problem(seed: int, watch: Watch) -> None:
    """Two of ninety numbers are to be added; the gates forget. The loss falls to guessing the mean, and stays."""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"lstm": nn.LSTM(2, 20, batch_first=True), "head": nn.Linear(20, 1)})
    with torch.no_grad():
        for name, parameter in model["lstm"].named_parameters():
            if name.startswith("bias"):
                parameter[20:40] = -1.5
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    for _ in range(120):
        x = torch.rand(24, 90, 2)
        x[..., 1] = 0
        first, second = torch.randint(45, (24,)), torch.randint(45, (24,))
        rows = torch.arange(24)
        x[rows, first, 1] = 1
        x[rows, second, 1] = 1
        y = (x[..., 0] * x[..., 1]).sum(1, keepdim=True)
        states, _ = model["lstm"](x)
        optimizer.zero_grad()
        F.mse_loss(model["head"](states[:, -1]), y).backward()
        optimizer.step()


@ZOO.fault("vanishing_time", layers=("rnn",), steps=(0, 20))
def small_recurrent_weights(seed: int, watch: Watch) -> None:
    """Recall of the first of thirty words, by a tanh RNN whose recurrent matrix is 0.3 of an orthogonal one."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.emb = nn.Embedding(5, 10)
            self.rnn = nn.RNN(10, 30, batch_first=True)
            self.cls = nn.Linear(30, 5)
            nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=0.3)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.cls(self.rnn(self.emb(tokens))[1][0])

    torch.manual_seed(seed)
    model = Model()
    trainer = Trainer(model, torch.optim.RMSprop(model.parameters(), lr=5e-4))
    watch(model, trainer.optimizer)
    for _ in range(120):
        trainer.step(*data.first_token(40, 30, 5))


@ZOO.fault("dead", layers=("encoder.layers.1",), steps=(0, 0))
def dead_feed_forward(seed: int, watch: Watch) -> None:
    """The second block's feed-forward net (F.relu inside of nn.TransformerEncoderLayer) has biases of −30."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(6, 20)
            layer = nn.TransformerEncoderLayer(20, 2, 40, 0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
            self.cls = nn.Linear(20, 2)
            nn.init.constant_(self.encoder.layers[1].linear1.bias, -30.0)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.cls(self.encoder(self.embed(tokens)).mean(1))

    torch.manual_seed(seed)
    model = Model()
    trainer = Trainer(model, torch.optim.AdamW(model.parameters(), lr=1e-3))
    watch(model, trainer.optimizer)
    for _ in range(80):
        trainer.step(*data.counted(24, 10))


@ZOO.fault("dead", layers=("conv2",), steps=(50, 50))
def resumed_from_another_checkpoint(seed: int, watch: Watch) -> None:
    """At step 50 weights are loaded whose second convolution was trained on pixels of 0 to 255, with biases of −40."""
    torch.manual_seed(seed)
    model = CNN(12)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=2e-3))
    watch(model, trainer.optimizer)
    x, y = data.pictures(256, 10)
    for step in range(130):
        if step == 50:
            state = copy.deepcopy(model.state_dict())
            state["conv2.bias"].fill_(-40.0)
            model.load_state_dict(state)
        part = torch.randint(256, (32,))
        trainer.step(x[part], y[part])


@ZOO.fault("saturated", layers=("encoder", "0", "1"), steps=(0, 3), note=True)
def prices_into_a_sigmoid(seed: int, watch: Watch) -> None:
    """Inputs of some ten thousands, as they stand in the table."""
    torch.manual_seed(seed)
    model = regressor(30, 2, nn.Sigmoid, 6, 2)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    watch(model, trainer.optimizer)
    x = torch.rand(500, 6) * 4e4
    y = (x[:, 0] + x[:, 1] > x[:, 2] + x[:, 3]).long()
    for _ in range(150):
        part = torch.randint(500, (50,))
        trainer.step(x[part], y[part])


@ZOO.fault("bad_init", also=("exploding",), steps=(0, 0))
def all_weights_are_positive(seed: int, watch: Watch) -> None:
    """torch.rand where torch.randn was meant: each layer multiplies by half of its width."""

    class Layer(nn.Module):
        def __init__(self, inputs: int, outputs: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(outputs, inputs))
            self.bias = nn.Parameter(torch.zeros(outputs))

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(x, self.weight, self.bias)

    torch.manual_seed(seed)
    model = nn.Sequential()
    for index in range(6):
        model.append(Layer(8 if index == 0 else 32, 32)).append(nn.ReLU())
    model.append(nn.Linear(32, 3))
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    watch(model, trainer.optimizer)
    x, y = data.points(300, 8, 3)
    for _ in range(60):
        part = torch.randint(300, (30,))
        trainer.step(x[part], y[part])


@ZOO.fault("symmetric", steps=(0, 3))
def everything_begins_at_zero(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(28, 2, nn.ReLU, 11, 4)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.1))
    watch(model, trainer.optimizer)
    x, y = data.points(300, 11, 4)
    for _ in range(80):
        part = torch.randint(300, (30,))
        trainer.step(x[part], y[part])


@ZOO.fault("update_too_large", also=("loss_rises", "loss_spike", "non_finite"), steps=(0, 15))
def cnn_with_momentum_at_five(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = CNN()
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=5.0, momentum=0.9))
    watch(model, trainer.optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(60):
        part = torch.randint(256, (32,))
        trainer.step(x[part], y[part])


@ZOO.fault("update_too_large", also=("loss_spike",), steps=(60, 64))
def rate_of_one_step_was_a_thousand_times_too_large(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(48, 3, nn.GELU, 12, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1000.0 if step == 60 else 1.0)
    trainer = Trainer(model, optimizer, scheduler)
    watch(model, optimizer)
    x, y = data.points(400, 12, 4)
    for _ in range(120):
        part = torch.randint(400, (40,))
        trainer.step(x[part], y[part])


@ZOO.fault("update_too_small", steps=(0, 5))
def warm_up_by_an_integer_division(seed: int, watch: Watch) -> None:
    """lambda step: step // 500: the rate is 0 all the time."""
    torch.manual_seed(seed)
    model = CNN(6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    trainer = Trainer(model, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step // 500))
    watch(model, optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(80):
        part = torch.randint(256, (32,))
        trainer.step(x[part], y[part])


@ZOO.fault("update_too_small", steps=(0, 5))
def gru_at_a_tiny_rate(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.ModuleDict({"emb": nn.Embedding(6, 14), "gru": nn.GRU(14, 18, batch_first=True), "fc": nn.Linear(18, 2)})
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-8, momentum=0.9)
    watch(model, optimizer)
    for _ in range(70):
        tokens, labels = data.counted(24, 8)
        optimizer.zero_grad()
        F.cross_entropy(model["fc"](model["gru"](model["emb"](tokens))[0][:, -1]), labels).backward()
        optimizer.step()


@ZOO.fault("update_lost", steps=(0, 10))
def cnn_of_bfloat_weights(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = CNN(12).to(torch.bfloat16)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-6)
    watch(model, optimizer)
    x, y = data.pictures(256, 8)
    for _ in range(60):
        part = torch.randint(256, (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part].bfloat16()).float(), y[part]).backward()
        optimizer.step()


@ZOO.fault("underflow")
def half_autoencoder_of_a_tiny_loss(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(regressor(80, 2, nn.ReLU, 50, 10), nn.ReLU(), regressor(80, 2, nn.ReLU, 10, 50))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x = torch.tanh(torch.randn(800, 6) @ torch.randn(6, 50)) * 0.02
    for _ in range(60):
        batch = x[torch.randint(800, (200,))]
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            output = model(batch)
        F.mse_loss(output.float(), batch).backward()
        optimizer.step()


@ZOO.fault("scaler_stuck", also=("non_finite",), steps=(0, 25))
def scaler_over_an_infinite_penalty(seed: int, watch: Watch) -> None:
    """An entropy term −Σ p log p with p = 0 for masked actions: NaN in every step, and all are left out."""
    torch.manual_seed(seed)
    model = regressor(32, 2, nn.Tanh, 8, 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    watch(model, optimizer, scaler=scaler)
    for _ in range(70):
        state = torch.randn(40, 8)
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(state).float()
            logits[:, 4] = -math.inf
            p = logits.softmax(1)
            loss = F.nll_loss(p.log()[:, :4], state[:, :4].argmax(1)) + 0.01 * (p * p.log()).sum(1).mean()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()


@ZOO.fault("stale_gradient", steps=(1, 1))
def lstm_that_is_cleared_once(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.ModuleDict({"lstm": nn.LSTM(3, 20), "fc": nn.Linear(20, 3)})
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    model.zero_grad()
    for _ in range(80):
        x = torch.randn(7, 24, 3)
        loss = F.cross_entropy(model["fc"](model["lstm"](x)[0].mean(0)), x.sum(0).argmax(1))
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 1.0)
        optimizer.step()


@ZOO.fault("no_gradient", also=("not_updated", "update_too_small"), steps=(0, 5))
def cleared_between_backward_and_step(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = CNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(60):
        part = torch.randint(256, (32,))
        loss = F.cross_entropy(model(x[part]), y[part])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()


@ZOO.fault("no_gradient", layers=("middle",), steps=(0, 3))
def weights_are_used_by_their_data(seed: int, watch: Watch) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.middle, self.last = nn.Linear(6, 40), nn.Linear(40, 40), nn.Linear(40, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu(self.first(x))
            x = torch.relu(F.linear(x, self.middle.weight.data, self.middle.bias.data))
            return self.last(x)

    torch.manual_seed(seed)
    model = Model()
    trainer = Trainer(model, torch.optim.Adagrad(model.parameters(), lr=0.02))
    watch(model, trainer.optimizer)
    x, y = data.points(300, 6, 2)
    for _ in range(80):
        part = torch.randint(300, (30,))
        trainer.step(x[part], y[part])


@ZOO.fault("not_updated", layers=("discriminator",), steps=(0, 40))
def the_discriminator_never_steps(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {"generator": regressor(24, 2, nn.ReLU, 3, 2), "discriminator": regressor(24, 2, nn.ReLU, 2, 1)}
    )
    g, d = (torch.optim.Adam(model[name].parameters(), lr=1e-3) for name in ("generator", "discriminator"))
    watch(model, [g, d])
    for _ in range(80):
        real, fake = torch.randn(40, 2) + 2, model["generator"](torch.randn(40, 3))
        d.zero_grad()
        loss = F.softplus(-model["discriminator"](real)) + F.softplus(model["discriminator"](fake.detach()))
        loss.mean().backward()
        g.zero_grad()
        F.softplus(-model["discriminator"](fake)).mean().backward()
        g.step()


@ZOO.fault("not_optimized", steps=(0, 3))
def biases_and_norms_are_forgotten(seed: int, watch: Watch) -> None:
    """Two groups were meant, with decay and without; the second was never given."""
    torch.manual_seed(seed)
    model = CNN(norm=True)
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    trainer = Trainer(model, torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}], lr=2e-3))
    watch(model, trainer.optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(80):
        part = torch.randint(256, (32,))
        trainer.step(x[part], y[part])


@ZOO.fault("loss_spike", steps=(85, 87))
def an_outlier_among_the_targets(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(32, 2, nn.ELU, 3)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=5e-3))
    watch(model, trainer.optimizer)
    x, y = data.curve(600, 3)
    for step in range(130):
        part = torch.randint(600, (30,))
        target = y[part].clone()
        if step == 85:
            target[4] = 120.0
        trainer.step(x[part], target)


@ZOO.fault("loss_rises", also=("non_finite",))
def cross_entropy_with_a_wrong_sign(seed: int, watch: Watch) -> None:
    """Gradients are negated by hand (a gradient reversal that was meant for another net)."""
    torch.manual_seed(seed)
    model = CNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    watch(model, optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(100):
        part = torch.randint(256, (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        for parameter in model.parameters():
            parameter.grad.neg_()
        optimizer.step()


@ZOO.fault("loss_flat")
def ten_classes_at_random(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = CNN(8, 10, norm=True)
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9))
    watch(model, trainer.optimizer)
    for _ in range(120):
        trainer.step(torch.randn(64, 1, 8, 8), torch.randint(10, (64,)))


@ZOO.fault("frozen", layers=("conv1",), note=True)
def frozen_stem(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = CNN()
    model.conv1.requires_grad_(False)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=3e-3))
    watch(model, trainer.optimizer)
    x, y = data.pictures(256, 10)
    for _ in range(80):
        part = torch.randint(256, (32,))
        trainer.step(x[part], y[part])
