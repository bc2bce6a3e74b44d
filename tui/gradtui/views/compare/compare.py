"""Compare: A and B under one cursor on one axis, and the difference in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace

from gradtui_engine.core.figures import of_it, short
from gradtui_engine.core.numerics import ratio

from ...model.commands import shown_keys
from ...model.cure_keys import CURES, has, subject, takes_away
from ...model.needs import Failed, need_of
from ...model.shown import source_of_b
from ...model.trainings import branches, training_of_a, training_of_b
from ...text.language import tr
from ...text.spans import Line, first_title, page, width_of, wrap
from ...text.summary import describe_source, resolved_of
from ..frame import bars, cache_keys, spoken
from ..frame.bar_data import Bars, bars_of, own_scale
from ..frame.bar_rows import bar_cells, label_width
from ..frame.cache_keys import Same
from ..frame.differing import differing
from ..frame.pointer import Click, picked
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.stage_rows import StageRow, stage_rows
from ..frame.verdict import verdict
from .honest import honestly

#: What A and B have in common, or are not compared fairly.
_SHARED = ("seed", "data", "batch", "steps", "inputs")


def sides(scene: Scene) -> tuple[Scene, Scene | None]:
    """A and B on one scale. Without a change there is no B yet: it would be A."""
    b = scene.other
    scale = own_scale(scene, *([b] if b is not None else []))
    return replace(scene, given_scale=scale), replace(b, given_scale=scale) if b is not None else None


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
    forms = list(zip(_forms(first, a), _forms(second, b) if b is not None else ["B"] * 4, strict=True))
    one, two = next((pair for pair in forms if all(width_of([(title, "")]) <= width for title in pair)), forms[-1])
    return first_title(width, one), first_title(width, two)


def _forms(letter: str, scene: Scene) -> list[str]:
    what, axis = describe_source(scene.record.source, 1), _axis(scene)
    if scene.experiment is not None:
        what = what.rpartition(" · ")[0]  # without the seed, which both have
    # A scale that is held is the person's doing, and stands nowhere else.
    second = axis if scene.state.lock is not None else what
    return [f"{letter} · {what} · {axis}", f"{letter} · {second}", f"{letter} · {axis}", letter]


def view_a(scene: Scene, width: int, height: int) -> list[Line]:
    return bars.view(sides(scene)[0], width, height)


def view_b(scene: Scene, width: int, height: int) -> list[Line]:
    b = sides(scene)[1]
    return bars.view(b, width, height) if b is not None else page(_absent(scene, width), width, height)


def _absent(scene: Scene, width: int) -> list[Line]:
    """Why there is no B on the screen."""
    if not scene.state.changes and len(scene.state.recordings) < 2:
        if scene.experiment is None:
            return wrap(_nameless(), width)
        return wrap(tr("B is A so far. Each cure has a key: see below."), width)
    source = source_of_b(scene.state, scene.experiment)
    if source is None:
        return wrap(tr("B is not possible: its changes do not go together with A."), width, "broken")
    result = scene.results.get(need_of(source))
    if isinstance(result, Failed):
        return wrap(tr(result.problem), width, "broken")
    return wrap(tr("computing …"), width, "dim")


def _nameless() -> str:
    return tr("There is no B: this recording does not say which experiment it was, so nothing of it can be changed.")


def _axis(scene: Scene) -> str:
    """The scale, and whether it is held."""
    drawn = bars_of(scene)
    held = f" · {tr('scale locked')}" if scene.state.lock is not None else ""
    return f"{tr(drawn.scale.kind)} {drawn.scale.label}{held}"


# -- interleaved -------------------------------------------------------------------------------------------


def title_both(scene: Scene, width: int) -> str:
    axis = _axis(sides(scene)[0])
    return first_title(width, tr("A and B, stage by stage · {axis}", axis=axis), f"A, B · {axis}", "A, B")


def view_both(scene: Scene, width: int, height: int) -> list[Line]:
    """Each stage twice, A above B."""
    a, b = sides(scene)
    if b is None:
        return bars.view(a, width, height)
    if scene.over_time and not scene.state.rows:
        upper = height // 2
        return [*bars.view(a, width, upper), *bars.view(b, width, height - upper)]
    rows, here, (one, two) = _both_rows(a, b, height), _both_stage(a, b), _alike(bars_of(a), bars_of(b))
    label = label_width(min(len(a.stages), len(b.stages)), rows, width)
    lines: list[Line] = []
    for row in rows:
        for letter, side, drawn in (("A", a, one), ("B", b, two)):
            picked = here in row
            number = row.label(label).rjust(label) if letter == "A" else " " * label
            mark = "▸" if picked and letter == "A" else " "
            head: Line = [(f"{mark}{number} ", "cursor" if picked else "label"), (f"{letter} ", "strong")]
            lines.append([*head, *bar_cells(side, drawn, row, width - width_of(head))])
    return page(lines, width, height)


def _alike(one: Bars, two: Bars) -> tuple[Bars, Bars]:
    """Of an LSTM beside another network what both have, ‖∂L/∂h‖: beside ‖∂L/∂c‖ its bars would be half as long."""
    shared = {line.symbol for line in one.series} & {line.symbol for line in two.series}
    if len(one.series) == len(two.series) or not shared:
        return one, two
    first, second = (replace(side, series=tuple(line for line in side.series if line.symbol in shared))
                     for side in (one, two))  # fmt: skip
    return first, second


def _both_stage(a: Scene, b: Scene) -> int:
    """The selected stage; of a B that is not as deep, its last one."""
    return min(a.stage, len(b.stages) - 1)


def _both_rows(a: Scene, b: Scene, height: int) -> tuple[StageRow, ...]:
    return stage_rows(min(len(a.stages), len(b.stages)), max(1, height // 2))


# -- the difference ----------------------------------------------------------------------------------------


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
    cures = _cures(scene, width)
    if b is None:
        absent = _absent(scene, width)
        return page([*absent, *_first(cures, height - len(absent), width)], width, height)
    first, here = _compared(scene, b, width)
    said = {
        "fields": _fields(scene, width),
        "a": [verdict(scene, width, "A")],
        "b": [verdict(b, width, "B")],
        "honest": wrap(honest, width, "message") if (honest := honestly(scene, b)) else [],
        "first": first,
        "here": here,
        "cures": cures,
    }
    rows = _rows(said, height)
    return page([line for name, lines in said.items() for line in _first(lines, rows[name], width)], width, height)


def _fields(scene: Scene, width: int) -> list[Line]:
    """What B differs in; of recordings that do not say which experiments they were, nothing."""
    a, source = scene.experiment, source_of_b(scene.state, scene.experiment)
    if a is None or source is None or source.experiment is None:
        return []
    turns = branches(training_of_a(scene.state), training_of_b(scene.state))
    return wrap(tr("B differs from A in: {fields}", fields=differing(a, source.experiment, turns)), width)


#: Who gets a line next, where there is not room for everything: the difference in numbers first. The selected stage's
#: numbers stand beside the bars too, A's verdict in the header.
_CLAIMS = ("first", "b", "honest", "cures", "fields", "honest", "fields", "here", "a", "cures")


def _rows(said: dict[str, list[Line]], height: int) -> dict[str, int]:
    """So many lines for each: one at the first claim, all at the second; the difference in numbers is never cut."""
    rows = dict.fromkeys(said, 0)
    for place, name in enumerate(_CLAIMS):
        again = name in _CLAIMS[:place] or name == "first"
        most = len(said[name]) if again else min(1, len(said[name]))
        rows[name] += max(min(most - rows[name], height - sum(rows.values())), 0)
    return rows


def _compared(a: Scene, b: Scene, width: int) -> tuple[list[Line], list[Line]]:
    """The difference in numbers at the far end, and at the selected stage where that is another."""
    if a.record.axis != b.record.axis:
        # A layer and a time step are not the same stage.
        return [], []
    end, least = a.first_learning, min(len(a.stages), len(b.stages))
    first, here = (wrap(_beside(a, b, stage), width, "strong") if stage < least else [] for stage in (end, a.stage))
    return first, here if a.stage != end else []


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


def _beside(a: Scene, b: Scene, stage: int) -> str:
    """layer 1: ‖∂L/∂h‖ 1.1e-18 → 0.04, 4e16 times as much."""
    one, two = a.stages[stage].gradient_norm, b.stages[stage].gradient_norm
    of_a = ratio(two, one)
    values = {"place": a.name(stage), "one": short(one), "two": short(two)}
    if one == two:
        return tr("{place}: ‖∂L/∂h‖ {one} in both", **values)
    if math.isfinite(of_a) and of_a > 0:
        return tr("{place}: ‖∂L/∂h‖ {one} → {two}, {share}", **values, share=tr(of_it(of_a)))
    return tr("{place}: ‖∂L/∂h‖ {one} → {two}", **values)


def _cures(scene: Scene, width: int) -> list[Line]:
    """Each cure's key, and whether B has it; at the end of each line there is room for an ellipsis."""
    a, changes = scene.experiment, scene.state.changes
    if a is None or len(scene.state.recordings) > 1:
        return []
    lines: list[Line] = [[(tr("in B:"), "label")]]
    for cure in CURES.values():
        acted = subject(cure, a, changes)
        if not cure.choices(acted):
            continue
        on, disease = has(cure, a, changes), takes_away(cure, a, changes)
        label = tr(cure.label_of(acted)) + (f" → {disease}" if disease else "")
        spans: Line = [
            (f" {'✓' if on else '·'}", "strong" if on else "dim"),
            (shown_keys(f"cure_{cure.id}"), "key"),
            (f" {label}", "text" if on else "label"),
        ]
        if width_of(lines[-1]) + width_of(spans) > width - 2:
            lines.append([])
        lines[-1] += spans
    return lines


def stage_at(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> int | None:
    """The stage under the mouse in one of the three panes with bars."""
    a, b = sides(scene)
    if b is None or pane == "side_a":
        return bars.stage_at(a, width, height, x, y) if pane != "side_b" else None
    if pane == "side_b":
        return bars.stage_at(b, width, height, x, y)
    if scene.over_time and not scene.state.rows:
        upper = height // 2
        return (
            bars.stage_at(a, width, upper, x, y) if y < upper else bars.stage_at(b, width, height - upper, x, y - upper)
        )
    rows = _both_rows(a, b, height)
    return rows[y // 2].low if 0 <= y // 2 < len(rows) else None


def said_b(scene: Scene) -> Lines:
    """B's stages; why there is none, as the view says it."""
    return spoken.bars(scene.other) if scene.other is not None else spoken.drawn(view_b)(scene)


def said_both(scene: Scene) -> Lines:
    """A, then B."""
    yield tr("Experiment A:")
    yield from spoken.bars(scene)
    if scene.other is not None:
        yield tr("Experiment B. {verdict}", verdict=spoken.verdict(scene.other))
        yield from spoken.bars(scene.other)


# -- what a pane is beside its picture ---------------------------------------------------------------------


def reads(scene: Scene) -> Hashable:
    """The bars of A and of B; as long as there is no B, why there is none."""
    b = scene.other
    if b is None:
        return None
    state = scene.state
    return cache_keys.bars(scene), Same(b.record), cache_keys.bars(b), state.changes, state.turns, state.opened


def bar_of(pane: str) -> Click:
    """A click on a bar in one of the panes that compare A and B."""
    return lambda scene, width, height, x, y: picked(stage_at(scene, pane, width, height, x, y))
