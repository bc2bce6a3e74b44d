"""The why pane: the equation of the current step with its numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from gradtui_engine import Phase, Step
from gradtui_engine.core.figures import power, short
from gradtui_engine.core.numerics import ratio

from ...model.timeline import site_words
from ...text.language import plural, tr
from ...text.spans import GAP, Line, first_title, page, wrap
from ...text.summary import MARKS, kind_name
from ..frame.scene import Scene
from ..frame.verdict import STYLES
from .explain_cells import CELLS
from .explain_helpers import Notes
from .explain_layers import LAYERS

#: (operation, backward) → its explanation. A test holds that every operation has both.
EXPLAIN = LAYERS | CELLS


def title(scene: Scene, width: int) -> str:
    step = shown_step(scene)
    why, phase = tr("why"), tr(str(step.phase))
    return first_title(width, f"{why} · {phase} · {site_words(step)}", f"{why} · {phase} · {tr(step.site.place)}", why)


def shown_step(scene: Scene) -> Step:
    """The step under the cursor, or, of a picked stage, the one that brings the gradient to it."""
    if scene.state.selected is None:
        return scene.step
    stage = scene.state.selected
    backward = [step for step in scene.record.steps if step.phase is Phase.BACKWARD]
    reached = [step for step in backward if step.completes == stage]
    if stage >= scene.known or scene.step.phase is not Phase.FORWARD:
        return reached[0]
    forward = [step for step in scene.record.steps if step.phase is Phase.FORWARD and step.stage == stage]
    return forward[-1] if forward else reached[0]


def view(scene: Scene, width: int, height: int) -> list[Line]:
    step = shown_step(scene)
    with np.errstate(all="ignore"):
        notes = EXPLAIN[step.operation, step.phase is Phase.BACKWARD](scene.listed, step)
        if step.phase is Phase.BACKWARD and step.completes is not None:
            notes += _so_far(scene, step.completes)
        notes += _judged(scene, step)
    lines: list[Line] = []
    for style, text in notes:
        lines += wrap(text, width, style)
    return page(lines, width, height)


def _so_far(scene: Scene, stage: int) -> Notes:
    """The product of the factors from the output down to this stage."""
    last = len(scene.stages) - 1
    value, top = scene.carried(stage), scene.carried(last)
    if stage == last:
        text = tr("The way down starts here, with {top}. Each stage multiplies it by its factor.", top=short(top))
        return [("dim", text)]
    if value == 0:
        # An average would have to be taken of a product whose first factors are not 0.
        return [(scene.health(value), tr("so far, at {place}: 0", place=scene.name(stage)))]
    count = last - stage
    total = ratio(value, top)
    average = total ** (1 / count) if total > 0 else total
    start, base = power(value, count, top)
    product = tr(
        "so far, of ‖∂L/∂c‖ at {place}: {top} × {average}^{count} = {value}"
        if scene.follows_cell
        else "so far, at {place}: {top} × {average}^{count} = {value}",
        place=scene.name(stage),
        top=start,
        average=base,
        count=count,
        value=short(value),
    )
    factor = short(average)
    return [(scene.health(value), product + GAP + _ON_AVERAGE[scene.record.axis](count, factor))]


#: Over how many stages, and the factor of each on average, by what they are.
_ON_AVERAGE: dict[str, Callable[[int, str], str]] = {
    "layer": lambda count, factor: plural(
        "(1 layer, ×{average})", "({count} layers, ×{average} on average)", count, average=factor
    ),
    "time": lambda count, factor: plural(
        "(1 step, ×{average})", "({count} steps, ×{average} on average)", count, average=factor
    ),
    "module": lambda count, factor: plural(
        "(1 module, ×{average})", "({count} modules, ×{average} on average)", count, average=factor
    ),
}


def _judged(scene: Scene, step: Step) -> Notes:
    """Where a question is decided, its answer: what was measured, by which rule, and what the rule allows."""
    outcome = scene.record.outcome
    if step.phase is Phase.UPDATE:
        answer = outcome.first_step
    else:
        arrived = step.phase is Phase.BACKWARD and step.completes == scene.first_learning
        answer = outcome.signal if arrived else None
    if answer is None:
        return []
    values = {"kind": kind_name(answer.kind), "message": tr(answer.message), "rule": tr(answer.rule)}
    return [
        (STYLES.get(answer.kind, "broken"), f"{MARKS[answer.kind]} {tr('{kind}: {message}', **values)}"),
        ("dim", tr("rule: {rule}", **values)),
    ]


def reads(scene: Scene) -> Hashable:
    """The step that is explained."""
    return shown_step(scene).index
