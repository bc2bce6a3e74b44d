"""The table of operations: what an instruction computes, forward and backward.

A row's functions get a Node: the instruction with its arrays bound for one run. They write into the node's
arrays and keep nothing. A gradient that is None is not wanted (that of the data, say).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import lstm
from .activations import ACTIVATIONS
from .losses import LOSSES
from .node import Node
from .numerics import Array
from .table import Table


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    forward(node) writes node.outputs. backward(node) reads node.output_gradients and writes
    node.input_gradients and node.parameter_gradients. part names the operation's share of its stage's factor
    ("" where it has none: it is the whole, or no stage). contribution(node, time) gives one time step's addend
    of the gradient of each of the node's parameters; None where they are not shared over time.
    """

    name: str
    formula: str
    backward_formula: str
    forward: Callable[[Node], None]
    backward: Callable[[Node], None]
    part: str = ""
    contribution: Callable[[Node, int], tuple[Array, ...]] | None = None


def _linear_forward(node: Node) -> None:
    weight, bias = node.parameters
    (out,) = node.outputs
    np.matmul(node.inputs[0], weight.T, out=out)
    out += bias


def _linear_backward(node: Node) -> None:
    (gradient,) = node.output_gradients
    weight_gradient, bias_gradient = node.parameter_gradients
    np.matmul(gradient.T, node.inputs[0], out=weight_gradient)
    np.add.reduce(gradient, axis=0, out=bias_gradient)
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.matmul(gradient, node.parameters[0], out=wanted)


def _activation_forward(node: Node) -> None:
    ACTIVATIONS[node.choice].forward(node.inputs[0], node.outputs[0])


def _activation_backward(node: Node) -> None:
    wanted = node.input_gradients[0]
    if wanted is not None:
        ACTIVATIONS[node.choice].derivative(node.inputs[0], node.outputs[0], wanted)
        wanted *= node.output_gradients[0]


def _loss_forward(node: Node) -> None:
    node.outputs[0][...] = LOSSES[node.choice].forward(node.inputs[0], node.target)


def _loss_backward(node: Node) -> None:
    wanted = node.input_gradients[0]
    if wanted is not None:
        LOSSES[node.choice].backward(node.inputs[0], node.target, wanted)


OPERATIONS = Table(
    "operation",
    (
        Operation(
            "linear",
            "z = h Wᵀ + b",
            "∂L/∂h = δ W,  ∂L/∂W = δᵀ h,  ∂L/∂b = Σ δ   (δ = ∂L/∂z)",
            _linear_forward,
            _linear_backward,
            part="weight",
        ),
        Operation(
            "activation",
            "h = f(z)",
            "δ = ∂L/∂h ⊙ f′(z)",
            _activation_forward,
            _activation_backward,
            part="activation",
        ),
        Operation("loss", "L = loss(o, target)", "∂L/∂o", _loss_forward, _loss_backward),
        Operation(
            "lstm_projection",
            "x_t W_ihᵀ + b_ih + b_hh for all t at once",
            "∂L/∂W_hh = Σ_t δ_tᵀ h_(t−1),  ∂L/∂W_ih = Σ_t δ_tᵀ x_t,  ∂L/∂b = Σ_t δ_t",
            lstm.projection_forward,
            lstm.projection_backward,
            contribution=lstm.contribution,
        ),
        Operation(
            "lstm_step",
            "c_t = f ⊙ c_(t−1) + i ⊙ g,  h_t = o ⊙ tanh c_t",
            "∂L/∂c_t += ∂L/∂h_t ⊙ o ⊙ (1 − tanh² c_t);  ∂L/∂c_(t−1) = f ⊙ ∂L/∂c_t;  ∂L/∂h_(t−1) = δ_t W_hh",
            lstm.step_forward,
            lstm.step_backward,
        ),
    ),
)
