"""The input projection of a recurrent layer: all time steps in one product, and the shared weights' gradients.

    p_t = x_t W_ihᵀ + b_ih (+ b_hh)          (batch, blocks·width), for all t at once

The weights are shared by all time steps, so their gradients are sums over time, each one matrix product, taken after
the last backward step. `recurrent` is the gradient that W_hh and b_hh see: that of the pre-activations for RNN
and LSTM, another one for the GRU, whose reset gate stands between.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core.numerics import Array
from ..program.bound import Node

Run = Callable[[Node], None]


def forward_both_biases(node: Node) -> None:
    """RNN and LSTM: both biases are added to the projection."""
    weight_ih, _, bias_ih, bias_hh = node.parameters
    project(node, weight_ih, bias_ih + bias_hh)


def forward_input_bias(node: Node) -> None:
    """GRU: b_hh belongs to the recurrent product."""
    weight_ih, _, bias_ih, _ = node.parameters
    project(node, weight_ih, bias_ih)


def project(node: Node, weight: Array, bias: Array) -> None:
    """p_t = x_t Wᵀ + b for all t at once. The bias is the weight of one more input, which is always 1.

    That saves a pass over the result, and NumPy's matmul takes nine times as long over an inner dimension of 1 (one
    pixel a step) as over 2: 0.67 against 0.07 ms for 64 steps of width 64, batch 32, float32.
    """
    steps, batch, count = node.inputs[0].shape
    columns = node.workspace.buffer("columns", (steps, count + 1, batch), node.inputs[0].dtype)
    columns[:, :count] = node.inputs[0].swapaxes(1, 2)
    columns[:, count] = 1
    np.matmul(np.concatenate([weight, bias[:, None]], axis=1), columns, out=node.outputs[0].swapaxes(1, 2))


def backward(node: Node) -> None:
    gradient, recurrent = _gradients(node)
    weight_ih, weight_hh, bias_ih, bias_hh = node.parameter_gradients
    columns = over_time(node, "columns of the gradient", gradient)
    shared = recurrent is gradient
    recurrent_columns = columns if shared else over_time(node, "recurrent columns", recurrent)
    np.matmul(recurrent_columns, over_time(node, "columns of the state", node.reads[0][:-1]).T, out=weight_hh)
    of_input(node, gradient, columns, weight_ih, bias_ih)
    if shared:
        bias_hh[...] = bias_ih
    else:
        np.dot(recurrent_columns, node.workspace.ones(columns.shape[1], columns.dtype), out=bias_hh)


def of_input(node: Node, gradient: Array, columns: Array, weight: Array, bias: Array) -> None:
    """The gradients of W_ih and of the projection's bias, and of the input where it is wanted.

    columns is the gradient of the projection over time, (blocks·width, time·batch).
    """
    np.matmul(columns, node.inputs[0].reshape(columns.shape[1], -1), out=weight)
    # A product with ones: 33 instead of 100 µs for a sum over 2,048 columns.
    np.dot(columns, node.workspace.ones(columns.shape[1], columns.dtype), out=bias)
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.matmul(node.parameters[0].T, gradient.swapaxes(1, 2), out=wanted.swapaxes(1, 2))


def contribution(node: Node, time: int) -> tuple[Array, ...]:
    """Time step `time`'s addend of each parameter's gradient, in the order of the parameters."""
    (inputs,), hidden = node.inputs, node.reads[0]
    gradient, recurrent = (gradients[time - 1] for gradients in _gradients(node))
    return (
        gradient.T @ inputs[time - 1],
        recurrent.T @ hidden[time - 1],
        gradient.sum(axis=0),
        recurrent.sum(axis=0),
    )


def _gradients(node: Node) -> tuple[Array, Array]:
    """The gradients of the projection and of the recurrent product, (time, batch, blocks·width)."""
    (gradient,) = node.output_gradients
    return gradient, node.read_gradients[1] if len(node.reads) > 1 else gradient


def over_time(node: Node, name: str, states: Array) -> Array:
    """(time, batch, units) → (units, time·batch), contiguous."""
    steps, batch, units = states.shape
    columns = node.workspace.buffer(name, (units, steps, batch), states.dtype)
    np.copyto(columns, states.transpose(2, 0, 1))
    return columns.reshape(units, -1)
