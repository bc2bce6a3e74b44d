"""The why pane: the equation of the current step with its numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from gradtui_engine import Phase, Step
from gradtui_engine.core.figures import many, part_of, power, short
from gradtui_engine.core.numerics import ratio

from ...model.timeline import site_words
from ...text.language import plural, tr
from ...text.spans import GAP, Line, first_title, page, wrap
from ...text.summary import MARKS, kind_name
from ...text.undefined import defined
from ..frame import carrying
from ..frame.parts import Part, kept
from ..frame.scene import Scene
from ..frame.verdict import STYLES
from .explain_cells import CELLS
from .explain_helpers import Notes
from .explain_layers import LAYERS
from .explain_tokens import IN_BLOCKS, TOKENS
from .gate_sums import gate_notes

#: (operation, backward) → its explanation. A test holds that every operation has both.
EXPLAIN = LAYERS | CELLS | TOKENS


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


#: How long a note stays where there is no room for all: the lower, the longer.
_RANKS = {"strong": 0, "formula": 3, "text": 5, "dim": 7}
_SO_FAR, _GATE, _JUDGED, _IN_FULL, _FURTHER = 1, 2, 4, 6, 8


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """What the step does in a sentence, its formula with the numbers put in, what the steps so far have come to."""
    step = shown_step(scene)
    with np.errstate(all="ignore"):
        known = EXPLAIN | IN_BLOCKS if scene.resolved.kind.tokens else EXPLAIN
        notes = known[step.operation, step.phase is Phase.BACKWARD](scene.listed, step)
        gate, further = gate_notes(scene.listed, step, scene.unit)
    reached = step.completes if step.phase is Phase.BACKWARD else None
    ranked = [
        *((_RANKS[style], style, text) for style, text in notes if style == "strong"),
        *((_GATE, style, text) for style, text in gate),
        *((_RANKS[style], style, text) for style, text in notes if style in ("formula", "text")),
        *((_SO_FAR, style, text) for style, text in (_so_far(scene, reached) if reached is not None else ())),
        *((_IN_FULL, style, text) for style, text in _in_full(scene, reached, width)),
        *((_JUDGED, style, text) for style, text in _judged(scene, step)),
        *((_FURTHER, style, text) for style, text in further),
        *((_RANKS[style], style, text) for style, text in notes if style == "dim"),
    ]
    parts = [Part(rank, tuple(wrap(text, width, style))) for rank, style, text in ranked]
    return page(kept(parts, height), width, height)


def _in_full(scene: Scene, stage: int | None, width: int) -> Notes:
    """The product of the factors from the output down to this stage: all of them in a wide pane, else both ends.

    Measured without the words around it: every language shows as many.
    """
    last = len(scene.stages) - 1
    if stage is None or last - stage < 2 or scene.carried(stage) == 0:
        return []
    below = range(last - 1, stage - 1, -1)
    factors = [short(_factor(scene, each)) for each in below]
    start, end = short(scene.carried(last)), short(scene.carried(stage))
    product = " × ".join([start, *factors])
    if len(product) > _MOST_LINES * width and len(factors) > 3:
        product = " × ".join([start, *factors[:2], "…", factors[-1]])
    return [("text", tr("multiplied out: {product} = {value}", product=product, value=end))]


#: Lines of numbers that are still looked at: the 31 of 30 layers in the 106 columns of a screen of 200.
_MOST_LINES = 3


def _factor(scene: Scene, stage: int) -> float | None:
    """What the way down to a stage multiplies the gradient by that the verdict follows."""
    numbers = scene.stages[stage]
    return defined(numbers.factors.get("cell") if scene.follows_cell else numbers.factor, scene.record)


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
        "so far, ‖∂L/∂c‖ from {start} to {place}: {top} × {average}^{count} = {value} ({share} of what set out)"
        if scene.follows_cell
        else "so far, from {start} to {place}: {top} × {average}^{count} = {value} ({share} of what set out)",
        start=scene.name(last),
        place=scene.name(stage),
        top=start,
        average=base,
        count=count,
        value=short(value),
        share=f"×{many(total)}" if total > 1 else part_of(total),
    )
    factor = short(average)
    return [(scene.health(value), product + GAP + _ON_AVERAGE[scene.record.axis](count, factor))]


#: Over how many stages, and the factor of each on average, by what they are.
_ON_AVERAGE: dict[str, Callable[[int, str], str]] = {
    "layer": lambda count, factor: plural(
        "(1 layer, ×{average})", "({count} layers, ×{average} on average)", count, average=factor
    ),
    "block": lambda count, factor: plural(
        "(1 block, ×{average})", "({count} blocks, ×{average} on average)", count, average=factor
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
        *(_cells_start(scene) if answer is outcome.signal else ()),
        ("dim", tr("rule: {rule}", **values)),
    ]


def _cells_start(scene: Scene) -> Notes:
    """Why a cell, as it starts, is not what it is known for: how open its gate is, or that it has none."""
    source = scene.record.source
    if not scene.over_time or source.experiment is None or source.iteration:
        return []
    reason = carrying.why(scene.record, scene.resolved)
    return [("text", tr("why: {reason}", reason=reason))] if reason else []


def reads(scene: Scene) -> Hashable:
    """The step that is explained, and the unit whose gates are."""
    return shown_step(scene).index, scene.unit
