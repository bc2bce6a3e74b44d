"""The minimal gated unit (Zhou et al. 2016): one gate both forgets and lets in.

    f_t = σ(W_f x_t + U_f h_(t−1) + b_f)                     (batch, width)
    n_t = tanh(W_n x_t + U_n (f_t ⊙ h_(t−1)) + b_n)          (the paper's h̃)
    h_t = (1 − f_t) ⊙ h_(t−1) + f_t ⊙ n_t

The direct path's factor is 1 − f. W and U hold the blocks f, n one above the other. U_n sees f ⊙ h, so the recurrent
product is two, one after the other. Memory is units-first, as in `lstm`.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.names import Aliases
from ..core.numerics import Array
from ..program.bound import Node
from ..program.operations import Operation
from ..program.slots import GATES, HIDDEN, PROJECTION, Slot
from . import input_projection, recurrent, rounded_steps
from .cell import Cell, Gate, GatePath, Offset, PreActivations
from .settings import Recorded
from .written_out import module

#: What a step keeps beside its gates: f_t ⊙ h_(t−1).
_KEPT = "kept"


def _step_forward(node: Node) -> None:
    (
        of_forget, of_candidate, before, hidden, forget, candidate, kept, negative_forget, weight_candidate, one,
    ) = node.forward_views or _forward_views(node)  # fmt: skip
    # σ(z) = 1 / (1 + exp(−z)), with −z out of the product with −U_f; exp may overflow to inf, which is right.
    np.matmul(negative_forget, before, forget)
    np.subtract(forget, of_forget, forget)
    np.exp(forget, forget)
    np.add(forget, one, forget)
    np.divide(one, forget, forget)
    if not math.isnan(node.constant):
        forget[...] = node.constant
    np.multiply(forget, before, kept)
    np.matmul(weight_candidate, kept, candidate)
    np.add(candidate, of_candidate, candidate)
    np.tanh(candidate, candidate)
    # (1 − f) h + f n = h + f (n − h)
    np.subtract(candidate, before, hidden)
    np.multiply(hidden, forget, hidden)
    np.add(hidden, before, hidden)


def _forward_views(node: Node) -> tuple[Array, ...]:
    """Units-first views of everything that a step touches, made once for a binding."""
    projection, before = (array.T for array in node.inputs)
    hidden, gates, kept = (array.T for array in node.outputs)
    (weight,), width = node.shared, len(hidden)
    node.forward_views = (
        projection[:width], projection[width:], before, hidden, gates[:width], gates[width:], kept,
        node.workspace.negative(weight)[:width], weight[width:], node.workspace.one(weight.dtype),
    )  # fmt: skip
    return node.forward_views


def _step_backward(node: Node) -> None:
    (
        before, forget, candidate, gradient, pre_forget, pre_candidate, wanted, scratch, share, of_kept,
        forget_transposed, candidate_transposed, one,
    ) = node.backward_views or _backward_views(node)  # fmt: skip
    # δ_n = dh ⊙ f ⊙ (1 − n²), and through U_n what reaches f ⊙ h.
    np.multiply(candidate, candidate, scratch)
    np.subtract(one, scratch, scratch)
    np.multiply(scratch, forget, scratch)
    np.multiply(scratch, gradient, pre_candidate)
    np.matmul(candidate_transposed, pre_candidate, of_kept)
    np.subtract(one, forget, share)
    if math.isnan(node.constant):
        # δ_f = (dh ⊙ (n − h) + d(f ⊙ h) ⊙ h) ⊙ f ⊙ (1 − f)
        np.subtract(candidate, before, pre_forget)
        np.multiply(pre_forget, gradient, pre_forget)
        np.multiply(of_kept, before, scratch)
        np.add(pre_forget, scratch, pre_forget)
        np.multiply(forget, share, scratch)
        np.multiply(pre_forget, scratch, pre_forget)
    else:
        # A pinned gate does not answer to its pre-activation.
        pre_forget[...] = 0
    # dh_(t−1) = δ_f U_f + d(f ⊙ h) ⊙ f + dh ⊙ (1 − f)
    np.matmul(forget_transposed, pre_forget, wanted)
    np.multiply(of_kept, forget, of_kept)
    np.add(wanted, of_kept, wanted)
    np.multiply(share, gradient, share)
    np.add(wanted, share, wanted)


def _backward_views(node: Node) -> tuple[Array, ...]:
    before, gates, gradient = node.inputs[1].T, node.outputs[1].T, node.output_gradients[0].T
    projection_wanted, before_wanted = node.input_gradients
    assert projection_wanted is not None
    assert before_wanted is not None
    (weight,), width, pre = node.shared, len(before), projection_wanted.T
    scratch, share, of_kept = (
        node.workspace.buffer(name, before.shape, before.dtype) for name in ("units", "share", "of what is kept")
    )
    node.backward_views = (
        before, gates[:width], gates[width:], gradient, pre[:width], pre[width:], before_wanted.T, scratch, share,
        of_kept, weight[:width].T, weight[width:].T, node.workspace.one(weight.dtype),
    )  # fmt: skip
    return node.backward_views


def _projection_forward(node: Node) -> None:
    weight_ih, _, bias = node.parameters
    input_projection.project(node, weight_ih, bias)


def _projection_backward(node: Node) -> None:
    (gradient,), (hidden, kept) = node.output_gradients, node.reads
    weight_ih, weight_hh, bias = node.parameter_gradients
    width = hidden.shape[2]
    columns = input_projection.over_time(node, "columns of the gradient", gradient)
    for rows, states in ((slice(width), hidden[:-1]), (slice(width, None), kept)):
        seen = input_projection.over_time(node, "columns of the state", states)
        np.matmul(columns[rows], seen.T, out=weight_hh[rows])
    input_projection.of_input(node, gradient, columns, weight_ih, bias)


def _contribution(node: Node, time: int) -> tuple[Array, ...]:
    """Time step `time`'s addend of each parameter's gradient, in the order of the parameters."""
    hidden, kept = node.reads
    gradient, width = node.output_gradients[0][time - 1], hidden.shape[2]
    recurrent_blocks = gradient[:, :width].T @ hidden[time - 1], gradient[:, width:].T @ kept[time - 1]
    return gradient.T @ node.inputs[0][time - 1], np.concatenate(recurrent_blocks), gradient.sum(axis=0)


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    settings = trace.resolved
    width = settings.width
    weight = trace.parameters[recurrent.parameter_name(settings.cell, "weight_hh", settings.layers - 1)]
    projection, kept = (trace.values[Slot(role, time=stage).name] for role in (PROJECTION, _KEPT))
    before = trace.values[trace.program.stages[stage - 1]]
    forget = projection[:, :width] + before @ weight[:width].T
    candidate = projection[:, width:] + kept @ weight[width:].T
    return (
        PreActivations("forget gate", "sigmoid", 1.0, forget, settings.pin_forget is not None),
        PreActivations("candidate", "tanh", 1.0, candidate),
    )


_MODULE = module(
    "MGU",
    '{"weight_ih": (2 * width, inputs), "weight_hh": (2 * width, width), "bias": (2 * width,)}',
    'w_ih, w_hh, b = (getattr(self, f"{name}_l{k}") for name in ("weight_ih", "weight_hh", "bias"))\n'
    "(u_f, u_n), given = w_hh.chunk(2), sequence @ w_ih.T + b",
    "p_f, p_n = given[t].chunk(2, dim=1)\n"
    "f = torch.sigmoid(p_f + h @ u_f.T)\n"
    "h = (1 - f) * h + f * torch.tanh(p_n + (f * h) @ u_n.T)",
)

CELL = Cell(
    name="mgu",
    order=4,
    axis="time",
    default_data="digits-pixels",
    default_activation="sigmoid",
    formula="f = σ(W_f x_t + U_f h_(t−1) + b_f); n = tanh(W_n x_t + U_n (f ⊙ h_(t−1)) + b_n); "
    "h_t = (1 − f) ⊙ h_(t−1) + f ⊙ n",
    note="Deep in time, one gate and no cell state: the direct path's factor is 1 − f.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="paths",
    theory="gate",
    operations=(
        Operation(
            "mgu_projection",
            "p_t = x_t W_ihᵀ + b for all t at once",
            "∂L/∂U_f = Σ_t δ_fᵀ h_(t−1),  ∂L/∂U_n = Σ_t δ_nᵀ (f ⊙ h_(t−1)),  ∂L/∂W_ih = Σ_t δ_tᵀ x_t,  ∂L/∂b = Σ_t δ_t",
            _projection_forward,
            _projection_backward,
            contribution=_contribution,
            kernel=True,
        ),
        Operation(
            "mgu_step",
            "n = tanh(p_n + U_n (f ⊙ h_(t−1))),  h_t = (1 − f) ⊙ h_(t−1) + f ⊙ n",
            "∂L/∂h_(t−1) = (1 − f) ⊙ ∂L/∂h_t + through the gate and the candidate",
            _step_forward,
            _step_backward,
            rounded=(rounded_steps.mgu_forward, rounded_steps.mgu_backward),
        ),
    ),
    gates=(Gate("f", "forget gate"), Gate("n", "candidate", "tanh")),
    path=GatePath(HIDDEN, "f", complement=True),
    offsets=(Offset("f", "update_bias", -1),),
    chrono=(("f", -1),),
    carried=(HIDDEN,),
    keeps=((GATES, 2), (_KEPT, 1)),
    read_back=(HIDDEN, _KEPT),
    biases=("bias",),
    shared=("weight_hh",),
    module=_MODULE,
    aliases=Aliases(("minimal_gated_unit", "mgu_cell")),
)
