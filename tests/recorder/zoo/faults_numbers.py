"""Faults of numbers: not finite, too small for half precision, and single bad batches."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


@ZOO.fault("non_finite", layers=("net.0",), steps=(30, 30), quick=True)
def nan_in_a_batch(seed: int, watch: Watch) -> None:
    """One missing value in a table: its batch is the thirty-first."""
    torch.manual_seed(seed)

    class Regressor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 1))

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

    x, y = data.curve(640, 9)
    x[30 * 16 + 5, 3] = math.nan
    model = Regressor()
    optimizer = torch.optim.Adam(model.parameters())
    watch(model, optimizer)
    for inputs, targets in DataLoader(TensorDataset(x, y), batch_size=16):
        optimizer.zero_grad()
        F.mse_loss(model(inputs), targets).backward()
        optimizer.step()


@ZOO.fault("non_finite", steps=(25, 26), layers=("embed",))
def distance_of_equals(seed: int, watch: Watch) -> None:
    """√ of a distance of 0: the loss is finite, its gradient is not. A pair of equal samples is the reason."""
    torch.manual_seed(seed)
    embed = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 8))
    model = nn.ModuleDict({"embed": embed})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watch(model, optimizer)
    x, labels = data.points(512, 10, 4)
    for step in range(60):
        left, right = torch.randint(512, (32,)), torch.randint(512, (32,))
        left = torch.where(left == right, (left + 1) % 512, left)
        if step == 25:
            left[7] = right[7]
        a, b = model["embed"](x[left]), model["embed"](x[right])
        distance = ((a - b) ** 2).sum(1).sqrt()
        same = (labels[left] == labels[right]).float()
        loss = (same * distance**2 + (1 - same) * F.relu(1 - distance) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class SelfAttention(nn.Module):
    """Two heads, written out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, None], -math.inf)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = SelfAttention(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor, padding: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), padding)
        return x + self.mlp(self.norm2(x))


class Reader(nn.Module):
    """A small pre-norm transformer that classifies padded sentences."""

    def __init__(self, words: int = 8, width: int = 16, blocks: int = 2, classes: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(blocks)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens: Tensor, padding: Tensor | None = None) -> Tensor:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x, padding)
        return self.head(self.norm(x).mean(1))


@ZOO.fault("non_finite", layers=("blocks.0", "blocks.0.attn"), steps=(20, 20))
def empty_sentence(seed: int, watch: Watch) -> None:
    """A sentence of padding alone: softmax over nothing is NaN."""
    torch.manual_seed(seed)
    model = Reader()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    for step in range(50):
        tokens, labels = data.counted(16, 10)
        lengths = torch.randint(4, 11, (16,))
        if step == 20:
            lengths[3] = 0
        padding = torch.arange(10)[None] >= lengths[:, None]
        loss = F.cross_entropy(model(tokens, padding), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("non_finite")
def logarithm_of_zero(seed: int, watch: Watch) -> int:
    """Cross-entropy by hand: log(softmax) of what has become 0 in float32. The loss is the first to be infinite."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3), nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watch(model, optimizer)
    x, y = data.points(300, 6, 3, spread=0.5)
    onset = -1
    for step in range(60):
        scale = 1.0 if step < 35 else 400.0  # somebody's loader stops to normalise
        probability = model(x * scale)
        target = F.one_hot(y, 3).float()
        loss = -(target * torch.log(probability)).sum(1).mean()
        if onset < 0 and not math.isfinite(loss.item()):
            onset = step
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return onset


@ZOO.fault("underflow", quick=True)
def half_without_scaler(seed: int, watch: Watch) -> None:
    """float16 autocast and a mean over every pixel: gradients below 6e-8 are 0."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    watch(model, optimizer)
    x = torch.randn(1024, 64)
    y = torch.tanh(x @ torch.randn(64, 64) / 8)
    for step in range(40):
        part = torch.arange(256) + 256 * (step % 4)
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.mse_loss(model(x[part]).float(), y[part]) * 1e-3
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("underflow")
def half_accumulated(seed: int, watch: Watch) -> None:
    """A transformer in float16, its loss divided by a large number of parts, and no scaler."""
    torch.manual_seed(seed)
    model = Reader(8, 32, 2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch(model, optimizer)
    parts = 4
    for _ in range(25):
        optimizer.zero_grad()
        for _part in range(parts):
            tokens, labels = data.counted(32, 24)
            with torch.autocast("cpu", dtype=torch.float16):
                logits = model(tokens)
            (F.cross_entropy(logits.float(), labels) / (parts * 1000)).backward()
        optimizer.step()


@ZOO.fault("scaler_stuck", also=("non_finite",), quick=True)
def scaler_never_steps(seed: int, watch: Watch) -> None:
    """Inputs in the thousands overflow float16 forward: every step is left out, whatever the scale."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    watch(model, optimizer, scaler=scaler)
    for _ in range(50):
        x = torch.randn(64, 20) * 3e5
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.mse_loss(model(x.clamp(-6e4, 6e4)).float(), x[:, :1])
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()


@ZOO.fault("scaler_stuck", also=("non_finite",))
def scaler_and_a_bad_column(seed: int, watch: Watch) -> None:
    """A column of a table is NaN from the start: GradScaler hides it by leaving out every step."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(12, 32), nn.SiLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    watch(model, optimizer)
    x, y = data.points(256, 12, 3)
    x[:, 4] = math.nan
    for step in range(60):
        part = torch.arange(32) + 32 * (step % 8)
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(x[part]), y[part])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


@ZOO.fault("update_lost", steps=(0, 3), quick=True)
def bfloat_weights(seed: int, watch: Watch) -> None:
    """Weights in bfloat16 (8 bits): an update of 1e-4 of a weight changes nothing."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)).bfloat16()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    watch(model, optimizer)
    x, y = data.points(512, 32, 4)
    x = x.bfloat16()
    for step in range(60):
        part = torch.arange(64) + 64 * (step % 8)
        loss = F.cross_entropy(model(x[part]).float(), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.fault("update_lost", steps=(0, 10))
def bfloat_transformer(seed: int, watch: Watch) -> None:
    """Fine-tuned in pure bfloat16 by AdamW at 1e-5, as in many a script."""
    torch.manual_seed(seed)
    model = Reader(8, 32, 2, 2).to(torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    watch(model, optimizer)
    for _ in range(40):
        tokens, labels = data.counted(32, 12)
        optimizer.zero_grad()
        F.cross_entropy(model(tokens).float(), labels).backward()
        optimizer.step()


@ZOO.fault("loss_spike", steps=(70, 72), quick=True)
def one_bad_batch(seed: int, watch: Watch) -> None:
    """A batch that was not normalised, in a training that had come far."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    recorder = watch(model, optimizer)
    x, y = data.curve(512, 4)
    for step in range(120):
        part = torch.randint(512, (64,))
        inputs = x[part] * (20.0 if step == 70 else 1.0)
        loss = F.mse_loss(model(inputs), y[part])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recorder.loss(loss)


@ZOO.fault("loss_spike", steps=(100, 103))
def wrong_labels_for_a_moment(seed: int, watch: Watch) -> None:
    """A transformer that has learnt meets one batch whose labels are those of another file."""
    torch.manual_seed(seed)
    model = Reader(8, 16, 1, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch(model, optimizer)
    for step in range(150):
        tokens = torch.randint(8, (32, 6))
        tokens[:, 1:] = tokens[:, :1]
        labels = tokens[:, 0] % 4
        if step == 100:
            labels = (labels + 1) % 4
        loss = F.cross_entropy(model(tokens), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
