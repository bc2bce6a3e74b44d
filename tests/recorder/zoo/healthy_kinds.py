"""Healthy trainings that are no classification: adversaries, codes, flows."""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


def mlp(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@ZOO.healthy(quick=True)
def adversaries(seed: int, watch: Watch) -> None:
    """A GAN on a ring of points. Each of the two is watched, and neither loss falls for long."""
    torch.manual_seed(seed)
    generator, discriminator = mlp(4, 32, 32, 2), mlp(2, 32, 32, 1)
    g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    watch(generator, g)
    watch(discriminator, d)
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    for _ in range(120):
        angle = torch.rand(64) * 2 * math.pi
        real = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(64, 2)
        fake = generator(torch.randn(64, 4))
        loss = F.binary_cross_entropy_with_logits(discriminator(real), ones)
        loss = loss + F.binary_cross_entropy_with_logits(discriminator(fake.detach()), zeros)
        d.zero_grad()
        loss.backward()
        d.step()
        g.zero_grad()
        F.binary_cross_entropy_with_logits(discriminator(fake), ones).backward()
        g.step()


@ZOO.healthy()
def adversaries_in_one_module(seed: int, watch: Watch) -> None:
    """Both in one module with two optimizers, a Wasserstein loss with a gradient penalty (double backward)."""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"generator": mlp(4, 32, 2), "critic": mlp(2, 32, 1)})
    generator, critic = model["generator"], model["critic"]
    g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.0, 0.9))
    c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9))
    watch(model, [g, c])
    for step in range(120):
        real = torch.randn(64, 2) * 0.3 + torch.tensor([1.0, -1.0])
        fake = generator(torch.randn(64, 4))
        between = torch.lerp(real, fake.detach(), torch.rand(64, 1)).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
        loss = critic(fake.detach()).mean() - critic(real).mean() + 10 * penalty
        c.zero_grad()
        loss.backward()
        c.step()
        if step % 3 == 2:
            g.zero_grad()
            (-critic(fake).mean()).backward()
            g.step()


@ZOO.healthy()
def variational_autoencoder(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
            self.mu, self.log_var = nn.Linear(48, 4), nn.Linear(48, 4)
            self.decoder = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            h = self.encoder(x)
            mu, log_var = self.mu(h), self.log_var(h)
            return self.decoder(mu + torch.randn_like(mu) * (0.5 * log_var).exp()), mu, log_var

    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    pictures = (data.pictures(512, 8)[0].flatten(1) > 0).float()
    for _ in range(150):
        x = pictures[torch.randint(512, (64,))]
        y, mu, log_var = model(x)
        divergence = -0.5 * (1 + log_var - mu**2 - log_var.exp()).sum()
        loss = F.binary_cross_entropy(y, x, reduction="sum") + divergence  # of a sum: a large number
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def autoencoder_of_four_numbers(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.Sequential(mlp(20, 32, 4), nn.Tanh(), mlp(4, 32, 20))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    x = torch.tanh(torch.randn(512, 4) @ torch.randn(4, 20))
    for _ in range(150):
        batch = x[torch.randint(512, (64,))]
        optimizer.zero_grad()
        F.mse_loss(model(batch + 0.05 * torch.randn_like(batch)), batch).backward()
        optimizer.step()


@ZOO.healthy()
def contrastive(seed: int, watch: Watch) -> None:
    """InfoNCE of two views at temperature 0.1: begins at about ln of the batch."""
    torch.manual_seed(seed)

    class SimCLR(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU())
            self.projector = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16))

        def forward(self, x: Tensor) -> Tensor:
            return F.normalize(self.projector(self.backbone(x)), dim=1)

    model = SimCLR()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    for _ in range(120):
        x = torch.randn(64, 20)
        one, two = model(x + 0.3 * torch.randn_like(x)), model(x + 0.3 * torch.randn_like(x))
        logits, target = one @ two.T / 0.1, torch.arange(64)
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Coupling(nn.Module):
    """An affine coupling (RealNVP) whose scale begins at 1: its last layer is 0."""

    def __init__(self, flip: bool) -> None:
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 2))
        nn.init.zeros_(self.net[2].weight)
        nn.init.zeros_(self.net[2].bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = x.flip(1).chunk(2, 1) if self.flip else x.chunk(2, 1)
        scale, shift = self.net(kept).chunk(2, 1)
        return torch.cat([kept, moved * scale.tanh().exp() + shift], 1), scale.tanh().squeeze(1)


@ZOO.healthy()
def normalising_flow(seed: int, watch: Watch) -> None:
    """A log-likelihood, which may be of any sign."""
    torch.manual_seed(seed)
    flow = nn.ModuleList([Coupling(index % 2 == 1) for index in range(4)])
    optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
    watch(flow, optimizer)
    for _ in range(120):
        a = torch.randn(128)
        x = torch.stack([a, 0.5 * a**2 + 0.2 * torch.randn(128)], 1)
        logarithm = torch.zeros(128)
        for layer in flow:
            x, scale = layer(x)
            logarithm = logarithm + scale
        loss = (0.5 * x**2).sum(1).mean() - logarithm.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def denoising_diffusion(seed: int, watch: Watch) -> None:
    """The loss of each step is of another noise level, and so it is noisy: it falls to about a half."""
    torch.manual_seed(seed)

    class Denoiser(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.time, self.inp = nn.Linear(1, 32), nn.Linear(2, 32)
            self.mid, self.out = nn.Linear(32, 32), nn.Linear(32, 2)
            nn.init.zeros_(self.out.weight)

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.out(F.silu(self.mid(F.silu(self.inp(x) + self.time(t)))))

    model = Denoiser()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    for _ in range(200):
        angle = torch.rand(128, 1) * 2 * math.pi
        x, noise, t = torch.cat([angle.cos(), angle.sin()], 1), torch.randn(128, 2), torch.rand(128, 1)
        loss = F.mse_loss(model((1 - t).sqrt() * x + t.sqrt() * noise, t), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
