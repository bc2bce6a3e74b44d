"""The Stage: what one layer, or one time step, did to the gradient and to the signal. Numbers only."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .activations import ACTIVATIONS, SIGMOID_SATURATION, TANH_SATURATION
from .numerics import Array, norm, ratio
from .operations import OPERATIONS
from .program import Instruction

if TYPE_CHECKING:
    from .trace import Trace


@dataclass(frozen=True, slots=True)
class ActivationStatistics:
    """Of a stage's hidden state over batch and units.

    saturated is the share of outputs beyond the activation's saturation levels (of a cell: of its gates' outputs);
    dead the share of units that are off, f'(z) = 0, for every sample (of a cell: whose state is 0 for every one).
    """

    mean: float
    std: float
    saturated: float
    dead: float


@dataclass(frozen=True)
class Stage:
    """One stage, 0 being the input (or the initial state).

    gradient_norm is ‖dL/dh_k‖ (Frobenius, over batch and units), gradient_rms the same per number; factor is
    ‖dL/dh_k‖ / ‖dL/dh_(k+1)‖, None for the last stage, and `factors` its parts in the order of the backward pass.

    MLP: factors = {"activation": ‖dL/dz‖ / ‖dL/dh_(k+1)‖, "weight": ‖dL/dh_k‖ / ‖dL/dz‖}; their product is the factor.

    LSTM: cell_gradient_norm is ‖dL/dc_k‖ and factors = {"cell", "direct", "gates", "cosine"}: dL/dc_k is the sum of
    the direct path f_(k+1) ⊙ dL/dc_(k+1) and the path through h_k and the gates, so
    cell² = direct² + gates² + 2·cosine·direct·gates, each relative to ‖dL/dc_(k+1)‖.
    """

    index: int
    gradient_norm: float
    gradient_rms: float
    factor: float | None
    factors: Mapping[str, float]
    cell_gradient_norm: float | None
    _trace: Trace = field(repr=False, compare=False)

    @functools.cached_property
    def activation(self) -> ActivationStatistics:
        with np.errstate(all="ignore"):
            return _statistics(self._trace, self.index)

    @functools.cached_property
    def parameters(self) -> Mapping[str, float]:
        """Gradient norm of each parameter of this stage; of a shared one, that of this time step's contribution."""
        trace = self._trace
        with np.errstate(all="ignore"):
            if trace.axis == "time":
                arrays = trace.contributions(self.index) if self.index else {}
            else:
                arrays = {
                    name: trace.parameter_gradients[name]
                    for each in trace.program.instructions
                    if each.site.layer == self.index
                    for name in each.parameters
                }
            return {name: norm(array) for name, array in arrays.items()}


def stages_of(trace: Trace) -> tuple[Stage, ...]:
    """All stages with their factors taken apart."""
    program = trace.program
    norms = [norm(trace.gradients[name]) for name in program.stages]
    chains = _chains(program.instructions, program.stages)
    cells: list[float | None] = [norm(trace.gradients[name]) for name in program.cells]
    cells = cells or [None] * len(norms)
    found = []
    for index, (name, value) in enumerate(zip(program.stages, norms, strict=True)):
        factor, factors = None, {}
        if index + 1 < len(norms):
            factor = ratio(value, norms[index + 1])
            if program.cells:
                factors = _cell_factors(trace, index)
            else:
                factors = {
                    part: ratio(trace.gradient_norm(source), trace.gradient_norm(result))
                    for part, source, result in chains[index]
                }
        rms = value / math.sqrt(trace.gradients[name].size)
        found.append(Stage(index, value, rms, factor, factors, cells[index], trace))
    return tuple(found)


def _chains(instructions: list[Instruction], stages: list[str]) -> list[list[tuple[str, str, str]]]:
    """For each stage, the (part, slot before, slot after) of the operations up to the next, last one first."""
    chains: list[list[tuple[str, str, str]]] = []
    current: list[tuple[str, str, str]] = []
    ends = set(stages[1:])
    for each in instructions:
        part = OPERATIONS[each.operation].part
        if part:
            current.insert(0, (part, each.inputs[0], each.outputs[0]))
        if each.outputs[0] in ends:
            chains.append(current)
            current = []
    return chains


def _cell_factors(trace: Trace, index: int) -> dict[str, float]:
    """The LSTM's cell gradient dL/dc_index, taken apart into the direct path and the path through h and the gates."""
    total, after = trace.gradients[f"c/{index}"], trace.gradients[f"c/{index + 1}"]
    width = total.shape[1]
    forget = trace.values[f"gates/{index + 1}"][:, width : 2 * width]
    direct = forget * after
    gates = total - direct
    scale, direct_norm, gates_norm = norm(after), norm(direct), norm(gates)
    return {
        "cell": ratio(norm(total), scale),
        "direct": ratio(direct_norm, scale),
        "gates": ratio(gates_norm, scale),
        "cosine": _cosine(direct, gates, direct_norm, gates_norm),
    }


def _cosine(one: Array, other: Array, one_norm: float, other_norm: float) -> float:
    """Cosine of the angle between two arrays; 0 where one of them is 0, so that the sum of squares still holds."""
    if one_norm == 0.0 or other_norm == 0.0:
        return 0.0
    # Normalised first: the product of two vanished norms would underflow.
    return float(np.vdot(one / one_norm, other / other_norm))


def _statistics(trace: Trace, index: int) -> ActivationStatistics:
    state = trace.values[trace.program.stages[index]]
    mean = float(state.mean())
    centred = (state - mean).ravel(order="K")
    std = norm(centred) / math.sqrt(state.size)
    if index == 0:
        return ActivationStatistics(mean, std, 0.0, 0.0)
    if trace.program.cells:
        saturated = _gates_saturated(trace.values[f"gates/{index}"])
        return ActivationStatistics(mean, std, saturated, _share(np.all(state == 0, axis=0)))
    row = ACTIVATIONS[trace.experiment.activation]
    slope = np.empty_like(state)
    row.derivative(trace.values[f"z/{index}"], state, slope)
    saturated = _outside(state, row.saturation) if row.saturation else 0.0
    return ActivationStatistics(mean, std, saturated, _share(~np.any(slope, axis=0)))


def _gates_saturated(gates: Array) -> float:
    width = gates.shape[1] // 4
    candidate = gates[:, 2 * width : 3 * width]
    sigmoids = (gates[:, : 2 * width], gates[:, 3 * width :])
    shares = [
        _outside(candidate, TANH_SATURATION),
        *(_outside(each, SIGMOID_SATURATION) for each in sigmoids),
    ]
    return float(np.average(shares, weights=[1, 2, 1]))


def _outside(values: Array, levels: tuple[float, float]) -> float:
    return _share((values < levels[0]) | (values > levels[1]))


def _share(mask: Array) -> float:
    return int(np.count_nonzero(mask)) / mask.size
