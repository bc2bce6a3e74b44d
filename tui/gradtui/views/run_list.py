"""The runs of a folder as lines: which they are, what is wrong with each, how far it came, how its loss went."""

from __future__ import annotations

from gradtui_engine.core.figures import counted
from gradtui_engine.findings.kinds import KINDS

from ..model.run_list import LOOKING, UNREADABLE, RunList, RunRow
from ..text.amounts import age, size
from ..text.language import plural, tr
from ..text.spans import Line, Span, cut_left, first_fit, fit, page, width_of
from ..text.sparkline import sparkline

#: Glyph and style of each verdict: the meaning is in the glyph and the word.
_LOOKS = {"healthy": ("●", "healthy"), "fault": ("✗", "broken"), "": ("·", "dim")}
#: Cells of a sparkline, the least of a name and of a verdict, and from which width on size and age are shown.
SPARKS, _NAME, _VERDICT, _SIZE_FROM, _AGE_FROM = 12, 12, 22, 84, 64
_STEPS, _SIZES, _AGES = 9, 9, 11
#: Rows around the list: title, what is typed, headings; what is said of the chosen one, keys.
_ABOVE, _BELOW = 3, 3


def draw(runs: RunList, width: int, height: int) -> list[Line]:
    """Exactly height lines of exactly width cells."""
    count = plural("one run", "{count} runs", len(runs.runs))
    folder = cut_left(runs.folder, max(width - 30, 8))
    title: Line = [(" gradtui  ", "brand"), (folder, "text"), (f" · {count}", "label")]
    typed: Line = [(f" {tr('find:')} ", "label"), (f"{runs.typed}▏", "cursor")]
    if not runs.typed:
        typed = [(f" {tr('type to find a run by its name')}", "dim")]
    room, numbers = _window(runs, height)
    rows = [_row(runs, number, width) for number in numbers]
    if not runs.shown:
        rows = [[(f" {tr('no run is called so')}", "dim")]]
    said = _about(runs, width)
    return [
        *page([title, typed, _headings(runs, width)], width, _ABOVE), *page(rows, width, room),
        *page([[], said, _keys(runs, width)], width, _BELOW),
    ][:height]  # fmt: skip


def run_at(runs: RunList, height: int, y: int) -> int | None:
    """The run in a row of the screen; None where none is."""
    _, numbers = _window(runs, height)
    return numbers[y - _ABOVE] if 0 <= y - _ABOVE < len(numbers) else None


def _window(runs: RunList, height: int) -> tuple[int, range]:
    """How many rows there is room for, and the runs that stand in them, the chosen one among them."""
    room = max(height - _ABOVE - _BELOW, 1)
    first = min(max(runs.cursor - room // 2, 0), max(len(runs.shown) - room, 0))
    return room, range(first, min(first + room, len(runs.shown)))


def verdict(run: RunRow) -> str:
    """✗ vanishing in encoder.3: what is wrong first of all, where something is."""
    if run.problem:
        return f"✗ {tr(UNREADABLE)}"
    glyph = _LOOKS[run.verdict][0]
    if not run.verdict:
        return LOOKING
    if run.verdict == "healthy":
        return f"{glyph} {tr('healthy')}"
    return f"{glyph} {tr(KINDS[run.kind].called)}"


def _style(run: RunRow) -> str:
    return "broken" if run.problem else _LOOKS[run.verdict][1]


def _cells(runs: RunList, width: int) -> tuple[int, int]:
    """Cells of a name, no more than any needs, and of a verdict in a line so wide."""
    fixed = 3 + _STEPS + 2 + SPARKS + 2 + (_AGES + 2) * (width >= _AGE_FROM) + (_SIZES + 2) * (width >= _SIZE_FROM)
    rest = width - fixed - 4
    said = max(min(rest // 2, 44), min(_VERDICT, rest - _NAME))
    longest = max([_NAME, *(_wide(run.name) for run in runs.runs)])
    return min(max(rest - said, 1), longest), max(said, 1)


def _row(runs: RunList, number: int, width: int) -> Line:
    run, here = runs.shown[number], number == runs.cursor
    name, said = _cells(runs, width)
    mark = str(runs.marked.index(run.name) + 1) if run.name in runs.marked else ""
    letter = {"": " ", "1": "A", "2": "B"}[mark]
    what = verdict(run)
    layer = f" {cut_left(run.layer, said - _wide(what) - 1)}" if run.layer and said - _wide(what) > 8 else ""
    steps = counted(run.steps) if run.steps is not None else "–"
    line: list[Span] = [
        ("▸" if here else " ", "cursor"), (f"{letter} ", "key"),
        *fit([(cut_left(run.name, name), "strong" if here else "text")], name), ("  ", "text"),
        *fit([(what, _style(run)), (layer, "label")], said), ("  ", "text"),
        (steps.rjust(_STEPS), "label"), ("  ", "text"), *fit([(sparkline(run.losses, SPARKS), "text")], SPARKS),
    ]  # fmt: skip
    if width >= _AGE_FROM:
        line += [("  ", "text"), *_right(age(run.age), _AGES)]
    if width >= _SIZE_FROM:
        line += [("  ", "text"), *_right(size(run.size), _SIZES)]
    return line


def _headings(runs: RunList, width: int) -> Line:
    name, said = _cells(runs, width)
    line: Line = [("   ", "label"), *fit([(tr("run"), "label")], name), ("  ", "label")]
    line += [*fit([(tr("what is wrong"), "label")], said), ("  ", "label"), *_right(tr("last step"), _STEPS)]
    line += [("  ", "label"), *fit([(tr("loss"), "label")], SPARKS)]
    if width >= _AGE_FROM:
        line += [("  ", "label"), *_right(tr("written"), _AGES)]
    if width >= _SIZE_FROM:
        line += [("  ", "label"), *_right(tr("size"), _SIZES)]
    return line


def _right(text: str, cells: int) -> Line:
    """Up to the right edge of its column."""
    wide = _wide(text)
    return fit([(text, "label")], cells) if wide > cells else [(" " * (cells - wide) + text, "label")]


def _about(runs: RunList, width: int) -> Line:
    """What the row has no room for: why a run cannot be read, or the whole name of a module."""
    run = runs.shown[runs.cursor] if runs.shown else None
    if run is None:
        return []
    if run.problem:
        return [(f" {tr(run.problem)}", "broken")]
    if run.verdict == "fault" and run.layer:
        kind = tr(KINDS[run.kind].called)
        return [
            (" ", "text"),
            (tr("{kind} in {layer}", kind=kind, layer=cut_left(run.layer, width - _wide(kind) - 8)), "text"),
        ]
    parts = plural("one file", "{count} files", len(run.files))
    return [(f" {cut_left(run.name, width - 14)} · {parts}", "dim")]


def _keys(runs: RunList, width: int) -> Line:
    opens = tr("enter compares the two") if len(runs.chosen) > 1 else tr("enter opens")
    marks = tr("space marks two to compare")
    leaves = tr("esc clears what is typed") if runs.typed else tr("esc leaves")
    texts = (f" ↑↓ · {opens} · {marks} · {leaves}", f" {opens} · {marks} · {leaves}", f" {opens} · {leaves}")
    return first_fit(width, *([(text, "key")] for text in texts))


def _wide(text: str) -> int:
    return width_of([(text, "")])
