"""The GRU's arithmetic (Cho et al. 2014): PyTorch's equations, gate order (r, z, n) and parameter layout.

    r, z = σ(p_r + q_r), σ(p_z + q_z)        p = x_t W_ihᵀ + b_ih,  q = h_(t−1) W_hhᵀ + b_hh
    n = tanh(p_n + r ⊙ q_n)
    h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)

The direct path's factor is z in this convention (1 − z in the paper's). Memory is units-first, as in `lstm`.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.names import Aliases
from ..program.bound import Node
from ..program.slots import GATES, HIDDEN, PROJECTION, Slot
from ..rules.activation_functions import sigmoid
from . import input_projection, recurrent, rounded_steps
from .cell import AS_HERE, IN_ORDER, OF_MODULES, Cell, Gate, GatePath, Offset, PreActivations
from .settings import Recorded

#: What a step keeps beside its gates: h_(t−1) W_hhᵀ + b_hh.
_RECURRENT = "recurrent"


def step_forward(node: Node) -> None:
    projection, before = (array.T for array in node.inputs)
    hidden, gates, recurrent = (array.T for array in node.outputs)
    weight_hh, bias_hh = node.shared
    width = len(hidden)
    np.matmul(weight_hh, before, out=recurrent)
    recurrent += bias_hh[:, None]
    both, candidate = gates[: 2 * width], gates[2 * width :]
    np.add(projection[: 2 * width], recurrent[: 2 * width], out=both)
    sigmoid(both, both)
    reset, update = gates[:width], gates[width : 2 * width]
    if not math.isnan(node.constant):
        update[...] = node.constant
    np.multiply(reset, recurrent[2 * width :], out=candidate)
    candidate += projection[2 * width :]
    np.tanh(candidate, out=candidate)
    # (1 − z) n + z h = n + z (h − n)
    np.subtract(before, candidate, out=hidden)
    hidden *= update
    hidden += candidate


def step_backward(node: Node) -> None:
    before = node.inputs[1].T
    gates, recurrent = node.outputs[1].T, node.outputs[2].T
    gradient = node.output_gradients[0].T
    width = len(before)
    reset, update, candidate = gates[:width], gates[width : 2 * width], gates[2 * width :]
    projection_wanted, before_wanted = node.input_gradients
    assert projection_wanted is not None
    assert before_wanted is not None
    pre, pre_recurrent = projection_wanted.T, node.output_gradients[2].T
    scratch = node.workspace.buffer("units", before.shape, before.dtype)

    pre_both, pre_candidate = pre[: 2 * width], pre[2 * width :]
    # ∂L/∂n, through tanh
    np.subtract(1, update, out=pre_candidate)
    pre_candidate *= gradient
    np.multiply(candidate, candidate, out=scratch)
    np.subtract(1, scratch, out=scratch)
    pre_candidate *= scratch
    # σ' of both gates, then what reaches each of them
    np.subtract(1, gates[: 2 * width], out=pre_both)
    pre_both *= gates[: 2 * width]
    np.multiply(pre_candidate, recurrent[2 * width :], out=scratch)
    pre[:width] *= scratch
    if math.isnan(node.constant):
        np.subtract(before, candidate, out=scratch)
        scratch *= gradient
        pre[width : 2 * width] *= scratch
    else:
        # A pinned gate does not answer to its pre-activation.
        pre[width : 2 * width] = 0

    pre_recurrent[: 2 * width] = pre_both
    np.multiply(pre_candidate, reset, out=pre_recurrent[2 * width :])
    np.matmul(node.shared[0].T, pre_recurrent, out=before_wanted.T)
    np.multiply(update, gradient, out=scratch)
    before_wanted.T[...] += scratch


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    width = trace.resolved.width
    projection, recurrent_product, gates = (
        trace.values[Slot(role, time=stage).name] for role in (PROJECTION, _RECURRENT, GATES)
    )
    pinned = trace.resolved.pin_forget is not None
    update = projection[:, width : 2 * width] + recurrent_product[:, width : 2 * width]
    candidate = projection[:, 2 * width :] + gates[:, :width] * recurrent_product[:, 2 * width :]
    return (
        PreActivations("update gate", "sigmoid", 1.0, update, pinned),
        PreActivations("candidate", "tanh", 1.0, candidate),
    )


CELL = Cell(
    name="gru",
    order=2,
    axis="time",
    default_data="digits-pixels",
    default_activation="sigmoid",
    formula="r, z = σ(…); n = tanh(p_n + r ⊙ q_n); h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)",
    note="Deep in time, two gates and no cell state: the direct path's factor is z.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="paths",
    theory="gate",
    operations=recurrent.operations(
        "gru",
        input_projection.forward_input_bias,
        (
            "n = tanh(p_n + r ⊙ q_n),  h_t = (1 − z) ⊙ n + z ⊙ h_(t−1)",
            "∂L/∂h_(t−1) = z ⊙ ∂L/∂h_t + through the gates",
            step_forward,
            step_backward,
        ),
        (rounded_steps.gru_forward, rounded_steps.gru_backward),
    ),
    gates=(Gate("r", "reset gate"), Gate("z", "update gate"), Gate("n", "candidate", "tanh")),
    path=GatePath(HIDDEN, "z"),
    offsets=(Offset("z", "update_bias"),),
    chrono=(("z", 1),),
    carried=(HIDDEN,),
    keeps=((GATES, 3), (_RECURRENT, 3)),
    # h enters n through r ⊙ (W_hn h + b_hn), so the recurrent weights see another gradient than the input's.
    graded=(_RECURRENT,),
    read_back=(HIDDEN, _RECURRENT),
    aliases=Aliases(
        ("gru_cell", "gated_recurrent_unit"),
        ("bigru", "conv_gru"),
        order=IN_ORDER,
        fields={name: field for name, field in OF_MODULES.items() if field != "activation"},
        fixed=AS_HERE | {"reset_after": (True,)},
        remarks={"torch": "PyTorch starts with init torch_default"},
    ),
)
