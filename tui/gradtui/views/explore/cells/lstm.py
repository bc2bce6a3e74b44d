"""The LSTM in words."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short

from ....text.language import tr
from ....text.spans import GAP
from ..explain_helpers import Notes, first, instruction, of_nothing, of_one
from .numbers import arrives, gates, passed, times, two_paths
from .words import CellWords, GateWords


def _forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    i, f, g, o = gates(listed, operation.outputs[2])
    before, after, hidden = (
        first(listed, name) for name in (operation.inputs[2], operation.outputs[1], operation.outputs[0])
    )
    t, p = times(step)
    return [
        ("strong", tr("the memory c keeps f of what it was, and i of the candidate g is added")),
        ("formula", f"c{t} = f ⊙ c{p} + i ⊙ g{GAP}h{t} = o ⊙ tanh c{t}"),
        of_one(f"c{t} = {short(f)} × {short(before)} + {short(i)} × {short(g)} = {short(after)}"),
        ("text", f"h{t} = {short(o)} × tanh({short(after)}) = {short(hidden)}"),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    direct = f"∂L/∂c{p} = f{t} ⊙ ∂L/∂c{t}"
    formula = "formula", tr("{direct}  +  the path through {state} and the gates", direct=direct, state=f"h{p}")
    if not arrives(listed, step, 2):
        return [formula, of_nothing()]
    return [
        formula,
        *two_paths(listed, step),
        ("text", passed(listed, step, 1, "c")),
        ("text", tr("through {way}: {norms}", way=f"δ{t} W_hh", norms=passed(listed, step, 0, "h"))),
    ]


WORDS = CellWords(
    cell="lstm",
    projection="x_t W_ihᵀ + b_ih + b_hh",
    step=(_forward, _backward),
    gates=(
        GateWords("f", "forget", "f_t = σ(W_f·[h_(t−1), x_t] + b_f)"),
        GateWords("i", "input", "i_t = σ(W_i·[h_(t−1), x_t] + b_i)"),
        GateWords("o", "output", "o_t = σ(W_o·[h_(t−1), x_t] + b_o)"),
        GateWords("g", "candidate", "g_t = tanh(W_g·[h_(t−1), x_t] + b_g)"),
    ),
)
