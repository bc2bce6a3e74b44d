"""What an activation gets, at one stage of a trace: the pre-activations z, and what its slope does to a gradient there.

    MLP   z of the layer's activation, as the trace keeps it
    RNN   z_t = x_t W_ihᵀ + h_(t−1) W_hhᵀ + b
    LSTM  z_f of the forget gate, σ; z_g of the candidate, tanh
    GRU   z_z of the update gate, σ; z_n = p_n + r ⊙ q_n of the candidate, tanh

A cell keeps its gates' outputs only. z is worked out again from the step's own inputs, not from σ⁻¹ of the outputs: a
saturated gate is exactly 1 in floating point from z = 37 on, and its logit infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import Array, norm
from ..rules.activations import ACTIVATIONS

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, eq=False)
class PreActivations:
    """z, (batch, units), and the row of the table of activations that reads it, with its slope parameter.

    part is what it belongs to: "activation", "forget gate", "update gate" or "candidate". pinned says that the part's
    output is held at a value, so that z does not matter.
    """

    part: str
    activation: str
    slope: float
    z: Array
    pinned: bool = False


def pre_activations(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    """Those of a stage from 1 on, the ones that matter most for the gradient first."""
    if not 1 <= stage < len(trace.program.stages):
        raise IndexError(f"stage {stage}: there are 1 to {len(trace.program.stages) - 1}")
    with np.errstate(all="ignore"):
        return _CELLS[trace.resolved.cell](trace, stage)


@dataclass(frozen=True, slots=True)
class Slopes:
    """What f does to a gradient at these z, measured: over all of them, whatever their distribution.

    square is E f′(z)², so √square is the factor on a gradient's norm where f′ and the gradient are independent.
    saturated is the share of outputs beyond the row's saturation levels (None where it has none); dead the share of
    units with f′ = 0 for every sample.
    """

    mean: float
    square: float
    saturated: float | None
    dead: float

    @property
    def factor(self) -> float:
        return math.sqrt(self.square)


def slopes_at(activation: str, z: Array, slope: float | None = None) -> Slopes:
    """The slopes of any row of the table at any z, (batch, units)."""
    row = ACTIVATIONS[activation]
    shape = row.slope if slope is None else slope
    value, derivative = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        row.forward(z, value, 1.0 if shape is None else shape)
        row.derivative(z, value, derivative, 1.0 if shape is None else shape)
        mean = float(np.mean(derivative, dtype=np.float64))
        square = float(np.mean(np.square(derivative, dtype=np.float64)))
    saturated = None
    if row.saturation:
        low, high = row.saturation
        saturated = float(np.mean((value < low) | (value > high)))
    return Slopes(mean, square, saturated, float(np.mean(~np.any(derivative, axis=0))))


def weight_spread(trace: Trace, stage: int) -> float | None:
    """σ_w of the matrix that the gradient passes from this stage to the one before, measured: ‖W‖ / √(rows).

    The norm's factor for a gradient that has no preferred direction. None in a gated cell, whose direct path has no
    matrix.
    """
    if trace.axis == "time":
        name = "" if trace.resolved.kind.gated else f"rnn.weight_hh_l{trace.resolved.layers - 1}"
    else:
        name = f"layers.{stage}.weight"
    if name not in trace.parameters:
        return None
    weight = trace.parameters[name]
    return norm(weight) / math.sqrt(weight.shape[0])


def _mlp(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    found = trace.activation_at(stage)
    assert found is not None, "every layer has an activation"
    slope = float(trace.parameters[found.parameters[0]][0]) if found.parameters else found.constant
    z = trace.values[found.inputs[0]]
    return (PreActivations("activation", trace.resolved.activation, slope, z),)


def _rnn(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    return (PreActivations("activation", trace.resolved.activation, 1.0, _recurrent(trace, stage)),)


def _lstm(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    z = _recurrent(trace, stage)
    width = trace.resolved.width
    pinned = trace.resolved.pin_forget is not None
    return (
        PreActivations("forget gate", "sigmoid", 1.0, z[:, width : 2 * width], pinned),
        PreActivations("candidate", "tanh", 1.0, z[:, 2 * width : 3 * width]),
    )


def _gru(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    width = trace.resolved.width
    projection, recurrent = (trace.values[f"{name}/{stage}"] for name in ("projection", "recurrent"))
    reset = trace.values[f"gates/{stage}"][:, :width]
    pinned = trace.resolved.pin_forget is not None
    update = projection[:, width : 2 * width] + recurrent[:, width : 2 * width]
    candidate = projection[:, 2 * width :] + reset * recurrent[:, 2 * width :]
    return (
        PreActivations("update gate", "sigmoid", 1.0, update, pinned),
        PreActivations("candidate", "tanh", 1.0, candidate),
    )


def _recurrent(trace: Trace, stage: int) -> Array:
    """x_t W_ihᵀ + b + h_(t−1) W_hhᵀ of the last layer, whose states are the stages; the projection has both biases."""
    weight = trace.parameters[f"{trace.resolved.cell}.weight_hh_l{trace.resolved.layers - 1}"]
    return np.asarray(trace.values[f"projection/{stage}"] + trace.values[f"h/{stage - 1}"] @ weight.T)


_CELLS = {"mlp": _mlp, "rnn": _rnn, "lstm": _lstm, "gru": _gru}
