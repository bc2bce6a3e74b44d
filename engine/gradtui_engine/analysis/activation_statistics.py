"""What the signal is at each stage: mean and spread of the hidden state, how much is saturated, how much dead."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..cells.cell import Cell
from ..core.numerics import Array, norms
from ..program.slots import GATES, Slot, Span
from ..rules.activations import ACTIVATIONS
from .stage_numbers import ActivationStatistics

if TYPE_CHECKING:
    from ..run.trace import Trace


#: Numbers that a pass over several stages takes at a time: what fits into the processor's cache.
_CHUNK = 2**16


def statistics_of(trace: Trace) -> tuple[ActivationStatistics, ...]:
    """Of every stage, the stages of one size in passes over several at a time; NumPy's warnings must be off."""
    slots, statistics = trace.program.slots, list[ActivationStatistics]()
    for whole, run in itertools.groupby(trace.program.stages, key=lambda name: slots[name].whole):
        if whole is None:  # an MLP's input, which no activation made
            statistics += [_signal(trace.values[name][None])[0] for name in run]
            continue
        states = trace.values[whole]
        for rows in _chunks(trace, len(statistics), states):
            statistics += [
                ActivationStatistics(signal.mean, signal.std, saturated, dead)
                for signal, (saturated, dead) in zip(
                    _signal(states[rows]), _shares(trace, len(statistics), states, rows), strict=True
                )
            ]
    first = statistics[0]
    return (ActivationStatistics(first.mean, first.std, 0.0, 0.0), *statistics[1:])


def _chunks(trace: Trace, first: int, states: Array) -> Iterator[slice]:
    """The rows of states for each pass, of which `first` is the first one's stage.

    Where widths differ, a stage whose activation acts before its weights (pre-activation blocks) may have another width
    there than its neighbour: a pass has those of one.
    """
    step, start = max(1, _CHUNK // max(1, states[0].size)), 0
    while start < len(states):
        end = min(len(states), start + step)
        if trace.resolved.widths:
            end = start + len(next(_alike(trace, range(first + start, first + end))))
        yield slice(start, end)
        start = end


def _alike(trace: Trace, stages: range) -> Iterator[list[int]]:
    """Neighbours whose activations act on as many units."""

    def units(stage: int) -> int:
        activation = trace.activation_at(stage)
        return 0 if activation is None else trace.program.slots[activation.outputs[0]].shape[-1]

    return (list(run) for _, run in itertools.groupby(stages, key=units))


def _signal(states: Array) -> list[ActivationStatistics]:
    """Mean and std of each of a stack of states."""
    lying = states if states.flags.c_contiguous else states.swapaxes(-1, -2)
    rows = lying.reshape(len(states), -1)
    means = np.add.reduce(rows, axis=1) / rows.dtype.type(rows.shape[1])
    stds = norms((rows - means[:, None])[:, :, None])
    size = math.sqrt(rows.shape[1])
    return [ActivationStatistics(mean, std / size, 0.0, 0.0) for mean, std in zip(means.tolist(), stds, strict=True)]


def _shares(trace: Trace, first: int, whole: Array, rows: slice) -> list[tuple[float, float]]:
    """The saturated and dead share of the stages in these rows of an array of states; `first` is the first one's."""
    states = whole[rows]
    gates = trace.values.get(Slot(GATES, time=Span()).name)
    if gates is not None:
        # Row k of the gates is that of stage k + 1.
        begin = max(rows.start - 1, 0)
        pinned = trace.resolved.pin_forget is not None
        saturated = _gates_shares(trace.resolved.kind, gates[begin : rows.stop - 1], states.shape[2], pinned)
        dead = _dead_shares(states != 0)
        return list(zip([0.0] * (len(dead) - len(saturated)) + saturated, dead, strict=True))
    row = ACTIVATIONS[trace.resolved.activation]
    outputs, slopes_there = _slopes_in(trace, first, states)
    saturated = _outside(outputs, row.saturation) if row.saturation else [0.0] * len(outputs)
    return list(zip(saturated, _dead_shares(slopes_there != 0), strict=True))


def _slopes_in(trace: Trace, first: int, states: Array) -> tuple[Array, Array]:
    """The activation's outputs and f'(z) of these stages, of which `first` is the first one."""
    row = ACTIVATIONS[trace.resolved.activation]
    instructions = [trace.activation_at(stage) for stage in range(first, first + len(states))]
    if instructions[0] is None:
        outputs = sources = states
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
    levels = [ACTIVATIONS[gate.activation].saturation for gate in cell.gates]
    # A candidate without an activation saturates nowhere.
    kept = [block for block, gate in enumerate(cell.gates) if gate.letter != held and levels[block] is not None]
    runs: list[tuple[str, list[int]]] = []
    for block in kept:
        name = cell.gates[block].activation
        if runs and runs[-1][0] == name and runs[-1][1][-1] == block - 1:
            runs[-1][1].append(block)
        else:
            runs.append((name, [block]))
    # The candidates first: sums of the same numbers in another order differ in the last digit.
    for _, blocks in sorted(runs, key=lambda run: run[0] != "tanh"):
        of_run = gates[:, :, blocks[0] * width : (blocks[-1] + 1) * width]
        bounds = levels[blocks[0]]
        assert bounds is not None
        for index, share in enumerate(_outside(of_run, bounds)):
            shares[index] += len(blocks) * share
    return [share / max(1, len(kept)) for share in shares]


def _outside(values: Array, levels: tuple[float, float]) -> list[float]:
    """Of each of a stack the share beyond the levels."""
    low, high = (values.dtype.type(level) for level in levels)
    mask = (values < low) | (values > high)
    lying = mask if mask.flags.c_contiguous else mask.swapaxes(-1, -2)
    size = math.prod(values.shape[1:])
    return [int(np.count_nonzero(stage)) / size for stage in lying]


def _dead_shares(alive: Array) -> list[float]:
    """Of each of a stack (…, batch, units) the share of the units that are on for no sample."""
    # Of tokens each is one more sample.
    on = np.logical_or.reduce(alive.reshape(len(alive), -1, alive.shape[-1]) if alive.ndim > 3 else alive, axis=1)
    return [1.0 - int(np.count_nonzero(units)) / units.size for units in on]
