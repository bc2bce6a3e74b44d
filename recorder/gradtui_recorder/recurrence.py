"""One direction of one recurrent layer, backwards in time: ∂L/∂h_t and ∂L/∂c_t out of what its forward pass leaves.

The gradient that arrives at h_t from above is known, that from time t + 1 is not: it follows from the equations of the
layer, which are torch.nn's. As every h_t is known, all gates come from two products for all times together. What is
left of the recursion is one product a time step (Werbos 1990, "Backpropagation through time: what it does and how to
do it"; Hochreiter and Schmidhuber 1997; Cho et al. 2014).

Shapes: (time, batch, width); t counts the steps that the direction has taken, so that t = 0 is the state that it began
with and t = T the last one: of a reversed direction that is at the first input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import linear


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one layer and direction: W_ih (blocks · width, inputs), W_hh (blocks · width, width), and both biases."""

    input: Tensor
    hidden: Tensor
    input_bias: Tensor | None = None
    hidden_bias: Tensor | None = None

    @property
    def flat(self) -> list[Tensor]:
        """In torch.nn's order."""
        named = (self.input, self.hidden, self.input_bias, self.hidden_bias)
        return [tensor for tensor in named if tensor is not None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What is known of a direction after the forward and the backward pass.

    Its inputs x_t (T, batch, inputs), its first states h_0 and c_0 (batch, width), h_t for t = 1 … T, and the gradients
    that arrive from above: at every h_t (T, batch, width), and at the last h and c (batch, width); None is 0.
    """

    input: Tensor
    first_hidden: Tensor
    first_cell: Tensor | None
    output: Tensor
    above: Tensor | None
    last_hidden: Tensor | None
    last_cell: Tensor | None
    weights: Weights

    def earlier(self) -> Tensor:
        """h_{t-1} for t = 1 … T."""
        return torch.cat([self.first_hidden[None], self.output[:-1]])

    def arriving(self) -> Tensor:
        """What arrives at h_t from above, for t = 0 … T, to be added to."""
        times, batch, width = self.output.shape
        gradient = self.output.new_zeros(times + 1, batch, width)
        if self.above is not None:
            gradient[1:] = self.above
        if self.last_hidden is not None:
            gradient[-1] += self.last_hidden
        return gradient

    def sums(self, blocks: int, earlier: Tensor) -> Tensor:
        """W_ih x_t + b_ih + W_hh h_{t-1} + b_hh: (T, batch, blocks, width), in memory that is taken once."""
        one, other = self.weights.input_bias, self.weights.hidden_bias
        products = linear(earlier, self.weights.hidden, one if one is None or other is None else one + other)
        products.flatten(0, 1).addmm_(self.input.flatten(0, 1), self.weights.input.t())
        return _blocks(products, blocks)

    def from_input(self, blocks: int) -> Tensor:
        """W_ih x_t + b_ih: (T, batch, blocks, width)."""
        return _blocks(linear(self.input, self.weights.input, self.weights.input_bias), blocks)

    def from_hidden(self, blocks: int, earlier: Tensor) -> Tensor:
        """W_hh h_{t-1} + b_hh: (T, batch, blocks, width)."""
        return _blocks(linear(earlier, self.weights.hidden, self.weights.hidden_bias), blocks)


@dataclass(frozen=True, slots=True)
class Backwards:
    """The gradients of a direction.

    hidden and cell: ∂L/∂h_t, ∂L/∂c_t, (T + 1, batch, width), all paths together. gates: (T, batch, width) by letter.
    recomputed: h_t as it follows from h_{t-1}, (T, batch, width). at_input, at_hidden: the gradient at W_ih x_t + b_ih
    and at W_hh h_{t-1} + b_hh, (T, batch, blocks · width). earlier: h_{t-1}.
    """

    hidden: Tensor
    cell: Tensor | None
    gates: Mapping[str, Tensor]
    recomputed: Tensor
    at_input: Tensor
    at_hidden: Tensor
    earlier: Tensor

    def weight_gradient(self) -> Tensor:
        """∂L/∂W_hh = Σ_t δ_t h_{t-1}ᵀ."""
        return self.at_hidden.flatten(0, 1).t() @ self.earlier.flatten(0, 1)

    def input_gradient(self, weights: Weights) -> Tensor:
        """∂L/∂x_t = W_ihᵀ δ_t: (T, batch, inputs)."""
        return self.at_input @ weights.input


def _blocks(products: Tensor, blocks: int) -> Tensor:
    return products.unflatten(-1, (blocks, -1))


def _sigmoid_slope(gate: Tensor, out: Tensor) -> Tensor:
    """σ′ = (1 - σ) σ, into `out`."""
    return torch.sub(gate.new_ones(()), gate, out=out).mul_(gate)


def _tanh_slope(value: Tensor, out: Tensor) -> Tensor:
    """tanh′ = 1 - tanh², into `out`."""
    return torch.sub(value.new_ones(()), torch.mul(value, value, out=out), out=out)


def _lstm(known: Pass) -> Backwards:
    """c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh c_t; blocks i, f, g, o."""
    times, batch, width = known.output.shape
    earlier = known.earlier()
    sums = known.sums(4, earlier)
    candidate = torch.tanh(sums[:, :, 2])
    i, f, _, o = sums.sigmoid_().unbind(2)
    cells = known.output.new_empty(times + 1, batch, width)
    states, kept = cells.unbind(0), f.unbind(0)
    states[0].copy_(states[0].new_zeros(()) if known.first_cell is None else known.first_cell)
    for t, added in enumerate((i * candidate).unbind(0)):
        torch.addcmul(added, kept[t], states[t], out=states[t + 1])
    bounded = torch.tanh(cells[1:])
    recomputed = o * bounded
    # In place, as elsewhere here: of a replay's 10 ms five went into fetching memory for numbers on their way.
    to_cell = _tanh_slope(bounded, torch.empty_like(bounded)).mul_(o).unbind(0)
    to_output = _sigmoid_slope(o, torch.empty_like(bounded)).mul_(bounded).unbind(0)
    slopes = known.output.new_empty(times, batch, 3, width)
    _sigmoid_slope(i, slopes[:, :, 0]).mul_(candidate)
    _sigmoid_slope(f, slopes[:, :, 1]).mul_(cells[:-1])
    _tanh_slope(candidate, slopes[:, :, 2]).mul_(i)
    to_others = slopes.unbind(0)

    hidden, cell = known.arriving(), torch.empty_like(cells)
    at_sums = known.output.new_empty(times, batch, 4, width)
    at_hidden, at_cell = hidden.unbind(0), cell.unbind(0)
    at_others, at_output = at_sums[:, :, :3].unbind(0), at_sums[:, :, 3].unbind(0)
    at_all = at_sums.flatten(2).unbind(0)
    at_cell[times].zero_() if known.last_cell is None else at_cell[times].copy_(known.last_cell)
    for t in range(times - 1, -1, -1):
        dh, dc = at_hidden[t + 1], at_cell[t + 1]
        dc.addcmul_(dh, to_cell[t])
        torch.mul(dc.unsqueeze(1), to_others[t], out=at_others[t])
        torch.mul(dh, to_output[t], out=at_output[t])
        at_hidden[t].addmm_(at_all[t], known.weights.hidden)
        torch.mul(dc, kept[t], out=at_cell[t])
    flat = at_sums.flatten(2)
    return Backwards(hidden, cell, {"i": i, "f": f, "o": o}, recomputed, flat, flat, earlier)


def _gru(known: Pass) -> Backwards:
    """n = tanh(x_n + r ⊙ y_n), h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}, x and y being both products; blocks r, z, n."""
    times, batch, width = known.output.shape
    earlier = known.earlier()
    x, y = known.from_input(3), known.from_hidden(3, earlier)
    r, z = torch.sigmoid(x[:, :, :2] + y[:, :, :2]).unbind(2)
    state = y[:, :, 2]
    candidate = torch.tanh(x[:, :, 2] + r * state)
    to_candidate = (1 - z) * (1 - candidate * candidate)
    slopes = (to_candidate * state * r * (1 - r), (earlier - candidate) * z * (1 - z), to_candidate * r)
    to_all, kept = torch.stack(slopes, 2).unbind(0), z.unbind(0)

    hidden = known.arriving()
    at_sums = known.output.new_empty(times, batch, 3, width)
    at_hidden, at_blocks, at_all = hidden.unbind(0), at_sums.unbind(0), at_sums.flatten(2).unbind(0)
    for t in range(times - 1, -1, -1):
        dh = at_hidden[t + 1]
        torch.mul(dh.unsqueeze(1), to_all[t], out=at_blocks[t])
        at_hidden[t].addmm_(at_all[t], known.weights.hidden).addcmul_(dh, kept[t])
    at_input = torch.cat([at_sums[:, :, :2], (hidden[1:] * to_candidate)[:, :, None]], 2)
    recomputed = candidate + z * (earlier - candidate)
    return Backwards(hidden, None, {"r": r, "z": z}, recomputed, at_input.flatten(2), at_sums.flatten(2), earlier)


def _simple(function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Callable[[Pass], Backwards]:
    """h_t = φ(W_ih x_t + W_hh h_{t-1} + b), φ′ being a function of h_t."""

    def backwards(known: Pass) -> Backwards:
        times, batch, width = known.output.shape
        earlier = known.earlier()
        recomputed = function(known.sums(1, earlier).squeeze(2))
        slopes = slope(known.output).unbind(0)
        hidden = known.arriving()
        at_sums = known.output.new_empty(times, batch, width)
        at_hidden, at_all = hidden.unbind(0), at_sums.unbind(0)
        for t in range(times - 1, -1, -1):
            torch.mul(at_hidden[t + 1], slopes[t], out=at_all[t])
            at_hidden[t].addmm_(at_all[t], known.weights.hidden)
        return Backwards(hidden, None, {}, recomputed, at_sums, at_sums, earlier)

    return backwards


@dataclass(frozen=True, slots=True)
class Mode:
    """A row of MODES: torch's fused forward pass of one layer, the recursion backwards, and whether there is a c_t."""

    forward: Callable[..., tuple[Tensor, ...]]
    backwards: Callable[[Pass], Backwards]
    has_cell: bool = False


#: By what nn.RNNBase calls its mode.
MODES: Final[Mapping[str, Mode]] = {
    "LSTM": Mode(torch.lstm, _lstm, has_cell=True),
    "GRU": Mode(torch.gru, _gru),
    "RNN_TANH": Mode(torch.rnn_tanh, _simple(torch.tanh, lambda h: 1 - h * h)),
    "RNN_RELU": Mode(torch.rnn_relu, _simple(torch.relu, lambda h: (h > 0).to(h.dtype))),
}
