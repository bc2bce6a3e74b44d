"""A gate of one unit and sample with its numbers: f_t = σ(W_f·[h_(t−1), x_t] + b_f)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.cells.cell import Gate
from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.activations import ACTIVATIONS

from ...text.language import tr
from .cells.table import WORDS
from .cells.words import GateWords
from .explain_helpers import Notes, instruction


@dataclass(frozen=True, slots=True)
class GateSum:
    """What a gate of one unit is made of, for sample 1: its row of W times h_(t−1) and x_t, its bias; its value.

    of_state is None where no gate reads the state.
    """

    of_state: float | None
    of_input: float
    bias: float
    value: float


def gate_notes(listed: Listed, step: Step, unit: int) -> tuple[Notes, Notes]:
    """The gate of the direct path, and the others, at the time step that the step belongs to; none elsewhere."""
    resolved = listed.resolved
    cell, words = resolved.kind, WORDS.get(resolved.cell)
    if words is None or cell.path is None or step.operation != f"{resolved.cell}_step":
        return [], []
    first, others = list[tuple[str, str]](), list[tuple[str, str]]()
    for row in words.gates:
        if not row.formula:
            continue
        gate = cell.gates[cell.block(row.letter)]
        if row.letter != cell.path.gate:
            others += _told(gate, row, gate_sum(listed, step, row.letter, unit))[:1]
        elif resolved.pin_forget is not None:
            held = tr(
                "{formula} is held at {value}", formula=row.formula.partition(" ")[0], value=short(resolved.pin_forget)
            )
            first = [("formula", held)]
        else:
            first = _told(gate, row, gate_sum(listed, step, row.letter, unit), unit)
    return first, others


def _told(gate: Gate, row: GateWords, numbers: GateSum, unit: int = 0) -> Notes:
    """The formula with its numbers put in, and what the matrix product is made of."""
    sign, symbol = "−" if numbers.bias < 0 else "+", ACTIVATIONS[gate.activation].symbol
    product, letter = short((numbers.of_state or 0.0) + numbers.of_input), row.letter
    put_in = f"{row.formula} = {symbol}({product} {sign} {short(abs(numbers.bias))}) = {short(numbers.value)}"
    if numbers.of_state is None:
        alone = tr("unit {unit}, sample 1: from W_{letter}·x_t alone, whatever h is", unit=unit + 1, letter=letter)
        return [("formula", put_in), ("text", alone)]
    made_of = tr(
        "unit {unit}, sample 1: {state} from W_{letter}·h_(t−1), {input} from W_{letter}·x_t",
        unit=unit + 1,
        letter=letter,
        state=short(numbers.of_state),
        input=short(numbers.of_input),
    )
    return [("formula", put_in), ("text", made_of)]


def gate_sum(listed: Listed, step: Step, letter: str, unit: int) -> GateSum:
    """Of the layer and the time step of a cell's step, from its weights."""
    operation, cell, program = instruction(listed, step), listed.resolved.kind, listed.program
    whole = program.slots[operation.inputs[0]].whole
    projection = next(each for each in program.instructions if whole in each.outputs)
    rows = [
        listed.parameters[name][cell.block(letter) * listed.resolved.width + unit] for name in projection.parameters
    ]
    before = listed.values[operation.inputs[1]][0]
    now = listed.values[projection.inputs[0]][(step.stage or 1) - 1, 0]
    with np.errstate(all="ignore"):
        of_input, *of_state = (
            float(row.astype(np.float64) @ values) for row, values in zip(rows, (now, before), strict=False) if row.ndim
        )
        bias = sum(float(row) for row in rows if not row.ndim)
        z = np.array([sum(of_state) + of_input + bias])
        value: Array = np.empty_like(z)
        activation = ACTIVATIONS[cell.gates[cell.block(letter)].activation]
        activation.forward(z, value, 1.0)
    return GateSum(of_state[0] if of_state else None, of_input, bias, float(value[0]))
