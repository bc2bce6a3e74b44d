"""The lab's list: every row of the table, and what its f′ would do at the same pre-activations."""

from __future__ import annotations

import math

from gradtui_engine.core.figures import short
from gradtui_engine.rules.activations import ACTIVATIONS

from ...model.events import SelectItem
from ...text.language import tr
from ...text.scale import across
from ...text.spans import Line, first_fit, first_title, padded, page, width_of
from ..frame.pointer import Events
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .comparison import subject_of

#: The list: the network's own row first, then the whole table.
ITEMS = ("", *ACTIVATIONS.names)


def title(scene: Scene, width: int) -> str:
    subject = subject_of(scene)
    _, stride = subject.every_row()
    place = scene.name(subject.stage)
    if stride > 1:
        return first_title(
            width,
            tr("what each f leaves of the gradient · at one z in {stride} of {place}", stride=stride, place=place),
            tr("what each f leaves · one z in {stride}", stride=stride),
            tr("what each f leaves"),
        )
    if subject.source.pinned:
        return first_title(
            width,
            tr("what each f would leave of the gradient, were the gate free"),
            tr("what each f would leave"),
            tr("if free"),
        )
    return first_title(
        width,
        tr("what each f leaves of the gradient · at the z of {place}", place=place),
        tr("what each f leaves · {place}", place=place),
        tr("what each f leaves"),
        tr("what f leaves"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """Every row of the table: what the activation's share of the factor would be at these z."""
    subject = subject_of(scene)
    factors, _ = subject.every_row()
    finite = [value for value in factors.values() if math.isfinite(value)]
    most = max(1.0, *finite) if finite else 1.0
    start = _start(scene, height)
    own = {"row": subject.source.activation}
    labels = {item: item or tr("its own: {row}", **own) for item in ITEMS}
    names = max(width_of([(label, "")]) for label in labels.values()) + 2
    formulas = max(width_of([(tr(row.formula), "")]) for row in ACTIVATIONS.values()) + 2
    rest = width - 2 - names - _NUMBER
    with_formula = rest - formulas >= _LEAST_BAR
    cells = min(rest - (formulas if with_formula else 0), _MOST_BAR)
    lines = []
    for item in ITEMS[start : start + height]:
        name, picked = item or subject.source.activation, item == scene.state.row
        value = factors[name]
        style = "cursor" if picked else "strong" if name == subject.source.activation else "text"
        head: Line = [("▸ " if picked else "  ", "cursor"), (padded(labels[item], names), style)]
        formula = (
            [(padded(tr(ACTIVATIONS[name].formula), formulas), "formula" if picked else "dim")] if with_formula else []
        )
        number = (short(value).rjust(_NUMBER), style)
        whole: Line = [*head, *formula, *_bar(value, most, cells), number]
        # Where the pane is narrow, the name and its number stand closer; a long one says only that it is its own.
        room, said = width - 2 - _LEAST_NUMBER, (short(value).rjust(_LEAST_NUMBER), style)
        briefs: list[Line] = [
            [head[0], (padded(text, room), style), said]
            for text in (labels[item], item or tr("its own"))
            if width_of([(text, "")]) < room
        ]
        lines.append(first_fit(width, whole, [*head, number], *briefs, head[:2]))
    return page(lines, width, height)


#: Cells of the numbers, at most and at least, and the fewest and the most of the bars.
_NUMBER, _LEAST_NUMBER, _LEAST_BAR, _MOST_BAR = 9, 6, 8, 60


def _bar(value: float, most: float, cells: int) -> Line:
    """A bar up to the largest row's; the mark stands at 1, where a gradient passes unchanged."""
    if cells < 4:
        return []
    if not math.isfinite(value):
        return [("!".ljust(cells), "broken")]
    text = across(round(value / most * cells * 8)).ljust(cells)
    one = min(cells - 1, int(cells / most))
    if text[one] == " ":
        return [(text[:one], "text"), ("│", "reference"), (text[one + 1 :], "text")]
    return [(text, "text")]


def _start(scene: Scene, height: int) -> int:
    """The first item in sight: the selected one in the middle, where the list is longer than the pane."""
    place = ITEMS.index(scene.state.row) if scene.state.row in ITEMS else 0
    return min(max(0, place - height // 2), max(0, len(ITEMS) - height))


def item_at(scene: Scene, y: int, height: int) -> int | None:
    """The number of the item (of `panes_of.LISTS`) in a line of the pane, for the mouse; None beside the list."""
    item = _start(scene, height) + y
    return item if 0 <= y < height and item < len(ITEMS) else None


def said(scene: Scene) -> Lines:
    """√E f′² of every row, the chosen one marked by a word."""
    subject = subject_of(scene)
    for name, value in subject.every_row()[0].items():
        if name == subject.row.name:
            yield tr("{name}, selected: {value}", name=name, value=short(value))
        else:
            yield tr("{name}: {value}", name=name, value=short(value))


def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    """A row is picked."""
    item = item_at(scene, y, height)
    return [] if item is None else [SelectItem(item)]
