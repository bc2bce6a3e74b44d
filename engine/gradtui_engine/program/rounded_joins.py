"""Where skip and branch meet, in 16 bits: PyTorch's operations one by one, each result rounded.

The Highway layer is `t * F + (1 - t) * h` with t = σ(linear(h)), ReZero and LayerScale are `h + α * F`.
"""

from __future__ import annotations

import numpy as np

from .bound import Node, rows_of
from .kernels import linear, sigmoid, sigmoid_backward
from .rounded_array import exact


def learned_forward(node: Node) -> None:
    branch, skip = node.inputs
    np.add(skip, branch * node.parameters[0], node.outputs[0])


def learned_backward(node: Node) -> None:
    """The scale's gradient is a sum of products that are rounded each."""
    (gradient,), (branch, skip), (scale,) = node.output_gradients, node.input_gradients, node.parameters
    through = exact(rows_of(gradient * node.inputs[0]))
    sums = through.sum(axis=0)
    node.parameter_gradients[0][...] = sums if sums.shape == scale.shape else sums.sum()
    if branch is not None:
        np.multiply(gradient, scale, branch)
    if skip is not None:
        skip[...] = gradient


def gate_forward(node: Node) -> None:
    node.outputs[0][...] = sigmoid(linear(node.inputs[0], *node.parameters))


def gate_backward(node: Node) -> None:
    delta = sigmoid_backward(node.output_gradients[0], node.outputs[0])
    of_weight, of_bias = node.parameter_gradients
    np.matmul(rows_of(delta).T, rows_of(node.inputs[0]), of_weight)
    np.add.reduce(rows_of(delta), axis=0, out=of_bias)
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.matmul(delta, node.parameters[0], wanted)


def highway_forward(node: Node) -> None:
    branch, skip, gate = node.inputs
    np.add(gate * branch, (1 - gate) * skip, node.outputs[0])


def highway_backward(node: Node) -> None:
    (gradient,), (branch, skip, gate) = node.output_gradients, node.inputs
    to_branch, to_skip, to_gate = node.input_gradients
    if to_branch is not None:
        np.multiply(gradient, gate, to_branch)
    if to_skip is not None:
        np.multiply(gradient, 1 - gate, to_skip)
    if to_gate is not None:
        np.subtract(gradient * branch, gradient * skip, to_gate)
