"""Steps of cells in 16 bits: PyTorch's operations one by one, each result rounded, forward and as autograd goes back.

RNN, LSTM and GRU are nn.RNNCell, nn.LSTMCell and nn.GRUCell, whose two products have a bias each and are rounded before
they are added; MGU and minGRU are the modules that `gradtui` writes out for them. Where three gradients meet, they are
added in the order in which autograd comes to them: the operation last made first. The gradients of weights are one
product over all steps, as cuDNN sums them; autograd, step after step, would round every partial sum.

Arrays are (batch, units) here, views of what lies in memory with the units first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..program.bound import Node
from ..program.kernels import linear, sigmoid, sigmoid_backward, tanh_backward
from ..program.rounded_array import exact


def _halves(array: Any, count: int = 2) -> list[Any]:
    """torch.chunk(array, count, dim=1): views."""
    width = array.shape[1] // count
    return [array[:, first : first + width] for first in range(0, count * width, width)]


def _wanted(node: Node) -> list[Any]:
    """The gradients that a step writes, all of which are wanted."""
    assert all(array is not None for array in node.input_gradients)
    return list(node.input_gradients)


def rnn_forward(node: Node) -> None:
    """h_t = f(q + p), q = h_(t−1) W_hhᵀ + b_hh."""
    projection, before = node.inputs
    z = linear(before, *node.shared) + projection
    node.outputs[0][...] = np.tanh(z) if node.choice == "tanh" else np.maximum(z, 0)


def rnn_backward(node: Node) -> None:
    (hidden,), (gradient,) = node.outputs, node.output_gradients
    pre, to_before = _wanted(node)
    pre[...] = tanh_backward(gradient, hidden) if node.choice == "tanh" else gradient * (hidden > 0)
    np.matmul(pre, node.shared[0], to_before)


def lstm_forward(node: Node) -> None:
    """c_t = f ⊙ c_(t−1) + i ⊙ g;  h_t = o ⊙ tanh c_t."""
    projection, before, cell_before = node.inputs
    hidden, cell, gates, cell_tanh = node.outputs
    z_inner, z_forget, z_candidate, z_out = _halves(linear(before, *node.shared) + projection, 4)
    inner, forget, candidate, out = _halves(gates, 4)
    inner[...], forget[...], out[...] = sigmoid(z_inner), sigmoid(z_forget), sigmoid(z_out)
    candidate[...] = np.tanh(z_candidate)
    if not math.isnan(node.constant):
        forget[...] = node.constant
    np.add(forget * cell_before, inner * candidate, cell)
    np.tanh(cell, cell_tanh)
    np.multiply(out, cell_tanh, hidden)


def lstm_backward(node: Node) -> None:
    """Completes ∂L/∂c_t, which so far holds the direct path from step t+1."""
    cell_before = node.inputs[2]
    _, _, gates, cell_tanh = node.outputs
    gradient, cell_gradient = node.output_gradients[:2]
    pre, to_before, to_cell = _wanted(node)
    inner, forget, candidate, out = _halves(gates, 4)
    of_inner, of_forget, of_candidate, of_out = _halves(pre, 4)
    through = tanh_backward(gradient * out, cell_tanh)
    if node.notes is not None:
        direct, rest = exact(cell_gradient).ravel("K"), exact(through).ravel("K")
        node.notes.append((direct.dot(direct), rest.dot(rest), direct.dot(rest)))
    np.add(cell_gradient, through, cell_gradient)
    of_out[...] = sigmoid_backward(gradient * cell_tanh, out)
    of_inner[...] = sigmoid_backward(cell_gradient * candidate, inner)
    of_candidate[...] = tanh_backward(cell_gradient * inner, candidate)
    if math.isnan(node.constant):
        of_forget[...] = sigmoid_backward(cell_gradient * cell_before, forget)
    else:
        of_forget.fill(0)
    np.multiply(cell_gradient, forget, to_cell)
    np.matmul(pre, node.shared[0], to_before)


def gru_forward(node: Node) -> None:
    """n = tanh(p_n + q_n ⊙ r);  h_t = (h_(t−1) − n) ⊙ z + n: PyTorch's order, with three results to round."""
    projection, before = node.inputs
    hidden, gates, recurrent = node.outputs
    recurrent[...] = linear(before, *node.shared)
    (p_reset, p_update, p_candidate), (q_reset, q_update, q_candidate) = _halves(projection, 3), _halves(recurrent, 3)
    reset, update, candidate = _halves(gates, 3)
    reset[...], update[...] = sigmoid(q_reset + p_reset), sigmoid(q_update + p_update)
    if not math.isnan(node.constant):
        update[...] = node.constant
    np.tanh(p_candidate + q_candidate * reset, candidate)
    np.add((before - candidate) * update, candidate, hidden)


def gru_backward(node: Node) -> None:
    before, (gradient, *_) = node.inputs[1], node.output_gradients
    _, gates, recurrent = node.outputs
    pre, to_before = _wanted(node)
    reset, update, candidate = _halves(gates, 3)
    of_reset, of_update, of_candidate = _halves(pre, 3)
    q_candidate = _halves(recurrent, 3)[2]
    through = gradient * update
    of_candidate[...] = tanh_backward(gradient - through, candidate)
    of_reset[...] = sigmoid_backward(of_candidate * q_candidate, reset)
    if math.isnan(node.constant):
        of_update[...] = sigmoid_backward(gradient * (before - candidate), update)
    else:
        of_update.fill(0)
    of_recurrent = node.output_gradients[2]
    of_recurrent[...] = pre
    np.multiply(of_candidate, reset, _halves(of_recurrent, 3)[2])
    np.add(through, of_recurrent @ node.shared[0], to_before)


def mgu_forward(node: Node) -> None:
    """f = σ(p_f + h U_fᵀ);  h_t = (1 − f) ⊙ h_(t−1) + f ⊙ tanh(p_n + (f ⊙ h_(t−1)) U_nᵀ)."""
    projection, before = node.inputs
    hidden, gates, kept = node.outputs
    (weight,), width = node.shared, hidden.shape[1]
    (of_forget, of_candidate), (forget, candidate) = _halves(projection), _halves(gates)
    forget[...] = sigmoid(of_forget + before @ weight[:width].T)
    if not math.isnan(node.constant):
        forget[...] = node.constant
    np.multiply(forget, before, kept)
    np.tanh(of_candidate + kept @ weight[width:].T, candidate)
    np.add((1 - forget) * before, forget * candidate, hidden)


def mgu_backward(node: Node) -> None:
    before, (gradient, *_) = node.inputs[1], node.output_gradients
    pre, to_before = _wanted(node)
    (weight,), width = node.shared, before.shape[1]
    (forget, candidate), (of_forget, of_candidate) = _halves(node.outputs[1]), _halves(pre)
    of_candidate[...] = tanh_backward(gradient * forget, candidate)
    of_kept = of_candidate @ weight[width:]
    if math.isnan(node.constant):
        sent = gradient * candidate + of_kept * before - gradient * before
        of_forget[...] = sigmoid_backward(sent, forget)
    else:
        of_forget.fill(0)
    np.add(of_kept * forget + gradient * (1 - forget), of_forget @ weight[:width], to_before)


def mingru_forward(node: Node) -> None:
    """z = σ(p_z);  h_t = (1 − z) ⊙ h_(t−1) + z ⊙ n."""
    projection, before = node.inputs
    hidden, gates = node.outputs
    (of_update, of_candidate), (update, candidate) = _halves(projection), _halves(gates)
    update[...] = sigmoid(of_update)
    if not math.isnan(node.constant):
        update[...] = node.constant
    candidate[...] = of_candidate
    np.add((1 - update) * before, update * candidate, hidden)


def mingru_backward(node: Node) -> None:
    before, (gradient, *_) = node.inputs[1], node.output_gradients
    pre, to_before = _wanted(node)
    (update, candidate), (of_update, of_candidate) = _halves(node.outputs[1]), _halves(pre)
    np.multiply(gradient, update, of_candidate)
    if math.isnan(node.constant):
        of_update[...] = sigmoid_backward(gradient * candidate - gradient * before, update)
    else:
        of_update.fill(0)
    np.multiply(gradient, 1 - update, to_before)
