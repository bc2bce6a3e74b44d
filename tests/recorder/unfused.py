"""An independent oracle: nn.LSTM, nn.GRU and nn.RNN written out in plain operations, every state a tensor by itself.

Autograd keeps the gradient of each h_t and c_t, all paths together. The equations are those of torch.nn's pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass
class Direction:
    """The states of one layer and direction, t = 0 … T in the order in which they came, and each gate's."""

    hidden: list[Tensor] = field(default_factory=list)
    cell: list[Tensor] = field(default_factory=list)
    gates: dict[str, list[Tensor]] = field(default_factory=dict)

    def keep(self, hidden: Tensor, cell: Tensor | None, gates: dict[str, Tensor]) -> None:
        self.hidden.append(_kept(hidden))
        if cell is not None:
            self.cell.append(_kept(cell))
        for letter, gate in gates.items():
            self.gates.setdefault(letter, []).append(gate.detach())


@dataclass
class Unfused:
    """What the module gives, (time, batch, …), and every state within it, the lowest layer first."""

    output: Tensor
    hidden: Tensor
    cell: Tensor
    directions: list[Direction]


def unfused(module: nn.RNNBase, inputs: Tensor, hidden: Tensor, cell: Tensor) -> Unfused:
    """Of inputs (time, batch, features) and first states (layers · directions, batch, width)."""
    directions = []
    count = 2 if module.bidirectional else 1
    given = list(inputs)
    for layer in range(module.num_layers):
        halves = []
        for reverse in range(count):
            at = layer * count + reverse
            one = Direction()
            one.keep(hidden[at], cell[at] if module.mode == "LSTM" else None, {})
            for x in reversed(given) if reverse else given:
                one.keep(*_step(module, f"l{layer}" + "_reverse" * reverse, x, one))
            halves.append(one.hidden[:0:-1] if reverse else one.hidden[1:])
            directions.append(one)
        given = [torch.cat(parts, 1) for parts in zip(*halves, strict=True)]
    last = [one.cell[-1] for one in directions if one.cell]
    return Unfused(
        torch.stack(given),
        torch.stack([one.hidden[-1] for one in directions]),
        torch.stack(last) if last else hidden,
        directions,
    )


def _step(
    module: nn.RNNBase, suffix: str, x: Tensor, one: Direction
) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
    h = one.hidden[-1]
    bias = module.bias
    p = x @ getattr(module, f"weight_ih_{suffix}").T + (getattr(module, f"bias_ih_{suffix}") if bias else 0)
    q = h @ getattr(module, f"weight_hh_{suffix}").T + (getattr(module, f"bias_hh_{suffix}") if bias else 0)
    if module.mode == "LSTM":
        i, f, g, o = (p + q).chunk(4, 1)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()
        c = f * one.cell[-1] + i * g.tanh()
        _kept(c)
        return o * c.tanh(), c, {"i": i, "f": f, "o": o}
    if module.mode == "GRU":
        (p_r, p_z, p_n), (q_r, q_z, q_n) = p.chunk(3, 1), q.chunk(3, 1)
        r, z = (p_r + q_r).sigmoid(), (p_z + q_z).sigmoid()
        n = (p_n + r * q_n).tanh()
        return (1 - z) * n + z * h, None, {"r": r, "z": z}
    return (p + q).tanh() if module.mode == "RNN_TANH" else (p + q).relu(), None, {}


def _kept(tensor: Tensor) -> Tensor:
    if not tensor.requires_grad:
        tensor.requires_grad_()
    tensor.retain_grad()
    return tensor
