"""What is wrong with a recorded training: a sentence, the findings one by one, and the chosen one opened."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass

from gradtui_engine.core.message import English
from gradtui_engine.findings.evidence import told
from gradtui_engine.findings.finding import FINDING_SEVERITIES, Diagnosis, Finding
from gradtui_engine.findings.kinds import KINDS

from ...model import events as e
from ...model.diagnoses import Diagnosed, diagnosed
from ...model.keys import shown_keys
from ...model.needs import Failed
from ...text import finding_words
from ...text.finding_words import heading
from ...text.language import tr
from ...text.markdown import wrap_spans
from ...text.spans import Line, cut_left, first_title, page, width_of, wrap
from ..frame.cache_keys import Same
from ..frame.pointer import Events
from ..frame.scene import Scene
from ..frame.spoken import Lines
from .words import with_sign

#: How a severity is drawn: its glyph, and the style that only repeats it.
_LOOKS = dict(zip(FINDING_SEVERITIES, (("✗", "broken"), ("!", "strong"), ("·", "label")), strict=True))
#: From this width on, in few rows, what the chosen one is stands beside the list.
_BESIDE_FROM, _FEW_ROWS, _GAP = 72, 16, 2
#: The least cells of a module's name in the list, and of the list beside what the chosen one is.
_LEAST_NAME, _LEAST_LIST = 8, 34
#: Where a line of a program that is too long is broken: at blanks, behind brackets and commas, and between names that a
#: dot joins; a command at blanks alone.
_PROGRAM = re.compile(r"(?<=[(,])|(?<=[A-Za-z_)\]]\.)(?=[A-Za-z_])|(?=\s)")
_COMMAND = re.compile(r"(?=\s)")
#: Rows of the list that stay where what the chosen one is needs all the room.
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to show: the diagnosis so far (None while it is made), which of its findings is open, why there is
    none, whether the recording still grows, and whether the pane is alone on the screen."""

    diagnosis: Diagnosis | None
    chosen: int | None = None
    problem: str = ""
    grows: bool = False
    zoomed: bool = False

    @classmethod
    def of(cls, scene: Scene) -> Findings:
        known = diagnosed(scene.state, scene.results)
        if isinstance(known, Failed):
            return cls(None, problem=tr(known.problem))
        if known is None:
            return cls(None)
        return cls(known.diagnosis, scene.state.finding, "", not scene.state.finished, scene.state.zoomed)

    @property
    def listed(self) -> tuple[Finding, ...]:
        return self.diagnosis.findings if self.diagnosis is not None else ()

    @property
    def opened(self) -> int:
        """The one that is open: the chosen one, else the most important."""
        return min(self.chosen or 0, max(len(self.listed) - 1, 0))


def reads(scene: Scene) -> Hashable:
    known = diagnosed(scene.state, scene.results)
    about: Hashable = Same(known) if isinstance(known, Diagnosed) else known
    return about, scene.state.finding, scene.state.finished, scene.state.zoomed


# -- in words ----------------------------------------------------------------------------------------------


def verdict(shown: Findings) -> str:
    """What is to be said of the whole: something is wrong, and what first of all; or nothing is."""
    if shown.diagnosis is None:
        return shown.problem or tr("looking for what is wrong …")
    said = finding_words.verdict(shown.diagnosis)
    return tr("so far {verdict}", verdict=said) if shown.grows else said


def evidence(finding: Finding) -> str:
    """loss: 2.31 · ratio: 1.2e-5"""
    return " · ".join(map(tr, told(finding.evidence)))


def title(scene: Scene, width: int) -> str:
    shown = Findings.of(scene)
    count = len(shown.listed)
    # Of two recordings A is the one that is looked through.
    whole = tr("what is wrong with A") if len(scene.state.recordings) > 1 else tr("what is wrong")
    if not count:
        return first_title(width, whole)
    numbered = tr("{what} · {number} of {count}", what=whole, number=shown.opened + 1, count=count)
    return first_title(width, numbered, whole)


# -- drawn -------------------------------------------------------------------------------------------------


def view(scene: Scene, width: int, height: int) -> list[Line]:
    return draw(Findings.of(scene), width, height)[0]


def draw(shown: Findings, width: int, height: int) -> tuple[list[Line], dict[tuple[int, int], int]]:
    """Exactly height lines of exactly width cells, and which finding stands in which row: (row, columns) → number."""
    head = _verdict_lines(shown, width, height)
    if not shown.listed:
        rest = _left_out(shown, width) if shown.diagnosis is not None and shown.diagnosis.left_out else []
        lines = [*head, *([[]] if rest else []), *rest]
        return page(with_sign(lines, width, height, shown.zoomed), width, height), {}
    if width >= _BESIDE_FROM and height < _FEW_ROWS:
        return _beside(shown, head, width, height)
    return _over(shown, head, width, height)


def _verdict_lines(shown: Findings, width: int, height: int) -> list[Line]:
    fault = any(finding.is_fault for finding in shown.listed)
    style = "dim" if shown.diagnosis is None else "broken" if fault else "healthy"
    lines = wrap(verdict(shown), width, style)
    # What is said of the first one stands in the list as well.
    return lines if len(lines) <= max(height // 4, 1) else lines[: max(height // 4, 1)]


def _beside(
    shown: Findings, head: list[Line], width: int, height: int
) -> tuple[list[Line], dict[tuple[int, int], int]]:
    """The list on the left, what the chosen one is on the right."""
    left = max(_LEAST_LIST, width * 2 // 5)
    right = width - left - _GAP
    room = height - len(head)
    first, rows = _window(shown, left, room)
    told = page(with_sign(_opened(shown, right), right, room, shown.zoomed), right, room)
    both: list[Line] = [
        [*row, (" " * _GAP, "text"), *line] for row, line in zip(page(rows, left, room), told, strict=True)
    ]
    places = {(len(head) + row, left): first + row for row in range(len(rows))}
    return page([*head, *both], width, height), places


def _over(shown: Findings, head: list[Line], width: int, height: int) -> tuple[list[Line], dict[tuple[int, int], int]]:
    """The list, under it what the chosen one is: where there is no room for all of both, the list has three rows."""
    told, count = _opened(shown, width), len(shown.listed)
    gap = height >= _FEW_ROWS
    room = height - len(head) - 2 * gap
    listed = max(min(count, room - len(told)), min(count, _LEAST_ROWS if gap else 1))
    first, rows = _window(shown, width, listed)
    space: list[Line] = [[]] if gap else []
    left = height - len(head) - len(rows) - 2 * gap
    lines = [*head, *space, *rows, *space, *with_sign(told, width, left, shown.zoomed)]
    places = {(len(head) + gap + row, width): first + row for row in range(len(rows))}
    return page(lines, width, height), places


def _window(shown: Findings, width: int, height: int) -> tuple[int, list[Line]]:
    """As many rows of the list as there is room for, the open one among them, and the number of the first."""
    count = len(shown.listed)
    first = min(max(shown.opened - height // 2, 0), max(count - height, 0))
    chosen = range(first, min(first + height, count))
    return first, [_row(shown, number, width) for number in chosen]


def _row(shown: Findings, number: int, width: int) -> Line:
    """▸ ✗ vanishing gradient  …layers.11.mlp.fc2  step 12: the module's name shortens, the numbers do not."""
    finding, here = shown.listed[number], number == shown.opened
    glyph, style = _LOOKS.get(finding.severity, _LOOKS["note"])
    kind = tr(KINDS[finding.kind].called)
    start: Line = [("▸" if here else " ", "cursor"), (f" {glyph} ", style), (kind, "strong" if here else "text")]
    step = f"  {tr('step {step}', step=finding.step)}" if finding.step is not None else ""
    room = width - width_of(start) - width_of([(step, "")])
    if room < 0:
        return start
    layer = finding.layer or ""
    name = f"  {cut_left(layer, room - 2)}" if layer and room - 2 >= min(_LEAST_NAME, len(layer)) else ""
    space = " " * (room - width_of([(name, "")]))
    return [*start, (name, "label"), (f"{space}{step}", "label")]


def _opened(shown: Findings, width: int) -> list[Line]:
    """All that is known of the open one: what, evidence, cause, remedy, the experiment, the lesson."""
    finding = shown.listed[shown.opened]
    glyph, style = _LOOKS.get(finding.severity, _LOOKS["note"])
    since = f" · {tr('since step {step}', step=finding.step)}" if finding.step is not None else ""
    lines: list[Line] = [[(f"{glyph} {tr(finding.severity)}", style), (since, "label")]]
    lines += wrap(tr(finding.message), width, "strong")
    parts: tuple[tuple[English, str], ...] = (
        ("Measured:", evidence(finding)), ("Likely cause:", tr(finding.cause) if finding.cause else ""),
    )  # fmt: skip
    for name, text in parts:
        if text:
            lines += wrap_spans([(tr(name), "label"), (f" {text}", "text")], width)
    if finding.remedy:
        lines += [[(tr("What to change:"), "label")], *code(finding.remedy, width)]
    if finding.experiment:
        says = tr("The same in an experiment, {key} opens it:", key=shown_keys("finding_experiment"))
        lines += [*wrap(says, width, "label"), *code(finding.experiment, width, _COMMAND)]
    if finding.lesson:
        says = tr("The lesson about it, {key} opens it:", key=shown_keys("finding_lesson"))
        lines += wrap_spans([(says, "label"), (f" {finding.lesson}", "text")], width)
    if finding.source:
        lines += wrap(tr("The rule: {source}", source=tr(finding.source)), width, "dim")
    return lines


def code(text: str, width: int, breaks: re.Pattern[str] = _PROGRAM) -> list[Line]:
    """A program's lines, indented as they are; one that is too long goes on in the next, indented further."""
    lines: list[Line] = []
    for line in text.splitlines():
        bare = line.lstrip()
        indent = " " * min(len(line) - len(bare), width // 2)
        parts = [""]
        for piece in breaks.split(bare):
            if parts[-1] and width_of([(indent + parts[-1] + piece, "")]) > width - 2 * (len(parts) > 1):
                parts.append(piece.lstrip())
            else:
                parts[-1] += piece
        lines += [[(f"{indent}{'  ' if number else ''}{part}", "formula")] for number, part in enumerate(parts)]
    return lines


def _left_out(shown: Findings, width: int) -> list[Line]:
    """The rules that could not be asked, and why."""
    assert shown.diagnosis is not None
    lines = wrap(tr("Not asked, as this recording lacks what it takes:"), width, "label")
    for text in finding_words.not_asked(shown.diagnosis):
        lines += wrap(text, width, "dim")
    return lines


# -- under the mouse, and spoken ------------------------------------------------------------------------------


def click(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    """A row of the list: that finding."""
    _, places = draw(Findings.of(scene), width, height)
    return [e.ChooseFinding(number) for (row, columns), number in places.items() if row == y and x < columns]


def spoken(scene: Scene) -> Lines:
    """The verdict; every finding whole; what was not asked."""
    shown = Findings.of(scene)
    yield verdict(shown)
    for number, finding in enumerate(shown.listed, 1):
        yield tr("{number}, {severity}: {what}.", number=number, severity=tr(finding.severity), what=heading(finding))
        yield tr(finding.message)
        if finding.evidence:
            yield tr("Measured: {evidence}", evidence=evidence(finding))
        if finding.cause:
            yield tr("Likely cause: {cause}", cause=tr(finding.cause))
        if finding.remedy:
            yield tr("What to change: {code}", code=" ; ".join(finding.remedy.splitlines()))
        if finding.experiment:
            yield tr("The same in an experiment: {command}", command=finding.experiment)
        if finding.lesson:
            yield tr("The lesson about it: {lesson}", lesson=finding.lesson)
    if shown.diagnosis is not None:
        yield from (tr("Not asked: {rules}", rules=text) for text in finding_words.not_asked(shown.diagnosis))
