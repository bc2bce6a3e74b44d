"""The pictures of A and B, beside each other, above each other or stage by stage; and what a click on them means."""

from __future__ import annotations

from collections.abc import Hashable

from ...text.language import tr
from ...text.spans import Line, first_title, page, width_of
from ..frame import bars, cache_keys, spoken
from ..frame.bar_rows import bar_cells, label_of, label_width
from ..frame.cache_keys import Same
from ..frame.pointer import Click, picked
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.stage_rows import StageRow, stage_rows
from .sides import absent, axis, drawn, sides


def view_a(scene: Scene, width: int, height: int) -> list[Line]:
    a, b = sides(scene)
    return bars.view(a, width, height, drawn(a, b)[0] if b is not None else None)


def view_b(scene: Scene, width: int, height: int) -> list[Line]:
    a, b = sides(scene)
    if b is None:
        return page(absent(scene, width), width, height)
    return bars.view(b, width, height, drawn(a, b)[1])


# -- interleaved -------------------------------------------------------------------------------------------


def title_both(scene: Scene, width: int) -> str:
    a, b = sides(scene)
    said = axis(a)
    if scene.state.own_axes and b is not None:
        said = f"A {said} · B {axis(b)}"
    return first_title(width, tr("A and B, stage by stage · {axis}", axis=said), f"A, B · {said}", "A, B")


def view_both(scene: Scene, width: int, height: int) -> list[Line]:
    """Each stage twice, A above B; over time A's columns above B's, as high as each other."""
    a, b = sides(scene)
    if b is None:
        return bars.view(a, width, height)
    one, two = drawn(a, b)
    if _in_columns(scene):
        half = height // 2
        return page([*bars.view(a, width, half, one), *bars.view(b, width, half, two)], width, height)
    rows, here = _both_rows(a, b, height), min(a.stage, len(b.stages) - 1)
    label = label_width(a, rows, width)
    lines: list[Line] = []
    for row in rows:
        for letter, side, shown in (("A", a, one), ("B", b, two)):
            chosen = here in row
            number = label_of(a, row, label) if letter == "A" else " " * label
            mark = "▸" if chosen and letter == "A" else " "
            head: Line = [(f"{mark}{number} ", "cursor" if chosen else "label"), (f"{letter} ", "strong")]
            lines.append([*head, *bar_cells(side, shown, row, width - width_of(head))])
    return page(lines, width, height)


def _in_columns(scene: Scene) -> bool:
    return scene.over_time and not scene.state.rows


def _both_rows(a: Scene, b: Scene, height: int) -> tuple[StageRow, ...]:
    """Of stages that both have."""
    return stage_rows(min(len(a.stages), len(b.stages)), max(1, height // 2))


# -- what a pane is beside its picture ---------------------------------------------------------------------


def stage_at(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> int | None:
    """The stage under the mouse in one of the three panes with bars."""
    a, b = sides(scene)
    if b is None or pane == "side_a":
        return bars.stage_at(a, width, height, x, y) if pane != "side_b" else None
    if pane == "side_b":
        return bars.stage_at(b, width, height, x, y)
    if _in_columns(scene):
        half = height // 2
        upper = y < half
        return bars.stage_at(a if upper else b, width, half, x, y if upper else y - half)
    rows = _both_rows(a, b, height)
    return rows[y // 2].low if 0 <= y // 2 < len(rows) else None


def bar_of(pane: str) -> Click:
    """A click on a bar in one of the panes that compare A and B."""
    return lambda scene, width, height, x, y: picked(stage_at(scene, pane, width, height, x, y))


def reads(scene: Scene) -> Hashable:
    """The bars of A and of B; as long as there is no B, why there is none."""
    b = scene.other
    if b is None:
        return None
    state = scene.state
    both = cache_keys.bars(scene), Same(b.record), cache_keys.bars(b)
    return *both, state.changes, state.turns, state.opened, state.own_axes


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
