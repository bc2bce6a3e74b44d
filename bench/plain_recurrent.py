"""A training step through time as a competent person writes it in NumPy: it keeps only what backpropagation needs.

It computes the loss and the gradients of all parameters (not of the input) and measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.run.network import Network
from layout import Gradients, cell_names
from plain_mlp import PlainStep, cross_entropy

#: What a step hands to the next: h, of an LSTM also c; backward their gradients.
Carried = tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """forward(projection, product, carried) → (carried, what backward needs), product being h W_hhᵀ.

    backward(pre, recurrent, carried gradients, kept) writes the gradients of projection and product, one array where
    they are equal, and returns what reaches the states of the step before other than through the product, or None.
    """

    forward: Callable[[Array, Array, Carried], tuple[Carried, Any]]
    backward: Callable[[Array, Array, Carried, Any], tuple[Any, ...]]
    states: int = 1
    #: Whether b_hh belongs to the product: it stands behind a GRU's reset gate.
    inner_bias: bool = False


def step_of(network: Network) -> PlainStep:
    """The step of a network, ready to be timed."""
    cell = _CELLS[network.experiment.cell]
    parameters = network.parameters
    names = [cell_names(network, layer) for layer in range(network.experiment.layers)]
    stack = [tuple(parameters[name] for name in each) for each in names]
    inputs, target = network.batch.inputs, network.batch.target
    weight_out, bias_out = parameters["output.weight"], parameters["output.bias"]

    def step() -> tuple[float, Gradients]:
        sources, memories = [inputs], []
        for weights in stack:
            hiddens, kept = _forward(cell, sources[-1], *weights)
            sources.append(hiddens[1:])
            memories.append((hiddens, kept))
        last = sources[-1][-1]
        loss, delta = cross_entropy(last @ weight_out.T + bias_out, target)
        gradients = {"output.weight": delta.T @ last, "output.bias": delta.sum(axis=0)}
        above: list[Array | None] = [*[None] * (len(inputs) - 1), delta @ weight_out]
        for layer in range(len(stack) - 1, -1, -1):
            hiddens, kept = memories[layer]
            pre, recurrent = _backward(cell, stack[layer][1], above, kept)
            found = _weight_gradients(pre, recurrent, sources[layer], hiddens)
            gradients.update(zip(names[layer], found, strict=True))
            if layer:
                above = list((_rows(pre) @ stack[layer][0]).reshape(sources[layer].shape))
        return loss, gradients

    return step


def _forward(
    cell: Cell, source: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array
) -> tuple[Array, list[Any]]:
    """h_0 … h_T in one array, and what every step keeps."""
    steps, batch, _ = source.shape
    projection = source @ weight_ih.T + (bias_ih if cell.inner_bias else bias_ih + bias_hh)
    hiddens = np.zeros((steps + 1, batch, weight_hh.shape[1]), source.dtype)
    carried: Carried = (hiddens[0],) * cell.states
    kept = []
    for time in range(steps):
        product = carried[0] @ weight_hh.T
        if cell.inner_bias:
            product += bias_hh
        carried, memory = cell.forward(projection[time], product, carried)
        hiddens[time + 1] = carried[0]
        kept.append(memory)
    return hiddens, kept


def _backward(cell: Cell, weight_hh: Array, above: list[Array | None], kept: list[Any]) -> tuple[Array, Array]:
    """The gradients of the projection and of the recurrent product; above is what reaches h_1 … h_T from above."""
    last = above[-1]
    assert last is not None
    pre = np.empty((len(above), len(last), len(weight_hh)), last.dtype)
    recurrent = np.empty_like(pre) if cell.inner_bias else pre
    hidden, others = np.zeros_like(last), (np.zeros_like(last),) * (cell.states - 1)
    for time in range(len(above) - 1, -1, -1):
        from_above = above[time]
        if from_above is not None:
            hidden += from_above
        past, *others = cell.backward(pre[time], recurrent[time], (hidden, *others), kept[time])
        hidden = recurrent[time] @ weight_hh
        if past is not None:
            hidden += past
    return pre, recurrent


def _weight_gradients(pre: Array, recurrent: Array, source: Array, hiddens: Array) -> tuple[Array, ...]:
    """In the order of the parameters."""
    rows, recurrent_rows = _rows(pre), _rows(recurrent)
    bias = rows.sum(axis=0)
    recurrent_bias = bias if recurrent is pre else recurrent_rows.sum(axis=0)
    return rows.T @ _rows(source), recurrent_rows.T @ _rows(hiddens[:-1]), bias, recurrent_bias


def _rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1])


def _sigmoid(pre: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-pre)))


def _rnn_forward(projection: Array, product: Array, carried: Carried) -> tuple[Carried, Any]:
    hidden = np.tanh(projection + product)
    return (hidden,), hidden


def _rnn_backward(pre: Array, recurrent: Array, carried: Carried, hidden: Array) -> tuple[Any, ...]:
    pre[...] = carried[0] * (1 - hidden * hidden)
    return (None,)


def _lstm_forward(projection: Array, product: Array, carried: Carried) -> tuple[Carried, Any]:
    _, before = carried
    width = before.shape[1]
    pre = projection + product
    both = _sigmoid(pre[:, : 2 * width])
    inner, forget = both[:, :width], both[:, width:]
    candidate, out = np.tanh(pre[:, 2 * width : 3 * width]), _sigmoid(pre[:, 3 * width :])
    cell = forget * before + inner * candidate
    cell_tanh = np.tanh(cell)
    return (out * cell_tanh, cell), (inner, forget, candidate, out, before, cell_tanh)


def _lstm_backward(pre: Array, recurrent: Array, carried: Carried, kept: Any) -> tuple[Any, ...]:
    inner, forget, candidate, out, before, cell_tanh = kept
    hidden_gradient, cell_gradient = carried
    width = inner.shape[1]
    cell_gradient = cell_gradient + hidden_gradient * out * (1 - cell_tanh * cell_tanh)
    pre[:, :width] = cell_gradient * candidate * inner * (1 - inner)
    pre[:, width : 2 * width] = cell_gradient * before * forget * (1 - forget)
    pre[:, 2 * width : 3 * width] = cell_gradient * inner * (1 - candidate * candidate)
    pre[:, 3 * width :] = hidden_gradient * cell_tanh * out * (1 - out)
    return None, cell_gradient * forget


def _gru_forward(projection: Array, product: Array, carried: Carried) -> tuple[Carried, Any]:
    (before,) = carried
    width = before.shape[1]
    both = _sigmoid(projection[:, : 2 * width] + product[:, : 2 * width])
    reset, update = both[:, :width], both[:, width:]
    inner = product[:, 2 * width :]
    candidate = np.tanh(projection[:, 2 * width :] + reset * inner)
    return (candidate + update * (before - candidate),), (reset, update, candidate, inner, before)


def _gru_backward(pre: Array, recurrent: Array, carried: Carried, kept: Any) -> tuple[Any, ...]:
    reset, update, candidate, inner, before = kept
    (gradient,) = carried
    width = before.shape[1]
    of_candidate = gradient * (1 - update) * (1 - candidate * candidate)
    pre[:, :width] = of_candidate * inner * reset * (1 - reset)
    pre[:, width : 2 * width] = gradient * (before - candidate) * update * (1 - update)
    pre[:, 2 * width :] = of_candidate
    recurrent[:, : 2 * width] = pre[:, : 2 * width]
    recurrent[:, 2 * width :] = of_candidate * reset
    return (gradient * update,)


_CELLS: Mapping[str, Cell] = {
    "rnn": Cell(_rnn_forward, _rnn_backward),
    "lstm": Cell(_lstm_forward, _lstm_backward, states=2),
    "gru": Cell(_gru_forward, _gru_backward, inner_bias=True),
}
