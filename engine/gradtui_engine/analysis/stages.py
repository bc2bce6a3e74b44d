"""What each layer, or time step, did to the gradient and to the signal, worked out from a trace's arrays."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.cell import Cell
from ..cells.table import OPERATIONS
from ..core.message import English, Message
from ..core.numerics import Array, cosines, norm, norms, ratio
from ..program.slots import CELL_STATE, GATES, HIDDEN, Slot, Span
from ..rules.activations import ACTIVATIONS
from .own_losses import of_cell_states, own_losses
from .stage_numbers import ActivationStatistics

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class Gradients:
    """What the gradient is at each stage, the input (or the initial state) first.

    norms[k] is ‖dL/dh_k‖, rms the same per number, cells[k] ‖dL/dc_k‖ (empty without cell states), layers[k] those of
    each layer of a stacked network (empty without). factors[k] is norms[k] / norms[k + 1], one fewer than stages;
    parts[k] are its parts, see `StageNumbers`, and unknown[k] says why one of them is None.
    """

    norms: list[float]
    rms: list[float]
    cells: list[float]
    layers: list[tuple[float, ...]]
    factors: list[float]
    parts: list[dict[str, float | None]]
    unknown: list[English]


def gradients_of(trace: Trace) -> Gradients:
    """The gradient at all stages with its factors taken apart; NumPy's warnings must be off."""
    program = trace.program
    known = _norms(trace)
    layers = trace.resolved.layers if trace.axis == "time" else 1
    factors = [ratio(known[name], known[after]) for name, after in itertools.pairwise(program.stages)]
    parts = _PARTS[trace.resolved.kind.parts](trace, known, factors)
    of_cell = trace.resolved.kind.path is not None and trace.resolved.kind.path.state == CELL_STATE
    checked = [
        _checked(trace, part, known[name])
        for part, name in zip(parts, (program.cells if of_cell else program.stages)[1:], strict=True)
    ]
    lower = [[Slot(HIDDEN, layer, stage).name for layer in range(layers - 1)] for stage in range(len(program.stages))]
    return Gradients(
        norms=[known[name] for name in program.stages],
        rms=[known[name] / math.sqrt(trace.gradients[name].size) for name in program.stages],
        cells=[known[name] for name in program.cells],
        layers=[
            (*(known[name] for name in below), known[stage])
            for below, stage in zip(lower, program.stages, strict=True)
            if below
        ],
        factors=factors,
        parts=[part for part, _ in checked],
        unknown=[why for _, why in checked],
    )


def _checked(trace: Trace, parts: dict[str, float], after: float) -> tuple[dict[str, float | None], English]:
    """The parts of a factor, those that cannot be known None, and why; `after` is the norm that they are shares of."""
    dtype = trace.input.dtype
    size = trace.gradients[trace.program.stages[-1]].size
    if after == 0.0:
        why: English = "no gradient arrives at the next stage, and nothing is no share of nothing"
    elif not math.isfinite(after):
        why = Message("the gradient of the next stage is not finite")
    elif after < math.sqrt(size) * float(np.finfo(dtype).tiny):
        why = Message("the gradient of the next stage is so small that {dtype} has lost its digits", dtype=dtype.name)
    elif any(math.isnan(value) for value in parts.values()):
        why = Message("no gradient arrives somewhere between the two stages")
        return {name: None if math.isnan(value) else value for name, value in parts.items()}, why
    else:
        return dict(parts), ""
    return dict.fromkeys(parts), why


def state_norms(trace: Trace) -> tuple[list[float], list[float]]:
    """‖dL/dh_k‖ of all stages, and ‖dL/dc_k‖ (empty without cell states); NumPy's warnings must be off."""
    known = _norms(trace)
    return [known[name] for name in trace.program.stages], [known[name] for name in trace.program.cells]


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
    all_parts = []
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
        all_parts.append(parts)
    return all_parts


def _whole(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    """The factor, which is one product; where every step has a loss of its own, also that loss's part beside it."""
    losses = own_losses(trace)
    if losses is None:
        return [{"whole": factor} for factor in factors]
    scales = [known[name] for name in trace.program.stages]
    gradient = trace.gradients[Slot(HIDDEN, time=Span()).name]
    rest = gradient[1:-1] - losses[:-1]
    sums = _sums({"recurrent": rest, "loss": losses[:-1]}, scales[2:])
    # The initial state has no loss.
    return [{"whole": factor} | part for factor, part in zip(factors, [{}, *sums], strict=True)]


def _paths(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    """The factor of the state that has a direct path, and its parts."""
    path = trace.resolved.kind.path
    assert path is not None
    of_cell_state = path.state == CELL_STATE
    states = trace.program.cells if of_cell_state else trace.program.stages
    scales = [known[name] for name in states]
    total = "cell" if of_cell_state else "whole"
    totals = [{total: ratio(value, after)} for value, after in itertools.pairwise(scales)]
    losses = own_losses(trace)
    if losses is not None:
        paths = _with_own_loss(trace, scales, of_cell_states(trace, losses) if of_cell_state else losses)
    else:
        paths = _noted_paths(trace, states, scales) or _two_paths(trace, scales)
    return [whole | parts for whole, parts in zip(totals, paths, strict=True)]


def _noted_paths(trace: Trace, states: list[str], scales: list[float]) -> list[dict[str, float]] | None:
    """The two paths as the run has noted them; None where it has not, or a square lies beyond what can be trusted.

    states are those that have the direct path, scales the norms of their gradients.
    """
    if len(trace.paths) != len(scales) - 1:
        return None
    first = trace.values[states[0]]
    info = np.finfo(first.dtype)
    least, most = first.size * float(info.tiny / info.eps), float(info.max)
    if states == trace.program.cells:
        # Nothing but the direct path reaches the initial cell state.
        all_parts = [{"direct": ratio(scales[0], scales[1]), "gates": 0.0, "cosine": 0.0}]
    else:
        # No step has noted what reaches the initial hidden state, by the direct path and through the gates.
        all_parts = _two_paths(trace, scales[:2])
    for (direct, rest, product), scale in zip(trace.paths[:-1], scales[2:], strict=True):
        if not (least < direct < most and least < rest < most):
            return None
        one, other = math.sqrt(direct), math.sqrt(rest)
        cosine = float(product) / (one * other)
        all_parts.append({"direct": ratio(one, scale), "gates": ratio(other, scale), "cosine": cosine})
    return all_parts


def _two_paths(trace: Trace, scales: list[float]) -> list[dict[str, float]]:
    """The gradients as the direct path through the gate and the rest, which came through the other gates.

    For so many of the first states as there are scales.
    """
    direct, rest = _direct_and_rest(trace, len(scales))
    return _sums({"direct": direct, "gates": rest}, scales[1:])


def _with_own_loss(trace: Trace, scales: list[float], losses: Array) -> list[dict[str, float]]:
    """The same with what each step's own loss gives the state, (time, batch, units), as a third part."""
    direct, rest = _direct_and_rest(trace, len(scales))
    first = _sums({"direct": direct[:1], "gates": rest[:1]}, scales[1:2])  # the initial state has no loss
    gates = rest[1:] - losses[:-1]
    return [*first, *_sums({"direct": direct[1:], "gates": gates, "loss": losses[:-1]}, scales[2:])]


def _direct_and_rest(trace: Trace, count: int) -> tuple[Array, Array]:
    """Of the first `count` states but the last the gradient through the gate on the direct path, and all else."""
    cell = trace.resolved.kind
    assert cell.path is not None
    gradient = trace.gradients[Slot(cell.path.state, time=Span()).name][:count]
    width, block = gradient.shape[2], cell.block(cell.path.gate)
    gates = trace.values[Slot(GATES, time=Span()).name][: count - 1]
    gate = gates[:, :, block * width : (block + 1) * width]
    direct = cell.path.factors(gate) * gradient[1:]
    return direct, gradient[:-1] - direct


def _sums(addends: Mapping[str, Array], scales: Sequence[float]) -> list[dict[str, float]]:
    """Arrays whose sum is a gradient as parts of a factor: the norm of each over these scales, and the cosine of each
    two ("cosine" of the first two, cosine_direct_loss and so on of the others).
    """
    lengths = {name: norms(stack) for name, stack in addends.items()}
    parts = [
        {name: ratio(lengths[name][index], scale) for name in addends} for index, scale in enumerate(scales)
    ]  # fmt: skip
    first, second, *_ = addends
    for one, other in itertools.combinations(addends, 2):
        name = "cosine" if (one, other) == (first, second) else f"cosine_{one}_{other}"
        angles = cosines(addends[one], addends[other], lengths[one], lengths[other])
        for part, angle in zip(parts, angles, strict=True):
            part[name] = angle
    return parts


#: How a factor is taken apart, by what a cell's row says.
_PARTS: dict[str, Parts] = {"operations": _mlp_parts, "whole": _whole, "paths": _paths}


#: Numbers that a pass over several stages takes at a time: what fits into the processor's cache.
_CHUNK = 2**16
#: The hidden states of all stages as one array.
_STATES = Slot(HIDDEN, Span()).name


def statistics_of(trace: Trace) -> tuple[ActivationStatistics, ...]:
    """Of every stage, the stages of one size in passes over several at a time; NumPy's warnings must be off."""
    names = trace.program.stages
    statistics = (
        [_signal(trace.values[names[0]][None])[0]] if names[0] not in trace.program.rows_of.get(_STATES, ()) else []
    )
    states = trace.values[_STATES]
    step = max(1, _CHUNK // max(1, states[0].size))
    for start in range(0, len(states), step):
        rows = slice(start, min(len(states), start + step))
        statistics += [
            ActivationStatistics(signal.mean, signal.std, saturated, dead)
            for signal, (saturated, dead) in zip(
                _signal(states[rows]), _shares(trace, len(statistics), rows), strict=True
            )
        ]
    first = statistics[0]
    return (ActivationStatistics(first.mean, first.std, 0.0, 0.0), *statistics[1:])


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
        pinned = trace.resolved.pin_forget is not None
        saturated = _gates_shares(trace.resolved.kind, gates[begin : rows.stop - 1], states.shape[2], pinned)
        dead = _dead_shares(states != 0)
        return list(zip([0.0] * (len(dead) - len(saturated)) + saturated, dead, strict=True))
    row = ACTIVATIONS[trace.resolved.activation]
    outputs, slopes_there = _slopes_in(trace, first, rows)
    saturated = _outside(outputs, row.saturation) if row.saturation else [0.0] * len(outputs)
    return list(zip(saturated, _dead_shares(slopes_there != 0), strict=True))


def _slopes_in(trace: Trace, first: int, rows: slice) -> tuple[Array, Array]:
    """The activation's outputs and f'(z) of the stages in these rows."""
    row = ACTIVATIONS[trace.resolved.activation]
    instructions = [trace.activation_at(stage) for stage in range(first, first + rows.stop - rows.start)]
    if instructions[0] is None:
        outputs = sources = trace.values[_STATES][rows]
    elif row.learned:
        pairs = [trace.outputs_and_slopes(stage) for stage in range(first, first + len(instructions))]
        return np.stack([output for output, _ in pairs]), np.stack([slope for _, slope in pairs])
    else:
        sources = _stacked(trace, [instruction.inputs[0] for instruction in instructions if instruction])
        outputs = _stacked(trace, [instruction.outputs[0] for instruction in instructions if instruction])
    result = np.empty_like(outputs)
    row.derivative(sources, outputs, result, 1.0 if instructions[0] is None else instructions[0].constant)
    return outputs, result


def _stacked(trace: Trace, names: list[str]) -> Array:
    """The values of these slots as one array: a view where they lie one after the other."""
    slots = [trace.program.slots[name] for name in names]
    whole, start = slots[0].whole, slots[0].index
    if whole is not None and isinstance(start, int):
        rows = range(start, start + len(slots))
        if all(slot.whole == whole and slot.index == row for slot, row in zip(slots, rows, strict=True)):
            return trace.values[whole][start : rows.stop]
    return np.stack([trace.values[name] for name in names])


def _gates_shares(cell: Cell, gates: Array, width: int, pinned: bool) -> list[float]:
    """Over all gates, each by its own activation's levels; neighbours of one activation in one pass.

    A pinned gate answers to nothing, wherever it stands: it counts for nothing.
    """
    shares = [0.0] * len(gates)
    held = cell.path.gate if pinned and cell.path is not None else ""
    kept = [block for block, gate in enumerate(cell.gates) if gate.letter != held]
    runs: list[tuple[str, list[int]]] = []
    for block in kept:
        name = cell.gates[block].activation
        if runs and runs[-1][0] == name and runs[-1][1][-1] == block - 1:
            runs[-1][1].append(block)
        else:
            runs.append((name, [block]))
    # The candidates first: sums of the same numbers in another order differ in the last digit.
    for name, blocks in sorted(runs, key=lambda run: run[0] != "tanh"):
        of_run = gates[:, :, blocks[0] * width : (blocks[-1] + 1) * width]
        levels = ACTIVATIONS[name].saturation
        assert levels is not None, f"{name} saturates"
        for index, share in enumerate(_outside(of_run, levels)):
            shares[index] += len(blocks) * share
    return [share / len(kept) for share in shares]


def _outside(values: Array, levels: tuple[float, float]) -> list[float]:
    """Of each of a stack the share beyond the levels."""
    low, high = (values.dtype.type(level) for level in levels)
    mask = (values < low) | (values > high)
    lying = mask if mask.flags.c_contiguous else mask.swapaxes(-1, -2)
    size = math.prod(values.shape[1:])
    return [int(np.count_nonzero(stage)) / size for stage in lying]


def _dead_shares(alive: Array) -> list[float]:
    """Of each of a stack (…, batch, units) the share of the units that are on for no sample."""
    on = np.logical_or.reduce(alive, axis=1)
    return [1.0 - int(np.count_nonzero(units)) / units.size for units in on]
