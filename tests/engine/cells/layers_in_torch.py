"""One layer of each recurrent cell in plain PyTorch, from the papers' equations: see `in_torch.Layer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from tests.engine.cells.in_torch import Layer

Parameters = Mapping[str, torch.Tensor]


def _unrolled(step: Callable[[torch.Tensor, Any, Parameters], Any], states: int = 1) -> Layer:
    """A layer out of one step, which gives the new state: h, or (h, c)."""

    def layer(inputs: torch.Tensor, of: Parameters, state: Any) -> tuple[torch.Tensor, Any]:
        if state is None:
            width = of["weight_hh"].shape[1] if "weight_hh" in of else len(of["bias"]) // 2
            zeros = torch.zeros(inputs.shape[1], width, dtype=inputs.dtype)
            state = zeros if states == 1 else (zeros, zeros)
        found = []
        for x in inputs:
            state = step(x, state, of)
            found.append(state if states == 1 else state[0])
        return torch.stack(found), state

    return layer


def _rnn(x: torch.Tensor, h: Any, of: Parameters) -> Any:
    """Elman 1990."""
    return torch.tanh(x @ of["weight_ih"].T + of["bias_ih"] + h @ of["weight_hh"].T + of["bias_hh"])


def _lstm(x: torch.Tensor, state: Any, of: Parameters) -> Any:
    """Hochreiter & Schmidhuber 1997; Gers et al. 2000."""
    h, c = state
    z = x @ of["weight_ih"].T + of["bias_ih"] + h @ of["weight_hh"].T + of["bias_hh"]
    i, f, g, o = z.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def _gru(x: torch.Tensor, h: Any, of: Parameters) -> Any:
    """Cho et al. 2014, as PyTorch documents it."""
    p, q = x @ of["weight_ih"].T + of["bias_ih"], h @ of["weight_hh"].T + of["bias_hh"]
    (p_r, p_z, p_n), (q_r, q_z, q_n) = p.chunk(3, dim=1), q.chunk(3, dim=1)
    z = torch.sigmoid(p_z + q_z)
    return (1 - z) * torch.tanh(p_n + torch.sigmoid(p_r + q_r) * q_n) + z * h


def _mgu(x: torch.Tensor, h: Any, of: Parameters) -> Any:
    """Zhou et al. 2016."""
    (p_f, p_n), (u_f, u_n) = (x @ of["weight_ih"].T + of["bias"]).chunk(2, dim=1), of["weight_hh"].chunk(2)
    f = torch.sigmoid(p_f + h @ u_f.T)
    return (1 - f) * h + f * torch.tanh(p_n + (f * h) @ u_n.T)


def _mingru(x: torch.Tensor, h: Any, of: Parameters) -> Any:
    """Feng et al. 2024."""
    z, candidate = (x @ of["weight_ih"].T + of["bias"]).chunk(2, dim=1)
    z = torch.sigmoid(z)
    return (1 - z) * h + z * candidate


def _lru(inputs: torch.Tensor, of: Parameters, state: Any) -> tuple[torch.Tensor, Any]:
    """Orvieto et al. 2023, in complex numbers."""
    width = len(of["nu"])
    eigenvalues = torch.exp(torch.complex(-torch.exp(of["nu"]), torch.exp(of["theta"])))
    weight = torch.complex(of["weight_ih"][:width], of["weight_ih"][width:])
    h = torch.zeros(inputs.shape[1], width, dtype=torch.complex128)
    if state is not None:
        h = torch.complex(state[:, :width], state[:, width:])
    found = []
    for x in inputs:
        h = eigenvalues * h + torch.exp(of["log_gamma"]) * (x.to(torch.complex128) @ weight.T)
        found.append(torch.cat([h.real, h.imag], dim=1))
    return torch.stack(found), found[-1]


LAYERS: Mapping[str, Layer] = {
    "rnn": _unrolled(_rnn),
    "lstm": _unrolled(_lstm, 2),
    "gru": _unrolled(_gru),
    "mgu": _unrolled(_mgu),
    "mingru": _unrolled(_mingru),
    "lru": _lru,
}
