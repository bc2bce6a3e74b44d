"""What a network does, in one sentence without a symbol: what its first layer receives, or what one update does."""

from __future__ import annotations

from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.core.figures import apart, many, part_of

from ...text.language import tr
from ...text.spans import Line
from ...text.summary import MARKS
from ...text.undefined import defined
from .scene import Scene
from .verdict import STYLES


def effect(scene: Scene, question: str = "signal") -> Line:
    """▼ layer 1 receives 4.6e-19 of the error signal; of the first step: one update takes the loss from 2.5 to 2.31."""
    outcome = scene.record.outcome
    step = outcome.first_step if question == "first_step" else None
    answer = step or outcome.signal
    style = STYLES.get(answer.kind, "broken")
    return [(f"{MARKS[answer.kind]} ", style), (_of_step(step) if step is not None else _of_signal(scene), style)]


def _of_signal(scene: Scene) -> str:
    outcome = scene.record.outcome
    ratio = defined(outcome.ratio, scene.record)
    if ratio is None or outcome.signal.kind == "non_finite":
        return tr(outcome.signal.message)
    place = scene.name(scene.first_learning)
    if ratio > 1:
        return tr("{place} receives {count} times the error signal", place=place, count=many(ratio))
    return tr("{place} receives {share} of the error signal", place=place, share=part_of(ratio))


def _of_step(answer: Answer) -> str:
    before, after = (answer.numbers.get(name) for name in ("loss", "loss_after"))
    if before is None or after is None:
        return tr(answer.message)
    one, two = apart(before, after)
    return tr("one update: loss {before} → {after}", before=one, after=two)
