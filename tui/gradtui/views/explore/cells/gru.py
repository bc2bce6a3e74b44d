"""The GRU in words."""

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
    r, z, n = gates(listed, operation.outputs[1])
    before, after = first(listed, operation.inputs[1]), first(listed, operation.outputs[0])
    return [
        ("strong", tr("the state h keeps z of what it was; the rest is the candidate n")),
        ("formula", f"h{t} = (1 − z) ⊙ n + z ⊙ h{p}{GAP}n = tanh(p_n + r ⊙ q_n)"),
        of_one(f"{short(1 - z)} × {short(n)} + {short(z)} × {short(before)} = {short(after)}{GAP}r {short(r)}"),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    direct = f"∂L/∂h{p} = z{t} ⊙ ∂L/∂h{t}"
    formula = "formula", tr("{direct}  +  the path through the gates", direct=direct)
    if not arrives(listed, step, 1):
        return [formula, of_nothing()]
    return [
        formula,
        *two_paths(listed, step),
        ("text", passed(listed, step, 0, "h")),
    ]


WORDS = CellWords(
    cell="gru",
    # b_hh belongs to the recurrent product.
    projection="x_t W_ihᵀ + b_ih",
    step=(_forward, _backward),
    gates=(
        GateWords("z", "update: the share of h kept", "z_t = σ(W_z·[h_(t−1), x_t] + b_z)"),
        GateWords("r", "reset", "r_t = σ(W_r·[h_(t−1), x_t] + b_r)"),
        GateWords("n", "candidate"),
    ),
)
