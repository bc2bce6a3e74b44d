"""Healthy trainings that whoever wrote the rules had not seen: nets, losses and optimizers of other kinds."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.nn.utils.rnn import pack_padded_sequence

from . import data
from .held_out_faults import CNN, Trainer, regressor
from .training import Watch, Zoo

ZOO = Zoo()


def epochs(trainer: Trainer, x: Tensor, y: Tensor, steps: int, batch: int = 40) -> None:
    for _ in range(steps):
        part = torch.randint(len(x), (batch,))
        trainer.step(x[part], y[part])


@ZOO.healthy()
def convolutional_adversaries(seed: int, watch: Watch) -> None:
    """Least-squares GAN of pictures, batch norm on both sides, generator and discriminator watched in one file each."""
    torch.manual_seed(seed)
    generator = nn.Sequential(
        nn.Linear(8, 8 * 4 * 4),
        nn.Unflatten(1, (8, 4, 4)),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 1, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 8, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Flatten(), nn.Linear(128, 1)
    )
    for module in (*generator.modules(), *discriminator.modules()):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
    g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    d = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    watch(discriminator, d)
    watch(generator, g)
    for _ in range(100):
        real = data.pictures(32, 8)[0].tanh()
        fake = generator(torch.randn(32, 8))
        d.zero_grad()
        ((discriminator(real) - 1) ** 2).mean().backward()
        (discriminator(fake.detach()) ** 2).mean().backward()
        d.step()
        g.zero_grad()
        ((discriminator(fake) - 1) ** 2).mean().backward()
        g.step()


@ZOO.healthy()
def vector_quantised(seed: int, watch: Watch) -> None:
    """VQ-VAE: straight-through, a code book of which part is never used."""

    class VQ(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enc, self.dec = regressor(40, 1, nn.ReLU, 16, 4), regressor(40, 1, nn.ReLU, 4, 16)
            self.codes = nn.Embedding(24, 4)
            nn.init.uniform_(self.codes.weight, -1, 1)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            z = self.enc(x).tanh()
            nearest = self.codes(torch.cdist(z.detach(), self.codes.weight.detach()).argmin(1))
            commitment = F.mse_loss(nearest, z.detach()) + 0.25 * F.mse_loss(z, nearest.detach())
            return self.dec(z + (nearest - z).detach()), commitment

    torch.manual_seed(seed)
    model = VQ()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    x = data.points(500, 16, 6, spread=0.3)[0]
    for _ in range(180):
        batch = x[torch.randint(500, (50,))]
        output, commitment = model(batch)
        optimizer.zero_grad()
        (F.mse_loss(output, batch) + commitment).backward()
        optimizer.step()


@ZOO.healthy()
def proximal_policy(seed: int, watch: Watch) -> None:
    """PPO: four epochs on each batch of a bandit, a clipped ratio, an entropy bonus, values of another scale."""
    torch.manual_seed(seed)
    actor, critic = regressor(32, 2, nn.Tanh, 5, 4), regressor(32, 2, nn.Tanh, 5, 1)
    model = nn.ModuleDict({"actor": actor, "critic": critic})
    nn.init.orthogonal_(actor[-1].weight, 0.01)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, eps=1e-5)
    watch(model, optimizer)
    for _ in range(40):
        state = torch.randn(64, 5)
        with torch.no_grad():
            old = torch.distributions.Categorical(logits=actor(state))
            action = old.sample()
            before = old.log_prob(action)
        reward = 10 * (action == state[:, :4].argmax(1)).float()
        for _epoch in range(4):
            value = critic(state).squeeze(1)
            advantage = reward - value.detach()
            advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
            now = torch.distributions.Categorical(logits=actor(state))
            ratio = (now.log_prob(action) - before).exp()
            gain = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
            loss = -gain + 0.5 * F.mse_loss(value, reward) - 0.01 * now.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()


@ZOO.healthy()
def deterministic_policy(seed: int, watch: Watch) -> None:
    """DDPG on a one-step task: an actor and a critic, each with an optimizer; the actor's tanh ends at the bounds."""
    torch.manual_seed(seed)
    actor = nn.Sequential(regressor(24, 1, nn.ReLU, 3, 1), nn.Tanh())
    model = nn.ModuleDict({"actor": actor, "critic": regressor(24, 2, nn.ReLU, 4, 1)})
    model["target"] = copy.deepcopy(model["critic"]).requires_grad_(False)
    a = torch.optim.Adam(model["actor"].parameters(), lr=1e-3)
    c = torch.optim.Adam(model["critic"].parameters(), lr=3e-3)
    watch(model, [a, c])
    for _ in range(150):
        state = torch.randn(64, 3)
        action = (model["actor"](state).detach() + 0.3 * torch.randn(64, 1)).clamp(-1, 1)
        reward = -((action - state[:, :1].sign() * 0.9) ** 2)
        c.zero_grad()
        F.mse_loss(model["critic"](torch.cat([state, action], 1)), reward).backward()
        c.step()
        a.zero_grad()
        (-model["critic"](torch.cat([state, model["actor"](state)], 1)).mean()).backward()
        a.step()
        with torch.no_grad():
            for slow, fast in zip(model["target"].parameters(), model["critic"].parameters(), strict=True):
                slow.lerp_(fast, 0.01)


@ZOO.healthy()
def vision_transformer(seed: int, watch: Watch) -> None:
    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Conv2d(1, 24, 4, 4)
            self.cls = nn.Parameter(torch.zeros(1, 1, 24))
            self.pos = nn.Parameter(torch.randn(1, 10, 24) * 0.02)
            layer = nn.TransformerEncoderLayer(24, 3, 72, 0.1, F.gelu, batch_first=True, norm_first=True)
            self.blocks = nn.TransformerEncoder(layer, 3, nn.LayerNorm(24), enable_nested_tensor=False)
            self.head = nn.Linear(24, 4)
            nn.init.zeros_(self.head.weight)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patch(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
            return self.head(self.blocks(x)[:, 0])

    torch.manual_seed(seed)
    model = ViT()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=100)
    trainer = Trainer(model, optimizer, scheduler)
    watch(model, optimizer)
    epochs(trainer, *data.pictures(320), steps=100, batch=32)


class RMSNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class LlamaBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(width), RMSNorm(width)
        self.q_proj, self.k_proj = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.v_proj, self.o_proj = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.gate_proj, self.up_proj = nn.Linear(width, 2 * width, bias=False), nn.Linear(width, 2 * width, bias=False)
        self.down_proj = nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        h = self.input_layernorm(x)
        q, k, v = (
            layer(h).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = self._turned(q, angles), self._turned(k, angles)
        x = x + self.o_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        h = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))

    @staticmethod
    def _turned(x: Tensor, angles: Tensor) -> Tensor:
        one, two = x.chunk(2, -1)
        return torch.cat([one * angles.cos() - two * angles.sin(), one * angles.sin() + two * angles.cos()], -1)


@ZOO.healthy()
def llama_like(seed: int, watch: Watch) -> None:
    """RMS norm, rotary positions, gated feed-forward; outputs as an object with loss and logits."""

    class Output(dict[str, Any]):
        def __getattr__(self, name: str) -> Any:
            return self[name]

    class Llama(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed_tokens = nn.Embedding(20, 32)
            self.layers = nn.ModuleList(LlamaBlock(32, 4) for _ in range(3))
            self.norm, self.lm_head = RMSNorm(32), nn.Linear(32, 20, bias=False)
            for parameter in self.parameters():
                if parameter.ndim > 1:
                    nn.init.normal_(parameter, std=0.02)

        def forward(self, input_ids: Tensor, labels: Tensor) -> Output:
            x = self.embed_tokens(input_ids)
            angles = torch.arange(input_ids.shape[1])[:, None] / 100 ** (torch.arange(4) / 4)
            for layer in self.layers:
                x = layer(x, angles)
            logits = self.lm_head(self.norm(x))
            return Output(loss=F.cross_entropy(logits.flatten(0, 1), labels.flatten()), logits=logits)

    torch.manual_seed(seed)
    model = Llama()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.95), weight_decay=0.1)
    watch(model, optimizer)
    tokens = data.text(3000, 20)
    for step in range(100):
        optimizer.param_groups[0]["lr"] = 4e-3 * min(1.0, (step + 1) / 20)
        output = model(*data.windows(tokens, 16, 20))
        optimizer.zero_grad()
        output.loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@ZOO.healthy()
def dense_connections_and_branches(seed: int, watch: Watch) -> None:
    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(
                nn.ModuleDict(
                    {
                        "wide": nn.Conv2d(4 + 8 * index, 4, 3, padding=1),
                        "point": nn.Conv2d(4 + 8 * index, 4, 1),
                        "norm": nn.BatchNorm2d(8),
                    }
                )
                for index in range(5)
            )
            self.stem, self.fc = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(44, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            for layer in self.layers:
                x = torch.cat([x, F.relu(layer["norm"](torch.cat([layer["wide"](x), layer["point"](x)], 1)))], 1)
            return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))

    torch.manual_seed(seed)
    model = Dense()
    trainer = Trainer(model, torch.optim.NAdam(model.parameters(), lr=3e-3))
    watch(model, trainer.optimizer)
    epochs(trainer, *data.pictures(256, 8), steps=80, batch=24)


@ZOO.healthy()
def packed_sequences(seed: int, watch: Watch) -> None:
    """Sentences of different lengths, packed: what cannot be looked at over time is said, and is no fault."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.emb = nn.Embedding(7, 12, padding_idx=6)
            self.gru = nn.GRU(12, 20, batch_first=True, bidirectional=True)
            self.out = nn.Linear(40, 2)

        def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
            packed = pack_padded_sequence(self.emb(tokens), lengths, batch_first=True, enforce_sorted=False)
            _, h = self.gru(packed)
            return self.out(torch.cat([h[0], h[1]], 1))

    torch.manual_seed(seed)
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
    watch(model, optimizer)
    for _ in range(120):
        tokens, labels = data.counted(32, 9)
        lengths = torch.randint(9, 14, (32,))
        tokens = F.pad(tokens, (0, 4), value=6)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens, lengths), labels).backward()
        optimizer.step()


@ZOO.healthy()
def attention_decoder_of_cells(seed: int, watch: Watch) -> None:
    """An LSTM encoder and a decoder of LSTMCells with attention, half of the time fed with its own words."""

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.emb = nn.Embedding(6, 14)
            self.encoder = nn.LSTM(14, 28, batch_first=True)
            self.cell, self.out = nn.LSTMCell(14 + 28, 28), nn.Linear(56, 6)

        def forward(self, source: Tensor, target: Tensor) -> Tensor:
            memory, (h, c) = self.encoder(self.emb(source))
            h, c, context = h[0], c[0], memory.new_zeros(len(source), 28)
            word, logits = torch.zeros(len(source), dtype=torch.long), []
            for t in range(target.shape[1]):
                h, c = self.cell(torch.cat([self.emb(word), context], 1), (h, c))
                weights = torch.einsum("bth,bh->bt", memory, h).softmax(1)
                context = torch.einsum("bt,bth->bh", weights, memory)
                logits.append(self.out(torch.cat([h, context], 1)))
                word = target[:, t] if torch.rand(()) < 0.5 else logits[-1].argmax(1)
            return torch.stack(logits, 1)

    torch.manual_seed(seed)
    model = Decoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=8e-3)
    watch(model, optimizer)
    for _ in range(120):
        source = torch.randint(1, 6, (24, 6))
        loss = F.cross_entropy(model(source, source).flatten(0, 1), source.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()


@ZOO.healthy()
def state_space_layer(seed: int, watch: Watch) -> None:
    """A diagonal linear recurrence (S4D-like) with a learnt decay, as a convolution: y = D x + Σ C λ^k B x."""

    class StateSpace(nn.Module):
        def __init__(self, width: int, states: int = 6) -> None:
            super().__init__()
            self.log_decay = nn.Parameter(torch.log(torch.linspace(0.01, 1.0, states)).repeat(width, 1))
            self.b_c = nn.Parameter(torch.randn(width, states) / math.sqrt(states))
            self.skip = nn.Parameter(torch.ones(width))

        def forward(self, x: Tensor) -> Tensor:
            time = torch.arange(x.shape[1])
            kernel = (self.b_c[..., None] * torch.exp(-self.log_decay.exp()[..., None] * time)).sum(1)
            size = 2 * x.shape[1]
            mixed = torch.fft.irfft(torch.fft.rfft(x.transpose(1, 2), size) * torch.fft.rfft(kernel, size), size)
            return mixed[..., : x.shape[1]].transpose(1, 2) + self.skip * x

    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Embedding(4, 16), StateSpace(16), nn.GELU(), nn.Linear(16, 16), StateSpace(16), nn.GELU(), nn.Linear(16, 4)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    for _ in range(100):
        tokens, labels = data.first_token(32, 24)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens)[:, -1], labels).backward()
        optimizer.step()


@ZOO.healthy()
def sharpness_aware(seed: int, watch: Watch) -> None:
    """SAM: two forwards and backwards for each step, the weights moved between them by hand."""
    torch.manual_seed(seed)
    model = regressor(40, 2, nn.ReLU, 9, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    watch(model, optimizer)
    x, y = data.points(400, 9, 3, spread=1.5)
    for _ in range(120):
        part = torch.randint(400, (40,))
        F.cross_entropy(model(x[part]), y[part]).backward()
        with torch.no_grad():
            norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm() + 1e-12
            moves = [0.05 * p.grad / norm for p in model.parameters()]
            for parameter, move in zip(model.parameters(), moves, strict=True):
                parameter.add_(move)
        optimizer.zero_grad()
        F.cross_entropy(model(x[part]), y[part]).backward()
        with torch.no_grad():
            for parameter, move in zip(model.parameters(), moves, strict=True):
                parameter.sub_(move)
        optimizer.step()
        optimizer.zero_grad()


@ZOO.healthy()
def physics_informed(seed: int, watch: Watch) -> None:
    """u'' = −u with u(0) = 0, u'(0) = 1: derivatives of the net by autograd within the loss."""
    torch.manual_seed(seed)
    model = regressor(32, 3, nn.Tanh, 1, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    watch(model, optimizer)
    for _ in range(250):
        t = (torch.rand(64, 1) * 3).requires_grad_()
        u = model(t)
        (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        (curvature,) = torch.autograd.grad(slope.sum(), t, create_graph=True)
        zero = torch.zeros(1, 1, requires_grad=True)
        start = model(zero)
        (first,) = torch.autograd.grad(start.sum(), zero, create_graph=True)
        loss = ((curvature + u) ** 2).mean() + (start**2).sum() + ((first - 1) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def sine_activations(seed: int, watch: Watch) -> None:
    """SIREN: a picture from its coordinates, sines of frequency 15, weights drawn for that."""

    class Sine(nn.Module):
        def __init__(self, inputs: int, outputs: int, first: bool = False) -> None:
            super().__init__()
            self.linear = nn.Linear(inputs, outputs)
            bound = 1 / inputs if first else math.sqrt(6 / inputs) / 15
            nn.init.uniform_(self.linear.weight, -bound, bound)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(15 * self.linear(x))

    torch.manual_seed(seed)
    model = nn.Sequential(Sine(2, 48, True), Sine(48, 48), Sine(48, 48), nn.Linear(48, 1))
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    watch(model, trainer.optimizer)
    x = torch.rand(1000, 2) * 2 - 1
    epochs(trainer, x, torch.sin(9 * x[:, :1]) * torch.cos(7 * x[:, 1:]), steps=150, batch=100)


@ZOO.healthy()
def one_layer_called_twelve_times(seed: int, watch: Watch) -> None:
    """A residual flow (neural ODE by Euler's steps): the same module at every step."""

    class ODE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.field, self.head = regressor(32, 1, nn.Tanh, 3, 3), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = F.pad(x, (0, 1))
            for _ in range(12):
                x = x + 0.2 * self.field(x)
            return self.head(x)

    torch.manual_seed(seed)
    model = ODE()
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-2))
    watch(model, trainer.optimizer)
    angle, ring = torch.rand(400) * 2 * math.pi, torch.randint(2, (400,))
    x = torch.stack([angle.cos(), angle.sin()], 1) * (1 + ring[:, None]) + 0.1 * torch.randn(400, 2)
    epochs(trainer, x, ring, steps=150)


@ZOO.healthy()
def rounded_weights(seed: int, watch: Watch) -> None:
    """Quantisation-aware: weights are rounded to 4 bits in the forward pass, straight-through in the backward."""

    class Rounded(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            scale = self.weight.detach().abs().max() / 7
            weight = self.weight + ((self.weight / scale).round() * scale - self.weight).detach()
            return F.linear(x, weight, self.bias)

    torch.manual_seed(seed)
    model = nn.Sequential(Rounded(10, 48), nn.ReLU6(), Rounded(48, 48), nn.ReLU6(), Rounded(48, 4))
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9))
    watch(model, trainer.optimizer)
    epochs(trainer, *data.points(400, 10, 4), steps=120)


@ZOO.healthy()
def pruned_to_a_fifth(seed: int, watch: Watch) -> None:
    """torch.nn.utils.prune: four fifths of the weights are 0 and stay so."""
    torch.manual_seed(seed)
    model = regressor(60, 2, nn.ReLU, 10, 4)
    for layer in (model[0], model[2]):
        prune.random_unstructured(layer, "weight", amount=0.8)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=3e-3))
    watch(model, trainer.optimizer)
    epochs(trainer, *data.points(400, 10, 4), steps=120)


@ZOO.healthy()
def word_vectors(seed: int, watch: Watch) -> None:
    """Skip-gram with negative samples: most rows have no gradient in a step; the loss falls slowly."""

    class SkipGram(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.center, self.context = nn.Embedding(300, 12), nn.Embedding(300, 12)
            nn.init.uniform_(self.center.weight, -0.5 / 12, 0.5 / 12)
            nn.init.zeros_(self.context.weight)

        def forward(self, word: Tensor, near: Tensor, far: Tensor) -> Tensor:
            v = self.center(word)
            good = (v * self.context(near)).sum(1)
            bad = torch.einsum("bd,bkd->bk", v, self.context(far))
            return -(F.logsigmoid(good) + F.logsigmoid(-bad).sum(1)).mean()

    torch.manual_seed(seed)
    model = SkipGram()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    watch(model, optimizer)
    for _ in range(150):
        word = torch.randint(300, (64,))
        near = (word // 10) * 10 + torch.randint(10, (64,))
        loss = model(word, near, torch.randint(300, (64, 5)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def factors_of_a_matrix(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = nn.ModuleDict({"users": nn.Embedding(60, 5), "films": nn.Embedding(50, 5)})
    for part in model.values():
        nn.init.normal_(part.weight, std=0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=4.0)
    watch(model, optimizer)
    truth = torch.randn(60, 3) @ torch.randn(3, 50)
    for _ in range(200):
        user, film = torch.randint(60, (200,)), torch.randint(50, (200,))
        guess = (model["users"](user) * model["films"](film)).sum(1)
        optimizer.zero_grad()
        F.mse_loss(guess, truth[user, film]).backward()
        optimizer.step()


@ZOO.healthy()
def poisson_counts(seed: int, watch: Watch) -> None:
    """A likelihood of counts, whose loss is far below 0."""
    torch.manual_seed(seed)
    model = regressor(32, 2, nn.Softplus, 6, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    watch(model, optimizer)
    x = torch.randn(500, 6)
    y = torch.poisson((1 + x[:, :1] + 0.5 * x[:, 1:2]).exp().clamp(max=80))
    for _ in range(200):
        part = torch.randint(500, (80,))
        optimizer.zero_grad()
        F.poisson_nll_loss(model(x[part]), y[part]).backward()
        optimizer.step()


@ZOO.healthy()
def forty_labels_of_which_few_hold(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = regressor(64, 2, nn.ReLU, 20, 40)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    x = torch.randn(600, 20)
    y = (x @ torch.randn(20, 40) / math.sqrt(20) > 1.6).float()
    for _ in range(150):
        part = torch.randint(600, (60,))
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x[part]), y[part]).backward()
        optimizer.step()


@ZOO.healthy()
def half_of_the_labels_are_wrong(seed: int, watch: Watch) -> None:
    """Labels of 45 % noise: the loss falls by a fifth and no further."""
    torch.manual_seed(seed)
    model = regressor(32, 2, nn.ReLU, 8, 4)
    trainer = Trainer(model, torch.optim.AdamW(model.parameters(), lr=2e-3))
    watch(model, trainer.optimizer)
    x, y = data.points(4000, 8, 4)
    y = torch.where(torch.rand(4000) < 0.45, torch.randint(4, (4000,)), y)
    epochs(trainer, x, y, steps=150, batch=64)


@ZOO.healthy()
def slow_but_sure(seed: int, watch: Watch) -> None:
    """A careful rate: in 150 steps the loss falls by a few percent, at each of them a little."""
    torch.manual_seed(seed)
    model = regressor(48, 2, nn.ReLU, 10, 4)
    trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=3e-3))
    watch(model, trainer.optimizer)
    epochs(trainer, *data.points(400, 10, 4), steps=150, batch=200)


@ZOO.healthy()
def thawed_bit_by_bit(seed: int, watch: Watch) -> None:
    """Frozen but for the head; after sixty steps the rest is thawed, and given to the optimizer as a second group."""
    torch.manual_seed(seed)
    model = CNN(8)
    for part in (model.conv1, model.conv2):
        part.requires_grad_(False)
    optimizer = torch.optim.Adam(model.fc.parameters(), lr=1e-2)
    trainer = Trainer(model, optimizer)
    watch(model, optimizer)
    x, y = data.pictures(256, 10)
    epochs(trainer, x, y, 60, 32)
    for part in (model.conv1, model.conv2):
        part.requires_grad_(True)
        optimizer.add_param_group({"params": part.parameters(), "lr": 2e-3})
    epochs(trainer, x, y, 60, 32)


@ZOO.healthy()
def muon_and_adam(seed: int, watch: Watch) -> None:
    """Orthogonalised updates for the matrices, Adam for the rest."""
    torch.manual_seed(seed)
    model = regressor(48, 3, nn.GELU, 10, 4)
    matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    others = [parameter for parameter in model.parameters() if parameter.ndim != 2]
    optimizers = [torch.optim.Muon(matrices, lr=0.02), torch.optim.Adam(others, lr=3e-3)]
    watch(model, optimizers)
    x, y = data.points(400, 10, 4)
    for _ in range(100):
        part = torch.randint(400, (40,))
        loss = F.cross_entropy(model(x[part]), y[part])
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


@ZOO.healthy()
def signs_of_momentum(seed: int, watch: Watch) -> None:
    """Lion, written by hand as an Optimizer of one's own."""

    class Lion(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr, "betas": (0.9, 0.99)})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    m = self.state[p].setdefault("m", torch.zeros_like(p))
                    p.add_((0.9 * m + 0.1 * p.grad).sign(), alpha=-group["lr"])
                    m.lerp_(p.grad, 0.01)

    torch.manual_seed(seed)
    model = regressor(48, 2, nn.ReLU, 10, 4)
    trainer = Trainer(model, Lion(model.parameters(), 1e-3))
    watch(model, trainer.optimizer)
    epochs(trainer, *data.points(400, 10, 4), steps=120)


@ZOO.healthy()
def three_folds(seed: int, watch: Watch) -> None:
    """Cross-validation: a new model, optimizer and record for each fold, one after the other."""
    torch.manual_seed(seed)
    x, y = data.points(300, 8, 3)
    for fold in range(3):
        held = torch.arange(300) % 3 == fold
        model = regressor(32, 2, nn.ReLU, 8, 3)
        trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=4e-3))
        with watch(model, trainer.optimizer) as recorder:
            epochs(trainer, x[~held], y[~held], 50)
            with torch.no_grad():
                accuracy = model(x[held]).argmax(1).eq(y[held]).float().mean()
            recorder.note(f"fold {fold}: {accuracy:.2f}")


@ZOO.healthy()
def bfloat_weights_at_a_rate_that_fits(seed: int, watch: Watch) -> None:
    """All in bfloat16, at rates whose updates are far above its resolution."""
    torch.manual_seed(seed)
    model = regressor(48, 2, nn.ReLU, 10, 4).bfloat16()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    watch(model, optimizer)
    x, y = data.points(400, 10, 4)
    for _ in range(120):
        part = torch.randint(400, (40,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[part].bfloat16()).float(), y[part]).backward()
        optimizer.step()


@ZOO.healthy()
def noise_is_the_floor(seed: int, watch: Watch) -> None:
    """A regression whose targets are nearly all noise: the loss falls to its floor in the first steps, and stays."""
    torch.manual_seed(seed)
    model = regressor(24, 1, nn.ReLU, 5)
    trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    watch(model, trainer.optimizer)
    x = torch.randn(3000, 5)
    epochs(trainer, x, 0.3 * x[:, :1] + torch.randn(3000, 1), 150, 64)


@ZOO.healthy()
def second_order_meta_learning(seed: int, watch: Watch) -> None:
    """MAML on sines: an inner step by autograd.grad, the outer by backward through it."""
    torch.manual_seed(seed)
    model = regressor(32, 2, nn.ReLU, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    for _ in range(60):
        total = torch.zeros(())
        for _task in range(4):
            phase, size = torch.rand(()) * math.pi, 1 + torch.rand(())
            x = torch.rand(20, 1) * 6 - 3
            y = size * torch.sin(x + phase)
            names = dict(model.named_parameters())
            inner = F.mse_loss(model(x[:10]), y[:10])
            slopes = torch.autograd.grad(inner, list(names.values()), create_graph=True)
            moved = {name: p - 0.05 * g for (name, p), g in zip(names.items(), slopes, strict=True)}
            total = total + F.mse_loss(torch.func.functional_call(model, moved, x[10:]), y[10:]) / 4
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
