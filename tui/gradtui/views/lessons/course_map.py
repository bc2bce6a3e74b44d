"""The list of lessons as a map of the course: chapter by chapter, what is done, begun and not yet read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...lessons import chapters
from ...lessons.naming import number_of
from ...model.studies import Studies, Study
from ...text.language import plural, tr
from ...text.markdown import prose, wrap_spans
from ...text.spans import Line, first_fit, fit, page, text_of, width_of

if TYPE_CHECKING:
    from ...lessons.library import Entry

DONE, BEGUN, NEW = "✓", "◐", "·"
_STYLES = {DONE: "strong", BEGUN: "text", NEW: "dim"}
_APART = "    "
#: From this width on what the selected lesson is about stands beside the list, in so many cells at least and at most,
#: so far apart; else below it.
_BESIDE_FROM, _LEAST_BESIDE, _MOST_BESIDE, _GAP = 110, 40, 76, 3
#: From this width on a row's end says how many lessons there are above or below.
_COUNTED_FROM = 50
#: From this width on the chapters have a column beside the titles.
_CHAPTERS_FROM = 64


@dataclass(frozen=True, slots=True)
class _Row:
    """A lesson in the map."""

    entry: Entry
    study: Study | None

    @property
    def mark(self) -> str:
        return NEW if self.study is None else DONE if self.study.done else BEGUN

    @property
    def chapter(self) -> str:
        return self.entry.lesson.chapter if self.entry.lesson is not None else ""


def list_view(entries: Sequence[Entry], selected: str, width: int, height: int, studies: Studies = ()) -> list[Line]:
    """How much is done, and the lessons, one a line, in exactly height lines; with what the selected one is about."""
    if not entries:
        return page([[(tr("There are no lessons."), "dim")]], width, height)
    done = {study.lesson: study for study in studies}
    rows = [_Row(entry, done.get(entry.id)) for entry in entries]
    names = [entry.id for entry in entries]
    chosen = names.index(selected) if selected in names else 0
    beside = width >= _BESIDE_FROM
    head = [_sum(rows, width), []] if height > 8 else []
    room = max(height - len(head), 1)
    if beside:
        # Titles have the room that they need: what is cut beside empty columns is cut for nothing.
        left = min(_needed(rows, width) + _count_width(rows, width, room), width - _GAP - _LEAST_BESIDE)
        right = min(width - _GAP - left, _MOST_BESIDE)
        lines, told = _listed(rows, chosen, left, room), page(_about(rows[chosen], right, steps=True), right, room)
        both = [[*line, (" " * _GAP, "text"), *words] for line, words in zip(lines, told, strict=True)]
        return page([*head, *both], width, height)
    about = _about(rows[chosen], width, steps=False)[: max(height // 3, 1)]
    return page([*head, *_listed(rows, chosen, width, max(room - len(about) - 1, 1)), [], *about], width, height)


def _listed(rows: Sequence[_Row], chosen: int, width: int, height: int) -> list[Line]:
    """As many lessons as there is room for, and how many there are above and below; the chapters apart where all have
    room.
    """
    breaks = sum(row.chapter != before.chapter for before, row in itertools.pairwise(rows))
    wide = _chapters_width(rows) if width >= _CHAPTERS_FROM else 0
    airy = len(rows) + breaks <= height
    room = _count_width(rows, width, height)
    start = 0 if airy else min(max(chosen - height // 2, 0), max(len(rows) - height, 0))
    lines: list[Line] = []
    for number, row in enumerate(rows[start:], start):
        new = number == start or row.chapter != rows[number - 1].chapter
        if airy and new and lines:
            lines.append([])
        name = tr(chapters.label(row.chapter)) if new else ""
        lines.append(_row(row, name, wide, number == chosen, width - room))
    lines = lines[:height]
    below = 0 if airy else len(rows) - start - height
    for at, arrow, count in ((0, "↑", start), (-1, "↓", below)):
        if count > 0 and room:
            told: Line = [(f"{arrow} {count} ", "key")]
            lines[at] = [*lines[at], (" " * (room - width_of(told)), "text"), *told]
    return page(lines, width, height)


def _chapters_width(rows: Sequence[_Row]) -> int:
    return max(width_of([(tr(chapters.label(row.chapter)), "")]) for row in rows) + 2


def _count_width(rows: Sequence[_Row], width: int, height: int) -> int:
    """Columns for how many lessons there are above or below, where not all have room; an arrow is four letters where
    the terminal has ASCII alone.
    """
    if not 2 < height < len(rows) or width < _COUNTED_FROM:
        return 0
    return max(width_of([(f" {arrow} {len(rows)} ", "")]) for arrow in "↑↓")


def _needed(rows: Sequence[_Row], most: int) -> int:
    """The columns that no row needs more than, of so many at most: all of it where a row has a long fault to tell."""
    wide = _chapters_width(rows)
    return max(width_of([(text_of(_row(row, "", wide, False, most)).rstrip(), "")]) for row in rows)


def _sum(rows: Sequence[_Row], width: int) -> Line:
    """12 of 24 done, and a mark for each lesson, the chapters apart."""
    done = sum(row.mark == DONE for row in rows)
    told: Line = [(tr("{done} of {count} done", done=done, count=len(rows)), "strong")]
    marks: Line = []
    for number, row in enumerate(rows):
        gap = " " if number and row.chapter != rows[number - 1].chapter else ""
        marks.append((gap + row.mark, _STYLES[row.mark]))
    legend: Line = []
    for mark, word in ((DONE, tr("done")), (BEGUN, tr("begun")), (NEW, tr("not yet"))):
        legend += [("   ", "text"), (mark, _STYLES[mark]), (f" {word}", "dim")]
    wide: Line = [("   ", "text"), *marks]
    return fit(first_fit(width, [*told, *wide, *legend], [*told, *wide], told), width)


def _row(row: _Row, chapter: str, wide: int, chosen: bool, width: int) -> Line:
    entry = row.entry
    cursor = ("▸ " if chosen else "  ", "cursor")
    name = (chapter + " " * (wide - width_of([(chapter, "")])), "label") if wide else ("", "label")
    if entry.lesson is None:
        return fit([name, cursor, ("✗ ", "broken"), (entry.title, "broken"), (_APART + entry.summary, "dim")], width)
    number = number_of(entry.id)
    title = (entry.title, "strong" if chosen else "dim" if row.mark == DONE else "text")
    line: Line = [name, cursor, (f"{row.mark} ", _STYLES[row.mark]), (f"{number:>2}  ", "label"), title]
    if row.study is not None and row.mark == BEGUN:
        where = tr("step {number} of {count}", number=row.study.step + 1, count=len(entry.lesson.steps))
        line = first_fit(width, [*line, (_APART + where, "label")], line)
    return fit(line, width)


def _about(row: _Row, width: int, steps: bool) -> list[Line]:
    """The selected entry in full; steps: with the headings of its steps."""
    lesson = row.entry.lesson
    if lesson is None:
        return [line for fault in row.entry.faults for line in wrap_spans([(fault, "broken")], width)]
    questions = sum(step.question is not None for step in lesson.steps)
    size = tr(", ").join(
        (
            plural("1 step", "{count} steps", len(lesson.steps)),
            plural("1 question", "{count} questions", questions),
        )
    )
    told = [*prose(lesson.summary, width), fit([(size, "dim")], width)]
    if not steps:
        return told
    answered = dict(row.study.answers) if row.study is not None else {}
    at = row.study.step if row.study is not None and row.mark == BEGUN else None
    heads: list[Line] = [[(lesson.title, "strong")], []]
    listed: list[Line] = []
    for number, step in enumerate(lesson.steps):
        mark = DONE if number in answered else "▸" if number == at else "?" if step.question is not None else " "
        style = "cursor" if number == at else "text"
        listed.append(
            fit(
                [(f"{mark} ", style if number == at else "label"), (f"{number + 1} ", "label"), (step.title, style)],
                width,
            )
        )
    return [*heads, *told, [], *listed]
