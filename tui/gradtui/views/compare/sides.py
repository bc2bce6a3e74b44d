"""A and B: on one scale, or each on its own where that is asked for; titles that say as much as each other."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import PurePath

from gradtui_engine.core.figures import exact

from ...model.keys import shown_keys
from ...model.needs import Failed, need_of
from ...model.shown import source_of_b
from ...model.trainings import recorded
from ...text.describe import field_name
from ...text.language import tr
from ...text.scale import finite
from ...text.spans import Line, first_title, width_of, wrap
from ...text.summary import describe_source, resolved_of
from ..frame.bar_data import Bars, bars_of, own_scale
from ..frame.scene import Scene

#: A story of at least a factor of ten that has less than this share of the axis is a sliver.
_SLIVER = 1 / 8
_LEAST_STORY = 1.0


def sides(scene: Scene) -> tuple[Scene, Scene | None]:
    """A and B on one scale, or each on its own. Without a change there is no B yet: it would be A."""
    b = scene.other
    if scene.state.own_axes:
        return scene, b
    scale = own_scale(scene, *([b] if b is not None else []))
    return replace(scene, given_scale=scale), replace(b, given_scale=scale) if b is not None else None


def drawn(a: Scene, b: Scene) -> tuple[Bars, Bars]:
    """What is drawn of both. Where one has two numbers of the gradient and the other one, of each the one that its
    verdict follows: strips and bars of half the size could not be compared.
    """
    one, two = bars_of(a), bars_of(b)
    if len(one.series) == len(two.series) or a.state.quantity != "gradient":
        return one, two
    return _followed(a, one), _followed(b, two)


def _followed(scene: Scene, bars: Bars) -> Bars:
    symbol = carried(scene)
    return replace(bars, series=tuple(line for line in bars.series if line.symbol == symbol) or bars.series[:1])


def carried(scene: Scene) -> str:
    """The symbol of the gradient that the verdict follows."""
    return "‖∂L/∂c‖" if scene.follows_cell else "‖∂L/∂h‖"


def slivers(scene: Scene) -> list[tuple[str, int]]:
    """The sides whose whole story is a sliver of the axis that they share: the letter, and how many would fit on it."""
    a, b = sides(scene)
    if b is None or scene.state.own_axes or bars_of(a).scale.kind != "log":
        return []
    scale = bars_of(a).scale
    found = []
    for letter, side in (("A", a), ("B", b)):
        values = [value for series in bars_of(side).series for value in finite(series.values) if value > 0]
        story = math.log10(max(values) / min(values)) if values and min(values) > 0 else 0.0
        if _LEAST_STORY <= story < _SLIVER * (scale.high - scale.low):
            found.append((letter, round((scale.high - scale.low) / story)))
    return found


# -- titles ------------------------------------------------------------------------------------------------


def title_a(scene: Scene, width: int) -> str:
    return _titles(scene, width)[0]


def title_b(scene: Scene, width: int) -> str:
    return _titles(scene, width)[1]


def _titles(scene: Scene, width: int) -> tuple[str, str]:
    """A's and B's, which say as much as each other: the longest form that fits of both."""
    a, b = sides(scene)
    first, second = "A", "B"
    if b is not None and a.record.source.iteration != b.record.source.iteration:
        # One of them has ended before the other.
        first, second = (
            tr("{letter} at {number}", letter=letter, number=side.record.source.iteration)
            for letter, side in (("A", a), ("B", b))
        )
    # Over time the axis has its labels beside the strips; rows have none.
    labelled = a.over_time and not a.state.rows
    one = _forms(first, a, labelled)
    forms = list(zip(one, _forms(second, b, labelled) if b is not None else ["B"] * len(one), strict=True))
    fitting = (pair for pair in forms if all(width_of([(title, "")]) <= width for title in pair))
    one_title, two_title = next(fitting, forms[-1])
    return first_title(width, one_title), first_title(width, two_title)


def _forms(letter: str, scene: Scene, labelled: bool) -> list[str]:
    """What it is and its axis, the longest first; the axis comes before the whole name unless it has labels."""
    what, brief = (_without_seed(scene, detail) for detail in (1, 0))
    scale, (field, value) = axis(scene), _changed(scene)
    file = PurePath(scene.record.source.recording).name
    said = file or (value if field in _TELLING else f"{field_name(field)} {value}" if value else "")
    if said and not file and field not in _IN_BRIEF:
        brief = f"{brief} · {said}"
    # A scale that is held is the person's doing, and so are axes that are not the same: they stand nowhere else.
    names = [f"{letter} · {what}"] if scene.state.lock is None and not scene.state.own_axes else []
    # As many for A as for B, whatever one has no value of.
    with_axis = [f"{letter} · {brief} · {scale}", " · ".join(part for part in (letter, said, scale) if part)]
    ordered = [*names, *with_axis] if labelled else [*with_axis, *names]
    return [f"{letter} · {what} · {scale}", *ordered, f"{letter} · {scale}", letter]


def _without_seed(scene: Scene, detail: int) -> str:
    """What both have is not said of each."""
    what = describe_source(scene.record.source, detail)
    return what.rpartition(" · ")[0] if scene.experiment is not None else what


#: Fields whose values say alone what they are of, and those that the shortest name of a network has.
_TELLING = ("cell", "activation", "init", "optimizer")
_IN_BRIEF = ("cell", "depth", "width", "layers", "steps", "activation")


def _changed(scene: Scene) -> tuple[str, str]:
    """The first field that B differs in and this side has, and its value: activation, sigmoid."""
    resolved = resolved_of(scene.record.source)
    for field, _ in scene.state.changes:
        value = resolved.said(field) if resolved is not None and hasattr(resolved, field) else None
        if value is not None:
            return field, exact(value) if isinstance(value, float) else str(value)
    return "", ""


def axis(scene: Scene) -> str:
    """The scale, and whether it is held, or the side's own."""
    scale = bars_of(scene).scale
    label = f"{tr(scale.kind)} {scale.label}"
    if scene.state.lock is not None:
        return f"{label} · {tr('scale locked')}"
    return tr("own axis: {axis}", axis=label) if scene.state.own_axes else label


# -- no B --------------------------------------------------------------------------------------------------


def absent(scene: Scene, width: int) -> list[Line]:
    """Why there is no B on the screen."""
    if not scene.state.changes and len(scene.state.recordings) < 2:
        if scene.experiment is None:
            return wrap(_nameless(scene), width)
        return wrap(tr("B is A so far. Each cure has a key: see below."), width)
    source = source_of_b(scene.state, scene.experiment)
    if source is None:
        return wrap(tr("B is not possible: its changes do not go together with A."), width, "broken")
    result = scene.results.get(need_of(source))
    if isinstance(result, Failed):
        return wrap(tr(result.problem), width, "broken")
    return wrap(tr("computing …"), width, "dim")


def _nameless(scene: Scene) -> str:
    if recorded(scene.state):
        key = shown_keys("hold")
        return tr(
            "There is no B. {key} holds the step under the cursor as B, to compare it with others; "
            "`gradtui open A.jsonl B.jsonl` compares two trainings.",
            key=key,
        )  # fmt: skip
    return tr("There is no B: this recording does not say which experiment it was, so nothing of it can be changed.")


def about_axes(scene: Scene, width: int) -> list[Line]:
    """That a side's story is too small to be read on the axis that both share, or that lengths cannot be compared."""
    key = shown_keys("own_axes")
    if scene.state.own_axes:
        return wrap(tr("Each on an axis of its own: their lengths cannot be compared. {key}: one axis", key=key), width)
    found = [
        tr("All of {letter} is 1/{count} of this axis. {key}: own axes", letter=letter, count=count, key=key)
        for letter, count in slivers(scene)
    ]
    return [line for text in found for line in wrap(text, width)]
