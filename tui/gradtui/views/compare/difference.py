"""The difference of A and B: what B differs in, what became of each, and how much, in words and numbers."""

from __future__ import annotations

import math
from itertools import product

from gradtui_engine.core.figures import many, part_of, ratio_text, short
from gradtui_engine.core.numerics import ratio

from ...model.shown import source_of_b
from ...model.trainings import branches, training_of_a, training_of_b
from ...text.language import tr
from ...text.spans import Line, first_title, page, width_of, wrap
from ...text.summary import resolved_of
from ...text.undefined import defined
from ..frame import asking
from ..frame.differing import differing
from ..frame.scene import Scene
from ..frame.verdict import verdict
from .honest import honestly
from .sides import about_axes, absent, carried, sides
from .switches import switches

#: What A and B have in common, or are not compared fairly.
_SHARED = ("seed", "data", "batch", "steps", "inputs")


def title_difference(scene: Scene, width: int) -> str:
    b = scene.other
    ours, theirs = (resolved_of(side.record.source) for side in (scene, b or scene))
    if ours is None or theirs is None:
        return tr("difference")
    unlike = [name for name in _SHARED if getattr(ours, name) != getattr(theirs, name)]
    if unlike:
        return first_title(width, tr("difference · not the same {fields}", fields=", ".join(unlike)), tr("difference"))
    return first_title(width, tr("difference · same seed, data and random numbers"), tr("difference"))


def difference(scene: Scene, width: int, height: int) -> list[Line]:
    """What differs, what became of each, and how much: in words and numbers."""
    b = sides(scene)[1]
    if b is None:
        why = absent(scene, width)
        whole, brief = _cures(scene, width)
        cures = whole if len(whole) <= height - len(why) else brief
        return page([*why, *_first(cures, height - len(why), width)], width, height)
    first, here = _compared(scene, b, width)
    if asking.asks(scene):
        told = [*_fields(scene, width)[0], *wrap(asking.first(), width, "dim"), *about_axes(scene, width)]
        cures = switches(scene, width, brief=True)
        return page(_first([*told, *cures], height, width), width, height)
    said = {
        "fields": [],
        "b": [verdict(b, width, "B")],
        "honest": wrap(honest, width, "message") if (honest := honestly(scene, b)) else [],
        "first": first,
        "here": here,
        "axes": about_axes(scene, width),
        "cures": [],
    }
    # Where there is not room for all the words, fewer words: which keys there are is hidden last.
    for said["fields"], said["cures"] in product(_fields(scene, width), _cures(scene, width)):
        rows = _rows(said, height)
        if rows["fields"] == len(said["fields"]) and rows["cures"] == len(said["cures"]):
            break
    return page([line for name, lines in said.items() for line in _first(lines, rows[name], width)], width, height)


def _cures(scene: Scene, width: int) -> tuple[list[Line], list[Line]]:
    return switches(scene, width), switches(scene, width, brief=True)


def _fields(scene: Scene, width: int) -> tuple[list[Line], ...]:
    """What B differs in, from what to what; and briefly, to what. Of recordings that do not say which experiments
    they were, nothing.
    """
    a, source = scene.experiment, source_of_b(scene.state, scene.experiment)
    if a is None or source is None or source.experiment is None:
        return ([],)
    turns = branches(training_of_a(scene.state), training_of_b(scene.state))
    whole, brief = (differing(a, source.experiment, turns, brief=brief) for brief in (False, True))
    texts = tr("B differs from A in: {fields}", fields=whole), tr("B differs in: {fields}", fields=brief)
    return tuple(wrap(text, width) for text in texts)


#: Who gets a line next, where there is not room for everything: the difference in numbers first. The selected stage's
#: numbers stand beside the bars too; A's verdict is in the header, and not said again.
_CLAIMS = ("first", "b", "honest", "cures", "fields", "honest", "fields", "axes", "cures", "axes", "here")


def _rows(said: dict[str, list[Line]], height: int) -> dict[str, int]:
    """So many lines for each: one at the first claim, all at the second; the difference in numbers is never cut."""
    rows = dict.fromkeys(said, 0)
    for place, name in enumerate(_CLAIMS):
        again = name in _CLAIMS[:place] or name == "first"
        most = len(said[name]) if again else min(1, len(said[name]))
        rows[name] += max(min(most - rows[name], height - sum(rows.values())), 0)
    return rows


def _compared(a: Scene, b: Scene, width: int) -> tuple[list[Line], list[Line]]:
    """What arrives at the far end, as both verdicts have it; and the numbers of the selected stage, as the bars do."""
    if a.record.axis != b.record.axis:
        # A layer and a time step are not the same stage.
        return [], []
    least = min(len(a.stages), len(b.stages))
    first = _arriving(a, b, width) if a.first_learning < least else []
    return first, wrap(_here(a, b), width) if a.stage < least and a.stage != a.first_learning else []


def _arriving(a: Scene, b: Scene, width: int) -> list[Line]:
    """layer 1: B gets 3.1e18 times as much gradient as A, 1.44 beside 4.6e-19: what the verdicts compare.

    In one line: of which gradient, and the two numbers, where there is room; the bars and the verdicts have them too.
    """
    said, values = _sentence(a, b)
    ours, theirs = carried(a), carried(b)
    whole = tr("{text}, {two} beside {one}", text=said, **values) if values else said
    forms = [whole, said] if ours == theirs else [f"{whole} (A {ours}, B {theirs})", whole, said]
    one_line = (text for text in forms if width_of([(text, "")]) <= width)
    return wrap(next(one_line, said), width, "strong")


def _sentence(a: Scene, b: Scene) -> tuple[str, dict[str, str]]:
    """Who gets how much; and the two numbers, where the sentence has none."""
    one, two = a.record.outcome.ratio, b.record.outcome.ratio
    place, of_a = a.name(a.first_learning), ratio(two, one)
    values = {"one": ratio_text(one), "two": ratio_text(two)}
    if any(defined(share, side.record) is None for share, side in ((one, a), (two, b))):
        # 0 of 0 is no share.
        return tr("{place}: no gradient is left to compare", place=place), {}
    if not (math.isfinite(one) and math.isfinite(two)):
        return tr("{place}: of the gradient A gets {one}, B {two}", place=place, **values), {}
    if one == two:
        return tr("{place}: A and B get as much gradient, {one}", place=place, one=ratio_text(one)), {}
    if one == 0:
        return tr("{place}: A gets no gradient, B {two}", place=place, two=ratio_text(two)), {}
    if two == 0:
        return tr("{place}: B gets no gradient, A {one}", place=place, one=ratio_text(one)), {}
    if of_a > 1:
        return tr("{place}: B gets {count} times as much gradient as A", place=place, count=many(of_a)), values
    return tr("{place}: B gets {share} of A's gradient", place=place, share=part_of(of_a)), values


def _here(a: Scene, b: Scene) -> str:
    """t = 40: ‖∂L/∂h‖ 0.0140 in A, ‖∂L/∂c‖ 0.0108 in B: what their bars show."""
    one, two = (tr("{symbol} {value}", symbol=carried(side), value=short(side.carried(a.stage))) for side in (a, b))
    return tr("{place}: {one} in A, {two} in B", place=a.name(a.stage), one=one, two=two)


def _first(lines: list[Line], most: int, width: int) -> list[Line]:
    """At most so many lines; an ellipsis, between words, where it goes on."""
    if len(lines) <= most:
        return lines
    lines = lines[: max(most, 0)]
    while lines and lines[-1] and width_of(lines[-1]) + 2 > width:
        text, style = lines[-1][-1]
        rest = text.rpartition(" ")[0]
        lines[-1] = [*lines[-1][:-1], *([(rest, style)] if rest else [])]
    return [*lines[:-1], [*lines[-1], (" …", lines[-1][-1][1] if lines[-1] else "text")]] if lines else []
