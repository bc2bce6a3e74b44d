"""Where a skip h and a branch F meet: the operations that join them, and the gate that a Highway layer mixes them by.

Their inputs are the branch and the skip, in this order; a Highway layer's third one is the gate.
"""

from __future__ import annotations

import numpy as np

from ..core.numerics import Array
from ..rules.activation_functions import sigmoid
from .bound import Node, rows_of


def residual_forward(node: Node) -> None:
    branch, skip = node.inputs
    (out,) = node.outputs
    if node.constant == 1.0:
        np.add(branch, skip, out=out)
    else:
        np.multiply(branch, node.constant, out=out)
        out += skip


def residual_backward(node: Node) -> None:
    (gradient,), (branch, skip) = node.output_gradients, node.input_gradients
    if branch is not None:
        np.multiply(gradient, node.constant, out=branch)
    if skip is not None:
        skip[...] = gradient


def learned_forward(node: Node) -> None:
    """h + γ ⊙ F, γ one number or one for each unit."""
    branch, skip = node.inputs
    np.multiply(branch, node.parameters[0], out=node.outputs[0])
    node.outputs[0][...] += skip


def learned_backward(node: Node) -> None:
    (gradient,), (branch, skip), (scale,) = node.output_gradients, node.input_gradients, node.parameters
    scale_gradient = node.parameter_gradients[0]
    if scale.size == 1 and node.inputs[0].shape[-1] > 1:
        scale_gradient[0] = np.vdot(gradient, node.inputs[0])
    else:
        np.einsum("ij,ij->j", rows_of(gradient), rows_of(node.inputs[0]), out=scale_gradient)
    if branch is not None:
        np.multiply(gradient, scale, out=branch)
    if skip is not None:
        skip[...] = gradient


def weighted_forward(node: Node) -> None:
    """α h + F."""
    branch, skip = node.inputs
    np.multiply(skip, node.constant, out=node.outputs[0])
    node.outputs[0][...] += branch


def weighted_backward(node: Node) -> None:
    (gradient,), (branch, skip) = node.output_gradients, node.input_gradients
    if branch is not None:
        branch[...] = gradient
    if skip is not None:
        np.multiply(gradient, node.constant, out=skip)


def gate_forward(node: Node) -> None:
    weight, bias = node.parameters
    (gate,) = node.outputs
    np.matmul(node.inputs[0], node.workspace.transposed(weight), gate)
    gate += bias
    sigmoid(gate, gate)


def gate_backward(node: Node) -> None:
    """δ = ∂L/∂t ⊙ t (1 − t), and of δ what a linear layer makes of it."""
    (values,), (gate,), (gradient,) = node.inputs, node.outputs, node.output_gradients
    weight_gradient, bias_gradient = node.parameter_gradients
    delta = _slopes(node, gate)
    delta *= gradient
    np.matmul(rows_of(delta).T, rows_of(values), weight_gradient)
    np.add.reduce(rows_of(delta), axis=0, out=bias_gradient)
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.matmul(delta, node.parameters[0], wanted)


def _slopes(node: Node, gate: Array) -> Array:
    slopes = node.workspace.buffer("gate slopes", gate.shape, gate.dtype)
    np.subtract(1, gate, out=slopes)
    slopes *= gate
    return slopes


def highway_forward(node: Node) -> None:
    """t ⊙ H + (1 − t) ⊙ h."""
    branch, skip, gate = node.inputs
    (out,) = node.outputs
    kept = node.workspace.buffer("kept", out.shape, out.dtype)
    np.subtract(1, gate, out=kept)
    kept *= skip
    np.multiply(gate, branch, out=out)
    out += kept


def highway_backward(node: Node) -> None:
    (gradient,), (branch, skip, gate) = node.output_gradients, node.inputs
    to_branch, to_skip, to_gate = node.input_gradients
    if to_branch is not None:
        np.multiply(gradient, gate, out=to_branch)
    if to_skip is not None:
        np.subtract(1, gate, out=to_skip)
        to_skip *= gradient
    if to_gate is not None:
        np.subtract(branch, skip, out=to_gate)
        to_gate *= gradient
