"""A training step as a competent person writes it in NumPy: it keeps only what backpropagation needs.

It computes the loss and the gradients of all parameters (not of the input), measures nothing, and leaves the update
out, as the engine does until it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradtui_engine.network import Network
from gradtui_engine.numerics import Array

#: Gives the loss and the gradient of the first parameter.
PlainStep = Callable[[], tuple[float, Array]]


def _mlp(network: Network) -> PlainStep:
    parameters = list(network.parameters.values())
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    inputs, target = network.batch.inputs, network.batch.target
    assert network.experiment.activation == "relu"

    def step() -> tuple[float, Array]:
        states = [inputs]
        for weight, bias in layers[:-1]:
            states.append(np.maximum(states[-1] @ weight.T + bias, 0))
        weight, bias = layers[-1]
        loss, delta = _cross_entropy(states[-1] @ weight.T + bias, target)
        gradients = []
        for number in range(len(layers) - 1, -1, -1):
            gradients.append((delta.T @ states[number], delta.sum(axis=0)))
            if number:
                delta = delta @ layers[number][0]
                delta *= states[number] > 0
        return loss, gradients[-1][0]

    return step


def _lstm(network: Network) -> PlainStep:
    weight_ih, weight_hh, bias_ih, bias_hh, weight_out, bias_out = network.parameters.values()
    inputs, target = network.batch.inputs, network.batch.target
    steps, batch, _ = inputs.shape
    width = weight_hh.shape[1]

    def step() -> tuple[float, Array]:
        projection = inputs @ weight_ih.T + (bias_ih + bias_hh)
        hidden = cell = np.zeros((batch, width), inputs.dtype)
        hiddens, kept = [hidden], []
        for time in range(steps):
            gates = projection[time] + hidden @ weight_hh.T
            inner, forget, candidate, out = _gates(gates, width)
            before, cell = cell, forget * cell + inner * candidate
            cell_tanh = np.tanh(cell)
            hidden = out * cell_tanh
            kept.append((inner, forget, candidate, out, before, cell_tanh))
            hiddens.append(hidden)
        loss, delta = _cross_entropy(hidden @ weight_out.T + bias_out, target)
        out_gradients = (delta.T @ hidden, delta.sum(axis=0))
        pre = np.empty_like(projection)
        hidden_gradient, cell_gradient = delta @ weight_out, np.zeros_like(cell)
        for time in range(steps - 1, -1, -1):
            cell_gradient = _lstm_backward(pre[time], hidden_gradient, cell_gradient, *kept[time])
            hidden_gradient = pre[time] @ weight_hh
        rows = pre.reshape(steps * batch, -1)
        bias_gradient = rows.sum(axis=0)
        weight_gradient = rows.T @ inputs.reshape(steps * batch, -1)
        recurrent_gradient = rows.T @ np.concatenate(hiddens[:-1])
        _ = out_gradients, bias_gradient, recurrent_gradient
        return loss, weight_gradient

    return step


def _gates(pre: Array, width: int) -> tuple[Array, Array, Array, Array]:
    """i, f, g, o from their pre-activations (batch, 4·width)."""
    both = _sigmoid(pre[:, : 2 * width])
    candidate, out = np.tanh(pre[:, 2 * width : 3 * width]), _sigmoid(pre[:, 3 * width :])
    return both[:, :width], both[:, width:], candidate, out


def _lstm_backward(
    pre: Array,
    hidden_gradient: Array,
    cell_gradient: Array,
    inner: Array,
    forget: Array,
    candidate: Array,
    out: Array,
    before: Array,
    cell_tanh: Array,
) -> Array:
    """Writes the pre-activations' gradient (batch, 4·width) and returns that of the cell state before."""
    width = inner.shape[1]
    cell_gradient = cell_gradient + hidden_gradient * out * (1 - cell_tanh * cell_tanh)
    pre[:, :width] = cell_gradient * candidate * inner * (1 - inner)
    pre[:, width : 2 * width] = cell_gradient * before * forget * (1 - forget)
    pre[:, 2 * width : 3 * width] = cell_gradient * inner * (1 - candidate * candidate)
    pre[:, 3 * width :] = hidden_gradient * cell_tanh * out * (1 - out)
    return np.asarray(cell_gradient * forget)


def _sigmoid(pre: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-pre)))


def _cross_entropy(output: Array, target: Array) -> tuple[float, Array]:
    """The mean loss over the batch and its gradient."""
    rows = np.arange(len(target))
    powers = np.exp(output - output.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    loss = -float(np.log(shares[rows, target]).mean())
    shares[rows, target] -= 1
    return loss, shares / len(target)


#: By cell.
PLAIN: Mapping[str, Callable[[Network], PlainStep]] = {"mlp": _mlp, "lstm": _lstm}
