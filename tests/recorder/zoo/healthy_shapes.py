"""Healthy trainings of nets whose shape is the odd thing: graphs, experts, shared and scaled parts."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(1, 8, 3, padding=1)
        self.down2 = nn.Conv2d(8, 16, 3, padding=1)
        self.middle = nn.Conv2d(16, 16, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.join1 = nn.Conv2d(16, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 1, 1)
        self.norms = nn.ModuleDict({"one": nn.GroupNorm(4, 8), "two": nn.GroupNorm(4, 16)})

    def forward(self, x: Tensor) -> Tensor:
        one = F.silu(self.norms["one"](self.down1(x)))
        two = F.silu(self.norms["two"](self.down2(F.avg_pool2d(one, 2))))
        up = self.up1(F.silu(self.middle(two)))
        return self.out(F.silu(self.join1(torch.cat([up, one], 1))))


@ZOO.healthy()
def u_net_segments(seed: int, watch: Watch) -> None:
    """Few pixels are positive: the loss begins at a small value and falls."""
    torch.manual_seed(seed)
    model = UNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    for _ in range(60):
        image = 0.3 * torch.randn(16, 1, 12, 12)
        mask = torch.zeros_like(image)
        for index in range(16):
            row, column = torch.randint(9, (2,)).tolist()
            mask[index, 0, row : row + 3, column : column + 3] = 1.0
        loss = F.binary_cross_entropy_with_logits(model(image + mask), mask)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def graph_net(seed: int, watch: Watch) -> None:
    """Messages along edges, summed by index_add: the label of a node is its neighbourhood's majority."""
    torch.manual_seed(seed)

    class GraphLayer(nn.Module):
        def __init__(self, inputs: int, outputs: int) -> None:
            super().__init__()
            self.own, self.message = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs, bias=False)

        def forward(self, x: Tensor, source: Tensor, target: Tensor) -> Tensor:
            total = torch.zeros(len(x), self.message.out_features)
            return self.own(x) + total.index_add(0, target, self.message(x)[source]) / 4

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer1, self.layer2, self.head = GraphLayer(4, 24), GraphLayer(24, 24), nn.Linear(24, 2)

        def forward(self, x: Tensor, source: Tensor, target: Tensor) -> Tensor:
            h = F.relu(self.layer1(x, source, target))
            return self.head(F.relu(self.layer2(h, source, target)))

    nodes = 200
    source, target = torch.randint(nodes, (2, 4 * nodes))
    x = torch.randn(nodes, 4)
    near = x.index_add(0, target, x[source])
    y = (near[:, 0] > 0).long()
    model = Graph()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=5e-4)
    watch(model, optimizer)
    known = torch.rand(nodes) < 0.7
    for _ in range(120):
        optimizer.zero_grad()
        F.cross_entropy(model(x, source, target)[known], y[known]).backward()
        optimizer.step()


@ZOO.healthy()
def sparse_embedding_bag(seed: int, watch: Watch) -> None:
    """Sparse gradients of an embedding bag by SparseAdam, the rest by Adam."""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"words": nn.EmbeddingBag(200, 16, sparse=True), "head": nn.Linear(16, 2)})
    sparse = torch.optim.SparseAdam(list(model["words"].parameters()), lr=1e-2)
    dense = torch.optim.Adam(model["head"].parameters(), lr=1e-2)
    watch(model, [sparse, dense])
    for _ in range(120):
        tokens = torch.randint(200, (32, 7))
        labels = ((tokens < 100).float().mean(1) > 0.5).long()
        sparse.zero_grad()
        dense.zero_grad()
        F.cross_entropy(model["head"](model["words"](tokens)), labels).backward()
        sparse.step()
        dense.step()


@ZOO.healthy()
def two_heads_now_and_then(seed: int, watch: Watch) -> None:
    """The second head's task comes with every fifth batch: it has no gradient at the others."""
    torch.manual_seed(seed)

    class Multitask(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
            self.kinds, self.size = nn.Linear(48, 4), nn.Linear(48, 1)

        def forward(self, x: Tensor, task: str) -> Tensor:
            return getattr(self, task)(self.trunk(x))

    model = Multitask()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    watch(model, optimizer)
    x, y = data.points(512, 10, 4)
    size = x.norm(dim=1, keepdim=True) / math.sqrt(10)
    for step in range(150):
        part = torch.randint(512, (64,))
        optimizer.zero_grad()
        if step % 5 == 4:
            loss = F.mse_loss(model(x[part], "size"), size[part])
        else:
            loss = F.cross_entropy(model(x[part], "kinds"), y[part])
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def mixture_of_experts(seed: int, watch: Watch) -> None:
    """The router sends each sample to one of six experts: some get none in a batch, and then no gradient."""
    torch.manual_seed(seed)

    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.router = nn.Linear(8, 6)
            self.experts = nn.ModuleList(nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 3)) for _ in range(6))

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            probabilities = self.router(x).softmax(1)
            weight, chosen = probabilities.max(1)
            out = torch.zeros(len(x), 3)
            for index, expert in enumerate(self.experts):
                rows = (chosen == index).nonzero().squeeze(1)
                if len(rows):
                    out = out.index_add(0, rows, expert(x[rows]) * weight[rows, None])
            share = F.one_hot(chosen, 6).float().mean(0)
            return out, 6 * (share * probabilities.mean(0)).sum()

    model = Mixture()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    x, y = data.points(512, 8, 3)
    for _ in range(120):
        part = torch.randint(512, (16,))
        logits, balance = model(x[part])
        loss = F.cross_entropy(logits, y[part]) + 0.02 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@ZOO.healthy()
def siamese_with_shared_weights(seed: int, watch: Watch) -> None:
    """One tower, called twice for each loss: triplets."""
    torch.manual_seed(seed)
    tower = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 8))
    optimizer = torch.optim.Adam(tower.parameters(), lr=2e-3)
    watch(tower, optimizer)
    x, y = data.points(400, 10, 4, spread=1.5)
    for _ in range(150):
        anchor = torch.randint(400, (48,))
        same = torch.stack([(y == y[i]).nonzero()[torch.randint((y == y[i]).sum().item(), ())][0] for i in anchor])
        other = torch.stack([(y != y[i]).nonzero()[torch.randint((y != y[i]).sum().item(), ())][0] for i in anchor])
        loss = F.triplet_margin_loss(tower(x[anchor]), tower(x[same]), tower(x[other]), margin=2.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
