"""The verdict in one line: what became of the gradient, how fast, and what is left of it at the far end."""

from __future__ import annotations

import re

from gradtui_engine.core.figures import exact, repeated, short

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, first_fit, fit, width_of
from ...text.summary import MARKS, kind_name
from ...text.undefined import defined
from .scene import Scene

#: Verdicts that numbers tell; the others are a sentence.
_IN_NUMBERS = ("healthy", "vanishing", "exploding")


def verdict(scene: Scene, width: int, whose: str = "") -> Line:
    """▼ vanishing  ×0.236 a layer   layer 1 gets 6e-19 of the output's gradient: as much of it as fits, nothing cut.

    whose is the letter of the experiment in Compare.
    """
    outcome = scene.record.outcome
    known = outcome.kind in _IN_NUMBERS
    style = outcome.kind if known else "broken"
    letter: Line = [(f"{whose} ", "label")] if whose else []
    start: Line = [*letter, (f"{MARKS[outcome.kind]} {kind_name(outcome.kind)}", style)]
    if not known or defined(outcome.ratio, scene.record) is None:
        # Whole sentences, or the place alone: a number is never cut. Of a gradient that is 0 at the output, too, the
        # sentence says so: 0/0 is no share.
        whole = tr(outcome.message)
        texts = (whole, *(re.split(f"[{mark}]", whole)[0] for mark in (";；", ":：", ",，")), tr(outcome.site))
        return _whole(first_fit(width, *([*start, (f"  {text}", "text")] for text in texts), start), width)
    line: Line = [*start, (f"  {_pace(scene)}", style)]
    # What matters most stands first; what does not fit is left out whole.
    for texts in (_arriving(scene), _crossed(scene), _first_step(scene)):
        spans = [(f"   {text}", "text") for text in texts]
        line += next(([span] for span in spans if width_of(line) + width_of([span]) <= width), [])
    return _whole(line, width)


def _whole(line: Line, width: int) -> Line:
    return line if width_of(line) <= width else fit(line, width)


def _pace(scene: Scene) -> str:
    factor = repeated(scene.record.outcome.average_factor)
    return tr(AXIS_WORDS[scene.record.axis].pace, factor=factor)


def _arriving(scene: Scene) -> tuple[str, ...]:
    """What the far end gets, the longest form first."""
    outcome = scene.record.outcome
    values = {"place": scene.name(scene.first_learning), "share": short(outcome.ratio)}
    carried = tr(outcome.signal.carried) if outcome.signal.carried else tr("the gradient at the output")
    return (
        tr("{place} gets {share} of {gradient}", **values, gradient=carried),
        tr("{place} gets {share} of it", **values),
    )


def _crossed(scene: Scene) -> tuple[str, ...]:
    """Where the threshold is crossed; nothing where it is not."""
    outcome = scene.record.outcome
    limit, site = exact(outcome.limit), tr(outcome.site)
    if outcome.kind == "vanishing":
        return (tr("under {limit} of the output's from {site} down", limit=limit, site=site),)
    if outcome.kind == "exploding":
        return (tr("over {limit} times the output's from {site} down", limit=limit, site=site),)
    return ()


def _first_step(scene: Scene) -> tuple[str, ...]:
    """The loss before and after one update; its own sentence where it is the first step that does no good."""
    step = scene.record.outcome.first_step
    if step is None:
        return ()
    numbers = {name: short(step.numbers.get(name)) for name in ("loss", "loss_after")}
    return tr("loss {loss} → {loss_after} in one update", **numbers), tr("loss {loss} → {loss_after}", **numbers)
