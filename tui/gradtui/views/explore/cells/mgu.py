"""The minimal gated unit in words."""

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
    t, p = times(step)
    f, n = gates(listed, operation.outputs[1])
    before, after = first(listed, operation.inputs[1]), first(listed, operation.outputs[0])
    return [
        ("strong", tr("the share f of the state h is replaced by the candidate n")),
        ("formula", f"h{t} = (1 − f) ⊙ h{p} + f ⊙ n{GAP}n = tanh(p_n + U_n (f ⊙ h{p}))"),
        of_one(f"{short(1 - f)} × {short(before)} + {short(f)} × {short(n)} = {short(after)}"),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    direct = f"∂L/∂h{p} = (1 − f{t}) ⊙ ∂L/∂h{t}"
    formula = "formula", tr("{direct}  +  the path through the gates", direct=direct)
    if not arrives(listed, step, 1):
        return [formula, of_nothing()]
    return [formula, *two_paths(listed, step), ("text", passed(listed, step, 0, "h"))]


WORDS = CellWords(
    cell="mgu",
    projection="x_t W_ihᵀ + b",
    step=(_forward, _backward),
    gates=(
        GateWords("f", "forget: the share of h replaced", "f_t = σ(W_f·[h_(t−1), x_t] + b_f)"),
        GateWords("n", "candidate"),
    ),
    shared="∂L/∂U_f = Σ_t δ_fᵀ h_(t−1),  ∂L/∂U_n = Σ_t δ_nᵀ (f ⊙ h_(t−1))",
)
