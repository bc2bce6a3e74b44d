"""What `gradtui why` prints of a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui_engine.core.figures import percent
from gradtui_engine.core.message import English
from gradtui_engine.findings.evidence import told
from gradtui_engine.findings.finding import Diagnosis, Finding
from gradtui_engine.findings.kinds import KINDS
from gradtui_engine.recordings.recording import Recording

from ..lessons import library
from ..text import language
from ..text.finding_words import heading, not_asked, verdict
from ..text.language import tr
from .sentences import wrapped

_INDENT, _CODE = "  ", "      "


def report(recording: Recording, diagnosis: Diagnosis, width: int) -> Iterator[str]:
    """The verdict in one line, then each finding, notes last, and which rules could not be asked."""
    yield from wrapped(_what(recording), width)
    yield from wrapped(verdict(diagnosis), width)
    for finding in diagnosis.findings:
        yield ""
        yield from _told(finding, width)
    if diagnosis.left_out:
        yield ""
        yield from wrapped(tr("not asked:"), width)
        for text in not_asked(diagnosis):
            yield from wrapped(text, width, _INDENT)
    notes = [note for note in recording.notes if note.text]
    if notes:
        yield ""
        yield from wrapped(tr("notes in the file:"), width)
        for note in notes:
            where = "" if note.module is None else f"{note.module}: "
            yield from wrapped(f"{where}{tr(note.text)}", width, _INDENT)


def _what(recording: Recording) -> str:
    files = ", ".join(recording.files)
    last = recording.last_step
    told = tr("last step {last}, {count} recorded", last=last, count=recording.count) if last >= 0 else tr("no steps")
    return " · ".join(filter(None, (files, recording.words, told, _cost(recording))))


def _cost(recording: Recording) -> str:
    """What share of the time recording has taken; empty where that is not known."""
    columns, ended = recording.columns, recording.ended
    own, wall = (ended.own, ended.wall) if ended is not None else (math.nan, math.nan)
    if not own > 0 and recording.count > 1:
        own, wall = float(columns.own[-1]), float(columns.times[-1] - columns.times[0])
    if not (own > 0 and wall > 0):
        return ""
    return tr("recording took {share} of the time", share=percent(min(own / wall, 1.0)))


#: What stands before each part of a finding.
_PARTS: tuple[English, ...] = ("evidence", "cause", "rule", "source")


def _told(finding: Finding, width: int) -> Iterator[str]:
    kind = KINDS[finding.kind]
    yield from wrapped(tr("{severity}: {finding}", severity=tr(finding.severity), finding=heading(finding)), width)
    yield from wrapped(tr(finding.message), width, _INDENT)
    evidence = tr("; ").join(tr(each) for each in told(finding.evidence))
    for name, text in zip(_PARTS, (evidence, tr(finding.cause), tr(kind.rule), tr(kind.source)), strict=True):
        if text:
            yield from wrapped(tr("{name}: {text}", name=tr(name), text=text), width, _INDENT)
    yield from wrapped(tr("what to change:"), width, _INDENT)
    yield from (f"{_CODE}{line}".rstrip() for line in finding.remedy.split("\n"))
    if finding.experiment is not None:
        yield from wrapped(tr("the same in gradtui:"), width, _INDENT)
        # What is to be copied stays in one line.
        yield f"{_CODE}{finding.experiment}"
    entry = library.find(finding.lesson, language.current()) if finding.lesson else None
    if entry is not None:
        yield from wrapped(tr("lesson: {title}", title=entry.title), width, _INDENT)
