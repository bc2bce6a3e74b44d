"""The vanilla RNN's arithmetic (Elman 1990): h_t = f(x_t W_ihᵀ + b_ih + h_(t−1) W_hhᵀ + b_hh), f tanh or ReLU.

Memory is units-first, as in `lstm`.
"""

from __future__ import annotations

import numpy as np

from ..core.names import Aliases
from ..program.bound import Node
from ..program.slots import HIDDEN
from ..rules.activations import ACTIVATIONS
from . import input_projection, recurrent, rounded_steps
from .cell import AS_HERE, IN_ORDER, OF_MODULES, Cell, PreActivations
from .settings import Recorded

#: The activations whose f' follows from f(z) alone, so that a step need not keep z: PyTorch's two.
RNN_ACTIVATIONS = ("tanh", "relu")


def step_forward(node: Node) -> None:
    projection, before = (array.T for array in node.inputs)
    hidden = node.outputs[0].T
    scratch = node.workspace.buffer("units", hidden.shape, hidden.dtype)
    np.matmul(node.shared[0], before, out=scratch)
    scratch += projection
    ACTIVATIONS[node.choice].forward(scratch, hidden)


def step_backward(node: Node) -> None:
    hidden, gradient = node.outputs[0].T, node.output_gradients[0].T
    projection_wanted, before_wanted = node.input_gradients
    assert projection_wanted is not None
    assert before_wanted is not None
    pre = projection_wanted.T
    ACTIVATIONS[node.choice].derivative(hidden, hidden, pre)
    pre *= gradient
    np.matmul(node.shared[0].T, pre, out=before_wanted.T)


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    z = recurrent.linear_pre_activations(trace, stage)
    return (PreActivations("activation", trace.resolved.activation, 1.0, z),)


CELL = Cell(
    name="rnn",
    order=3,
    axis="time",
    default_data="digits-pixels",
    default_activation="tanh",
    formula="h_t = f(x_t W_ihᵀ + h_(t−1) W_hhᵀ + b)",
    note="Deep in time, without a gate: each step multiplies by the same matrix.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="whole",
    theory="mean field along time",
    operations=recurrent.operations(
        "rnn",
        input_projection.forward_both_biases,
        (
            "h_t = f(p_t + h_(t−1) W_hhᵀ)",
            "δ_t = ∂L/∂h_t ⊙ f′(z_t);  ∂L/∂h_(t−1) = δ_t W_hh",
            step_forward,
            step_backward,
        ),
        (rounded_steps.rnn_forward, rounded_steps.rnn_backward),
    ),
    activations=RNN_ACTIVATIONS,
    carried=(HIDDEN,),
    read_back=(HIDDEN,),
    aliases=Aliases(
        ("rnn_cell", "vanilla_rnn", "simple_rnn", "simple_rnn_cell", "simple_cell", "elman", "elman_rnn"),
        ("ind_rnn", "ctrnn", "birnn", "recurrent"),
        order=IN_ORDER,
        fields=OF_MODULES,
        fixed=AS_HERE,
        remarks={"torch": "PyTorch starts with init torch_default"},
    ),
)
