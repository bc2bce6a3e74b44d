"""What each layer, or time step, did to the gradient, worked out from a trace's arrays: its norms, and its factors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cells.table import OPERATIONS
from ..core.message import English, Message
from ..core.numerics import Array, cosines, norm, norms, ratio
from ..program.slots import CELL_STATE, GATES, HIDDEN, Slot, Span
from .branches import parts_without_skips, shares
from .own_losses import of_cell_states, own_losses

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True, slots=True)
class Gradients:
    """What the gradient is at each stage, the input (or the initial state) first.

    norms[k] is ‖dL/dh_k‖, rms the same per number, zeros the share of it that is exactly 0 (empty but for an emulated
    type), cells[k] ‖dL/dc_k‖ (empty without cell states), layers[k] those of
    each layer of a stacked network (empty without). factors[k] is norms[k] / norms[k + 1], one fewer than stages;
    parts[k] are its parts, see `StageNumbers`, and unknown[k] says why one of them is None.
    """

    norms: list[float]
    rms: list[float]
    zeros: list[float]
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
    # Below it the numbers of a state have lost their digits.
    tiny = trace.resolved.number_type.tiny / trace.loss_scale
    least = math.sqrt(trace.gradients[program.stages[-1]].size) * tiny
    checked = [
        _checked(trace, part, known[name], least)
        for part, name in zip(parts, (program.cells if of_cell else program.stages)[1:], strict=True)
    ]
    lower = [[Slot(HIDDEN, layer, stage).name for layer in range(layers - 1)] for stage in range(len(program.stages))]
    return Gradients(
        norms=[known[name] for name in program.stages],
        rms=[known[name] / math.sqrt(trace.gradients[name].size) for name in program.stages],
        zeros=zero_shares(trace),
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


def _checked(
    trace: Trace, parts: dict[str, float], after: float, least: float
) -> tuple[dict[str, float | None], English]:
    """The parts of a factor, those that cannot be known None, and why; `after` is the norm that they are shares of, of
    which below `least` the digits are lost.
    """
    if after == 0.0:
        why: English = "no gradient arrives at the next stage, and nothing is no share of nothing"
    elif not math.isfinite(after):
        why = Message("the gradient of the next stage is not finite")
    elif after < least:
        dtype = trace.resolved.dtype
        why = Message("the gradient of the next stage is so small that {dtype} has lost its digits", dtype=dtype)
    elif any(map(math.isnan, parts.values())):
        why = Message("no gradient arrives somewhere between the two stages")
        return {name: None if math.isnan(value) else value for name, value in parts.items()}, why
    else:
        return dict(parts), ""
    return dict.fromkeys(parts), why


def zero_shares(trace: Trace) -> list[float]:
    """The share of each ∂L/∂h_k that is exactly 0; empty but for an emulated type, which rounds to 0 what others keep.

    Where numbers are computed in, a share would cost a pass over all states to say 0.
    """
    if not trace.resolved.number_type.is_emulated:
        return []
    gradients = [trace.gradients[name] for name in trace.program.stages]
    return [1.0 - int(np.count_nonzero(gradient)) / gradient.size for gradient in gradients]


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
            if part == "scale" and operation == "residual":
                if constant != 1.0:
                    parts[part] = constant
                continue
            if not part:
                continue
            # Where a skip arrives too, take the branch's share of the gradient, not the sum.
            merge = merges.get(source)
            parts[part] = ratio(known[source] if merge is None else merge.branch, known[result])
        merge = merges.get(program.stages[index])
        if merge is not None:
            after = known[program.stages[index + 1]]
            parts |= {"branch": ratio(merge.branch, after), "skip": ratio(merge.skip, after), "cosine": merge.cosine}
            if merge.gate is not None and merge.gate_cosine is not None:
                parts |= {"gate": ratio(merge.gate, after), "cosine_gate": merge.gate_cosine}
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
    # Nothing comes back through a wall.
    direct[[wall for wall in trace.program.walls if wall < count - 1]] = 0
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


def _branches(trace: Trace, known: Mapping[str, float], factors: list[float]) -> list[dict[str, float]]:
    """What a block's skip, attention and MLP carry; without skips the factors of both branches."""
    addends = shares(trace)
    if addends is None:
        return parts_without_skips(trace, known)
    scales = [known[name] for name in trace.program.stages[1:]]
    return [
        _sums({name: array[None] for name, array in parts.items()}, [scale])[0]
        for parts, scale in zip(addends, scales, strict=True)
    ]


#: How a factor is taken apart, by what a cell's row says.
_PARTS: dict[str, Parts] = {"operations": _mlp_parts, "whole": _whole, "paths": _paths, "branches": _branches}
