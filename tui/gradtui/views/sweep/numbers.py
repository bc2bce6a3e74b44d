"""The cell under the cursor: what it is, all that was measured in it, why there is no number, what it took."""

from __future__ import annotations

import numpy as np

from gradtui_engine.core.figures import short

from ...model.keys import shown_keys
from ...model.sweep_cells import SweepCells
from ...text.language import tr
from ...text.spans import GAP, Line, first_title, page, width_of, wrap
from .planes import Planes
from .shades import judgement_of
from .words import brief, measure_name, measured, place_text

#: Cells of a number beside its name.
_NUMBER = 9
#: Cells of both: beyond that an eye loses the line.
_WIDEST = 60


def title(planes: Planes, width: int) -> str:
    cells = planes.a
    if planes.problem or cells is None:
        return first_title(width, tr("this cell"))
    here = place_text(cells, planes.spot)
    return first_title(width, tr("this cell · {place}", place=here), here, tr("this cell"))


def view(planes: Planes, width: int, height: int) -> list[Line]:
    if planes.problem or planes.a is None:
        return page(wrap(tr("no cell: nothing is swept"), width, "dim"), width, height)
    here = place_text(planes.a, planes.spot)
    # Where the title says it already, which is as wide as the pane, the line is for the numbers.
    head = [] if here in title(planes, width) else wrap(here, width, "strong")
    rest: list[Line] = [
        *_numbers(planes, width),
        *_reasons(planes, width),
        *_seconds(planes, width),
        *_opens(planes, width),
    ]
    # Under two lines the letters would stand over nothing.
    if (width >= 72 and len(head) + len(rest) > height) or height < 2:
        rest = _in_columns(planes, width, height - len(head))
    lines = [*head, *rest]
    return page(lines if len(lines) <= height else [*rest, *head], width, height)


def _rows(planes: Planes) -> list[tuple[str, list[tuple[str, str]]]]:
    """What is measured → the number of A, of B, each with its style; what is shown in a plane first."""
    asked = dict.fromkeys(filter(None, (planes.asked.measure, planes.second)))
    names = [*asked, *(name for name in planes.measures if name not in asked)]
    rows = []
    for name in names:
        found = []
        for _, cells in planes.letters:
            cell = cells.cells.get(planes.spot)
            value = None if cell is None else cell.values.get(name)
            style = "text"
            judgement = judgement_of(name)
            if judgement is not None and isinstance(value, int | float):
                style = judgement.hues[int(judgement.kinds(np.array([float(value)]))[0])]
            found.append((measured(name, value), style))
        rows.append((name, found))
    return rows


def _numbers(planes: Planes, width: int) -> list[Line]:
    lines: list[Line] = []
    width = min(width, _WIDEST)
    several = len(planes.letters) > 1
    if several:
        lines.append([(" " * (width - _NUMBER * len(planes.letters)), "label"),
                      *((f"{letter:>{_NUMBER}}", "strong") for letter, _ in planes.letters)])  # fmt: skip
    for name, found in _rows(planes):
        room = width - _NUMBER * len(found) - 1
        style = "strong" if name in (planes.asked.measure, planes.second) else "label"
        label = measure_name(name)
        if width_of([(label, "")]) > room and style == "label":
            label = brief(name)
        if room < 1 or (width_of([(label, "")]) > room and style == "label"):
            continue
        # What a plane shows is called as its title calls it, in two lines if it must be.
        *first, last = wrap(label, room, style)
        lines += first
        lines.append([*_padded(last, room), (" ", "text"), *((_right(text), look) for text, look in found)])
    return lines


def _padded(line: Line, width: int) -> Line:
    return [*line, (" " * (width - width_of(line)), "text")]


def _right(text: str) -> str:
    return " " * (_NUMBER - width_of([(text, "")])) + text


def _in_columns(planes: Planes, width: int, height: int) -> list[Line]:
    """The numbers in running text, where there are few lines: by their names, or, so that all of it is seen, as one
    writes them."""
    tail = [text for text in (*_reason_texts(planes), _seconds_text(planes), _opens_text(planes)) if text]
    lines: list[Line] = []
    for called in (measure_name, brief):
        said = GAP.join(f"{called(name)} {' | '.join(text for text, _ in found)}" for name, found in _rows(planes))
        lines = [*wrap(said, width), *(line for text in tail for line in wrap(text, width, "label"))]
        if len(lines) <= height:
            break
    return lines


def _reason_texts(planes: Planes) -> list[str]:
    found = []
    for letter, cells in planes.letters:
        cell = cells.cells.get(planes.spot)
        head = f"{letter}: " if len(planes.letters) > 1 else ""
        if cell is None:
            found.append(head + tr("not computed yet"))
        elif cell.reason:
            found.append(head + tr(cell.reason))
    return found


def _reasons(planes: Planes, width: int) -> list[Line]:
    return [
        line for text in _reason_texts(planes) for line in wrap(text, width, "broken" if _failed(planes) else "dim")
    ]


def _failed(planes: Planes) -> bool:
    here = (cells.cells.get(planes.spot) for _, cells in planes.letters)
    return any(cell is not None and bool(cell.reason) for cell in here)


def _seconds_text(planes: Planes) -> str:
    found = [cells.cells[planes.spot].seconds for _, cells in planes.letters if planes.spot in cells.cells]
    if not found:
        return ""
    said = tr("it took {seconds} s", seconds=short(sum(found)))
    seeds = len(planes.a.sweep.repeats) if planes.a is not None else 0
    return f"{said} · {tr('medians of {count} seeds', count=seeds)}" if seeds > 1 else said


def _seconds(planes: Planes, width: int) -> list[Line]:
    text = _seconds_text(planes)
    return wrap(text, width, "label") if text else []


def _opens_text(planes: Planes) -> str:
    where = tr("Train") if planes.asked.train else tr("Explore")
    return tr("{key} opens this experiment in {view}; {undo} leads back", key=shown_keys("next"), view=where,
              undo=shown_keys("undo"))  # fmt: skip


def _opens(planes: Planes, width: int) -> list[Line]:
    return wrap(_opens_text(planes), width, "dim")


def said(planes: Planes) -> list[str]:
    """All of it, line by line."""
    if planes.problem or planes.a is None:
        return [tr(planes.problem)]
    cells: SweepCells = planes.a
    lines = [tr("{place}.", place=place_text(cells, planes.spot))]
    several = len(planes.letters) > 1
    for name, found in _rows(planes):
        texts = [f"{letter} {text}" if several else text
                 for (letter, _), (text, _) in zip(planes.letters, found, strict=True)]  # fmt: skip
        lines.append(tr("{measure}: {value}", measure=measure_name(name), value=tr(", ").join(texts)))
    return [*lines, *_reason_texts(planes), *filter(None, (_seconds_text(planes), _opens_text(planes)))]
