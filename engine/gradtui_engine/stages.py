"""The Stage: what one layer, or one time step, did to the gradient and to the signal. Numbers only."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .activations import ACTIVATIONS, SIGMOID_SATURATION, TANH_SATURATION
from .numerics import Array, cosine, norm, ratio
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
    ‖dL/dh_k‖ / ‖dL/dh_(k+1)‖, None for the last stage, and `factors` its parts, which give it back exactly:

    - MLP without a skip: the parts of the operations between the two stages, in the order of the backward pass
      ("activation", "norm", "weight", and "scale" for the β of a block's branch); the factor is their product.
    - MLP where a skip and a branch meet: also "branch" and "skip", each relative to ‖dL/dh_(k+1)‖, and the "cosine"
      between them: factor² = branch² + skip² + 2·cosine·branch·skip.
    - LSTM: cell_gradient_norm is ‖dL/dc_k‖, and dL/dc_k is the sum of the "direct" path f_(k+1) ⊙ dL/dc_(k+1) and
      of the path through h_k and the "gates": cell² = direct² + gates² + 2·cosine·direct·gates, each relative to
      ‖dL/dc_(k+1)‖.
    - GRU: the same for dL/dh_k, the direct path being z_(k+1) ⊙ dL/dh_(k+1), and "whole" the factor.
    - RNN: "whole", the factor itself: there is one path only.

    Where every step is read out, the path through h_k also brings the gradient of step k's own loss.
    """

    index: int
    gradient_norm: float
    gradient_rms: float
    factor: float | None
    factors: Mapping[str, float]
    cell_gradient_norm: float | None
    #: ‖dL/dh_k‖ of each layer of a stacked network, the lowest first; empty where there is one.
    layer_gradient_norms: tuple[float, ...]
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
    cells: list[float | None] = [norm(trace.gradients[name]) for name in program.cells]
    cells = cells or [None] * len(norms)
    layers = trace.experiment.layers if trace.axis == "time" else 1
    lower = [f"h_l{layer}" for layer in range(layers - 1)]
    take_apart = _FACTORS[trace.experiment.cell](trace)
    found = []
    for index, (name, value) in enumerate(zip(program.stages, norms, strict=True)):
        factor, factors = None, {}
        if index + 1 < len(norms):
            factor = ratio(value, norms[index + 1])
            factors = take_apart(index, factor)
        rms = value / math.sqrt(trace.gradients[name].size)
        stacked = (*(norm(trace.gradients[f"{each}/{index}"]) for each in lower), value) if lower else ()
        found.append(Stage(index, value, rms, factor, factors, cells[index], stacked, trace))
    return tuple(found)


#: (stage, its factor) → the factor's parts.
TakeApart = Callable[[int, float], dict[str, float]]


def _mlp_factors(trace: Trace) -> TakeApart:
    chains = _chains(trace.program.instructions, trace.program.stages)

    def parts(index: int, factor: float) -> dict[str, float]:
        found = {}
        for each in chains[index]:
            # The source of the chain's first operation may be a stage where a skip arrives too: take the branch's
            # part of its gradient, not the sum.
            source, part = each.inputs[0], OPERATIONS[each.operation].part
            if part == "scale":
                if each.constant != 1.0:
                    found[part] = each.constant
                continue
            merge = trace.merges.get(source)
            before = trace.gradient_norm(source) if merge is None else merge.branch
            found[part] = ratio(before, trace.gradient_norm(each.outputs[0]))
        merge = trace.merges.get(trace.program.stages[index])
        if merge is not None:
            after = trace.gradient_norm(trace.program.stages[index + 1])
            found |= {"branch": ratio(merge.branch, after), "skip": ratio(merge.skip, after), "cosine": merge.cosine}
        return found

    return parts


def _chains(instructions: list[Instruction], stages: list[str]) -> list[list[Instruction]]:
    """For each stage, the operations that the gradient passes on its way from the next one, in that order."""
    chains: list[list[Instruction]] = []
    current: list[Instruction] = []
    ends = set(stages[1:])
    for each in instructions:
        if OPERATIONS[each.operation].part:
            current.insert(0, each)
        if each.outputs[0] in ends:
            chains.append(current)
            current = []
    return chains


def _rnn_factors(trace: Trace) -> TakeApart:
    return lambda index, factor: {"whole": factor}


def _lstm_factors(trace: Trace) -> TakeApart:
    def parts(index: int, factor: float) -> dict[str, float]:
        total, after = trace.gradients[f"c/{index}"], trace.gradients[f"c/{index + 1}"]
        width = total.shape[1]
        forget = trace.values[f"gates/{index + 1}"][:, width : 2 * width]
        return {"cell": ratio(norm(total), norm(after)), **_two_paths(total, forget * after, norm(after))}

    return parts


def _gru_factors(trace: Trace) -> TakeApart:
    def parts(index: int, factor: float) -> dict[str, float]:
        total, after = trace.gradients[f"h/{index}"], trace.gradients[f"h/{index + 1}"]
        width = total.shape[1]
        update = trace.values[f"gates/{index + 1}"][:, width : 2 * width]
        return {"whole": factor, **_two_paths(total, update * after, norm(after))}

    return parts


def _two_paths(total: Array, direct: Array, scale: float) -> dict[str, float]:
    """A gradient as the direct path and the rest, which came through the gates, and the cosine between the two."""
    gates = total - direct
    direct_norm, gates_norm = norm(direct), norm(gates)
    return {
        "direct": ratio(direct_norm, scale),
        "gates": ratio(gates_norm, scale),
        "cosine": cosine(direct, gates, direct_norm, gates_norm),
    }


_FACTORS: dict[str, Callable[[Trace], TakeApart]] = {
    "mlp": _mlp_factors,
    "rnn": _rnn_factors,
    "lstm": _lstm_factors,
    "gru": _gru_factors,
}


def _statistics(trace: Trace, index: int) -> ActivationStatistics:
    state = trace.values[trace.program.stages[index]]
    mean = float(state.mean())
    centred = (state - mean).ravel(order="K")
    std = norm(centred) / math.sqrt(state.size)
    if index == 0:
        return ActivationStatistics(mean, std, 0.0, 0.0)
    gates = trace.values.get(f"gates/{index}")
    if gates is not None:
        saturated = _gates_saturated(gates, state.shape[1])
        return ActivationStatistics(mean, std, saturated, _share(np.all(state == 0, axis=0)))
    row = ACTIVATIONS[trace.experiment.activation_name]
    output, slope = slopes(trace, index)
    saturated = _outside(output, row.saturation) if row.saturation else 0.0
    return ActivationStatistics(mean, std, saturated, _share(~np.any(slope, axis=0)))


def slopes(trace: Trace, index: int) -> tuple[Array, Array]:
    """The activation's output a and f'(z) at a stage."""
    row = ACTIVATIONS[trace.experiment.activation_name]
    found = trace.activation_at(index)
    if found is None:  # an RNN's step keeps no z: f' follows from a
        source = output = trace.values[trace.program.stages[index]]
        slope_at = 1.0
    else:
        source, output = trace.values[found.inputs[0]], trace.values[found.outputs[0]]
        slope_at = float(trace.parameters[found.parameters[0]][0]) if found.parameters else found.constant
    found_slopes = np.empty_like(output)
    row.derivative(source, output, found_slopes, slope_at)
    return output, found_slopes


def _gates_saturated(gates: Array, width: int) -> float:
    """Over all gates: the candidate is a tanh (LSTM's and GRU's third block), the others are σ."""
    candidate = gates[:, 2 * width : 3 * width]
    count = gates.shape[1] // width
    sigmoids = (gates[:, : 2 * width], gates[:, 3 * width :])
    shares = [_outside(candidate, TANH_SATURATION)] + [
        _outside(each, SIGMOID_SATURATION) for each in sigmoids if each.size
    ]
    return float(np.average(shares, weights=[1, 2, 1][: 1 + (count > 2) + (count > 3)]))


def _outside(values: Array, levels: tuple[float, float]) -> float:
    return _share((values < levels[0]) | (values > levels[1]))


def _share(mask: Array) -> float:
    return int(np.count_nonzero(mask)) / mask.size
