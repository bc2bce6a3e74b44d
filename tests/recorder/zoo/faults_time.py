"""Faults over time: what explodes or vanishes between the steps of a sequence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import data
from .training import Watch, Zoo

ZOO = Zoo()


class Recall(nn.Module):
    """Words in, a recurrent layer, a guess from its last state."""

    def __init__(self, cell: type[nn.RNNBase], words: int, width: int, classes: int, **settings: object) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.rnn = cell(width, width, batch_first=True, **settings)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.embed(tokens))
        return self.head(states[:, -1])


@ZOO.fault("exploding_time", layers=("rnn",), steps=(0, 3), quick=True)
def relu_rnn_above_identity(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Recall(nn.RNN, 6, 24, 2, nonlinearity="relu")
    with torch.no_grad():
        model.rnn.weight_hh_l0.copy_(torch.eye(24) * 1.35)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)
    watch(model, optimizer)
    tokens, labels = data.counted(256, 32)
    for step in range(60):
        part = torch.arange(32) + 32 * (step % 8)
        loss = F.cross_entropy(model(tokens[part]), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Elman(nn.Module):
    """A loop over nn.RNNCell, whose recurrent matrix has a spectral radius far above 1 and inputs are small."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.RNNCell(3, 20)
        self.readout = nn.Linear(20, 1)
        nn.init.orthogonal_(self.cell.weight_hh, gain=1.5)
        nn.init.normal_(self.cell.weight_ih, std=1e-6)
        nn.init.zeros_(self.cell.bias_ih)
        nn.init.zeros_(self.cell.bias_hh)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[1], 20)
        for step in x:
            h = self.cell(step, h)
        return self.readout(h)


@ZOO.fault("exploding_time", layers=("cell",), steps=(0, 3))
def cell_in_a_loop_explodes(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    net = Elman()
    opt = torch.optim.SGD(net.parameters(), lr=1e-9)
    watch(net, opt)
    x = torch.randn(30, 64, 3)
    y = x.sum(0).mean(1, keepdim=True)
    for _ in range(60):
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()


def _remember(model: nn.Module, seed: int, watch: Watch, length: int, rate: float, steps: int = 100) -> None:
    """Train a model to say the first word of a sequence."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    recorder = watch(model, optimizer)
    for _ in range(steps):
        tokens, labels = data.first_token(32, length)
        loss = F.cross_entropy(model(tokens), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    recorder.close()


@ZOO.fault("vanishing_time", layers=("rnn",), steps=(0, 10))
def tanh_rnn_cannot_remember(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    _remember(Recall(nn.RNN, 4, 24, 4), seed, watch, 60, 1e-3)


@ZOO.fault("vanishing_time", layers=("rnn",), steps=(0, 10), quick=True)
def lstm_that_forgets(seed: int, watch: Watch) -> None:
    """Forget gates near σ(−3) = 0.05: nothing is kept for forty steps."""
    torch.manual_seed(seed)
    model = Recall(nn.LSTM, 4, 16, 4)
    with torch.no_grad():
        model.rnn.bias_hh_l0[16:32] = -3.0
    _remember(model, seed, watch, 40, 1e-3, 60)


@ZOO.fault("vanishing_time", layers=("rnn",), steps=(0, 10))
def gru_that_overwrites(seed: int, watch: Watch) -> None:
    """Update gates near 0, so that the new state takes the old one's place."""
    torch.manual_seed(seed)
    model = Recall(nn.GRU, 4, 16, 4, num_layers=2)
    with torch.no_grad():
        for layer in range(2):
            getattr(model.rnn, f"bias_hh_l{layer}")[16:32] = -3.0
            getattr(model.rnn, f"weight_hh_l{layer}")[32:] *= 0.5
    _remember(model, seed, watch, 40, 1e-3)


@ZOO.fault("symmetric", layers=("rnn",), steps=(0, 3))
def constant_recurrence(seed: int, watch: Watch) -> None:
    torch.manual_seed(seed)
    model = Recall(nn.RNN, 6, 16, 2)
    for parameter in model.rnn.parameters():
        nn.init.constant_(parameter, 0.02)
    nn.init.zeros_(model.head.weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch(model, optimizer)
    tokens, labels = data.counted(256, 12)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(tokens), labels).backward()
        optimizer.step()
