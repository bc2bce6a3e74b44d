"""The explanations of the recurrent cells' operations, from the slots of the very layer and time step."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short, subscript
from gradtui_engine.core.numerics import norm
from gradtui_engine.program.operations import WALL

from ...text.language import tr
from ...text.spans import GAP
from .cells.numbers import times
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


def _wall_forward(listed: Listed, step: Step) -> Notes:
    _, p = times(step)
    return [
        ("strong", tr("the state goes on as it is: forward a wall changes nothing")),
        ("formula", f"h′{p} = h{p}{GAP}(detach)"),
        ("text", tr("backward no gradient comes through: truncate {count}", count=listed.program.walls.step)),
    ]


def _wall_backward(listed: Listed, step: Step) -> Notes:
    operation = instruction(listed, step)
    before = (step.stage or 1) - 1
    arriving = GAP.join(
        f"‖∂L/∂{listed.program.slots[name].slot.role}{subscript(before)}‖ {short(listed.gradient_norm(after))} → 0"
        for name, after in zip(operation.inputs, operation.outputs, strict=True)
    )
    cut = tr(
        "a wall: backpropagation is cut here, after every {count} steps; 0 by truncation, which is no vanishing",
        count=listed.program.walls.step,
    )
    return [
        ("strong", cut),
        ("formula", f"∂L/∂h{subscript(before)} = 0"),
        ("text", tr("what arrives at the wall, and what comes through: {norms}", norms=arriving)),
    ]


def _explanations() -> dict[tuple[str, bool], Explain]:
    """(operation, backward) → its explanation."""
    explanations: dict[tuple[str, bool], Explain] = {}
    for name, words in WORDS.items():
        for operation, rows in (("projection", (_projection_forward, _projection_backward)), ("step", words.step)):
            for backward, explain in zip((False, True), rows, strict=True):
                explanations[f"{name}_{operation}", backward] = explain
    return explanations | {(WALL.name, False): _wall_forward, (WALL.name, True): _wall_backward}


CELLS = _explanations()
