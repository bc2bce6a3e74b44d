"""What an instruction computes, forward and backward; here the operations of layers, a cell's stand in its own file.

A row's functions get a Node: the instruction with its arrays bound for one run. They write into the node's
arrays and keep nothing. A gradient that is None is not wanted (that of the data, say).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.numerics import Array
from ..rules.activations import ACTIVATIONS
from ..rules.losses import LOSSES
from . import dropout, joins, normalisation, rounded_joins
from .bound import Node

Run = Callable[[Node], None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    forward(node) writes node.outputs. backward(node) reads node.output_gradients and writes
    node.input_gradients and node.parameter_gradients. part names the operation's share of its stage's factor
    ("" where it has none: it is the whole, or no stage). contribution(node, time) gives one time step's addend
    of the gradient of each of the node's parameters; None where they are not shared over time. notes says that its
    backward pass notes what it measures on the way (`Node.notes`). Of an emulated type each call of NumPy is rounded as
    an operation of PyTorch; kernel says that in PyTorch all is one, rounded at its end; rounded are two functions of
    its own where PyTorch's operations are others than NumPy's calls.
    """

    name: str
    formula: str
    backward_formula: str
    forward: Callable[[Node], None]
    backward: Callable[[Node], None]
    part: English = ""
    contribution: Callable[[Node, int], tuple[Array, ...]] | None = None
    notes: bool = False
    kernel: bool = False
    rounded: tuple[Run, Run] | None = None


def _linear_forward(node: Node) -> None:
    values, transposed, bias, out = node.forward_views or _linear_forward_views(node)
    np.matmul(values, transposed, out)
    np.add(out, bias, out)


def _linear_forward_views(node: Node) -> tuple[Array, ...]:
    weight, bias = node.parameters
    values, out = node.inputs[0], node.outputs[0]
    if _is_folded(values) and _is_folded(out):
        values, out = _rows(values), _rows(out)
    node.forward_views = values, node.workspace.transposed(weight), bias, out
    return node.forward_views


def _is_folded(array: Array) -> bool:
    """Whether rows over time or tokens lie one after another: then all of them are one product, not one a step."""
    return array.ndim == 3 and array.flags.c_contiguous


def _linear_backward(node: Node) -> None:
    values, gradient, transposed, weight_gradient, bias_gradient, ones = node.backward_views or _linear_backward_views(
        node
    )
    wanted = node.input_gradients[0]
    if wanted is not None:
        after = node.output_gradients[0]
        if _is_folded(after) and _is_folded(wanted):
            after, wanted = _rows(after), _rows(wanted)
        np.matmul(after, node.parameters[0], wanted)
    if values.ndim == 3:
        # Every time step is read out: rows are time steps × samples. (Where units lie first that is a copy.)
        gradient, values = (array.reshape(-1, array.shape[-1]) for array in (gradient, values))
        transposed = gradient.T
    np.matmul(transposed, values, weight_gradient)
    # A product with ones sums the rows: 3 instead of 10 µs at 256×256, 0.6 instead of 1.8 at 64×64.
    np.dot(ones, gradient, bias_gradient)


def _linear_backward_views(node: Node) -> tuple[Array, ...]:
    (values,), (gradient,) = node.inputs, node.output_gradients
    ones = node.workspace.ones(gradient.size // gradient.shape[-1], gradient.dtype)
    node.backward_views = values, gradient, gradient.T, *node.parameter_gradients, ones
    return node.backward_views


def _slope(node: Node) -> float:
    """The activation's shape parameter: learned, or a constant."""
    return float(node.parameters[0][0]) if node.parameters else node.constant


def _activation_forward(node: Node) -> None:
    ACTIVATIONS[node.choice].forward(node.inputs[0], node.outputs[0], _slope(node))


def _activation_backward(node: Node) -> None:
    (values,), (gradient,), wanted = node.inputs, node.output_gradients, node.input_gradients[0]
    if node.parameters:
        node.parameter_gradients[0][...] = np.sum(gradient * np.minimum(values, 0))
    if wanted is not None:
        ACTIVATIONS[node.choice].derivative(values, node.outputs[0], wanted, _slope(node))
        np.multiply(wanted, gradient, wanted)


def _rows(array: Array) -> Array:
    """(time, batch, …) → (time·batch, …); without time as it is."""
    return array.reshape(-1, array.shape[-1])


def _loss_forward(node: Node) -> None:
    row = LOSSES[node.choice]
    target = node.target.reshape(-1) if row.of_classes else _rows(node.target)
    node.outputs[0][...] = row.forward(_rows(node.inputs[0]), target)


def _loss_backward(node: Node) -> None:
    row, wanted = LOSSES[node.choice], node.input_gradients[0]
    target = node.target.reshape(-1) if row.of_classes else _rows(node.target)
    if wanted is not None:
        row.backward(_rows(node.inputs[0]), target, _rows(wanted))


def _wall_forward(node: Node) -> None:
    for before, after in zip(node.inputs, node.outputs, strict=True):
        np.copyto(after, before)


def _wall_backward(node: Node) -> None:
    for wanted in node.input_gradients:
        if wanted is not None:
            wanted.fill(0)


#: Truncated backpropagation through time: values pass, gradients do not (PyTorch's detach).
WALL = Operation("wall", "h′ = h", "∂L/∂h = 0, whatever ∂L/∂h′ is", _wall_forward, _wall_backward)

LAYER_OPERATIONS = (
    Operation(
        "linear",
        "z = h Wᵀ + b",
        "∂L/∂h = δ W,  ∂L/∂W = δᵀ h,  ∂L/∂b = Σ δ   (δ = ∂L/∂z)",
        _linear_forward,
        _linear_backward,
        part="weight",
        kernel=True,
    ),
    Operation(
        "activation",
        "h = f(z)",
        "δ = ∂L/∂h ⊙ f′(z)",
        _activation_forward,
        _activation_backward,
        part="activation",
        kernel=True,
    ),
    Operation(
        "output_activation",
        "y = f(o)",
        "∂L/∂o = ∂L/∂y ⊙ f′(o)",
        _activation_forward,
        _activation_backward,
    ),
    Operation(
        "norm",
        "n = γ (z − μ) / √(σ² + ε) + β",
        "∂L/∂z = (g − mean g − x̂ · mean(g x̂)) / √(σ² + ε),  g = γ ⊙ ∂L/∂n",
        normalisation.forward,
        normalisation.backward,
        part="norm",
        kernel=True,
    ),
    Operation(
        "residual",
        "h′ = h + β F",
        "∂L/∂h = ∂L/∂h′ (the skip) + the branch's part,  ∂L/∂F = β ∂L/∂h′",
        joins.residual_forward,
        joins.residual_backward,
        part="scale",
    ),
    Operation(
        "rezero",
        "h′ = h + α F",
        "∂L/∂h = ∂L/∂h′ (the skip) + the branch's part,  ∂L/∂F = α ∂L/∂h′,  ∂L/∂α = Σ ∂L/∂h′ ⊙ F",
        joins.learned_forward,
        joins.learned_backward,
        part="scale",
        rounded=(rounded_joins.learned_forward, rounded_joins.learned_backward),
    ),
    Operation(
        "layer_scale",
        "h′ = h + γ ⊙ F",
        "∂L/∂h = ∂L/∂h′ (the skip) + the branch's part,  ∂L/∂F = γ ⊙ ∂L/∂h′,  ∂L/∂γ = Σ ∂L/∂h′ ⊙ F",
        joins.learned_forward,
        joins.learned_backward,
        part="scale",
        rounded=(rounded_joins.learned_forward, rounded_joins.learned_backward),
    ),
    Operation(
        "deepnorm",
        "s = α h + F",
        "∂L/∂h = α ∂L/∂s (the skip) + the branch's part,  ∂L/∂F = ∂L/∂s",
        joins.weighted_forward,
        joins.weighted_backward,
    ),
    Operation(
        "gate",
        "t = σ(h W_Tᵀ + b_T)",
        "δ = ∂L/∂t ⊙ t (1 − t),  ∂L/∂h = δ W_T,  ∂L/∂W_T = δᵀ h,  ∂L/∂b_T = Σ δ",
        joins.gate_forward,
        joins.gate_backward,
        rounded=(rounded_joins.gate_forward, rounded_joins.gate_backward),
    ),
    Operation(
        "highway",
        "h′ = t ⊙ H + (1 − t) ⊙ h",
        "∂L/∂h = (1 − t) ⊙ ∂L/∂h′ (the skip) + the branch's and the gate's part,  ∂L/∂H = t ⊙ ∂L/∂h′,  "
        "∂L/∂t = (H − h) ⊙ ∂L/∂h′",
        joins.highway_forward,
        joins.highway_backward,
        part="scale",
        rounded=(rounded_joins.highway_forward, rounded_joins.highway_backward),
    ),
    Operation(
        "dropout",
        "h′ = s (a ⊙ m) + b,  s = 1/(1 − p)",
        "∂L/∂a = s m ⊙ ∂L/∂h′: only through what was kept",
        dropout.forward,
        dropout.backward,
        part="dropout",
    ),
    Operation("loss", "L = loss(o, target)", "∂L/∂o", _loss_forward, _loss_backward, kernel=True),
)
