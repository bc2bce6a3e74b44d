"""Independent computations to hold the engine against: formulas, HIPS autograd, plain loops.

Nothing here calls the engine; the networks are written from the papers' equations, one sample of clarity for
no thought of speed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from gradtui_engine import Trace
from gradtui_engine.numerics import Array

# An activation's formula, given a module with exp and tanh: `math` for numbers, autograd.numpy for arrays.
FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda m, z: z,
    "sigmoid": lambda m, z: 1 / (1 + m.exp(-z)),
    "tanh": lambda m, z: m.tanh(z),
    "relu": lambda m, z: z * (z > 0),
}


def activate(name: str, z: Array) -> Array:
    """f(z)."""
    return np.asarray(FORMULAS[name](anp, z))


def slope(name: str, z: Array) -> Array:
    """f′(z), by autograd."""
    return np.asarray(autograd.elementwise_grad(lambda each: FORMULAS[name](anp, each))(z))


def length(array: Iterable[float] | Array) -> float:
    """√Σx², exact to an ulp over the whole range of floats (math.hypot scales), without NumPy."""
    return math.hypot(*np.asarray(array, dtype=np.float64).ravel().tolist())


def difference(found: Array, wanted: Array) -> float:
    """‖found − wanted‖ / ‖wanted‖; where nothing is wanted, ‖found‖."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    return length(found - wanted) / (length(wanted) or 1.0)


def central_differences(function: Callable[[Array], float], point: Array, step: float) -> Array:
    """(f(x + εe) − f(x − εe)) / 2ε for every number of x."""
    found = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[index] += step
        behind[index] -= step
        found[index] = (function(ahead) - function(behind)) / (2 * step)
    return found


# -- whole networks ----------------------------------------------------------------------------------------


def cross_entropy(output: Any, target: Array) -> Any:
    """mean over the batch of log Σ exp(o) − o_target."""
    shifted = output - anp.max(output, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[np.arange(len(target)), target])


def mean_squared_error(output: Any, target: Array) -> Any:
    return anp.mean((output - target) ** 2)


def _readout(parameters: Mapping[str, Any], hidden: Any, target: Array) -> Any:
    output = hidden @ parameters["output.weight"].T + parameters["output.bias"]
    return cross_entropy(output, target) if target.ndim == 1 else mean_squared_error(output, target)


@dataclass(frozen=True)
class Nudges:
    """What is added to every state: zeros, whose derivative is the total derivative by that state."""

    inputs: Any
    hidden: list[Any]
    cell: list[Any]


def _mlp(parameters: Mapping[str, Any], nudges: Nudges, trace: Trace) -> Any:
    hidden = trace.input + nudges.inputs + nudges.hidden[0]
    for layer, nudge in enumerate(nudges.hidden[1:], start=1):
        raw = hidden @ parameters[f"layers.{layer}.weight"].T + parameters[f"layers.{layer}.bias"]
        hidden = FORMULAS[trace.experiment.activation](anp, raw) + nudge
    return _readout(parameters, hidden, trace.target)


def _lstm(parameters: Mapping[str, Any], nudges: Nudges, trace: Trace) -> Any:
    """torch.nn.LSTM's documented equations, gate by gate."""
    sigmoid, tanh = FORMULAS["sigmoid"], anp.tanh
    hidden, cell = nudges.hidden[0], nudges.cell[0]
    inputs = trace.input + nudges.inputs
    for time in range(len(inputs)):
        raw = (
            inputs[time] @ parameters["lstm.weight_ih_l0"].T
            + parameters["lstm.bias_ih_l0"]
            + hidden @ parameters["lstm.weight_hh_l0"].T
            + parameters["lstm.bias_hh_l0"]
        )
        inner, forget, candidate, out = anp.split(raw, 4, axis=1)
        cell = sigmoid(anp, forget) * cell + sigmoid(anp, inner) * tanh(candidate) + nudges.cell[time + 1]
        hidden = sigmoid(anp, out) * tanh(cell) + nudges.hidden[time + 1]
    return _readout(parameters, hidden, trace.target)


NETWORKS: dict[str, Callable[[Mapping[str, Any], Nudges, Trace], Any]] = {"mlp": _mlp, "lstm": _lstm}


@dataclass(frozen=True)
class Gradients:
    """The loss and its derivatives: by parameter name, and of the input and every state by stage."""

    loss: float
    parameters: dict[str, Array]
    inputs: Array
    hidden: list[Array]
    cell: list[Array]


def loss_of(trace: Trace) -> float:
    """The loss of a trace's parameters on its input, computed anew."""
    return float(NETWORKS[trace.experiment.cell](trace.parameters, _zeros(trace), trace))


def gradients_of(trace: Trace) -> Gradients:
    """What autograd finds for a trace's parameters and input."""
    zeros = _zeros(trace)

    def loss(parameters: dict[str, Any], inputs: Any, hidden: list[Any], cell: list[Any]) -> Any:
        return NETWORKS[trace.experiment.cell](parameters, Nudges(inputs, hidden, cell), trace)

    arguments = (dict(trace.parameters), zeros.inputs, zeros.hidden, zeros.cell)
    return Gradients(loss_of(trace), *autograd.grad(loss, argnum=(0, 1, 2, 3))(*arguments))


def _zeros(trace: Trace) -> Nudges:
    batch, width = len(trace.target), trace.experiment.width
    states = [np.zeros((batch, width)) for _ in range(len(trace.stages))]
    if trace.experiment.cell == "mlp":
        return Nudges(np.zeros(trace.input.shape), [np.zeros(trace.input.shape), *states[1:]], [])
    return Nudges(np.zeros(trace.input.shape), states, [each.copy() for each in states])
