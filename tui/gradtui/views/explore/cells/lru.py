"""The linear recurrent unit in words."""

from __future__ import annotations

import numpy as np

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.cells.lru import eigenvalues
from gradtui_engine.core.figures import short

from ....text.language import tr
from ....text.spans import GAP
from ..explain_helpers import Notes, first, instruction, of_nothing, of_one
from .numbers import arrives, passed, times, way
from .words import CellWords


def _sizes(listed: Listed, step: Step) -> tuple[float, float, float]:
    """|λ| of unit 1, the least and the largest."""
    nu, theta = (listed.parameters[name] for name in instruction(listed, step).shared)
    sizes = np.hypot(*eigenvalues(nu, theta))
    return float(sizes[0]), float(sizes.min()), float(sizes.max())


def _forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    t, p = times(step)
    before, after = first(listed, operation.inputs[1]), first(listed, operation.outputs[0])
    size, _, _ = _sizes(listed, step)
    return [
        ("strong", tr("each unit turns and shrinks by its own λ, a complex number, and its input is added")),
        ("formula", f"h{t} = λ ⊙ h{p} + p{t}{GAP}p = γ ⊙ (B x)"),
        of_one(f"|λ| {short(size)}{GAP}Re h{p} {short(before)} → Re h{t} {short(after)}"),
    ]


def _backward(listed: Listed, step: Step) -> Notes:
    t, p = times(step)
    _, least, most = _sizes(listed, step)
    return [
        ("formula", f"∂L/∂h{p} = λ* ⊙ ∂L/∂h{t}"),
        ("strong", tr("{way}: {norms}", way=way(listed, step), norms=passed(listed, step, 0, "h")))
        if arrives(listed, step, 1)
        else of_nothing(),
        (
            "text",
            tr(
                "one path only: each unit's part times its own |λ|, from {least} to {most}",
                least=short(least),
                most=short(most),
            ),
        ),
    ]


WORDS = CellWords(
    cell="lru",
    projection="γ ⊙ (B x_t)",
    step=(_forward, _backward),
    shared="∂L/∂λ = Σ_t h*_(t−1) ⊙ δ_t",
)
