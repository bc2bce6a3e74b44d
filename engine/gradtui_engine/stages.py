"""The Stage: what one layer, or one time step, did to the gradient and to the signal. Numbers only."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .activations import ACTIVATIONS, SIGMOID_SATURATION, TANH_SATURATION
from .numerics import Array, cosines, norm, norm_inside, norms, ratio
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


#: The names of the parts of a factor: the keys of `Stage.factors`.
FACTOR_PARTS = (
    "activation", "norm", "weight", "scale", "branch", "skip", "cosine", "whole", "cell", "direct", "gates",
)  # fmt: skip


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
        if trace.axis == "time":
            arrays = trace.contributions(self.index) if self.index else {}
        else:
            arrays = {name: trace.parameter_gradients[name] for name in self._names}
        with np.errstate(all="ignore"):
            return {name: norm_inside(array) for name, array in arrays.items()}

    @property
    def _names(self) -> list[str]:
        """The parameters that belong to this layer alone; none over time, where all steps share them."""
        return [name for each in self._trace.program.layers.get(self.index, ()) for name in each.parameters]

    @functools.cached_property
    def parameter_gradient_norm(self) -> float | None:
        """‖dL/dθ‖ of all parameters of this stage together (Frobenius, over weights and biases).

        Over time that of this step's contribution to the shared gradient; the contributions add up as arrays, their
        norms do not. None for stage 0, which has no parameters.
        """
        parts = self.parameters
        return norm(np.array(list(parts.values()))) if parts else None

    @functools.cached_property
    def update_ratio(self) -> float | None:
        """‖ΔW‖ / ‖W‖ of this layer's weight matrix: about 1e-3 is healthy (CS231n).

        None for stage 0, and over time, where all steps share one matrix and one update.
        """
        trace = self._trace
        matrices = [name for name in self._names if trace.program.parameters[name].fans is not None]
        return trace.update_ratio(matrices[0]) if matrices else None


def stages_of(trace: Trace) -> tuple[Stage, ...]:
    """All stages with their factors taken apart."""
    program = trace.program
    known = _norms(trace)
    layers = trace.experiment.layers if trace.axis == "time" else 1
    lower = [f"h_l{layer}" for layer in range(layers - 1)]
    factors = [ratio(known[name], known[after]) for name, after in itertools.pairwise(program.stages)]
    parts = _PARTS[trace.experiment.cell](trace, known, factors)
    found = []
    for index, name in enumerate(program.stages):
        value, inner = known[name], index < len(factors)
        stacked = (*(known[f"{each}/{index}"] for each in lower), value) if lower else ()
        found.append(
            Stage(
                index,
                value,
                value / math.sqrt(trace.gradients[name].size),
                factors[index] if inner else None,
                parts[index] if inner else {},
                known[program.cells[index]] if program.cells else None,
                stacked,
                trace,
            )
        )
    return tuple(found)


def _norms(trace: Trace) -> dict[str, float]:
    """‖dL/dslot‖ of every slot on the gradient's way: whole stacks in one call, the rest as measured in the run."""
    known = dict(trace.norms_in_run)
    for whole, names in trace.program.parts().items():
        if whole in trace.gradients and whole.startswith(("h", "c")) and names[0] not in known:
            known.update(zip(names, norms(trace.gradients[whole]), strict=True))
    known.update((name, norm(trace.gradients[name])) for name in trace.program.stages[:1] if name not in known)
    return known


#: (trace, norms by slot, factors) → the parts of each stage's factor.
Parts = Callable[["Trace", Mapping[str, float], list[float]], list[dict[str, float]]]


def _mlp_parts(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    program, merges = trace.program, trace.merges
    found = []
    for index, chain in enumerate(_chains(program.instructions, program.stages)):
        parts = {}
        for part, source, result, constant in chain:
            if part == "scale":
                if constant != 1.0:
                    parts[part] = constant
                continue
            # Where a skip arrives too, take the branch's share of the gradient, not the sum.
            merge = merges.get(source)
            parts[part] = ratio(known[source] if merge is None else merge.branch, known[result])
        merge = merges.get(program.stages[index])
        if merge is not None:
            after = known[program.stages[index + 1]]
            parts |= {"branch": ratio(merge.branch, after), "skip": ratio(merge.skip, after), "cosine": merge.cosine}
        found.append(parts)
    return found


def _chains(instructions: list[Instruction], stages: list[str]) -> list[list[tuple[str, str, str, float]]]:
    """For each stage the (part, slot read, slot written, constant) of the operations up to the next, last one first."""
    chains: list[list[tuple[str, str, str, float]]] = []
    current: list[tuple[str, str, str, float]] = []
    ends = set(stages[1:])
    for each in instructions:
        part = OPERATIONS[each.operation].part
        if part:
            current.insert(0, (part, each.inputs[0], each.outputs[0], each.constant))
        if each.outputs[0] in ends:
            chains.append(current)
            current = []
    return chains


def _rnn_parts(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    return [{"whole": factor} for factor in factors]


def _lstm_parts(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    scales = [known[name] for name in trace.program.cells]
    totals = [{"cell": ratio(value, after)} for value, after in itertools.pairwise(scales)]
    return [one | other for one, other in zip(totals, _two_paths(trace, "c", scales), strict=True)]


def _gru_parts(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    scales = [known[name] for name in trace.program.stages]
    paths = _two_paths(trace, "h", scales)
    return [{"whole": factor} | each for factor, each in zip(factors, paths, strict=True)]


def _two_paths(trace: Trace, carried: str, scales: list[float]) -> list[dict[str, float]]:
    """The gradients as the direct path through the gate and the rest, which came through the other gates."""
    gradient = trace.gradients[carried]
    width = gradient.shape[2]
    # LSTM's forget gate and GRU's update gate are both the second block.
    direct = trace.values["gates"][:, :, width : 2 * width] * gradient[1:]
    rest = gradient[:-1] - direct
    direct_norms, rest_norms = norms(direct), norms(rest)
    angles = cosines(direct, rest, direct_norms, rest_norms)
    return [
        {"direct": ratio(one, scale), "gates": ratio(other, scale), "cosine": angle}
        for one, other, angle, scale in zip(direct_norms, rest_norms, angles, scales[1:], strict=True)
    ]


_PARTS: dict[str, Parts] = {"mlp": _mlp_parts, "rnn": _rnn_parts, "lstm": _lstm_parts, "gru": _gru_parts}


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
