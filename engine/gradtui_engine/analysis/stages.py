"""The Stage: what one layer, or one time step, did to the gradient and to the signal. Numbers only."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..cells.cell import Cell
from ..cells.table import OPERATIONS
from ..core.numerics import Array, cosines, norm, norm_inside, norms, ratio
from ..program.slots import CELL_STATE, GATES, HIDDEN, Slot, Span
from ..rules.activations import ACTIVATIONS
from .stage_numbers import ActivationStatistics

if TYPE_CHECKING:
    from ..run.trace import Trace


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
        return self._trace.activations[self.index]

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
    layers = trace.resolved.layers if trace.axis == "time" else 1
    factors = [ratio(known[name], known[after]) for name, after in itertools.pairwise(program.stages)]
    parts = _PARTS[trace.resolved.kind.parts](trace, known, factors)
    found = []
    for index, name in enumerate(program.stages):
        value, inner = known[name], index < len(factors)
        below = (known[Slot(HIDDEN, layer, index).name] for layer in range(layers - 1))
        stacked = (*below, value) if layers > 1 else ()
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
    for whole, names in trace.program.rows_of.items():
        state = trace.program.slots[whole].slot.role in (HIDDEN, CELL_STATE)
        if whole in trace.gradients and state and names[0] not in known:
            known.update(zip(names, norms(trace.gradients[whole]), strict=True))
    known.update((name, norm(trace.gradients[name])) for name in trace.program.stages[:1] if name not in known)
    return known


#: (trace, norms by slot, factors) → the parts of each stage's factor.
Parts = Callable[["Trace", Mapping[str, float], list[float]], list[dict[str, float]]]


def _mlp_parts(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    program, merges = trace.program, trace.merges
    found = []
    for index, chain in enumerate(program.chains):
        parts = {}
        for operation, source, result, constant in chain:
            part = OPERATIONS[operation].part
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


def _whole(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    return [{"whole": factor} for factor in factors]


def _paths(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    """The factor of the state that has a direct path, and its two paths."""
    path = trace.resolved.kind.path
    assert path is not None
    of_cell_state = path.state == CELL_STATE
    scales = [known[name] for name in (trace.program.cells if of_cell_state else trace.program.stages)]
    total = "cell" if of_cell_state else "whole"
    totals = [{total: ratio(value, after)} for value, after in itertools.pairwise(scales)]
    paths = _noted_paths(trace, scales) or _two_paths(trace, scales)
    return [whole | parts for whole, parts in zip(totals, paths, strict=True)]


def _noted_paths(trace: Trace, scales: list[float]) -> list[dict[str, float]] | None:
    """The two paths as the run has noted them; None where it has not, or a square lies beyond what can be trusted."""
    if len(trace.paths) != len(scales) - 1:
        return None
    first = trace.values[trace.program.cells[0]]
    info = np.finfo(first.dtype)
    least, most = first.size * float(info.tiny / info.eps), float(info.max)
    # Nothing but the direct path reaches the initial cell state.
    found = [{"direct": ratio(scales[0], scales[1]), "gates": 0.0, "cosine": 0.0}]
    for (direct, rest, product), scale in zip(trace.paths[:-1], scales[2:], strict=True):
        if not (least < direct < most and least < rest < most):
            return None
        one, other = math.sqrt(direct), math.sqrt(rest)
        cosine = float(product) / (one * other)
        found.append({"direct": ratio(one, scale), "gates": ratio(other, scale), "cosine": cosine})
    return found


def _two_paths(trace: Trace, scales: list[float]) -> list[dict[str, float]]:
    """The gradients as the direct path through the gate and the rest, which came through the other gates."""
    cell = trace.resolved.kind
    assert cell.path is not None
    gradient = trace.gradients[Slot(cell.path.state, time=Span()).name]
    width, block = gradient.shape[2], cell.block(cell.path.gate)
    gate = trace.values[Slot(GATES, time=Span()).name][:, :, block * width : (block + 1) * width]
    direct = cell.path.factors(gate) * gradient[1:]
    rest = gradient[:-1] - direct
    direct_norms, rest_norms = norms(direct), norms(rest)
    angles = cosines(direct, rest, direct_norms, rest_norms)
    return [
        {"direct": ratio(one, scale), "gates": ratio(other, scale), "cosine": angle}
        for one, other, angle, scale in zip(direct_norms, rest_norms, angles, scales[1:], strict=True)
    ]


#: How a factor is taken apart, by what a cell's row says.
_PARTS: dict[str, Parts] = {"operations": _mlp_parts, "whole": _whole, "paths": _paths}


#: Numbers that a pass over several stages takes at a time: what fits into the processor's cache.
_CHUNK = 2**16
#: The hidden states of all stages as one array.
_STATES = Slot(HIDDEN, Span()).name


def statistics_of(trace: Trace) -> tuple[ActivationStatistics, ...]:
    """Of every stage, the stages of one size in passes over several at a time."""
    names = trace.program.stages
    found = [_signal(trace.values[names[0]][None])[0]] if names[0] not in trace.program.rows_of.get(_STATES, ()) else []
    states = trace.values[_STATES]
    step = max(1, _CHUNK // max(1, states[0].size))
    for start in range(0, len(states), step):
        rows = slice(start, min(len(states), start + step))
        found += [
            ActivationStatistics(each.mean, each.std, saturated, dead)
            for each, (saturated, dead) in zip(_signal(states[rows]), _shares(trace, len(found), rows), strict=True)
        ]
    first = found[0]
    return (ActivationStatistics(first.mean, first.std, 0.0, 0.0), *found[1:])


def _signal(states: Array) -> list[ActivationStatistics]:
    """Mean and std of each of a stack of states."""
    lying = states if states.flags.c_contiguous else states.swapaxes(-1, -2)
    rows = lying.reshape(len(states), -1)
    means = np.add.reduce(rows, axis=1) / rows.dtype.type(rows.shape[1])
    stds = norms((rows - means[:, None])[:, :, None])
    size = math.sqrt(rows.shape[1])
    return [ActivationStatistics(mean, std / size, 0.0, 0.0) for mean, std in zip(means.tolist(), stds, strict=True)]


def _shares(trace: Trace, first: int, rows: slice) -> list[tuple[float, float]]:
    """The saturated and dead share of the stages in these rows of the states; `first` is the first one's stage."""
    states = trace.values[_STATES][rows]
    gates = trace.values.get(Slot(GATES, time=Span()).name)
    if gates is not None:
        # Row k of the gates is that of stage k + 1.
        begin = max(rows.start - 1, 0)
        saturated = _gates_shares(trace.resolved.kind, gates[begin : rows.stop - 1], states.shape[2])
        dead = _dead_shares(states != 0)
        return list(zip([0.0] * (len(dead) - len(saturated)) + saturated, dead, strict=True))
    row = ACTIVATIONS[trace.resolved.activation]
    outputs, found = _slopes_in(trace, first, rows)
    saturated = _outside(outputs, row.saturation) if row.saturation else [0.0] * len(outputs)
    return list(zip(saturated, _dead_shares(found != 0), strict=True))


def _slopes_in(trace: Trace, first: int, rows: slice) -> tuple[Array, Array]:
    """The activation's outputs and f'(z) of the stages in these rows."""
    row = ACTIVATIONS[trace.resolved.activation]
    found = [trace.activation_at(stage) for stage in range(first, first + rows.stop - rows.start)]
    if found[0] is None:
        outputs = sources = trace.values[_STATES][rows]
    elif row.learned:
        pairs = [slopes(trace, stage) for stage in range(first, first + len(found))]
        return np.stack([output for output, _ in pairs]), np.stack([slope for _, slope in pairs])
    else:
        sources = _stacked(trace, [each.inputs[0] for each in found if each])
        outputs = _stacked(trace, [each.outputs[0] for each in found if each])
    result = np.empty_like(outputs)
    row.derivative(sources, outputs, result, 1.0 if found[0] is None else found[0].constant)
    return outputs, result


def _stacked(trace: Trace, names: list[str]) -> Array:
    """The values of these slots as one array: a view where they lie one after the other."""
    slots = [trace.program.slots[name] for name in names]
    whole, start = slots[0].whole, slots[0].index
    if whole is not None and isinstance(start, int):
        rows = range(start, start + len(slots))
        if all(each.whole == whole and each.index == row for each, row in zip(slots, rows, strict=True)):
            return trace.values[whole][start : rows.stop]
    return np.stack([trace.values[name] for name in names])


def slopes(trace: Trace, index: int) -> tuple[Array, Array]:
    """The activation's output a and f'(z) at a stage."""
    row = ACTIVATIONS[trace.resolved.activation]
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


def _gates_shares(cell: Cell, gates: Array, width: int) -> list[float]:
    """Over all gates, each by its own activation's levels; neighbours of one activation in one pass."""
    shares = [0.0] * len(gates)
    runs = [(name, list(blocks)) for name, blocks in itertools.groupby(gate.activation for gate in cell.gates)]
    starts = itertools.accumulate((len(blocks) for _, blocks in runs), initial=0)
    # The candidates first: sums of the same numbers in another order differ in the last digit.
    for start, (name, blocks) in sorted(zip(starts, runs, strict=False), key=lambda pair: pair[1][0] != "tanh"):
        block = gates[:, :, start * width : (start + len(blocks)) * width]
        levels = ACTIVATIONS[name].saturation
        assert levels is not None, f"{name} saturates"
        for index, share in enumerate(_outside(block, levels)):
            shares[index] += len(blocks) * share
    return [share / cell.blocks for share in shares]


def _outside(values: Array, levels: tuple[float, float]) -> list[float]:
    """Of each of a stack the share beyond the levels."""
    low, high = (values.dtype.type(each) for each in levels)
    mask = (values < low) | (values > high)
    lying = mask if mask.flags.c_contiguous else mask.swapaxes(-1, -2)
    size = values[0].size
    return [int(np.count_nonzero(each)) / size for each in lying]


def _dead_shares(alive: Array) -> list[float]:
    """Of each of a stack (…, batch, units) the share of the units that are on for no sample."""
    on = np.logical_or.reduce(alive, axis=1)
    return [1.0 - int(np.count_nonzero(each)) / each.size for each in on]
