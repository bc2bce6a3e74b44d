"""What an activation gets, at one stage of a trace: the pre-activations z, and what its slope does to a gradient there.

Of an MLP it is z of the layer's activation, as the trace keeps it; of an RNN z_t = x_t W_ihᵀ + h_(t−1) W_hhᵀ + b; of a
gated cell that of the gate on the direct path, σ, and that of the candidate, tanh. Each cell's row works out its own.

A cell keeps its gates' outputs only. z is worked out again from the step's own inputs, not from σ⁻¹ of the outputs: a
saturated gate is exactly 1 in floating point from z = 37 on, and its logit infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.cell import PreActivations
from ..cells.recurrent import parameter_name
from ..core.numerics import Array, norm
from ..rules.activations import ACTIVATIONS

if TYPE_CHECKING:
    from ..run.trace import Trace
    from .record import Operations


def pre_activations(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    """Those of a stage from 1 on, the ones that matter most for the gradient first."""
    if not 1 <= stage < len(trace.program.stages):
        raise IndexError(f"stage {stage}: there are 1 to {len(trace.program.stages) - 1}")
    with np.errstate(all="ignore"):
        return trace.resolved.kind.pre_activations(trace, stage)


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


def weight_spread(listed: Operations, stage: int) -> float | None:
    """σ_w of the matrix that the gradient passes from this stage to the one before, measured: ‖W‖ / √(rows).

    The norm's factor for a gradient that has no preferred direction. None in a cell of gates: no direct path has a
    matrix, and the others have several.
    """
    if listed.axis == "time":
        resolved = listed.resolved
        chooses = resolved.kind.chooses_activation
        name = parameter_name(resolved.cell, "weight_hh", resolved.layers - 1) if chooses else ""
    else:
        name = f"layers.{stage}.weight"
    if name not in listed.parameters:
        return None
    weight = listed.parameters[name]
    return norm(weight) / math.sqrt(weight.shape[0])
