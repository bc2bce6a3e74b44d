"""The explanations of the recurrent cells' operations, from the slots of the very layer and time step."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short
from gradtui_engine.core.numerics import norm

from ...text.language import tr
from ...text.spans import GAP
from .cells.table import WORDS
from .explain_helpers import Explain, Notes, instruction


def _projection_forward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    steps, batch, inputs = listed.values[operation.inputs[0]].shape
    outputs = listed.values[operation.outputs[0]].shape[2]
    sizes = tr(
        "{steps} steps × {batch} samples × {inputs} inputs → {outputs} numbers a step and sample",
        steps=steps,
        batch=batch,
        inputs=inputs,
        outputs=outputs,
    )
    formula = WORDS[listed.resolved.cell].projection
    return [("formula", tr("{formula}, for all t in one matrix product", formula=formula)), ("text", sizes)]


def _projection_backward(listed: Listed, step: Step) -> Notes:
    names = instruction(listed, step).parameters
    norms = GAP.join(f"{name.partition('.')[2]} {short(norm(listed.parameter_gradients[name]))}" for name in names)
    return [
        ("formula", f"{WORDS[listed.resolved.cell].shared}{GAP}∂L/∂W_ih = Σ_t δ_tᵀ x_t"),
        ("text", tr("The weights are shared by all time steps: their gradients are sums over time.")),
        ("dim", norms),
    ]


def _explanations() -> dict[tuple[str, bool], Explain]:
    """(operation, backward) → its explanation."""
    explanations: dict[tuple[str, bool], Explain] = {}
    for name, words in WORDS.items():
        for operation, rows in (("projection", (_projection_forward, _projection_backward)), ("step", words.step)):
            for backward, explain in zip((False, True), rows, strict=True):
                explanations[f"{name}_{operation}", backward] = explain
    return explanations


CELLS = _explanations()
