"""The LSTM's arithmetic: PyTorch's equations, gate order (i, f, g, o) and parameter layout.

    z_t = x_t W_ihᵀ + b_ih + h_(t−1) W_hhᵀ + b_hh              (batch, 4·width)
    i, f, o = σ(z_i), σ(z_f), σ(z_o);  g = tanh(z_g)
    c_t = f ⊙ c_(t−1) + i ⊙ g;   h_t = o ⊙ tanh(c_t)           (batch, width)

(Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000.)

One fused step per time step. Its slots lie in memory with the units first (`Storage.units_first`), so `.T` of a state
is a contiguous (units, batch) array and each gate a contiguous block of rows: 25 instead of 36 µs forward
and 35 instead of 45 µs backward at width 64, batch 32, float32.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.names import Aliases
from ..core.numerics import Array
from ..program.bound import Node
from ..program.slots import CELL_STATE, GATES, HIDDEN
from . import input_projection, recurrent, rounded_steps
from .cell import AS_HERE, IN_ORDER, OF_MODULES, Cell, Gate, GatePath, Offset, PreActivations
from .settings import Recorded


def step_forward(node: Node) -> None:
    (
        projection, hidden_before, cell_before, hidden, cell, gates, cell_tanh, inner, forget, candidate, out,
        scratch, one, negative,
    ) = node.forward_views or _forward_views(node)  # fmt: skip
    # −z comes out of the product with −W: σ(z) = 1 / (1 + exp(−z)) without a pass to negate. exp may overflow to
    # inf, which is right: 1/inf = 0.
    np.matmul(negative, hidden_before, gates)
    np.subtract(gates, projection, gates)
    # σ over all four blocks at once, tanh kept aside: three calls fewer than σ block by block.
    np.tanh(candidate, scratch)
    np.exp(gates, gates)
    np.add(gates, one, gates)
    np.divide(one, gates, gates)
    np.negative(scratch, candidate)
    if not math.isnan(node.constant):
        forget[...] = node.constant
    np.multiply(forget, cell_before, cell)
    np.multiply(inner, candidate, scratch)
    np.add(cell, scratch, cell)
    np.tanh(cell, cell_tanh)
    np.multiply(out, cell_tanh, hidden)


def _forward_views(node: Node) -> tuple[Array, ...]:
    """Units-first views of everything that a step touches, made once for a binding."""
    inputs = [array.T for array in node.inputs]
    hidden, cell, gates, cell_tanh = (array.T for array in node.outputs)
    blocks = gates.reshape(4, len(hidden), -1)
    scratch = node.workspace.buffer("units", hidden.shape, hidden.dtype)
    one, negative = node.workspace.one(gates.dtype), node.workspace.negative(node.shared[0])
    node.forward_views = (*inputs, hidden, cell, gates, cell_tanh, *blocks, scratch, one, negative)
    return node.forward_views


def step_backward(node: Node) -> None:
    """Completes ∂L/∂c_t (which so far holds the direct path from step t+1) and passes both gradients on."""
    (
        cell_before, hidden, gates, cell_tanh, hidden_gradient, cell_gradient, pre, direct, hidden_wanted, inner,
        forget, candidate, out, scratch, factors, of_inner, of_forget, of_candidate, of_out, slope, one, weight,
        rest_flat, direct_flat,
    ) = node.backward_views or _backward_views(node)  # fmt: skip

    # dc += dh ⊙ o ⊙ (1 − tanh² c)
    np.multiply(cell_tanh, cell_tanh, scratch)
    np.subtract(one, scratch, scratch)
    np.multiply(scratch, out, scratch)
    np.multiply(scratch, hidden_gradient, scratch)
    if node.notes is not None:
        # While both paths of ∂L/∂c_t are in the cache: ‖direct‖², ‖gates‖² and their inner product.
        node.notes.append((direct_flat.dot(direct_flat), rest_flat.dot(rest_flat), direct_flat.dot(rest_flat)))
    np.add(cell_gradient, scratch, cell_gradient)
    np.multiply(forget, cell_gradient, direct)

    # dz = (dc⊙i⊙g, dc⊙f⊙c, dc⊙i, dh⊙h) ⊙ (1 − i, 1 − f, 1 − g², 1 − o): each σ gate's own factor is in it already.
    np.multiply(cell_gradient, inner, of_candidate)
    np.multiply(of_candidate, candidate, of_inner)
    np.multiply(direct, cell_before, of_forget)
    np.multiply(hidden_gradient, hidden, of_out)
    np.subtract(one, gates, pre)
    np.multiply(candidate, candidate, slope)
    np.subtract(one, slope, slope)
    np.multiply(pre, factors, pre)
    if not math.isnan(node.constant):
        # A pinned gate does not answer to its pre-activation.
        pre[len(direct) : 2 * len(direct)] = 0
    np.matmul(weight, pre, hidden_wanted)


def _backward_views(node: Node) -> tuple[Array, ...]:
    cell_before = node.inputs[2].T
    hidden, _, gates, cell_tanh = (array.T for array in node.outputs)
    hidden_gradient, cell_gradient = node.output_gradients[0].T, node.output_gradients[1].T
    gradient, hidden_wanted, cell_wanted = node.input_gradients
    assert gradient is not None
    assert hidden_wanted is not None
    assert cell_wanted is not None
    pre, direct = gradient.T, cell_wanted.T
    width = len(cell_before)
    scratch = node.workspace.buffer("units", cell_before.shape, cell_before.dtype)
    factors = node.workspace.buffer("gates", gates.shape, gates.dtype)
    node.backward_views = (
        cell_before, hidden, gates, cell_tanh, hidden_gradient, cell_gradient, pre, direct, hidden_wanted.T,
        *gates.reshape(4, width, -1), scratch, factors, *factors.reshape(4, width, -1), pre[2 * width : 3 * width],
        node.workspace.one(gates.dtype), node.shared[0].T, scratch.reshape(-1), cell_gradient.ravel(),
    )  # fmt: skip
    return node.backward_views


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    z, width = recurrent.linear_pre_activations(trace, stage), trace.resolved.width
    pinned = trace.resolved.pin_forget is not None
    return (
        PreActivations("forget gate", "sigmoid", 1.0, z[:, width : 2 * width], pinned),
        PreActivations("candidate", "tanh", 1.0, z[:, 2 * width : 3 * width]),
    )


CELL = Cell(
    name="lstm",
    order=1,
    axis="time",
    default_data="digits-pixels",
    default_activation="sigmoid",
    formula="i, f, o = σ(x_t W_ihᵀ + h_(t−1) W_hhᵀ + b); g = tanh(…); c_t = f ⊙ c_(t−1) + i ⊙ g; h_t = o ⊙ tanh c_t",
    note="Deep in time, with a cell state: its direct path's factor is the forget gate.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="paths",
    theory="gate",
    operations=recurrent.operations(
        "lstm",
        input_projection.forward_both_biases,
        (
            "c_t = f ⊙ c_(t−1) + i ⊙ g,  h_t = o ⊙ tanh c_t",
            "∂L/∂c_t += ∂L/∂h_t ⊙ o ⊙ (1 − tanh² c_t);  ∂L/∂c_(t−1) = f ⊙ ∂L/∂c_t;  ∂L/∂h_(t−1) = δ_t W_hh",
            step_forward,
            step_backward,
        ),
        (rounded_steps.lstm_forward, rounded_steps.lstm_backward),
        notes=True,
    ),
    gates=(Gate("i", "input gate"), Gate("f", "forget gate"), Gate("g", "candidate", "tanh"), Gate("o", "output gate")),
    path=GatePath(CELL_STATE, "f"),
    added=("i", "g"),
    carried=(HIDDEN, CELL_STATE),
    keeps=((GATES, 4), ("tanh_c", 1)),
    read_back=(HIDDEN,),
    offsets=(Offset("f", "forget_bias"), Offset("i", "input_bias")),
    chrono=(("f", 1), ("i", -1)),
    aliases=Aliases(
        ("lstm_cell", "optimized_lstm_cell", "long_short_term_memory"),
        ("bilstm", "conv_lstm", "peephole_lstm", "xlstm"),
        order=IN_ORDER,
        fields={name: field for name, field in OF_MODULES.items() if field != "activation"},
        fixed=AS_HERE | {"unit_forget_bias": (True,)},
        sets={"keras": {"forget_bias": 1.0}},
        remarks={"torch": "PyTorch starts with init torch_default, and without a forget bias"},
    ),
)
