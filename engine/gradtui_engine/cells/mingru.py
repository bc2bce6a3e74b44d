"""The minGRU (Feng et al. 2024, "Were RNNs All We Needed?"): a GRU whose gates read the input alone.

    z_t = σ(W_z x_t + b_z),   n_t = W_n x_t + b_n            (batch, width); n is the paper's h̃, without an activation
    h_t = (1 − z_t) ⊙ h_(t−1) + z_t ⊙ n_t

In the paper's convention z is the share that is replaced: the direct path's factor is 1 − z (a GRU's, here as in
PyTorch, is z). No gate reads h, so there is no W_hh and no other path: ∂h_t/∂h_(t−1) is 1 − z and nothing else.
W_ih holds the blocks z, n one above the other. Memory is units-first, as in `lstm`.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.names import Aliases
from ..core.numerics import Array
from ..program.bound import Node
from ..program.operations import Operation
from ..program.program import Parameter
from ..program.slots import GATES, HIDDEN, PROJECTION, Slot
from . import input_projection, recurrent, rounded_steps
from .cell import AS_HERE, IN_ORDER, OF_MODULES, Cell, Gate, GatePath, Offset, PreActivations
from .settings import Recorded, Settings
from .written_out import module


def _step_forward(node: Node) -> None:
    of_update, of_candidate, before, hidden, update, candidate, one = node.forward_views or _forward_views(node)
    # σ(z) = 1 / (1 + exp(−z)); exp may overflow to inf, which is right.
    np.negative(of_update, update)
    np.exp(update, update)
    np.add(update, one, update)
    np.divide(one, update, update)
    if not math.isnan(node.constant):
        update[...] = node.constant
    np.copyto(candidate, of_candidate)
    # (1 − z) h + z n = h + z (n − h)
    np.subtract(candidate, before, hidden)
    np.multiply(hidden, update, hidden)
    np.add(hidden, before, hidden)


def _forward_views(node: Node) -> tuple[Array, ...]:
    """Units-first views of everything that a step touches, made once for a binding."""
    projection, before = (array.T for array in node.inputs)
    hidden, gates = (array.T for array in node.outputs)
    width = len(hidden)
    node.forward_views = (
        projection[:width], projection[width:], before, hidden, gates[:width], gates[width:],
        node.workspace.one(gates.dtype),
    )  # fmt: skip
    return node.forward_views


def _step_backward(node: Node) -> None:
    before, update, candidate, gradient, pre_update, pre_candidate, wanted, one = (
        node.backward_views or _backward_views(node)
    )
    np.multiply(update, gradient, pre_candidate)
    np.subtract(one, update, wanted)
    if math.isnan(node.constant):
        # δ_z = dh ⊙ (n − h) ⊙ z ⊙ (1 − z)
        np.subtract(candidate, before, pre_update)
        np.multiply(pre_update, pre_candidate, pre_update)
        np.multiply(pre_update, wanted, pre_update)
    else:
        # A pinned gate does not answer to its pre-activation.
        pre_update[...] = 0
    np.multiply(wanted, gradient, wanted)


def _backward_views(node: Node) -> tuple[Array, ...]:
    before, gates, gradient = node.inputs[1].T, node.outputs[1].T, node.output_gradients[0].T
    projection_wanted, before_wanted = node.input_gradients
    assert projection_wanted is not None
    assert before_wanted is not None
    width, pre = len(before), projection_wanted.T
    node.backward_views = (
        before, gates[:width], gates[width:], gradient, pre[:width], pre[width:], before_wanted.T,
        node.workspace.one(gates.dtype),
    )  # fmt: skip
    return node.backward_views


def _projection_forward(node: Node) -> None:
    input_projection.project(node, *node.parameters)


def _projection_backward(node: Node) -> None:
    (gradient,) = node.output_gradients
    columns = input_projection.over_time(node, "columns of the gradient", gradient)
    input_projection.of_input(node, gradient, columns, *node.parameter_gradients)


def _contribution(node: Node, time: int) -> tuple[Array, ...]:
    """Time step `time`'s addend of each parameter's gradient, in the order of the parameters."""
    gradient = node.output_gradients[0][time - 1]
    return gradient.T @ node.inputs[0][time - 1], gradient.sum(axis=0)


def _parameters(cell: Cell, settings: Settings, inputs: int) -> dict[str, Parameter]:
    """PyTorch's, without a W_hh: no gate reads the state."""
    own = recurrent.parameters(cell, settings, inputs)
    del own["weight_hh"]
    return own


def _pre_activations(trace: Recorded, stage: int) -> tuple[PreActivations, ...]:
    settings, projection = trace.resolved, trace.values[Slot(PROJECTION, time=stage).name]
    return (
        PreActivations(
            "update gate", "sigmoid", 1.0, projection[:, : settings.width], settings.pin_forget is not None
        ),
        PreActivations("candidate", "linear", 1.0, projection[:, settings.width :]),
    )  # fmt: skip


_MODULE = module(
    "MinGRU",
    '{"weight_ih": (2 * width, inputs), "bias": (2 * width,)}',
    'given = sequence @ getattr(self, f"weight_ih_l{k}").T + getattr(self, f"bias_l{k}")',
    "z, n = given[t].chunk(2, dim=1)\nz = torch.sigmoid(z)\nh = (1 - z) * h + z * n",
)

CELL = Cell(
    name="mingru",
    heading="minGRU",
    order=5,
    axis="time",
    default_data="digits-pixels",
    default_activation="sigmoid",
    formula="z = σ(W_z x_t + b_z); n = W_n x_t + b_n; h_t = (1 − z) ⊙ h_(t−1) + z ⊙ n",
    note="Deep in time, gates that read the input alone: the factor is 1 − z, and nothing else.",
    listed=recurrent.listed,
    pre_activations=_pre_activations,
    parts="paths",
    theory="gate",
    operations=(
        Operation(
            "mingru_projection",
            "p_t = x_t W_ihᵀ + b for all t at once",
            "∂L/∂W_ih = Σ_t δ_tᵀ x_t,  ∂L/∂b = Σ_t δ_t",
            _projection_forward,
            _projection_backward,
            contribution=_contribution,
            kernel=True,
        ),
        Operation(
            "mingru_step",
            "h_t = (1 − z) ⊙ h_(t−1) + z ⊙ n,  z = σ(p_z), n = p_n",
            "∂L/∂h_(t−1) = (1 − z) ⊙ ∂L/∂h_t;  δ_n = z ⊙ ∂L/∂h_t,  δ_z = δ_n ⊙ (n − h_(t−1)) ⊙ (1 − z)",
            _step_forward,
            _step_backward,
            rounded=(rounded_steps.mingru_forward, rounded_steps.mingru_backward),
        ),
    ),
    gates=(Gate("z", "update gate"), Gate("n", "candidate", "linear")),
    path=GatePath(HIDDEN, "z", complement=True),
    offsets=(Offset("z", "update_bias", -1),),
    chrono=(("z", -1),),
    carried=(HIDDEN,),
    keeps=((GATES, 2),),
    parameters=_parameters,
    biases=("bias",),
    shared=(),
    module=_MODULE,
    aliases=Aliases(
        ("min_gru", "min_gru_cell", "minimal_gru"),
        ("min_rnn", "were_rnns_all_we_needed", "parallel_gru"),
        order=IN_ORDER,
        fields={name: field for name, field in OF_MODULES.items() if field != "activation"},
        fixed=AS_HERE,
    ),
)
