"""The vanilla RNN in words."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short
from gradtui_engine.rules.activations import ACTIVATIONS

from ....text.language import tr
from ..explain_helpers import Notes, first, instruction, of_nothing, of_one
from .numbers import arrives, passed, times, way
from .words import CellWords


def _forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    row = ACTIVATIONS[operation.choice]
    t, p = times(step)
    before, after = first(listed, operation.inputs[1]), first(listed, operation.outputs[0])
    return [
        ("strong", tr("the new state is made of the input and of the state before, by the same W at every step")),
        ("formula", f"h{t} = {row.symbol}(x{t} W_ihᵀ + h{p} W_hhᵀ + b)"),
        of_one(f"h{p} {short(before)} → h{t} {short(after)}"),
        ("dim", tr(row.note)),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    symbol = ACTIVATIONS[listed.resolved.activation].symbol
    return [
        ("formula", f"∂L/∂h{p} = (∂L/∂h{t} ⊙ {symbol}′) W_hh"),
        ("strong", tr("{way}: {norms}", way=way(listed, step), norms=passed(listed, step, 0, "h")))
        if arrives(listed, step, 1)
        else of_nothing(),
        ("text", tr("one path only: through f′ and the same W_hh at every step")),
    ]


WORDS = CellWords(cell="rnn", projection="x_t W_ihᵀ + b_ih + b_hh", step=(_forward, _backward))
