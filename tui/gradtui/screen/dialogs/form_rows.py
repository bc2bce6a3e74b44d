"""What each field of the form looks like, as lines of spans: mark, name, value, what is to be said of it.

The value of a typed field is left blank: the line to type in stands there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import chop_cells

from gradtui_engine import Experiment
from gradtui_engine.core.fields import Value
from gradtui_engine.core.figures import rounded
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options

from ...model.ineffective_options import hindrance
from ...text import glyphs, language
from ...text.describe import about, label
from ...text.language import plural, tr
from ...text.spans import Line, first_fit, fit, text_of, width_of, wrap
from . import form_model as model
from .form_model import Checked, FormState, Problems

#: Columns: a mark, the name (the longest has 14 letters), the value, and what room is left for notes.
_NAME_AT, _VALUE_AT = 2, 18
VALUE_WIDTH = 24
#: Fields that only a file decides.
_OF_FILES = ("batch", "steps", "inputs", "loss", "target_scale")
#: Marks beside the names.
WRONG, CHANGED = "✗", "◆"


@dataclass(frozen=True)
class Sheet:
    """All that a field's lines depend on. problems are the reading's, and what a closer look found."""

    state: FormState
    reading: Checked
    problems: Problems

    @classmethod
    def of(cls, state: FormState, refused: Mapping[str, tuple[str, ...]] | None = None) -> Sheet:
        reading = model.read(state)
        return cls(state, reading, {**reading.problems, **(refused or {})})

    def is_typed(self, field: str) -> bool:
        """Whether the field is a line to type in, and not a choice of names."""
        return not options()[field].choices or model.is_path(field, self.state.texts[field])

    def is_open(self, field: str) -> bool:
        """Whether the field can be changed: it means something for the cell, or it has to be mended."""
        return options()[field].applies_to(self.reading.guide.cell) or field in self.problems

    def changed(self) -> list[str]:
        return [field for field in self.state.texts if model.is_changed(self.state, field)]


def value_at() -> int:
    """The column of the values: a language that gives the name in both takes more room for it."""
    return _value_at(language.current(), glyphs.current())


@functools.cache
def _value_at(code: str, glyph_set: str) -> int:
    return max(_VALUE_AT, _NAME_AT + 1 + max(width_of([(label(field), "")]) for field in options()))


# -- one field ---------------------------------------------------------------------------------------------


def rows(sheet: Sheet, field: str, width: int, focused: bool) -> list[Line]:
    """A field in lines of exactly `width` cells: its value, and beneath it what is wrong or does not fit beside it."""
    changed = model.is_changed(sheet.state, field)
    mark = WRONG if field in sheet.problems else CHANGED if changed else " "
    name = "cursor" if focused else "text" if sheet.is_open(field) else "dim"
    line: Line = [(mark.ljust(_NAME_AT), "broken" if mark == WRONG else "message"), (label(field), name)]
    start = value_at()
    line, room = fit(line, start, name), width - start - VALUE_WIDTH - 1
    if not sheet.is_open(field):
        return [fit([*line, (f"  {_only(field)}", "dim")], width)]
    value = _value(sheet, field, min(VALUE_WIDTH, width - start), focused)
    notes = list(_notes(sheet, field, changed, room))
    if notes and width_of([notes[0]]) <= room:
        value += [(" ", "text"), notes.pop(0)]
    lines = [fit([*line, *value], width)]
    for text, style in notes:
        lines += indented("", text, width, style)
    for problem in sheet.problems.get(field, ()):
        lines += indented(WRONG, tr(problem), width, "broken")
    return lines


def indented(mark: str, text: str, width: int, style: str) -> list[Line]:
    """Text in lines beneath a field, beside its mark; a word that is longer than the line is broken."""
    edge = 2 * _NAME_AT
    room = max(width - edge, 8)
    parts = [part for [(line, _)] in wrap(text, room) for part in chop_cells(line, room)]
    starts = [mark.rjust(_NAME_AT + 1).ljust(edge), *[" " * edge] * len(parts)]
    return [fit([(start, style), (part, style)], width) for start, part in zip(starts, parts, strict=False)]


def _value(sheet: Sheet, field: str, width: int, focused: bool) -> Line:
    """A name in its place, between arrows while it is focused; blank where a line to type in stands."""
    if sheet.is_typed(field):
        return fit([], width)
    text = sheet.state.texts[field].strip()
    style = "strong" if focused else "text" if text else "label"
    names = [text] if text else [empty(sheet, field), tr("auto")]
    if not focused:
        return fit([("  ", style), *first_fit(width - 2, *([(name, style)] for name in names))], width)
    return fit(first_fit(width, *([("< ", "key"), (name, style), (" >", "key")] for name in names)), width)


def empty(sheet: Sheet, field: str) -> str:
    """What stands in an optional field that is left out: what it follows to."""
    if not options()[field].is_optional:
        return ""
    guide = sheet.reading.guide
    value = model.automatic(guide, field)
    if value is not None:
        return tr("auto: {value}", value=shown(value))
    if field in _OF_FILES and guide.resolved.data.startswith(PREFIX):
        return tr("auto: as in the file")
    return tr("not set")


def shown(value: Value) -> str:
    """A value for reading: a number in four digits, which is not what one would type to get it back."""
    return rounded(value, 4) if isinstance(value, float) else str(value)


def _only(field: str) -> str:
    return tr("for {cells} only", cells=", ".join(options()[field].cells))


def _notes(sheet: Sheet, field: str, changed: bool, room: int) -> Iterator[tuple[str, str]]:
    """What is to be said beside the value, most important first; why it has no effect only where there is room."""
    if not options()[field].applies_to(sheet.reading.guide.cell):
        yield _only(field), "dim"
    reason = without_effect(sheet.reading.guide, field)
    if reason:
        whole: Line = [(tr("no effect: {reason}", reason=reason), "label")]
        yield (whole if width_of(whole) <= room else [(tr("no effect"), "label")])[0]
    if changed:
        yield _was(sheet, field), "message"


def _was(sheet: Sheet, field: str) -> str:
    """What the field was; that it followed from the others, where it is what it would have followed to."""
    was = model.before(sheet.state, field)
    if was is None:
        return tr("was not set")
    if not sheet.state.first[field] and was == sheet.reading.guide.resolved.said(field):
        return tr("was auto")
    return tr("was {value}", value=shown(was))


def without_effect(experiment: Experiment, field: str) -> str:
    """Why a field changes nothing in this experiment, empty if it does; fields are called as in the form."""
    if not options()[field].applies_to(experiment.cell):
        return ""
    return re.sub(r"--([a-z-]+)", lambda flag: flag[1].replace("-", " "), hindrance(experiment, field))


# -- around the fields -------------------------------------------------------------------------------------


def heading(group: str, width: int) -> list[Line]:
    """The name of a section on a rule."""
    title: Line = [("── ", "dim"), (tr(group), "label"), (" ", "dim")]
    return [fit([*title, ("─" * max(0, width - width_of(title)), "dim")], width)]


def ends_with_title(groups: Iterable[Sequence[int]], rows: int) -> bool:
    """Whether so many rows of a list end with the title of a group; of each group the rows of the fields it shows."""
    row = 0
    for fields in groups:
        if fields and row + 1 == rows:
            return True
        row += bool(fields) + sum(fields)
    return False


def detail(sheet: Sheet, field: str, width: int, height: int) -> list[Line]:
    """What the focused field means, why it changes nothing, what it accepts: in exactly height lines."""
    name: Line = [(f"{label(field)}  ", "strong")]
    edge = width_of(name)
    help = [text_of(line) for line in wrap(tr(options()[field].help), width - edge)]
    # The first line beneath says more than the rest of the help.
    kept = help if len(help) < height else [*help[: height - 2], " ".join(help[height - 2 :])]
    lines = [
        fit([*(name if row == 0 else [(" " * edge, "text")]), (text, "text")], width) for row, text in enumerate(kept)
    ]
    reason = without_effect(sheet.reading.guide, field)
    below = wrap(tr("no effect: {reason}", reason=reason), width, "message") if reason else []
    below += _accepted(sheet, field, width)
    lines = [*lines, *(fit(line, width) for line in below)][:height]
    return lines + [fit([], width)] * (height - len(lines))


def _accepted(sheet: Sheet, field: str, width: int) -> list[Line]:
    """Of a choice, what the name means; of a value, what is allowed and what it is otherwise."""
    option = options()[field]
    allowed = tr(option.kind.allowed)
    if not options()[field].choices:
        default = empty(sheet, field) if options()[field].is_optional else options()[field].default_text
        left_out = tr("allowed: {allowed}; empty: {value}", allowed=allowed, value=default)
        given = tr("allowed: {allowed}; default: {value}", allowed=allowed, value=default)
        return wrap(left_out if options()[field].is_optional else given, width, "label")
    name = sheet.state.texts[field].strip() or str(model.automatic(sheet.reading.guide, field) or "")
    formula, note = about(field, name)
    said = wrap(tr(note) if note else tr("one of: {names}", names=allowed), width, "label")
    shown = CSV if model.is_path(field, name) else name
    return [[(f"{shown}  ", "label"), (tr(formula), "formula")], *said] if formula else said


def status(sheet: Sheet) -> str:
    """How it stands, for the title: what is wrong, else what has been changed."""
    wrong, changed = sum(map(len, sheet.problems.values())), len(sheet.changed())
    if wrong:
        return f"{WRONG} {plural('1 problem', '{count} problems', wrong)}"
    if changed:
        return f"{CHANGED} {plural('1 field changed', '{count} fields changed', changed)}"
    return tr("as it is")
