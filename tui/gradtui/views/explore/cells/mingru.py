"""The minGRU in words."""

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
    z, n = gates(listed, operation.outputs[1])
    before, after = first(listed, operation.inputs[1]), first(listed, operation.outputs[0])
    return [
        ("strong", tr("the share z of the state h is replaced by the candidate n; both read x alone")),
        ("formula", f"h{t} = (1 − z) ⊙ h{p} + z ⊙ n{GAP}z = σ(p_z), n = p_n"),
        of_one(f"{short(1 - z)} × {short(before)} + {short(z)} × {short(n)} = {short(after)}"),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    formula = "formula", f"∂L/∂h{p} = (1 − z{t}) ⊙ ∂L/∂h{t}"
    if not arrives(listed, step, 1):
        return [formula, of_nothing()]
    return [
        formula,
        *two_paths(listed, step),
        ("text", passed(listed, step, 0, "h")),
        ("text", tr("one path only: no gate reads h, so nothing goes through the gates")),
    ]


WORDS = CellWords(
    cell="mingru",
    projection="x_t W_ihᵀ + b",
    step=(_forward, _backward),
    gates=(
        GateWords("z", "update: the share of h replaced", "z_t = σ(W_z·x_t + b_z)"),
        GateWords("n", "candidate", "n_t = W_n·x_t + b_n"),
    ),
    shared="∂L/∂b = Σ_t δ_t",
)
