"""What a network does, in one sentence without a symbol: what its first layer receives, or what one update does."""

from __future__ import annotations

from collections.abc import Callable

from gradtui_engine.core.figures import apart, many, part_of, short
from gradtui_engine.core.message import English
from gradtui_engine.rules.clipping import global_norm

from ...text.language import tr
from ...text.spans import Line
from ...text.summary import MARKS
from ...text.undefined import defined
from .scene import Scene
from .shares import style_of
from .verdict import STYLES

#: What arrives, by the verdict's colour.
_ARRIVES: dict[str, English] = {
    "vanishing": "{place} receives almost nothing of the error signal: {share} of it",
    "exploding": "{place} receives far too much: {share} times the error signal",
    "broken": "{place} receives no number any more",
}
#: Where nothing is left; and of what is healthy, below 1 and above.
_NONE: English = "{place} receives nothing of the error signal"
_LESS: English = "{place} receives {share} of the error signal"
_MORE: English = "{place} receives {share} times the error signal"


def arrives(scene: Scene, stage: int, share: float) -> str:
    """Layer 1 receives almost nothing of the error signal: 4.6e-19 of it."""
    text = _ARRIVES.get(style_of(share, scene.record)) or (_LESS if share <= 1 else _MORE)
    if share == 0 or defined(share, scene.record) is None:
        text = _NONE
    place = tr("the first step") if scene.over_time else scene.name(stage)
    return tr(text, place=place[:1].upper() + place[1:], share=part_of(share) if share <= 1 else many(share))


def effect(scene: Scene, of: str = "signal") -> Line:
    """A sentence with the mark and the colour of the verdict: what arrives ("signal"), what one update does to the loss
    ("first_step"), what the optimiser gets ("clip").
    """
    outcome = scene.record.outcome
    answer = outcome.signal if of == "signal" else outcome.first_step or outcome.signal
    style = STYLES.get(answer.kind, "broken")
    return [(f"{MARKS[answer.kind]} ", style), (_EFFECTS[of](scene), style)]


def _signal(scene: Scene) -> str:
    outcome = scene.record.outcome
    if defined(outcome.ratio, scene.record) is None:
        return tr(outcome.signal.message)
    return arrives(scene, scene.first_learning, outcome.ratio)


def _first_step(scene: Scene) -> str:
    answer = scene.record.outcome.first_step
    if answer is None:
        return _signal(scene)
    before, after = (answer.numbers.get(name) for name in ("loss", "loss_after"))
    if before is None or after is None:
        return tr(answer.message)
    one, two = apart(before, after)
    return tr("one update: loss {before} → {after}", before=one, after=two)


def _clip(scene: Scene) -> str:
    listed = scene.record.listed
    if listed is None:
        return _first_step(scene)
    before, after = global_norm(listed.parameter_gradients), global_norm(listed.clipped)
    if before == after:
        return tr("the gradient is {length} long, and stays so", length=short(before))
    return tr("the gradient is {length} long, and is cut to {cut}", length=short(before), cut=short(after))


_EFFECTS: dict[str, Callable[[Scene], str]] = {"signal": _signal, "first_step": _first_step, "clip": _clip}
