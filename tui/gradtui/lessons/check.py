"""Whether a lesson's claims are true: every question computed, as a reader who answers it will have it computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.measures.expression import expression
from gradtui_engine.measures.of_functions import OF_A_FUNCTION, OfFunction
from gradtui_engine.measures.of_training import OfTraining
from gradtui_engine.measures.table import MEASURES

from ..model.progress import Progress
from ..text.language import current as language
from ..text.language import tr
from .course import naming, need
from .lesson import LETTERS, Lesson, Question
from .library import Entry, entries, entry_of
from .reading import Histories, Readings


def faults(lesson: Lesson, histories: Histories | None = None) -> Iterator[Problem]:
    """What is not true of what is computed: questions without one true answer, numbers that do not exist.

    histories keeps the trainings that are made for it, and those that it has are made no second time.
    """
    histories = {} if histories is None else histories
    for number, step in enumerate(lesson.steps):
        wanted = need(Progress(lesson.id, number), lesson)
        if wanted is None:
            continue
        readings = wanted.compute(lambda share: None, histories=histories)
        where = f"{lesson.file}: " + tr("step {number}", number=number + 1)
        for measured in (*readings.shown.values(), *readings.asked.values()):
            if measured.value is None:
                yield Problem(where, measured.problem)
        if step.question is not None:
            yield from _of_question(where, step.question, readings)


def _of_question(where: str, question: Question, readings: Readings) -> Iterator[Problem]:
    if question.measure is not None:
        value = readings.asked[question.measure.text].value
        if isinstance(value, float) and not math.isfinite(value):
            yield Problem(
                where, Message("{values}: nothing to compare with", values=naming(question.measure, readings.asked.get))
            )
        elif question.decades is not None and isinstance(value, float) and value <= 0:
            yield Problem(
                where, Message("{values}: no orders of magnitude", values=naming(question.measure, readings.asked.get))
            )
        return
    true = [
        letter
        for letter, choice in zip(LETTERS, question.choices, strict=False)
        if choice.when.holds(readings.asked.get)
    ]
    if len(true) != 1:
        texts = dict.fromkeys(claim.text for choice in question.choices for claim in choice.when.expressions)
        values = ", ".join(naming(expression(claim), readings.asked.get) for claim in texts)
        message = Message("no choice is true: {values}", values=values)
        if true:
            message = Message("choices {letters} are all true: {values}", letters=", ".join(true), values=values)
        yield Problem(where, message)


def readable(files: Sequence[str]) -> None:
    """Whether there are these files: one that is not there is no broken lesson. Raises ExperimentError."""
    problems: list[Problem] = []
    for name in files:
        try:
            Path(name).read_bytes()
        except OSError as error:
            message = Message("cannot be read: {problem}", problem=str(error.strerror))
            problems.append(Problem(name or "''", message))
    if problems:
        raise ExperimentError(problems)


def report(files: Sequence[str], out: TextIO) -> int:
    """Print every lesson (or the files given), with all that is wrong. Exit status: 1 if anything is, else 0."""
    wrong = False
    for entry in [entry_of(Path(name)) for name in files] if files else entries(language()):
        problems = list(_problems(entry))
        wrong = wrong or bool(problems)
        print(f"{'✗' if problems else '✓'} {entry.file}: {entry.title}", file=out)
        for problem in problems:
            print(f"    {problem.field}: {tr(problem.message)}", file=out)
    return int(wrong)


def _problems(entry: Entry) -> Iterator[Problem]:
    yield from entry.problems
    if entry.lesson is not None:
        yield from faults(entry.lesson)


def measure_table() -> str:
    """The measures as a Markdown table, for docs/lessons.md."""
    lines = ["| measure | what it is |", "|---|---|"]
    for row in MEASURES.values():
        if isinstance(row, OfFunction):
            continue
        if isinstance(row, OfTraining):
            lines.append(f"| `{row.name}{'@LOSS' * row.of_a_loss}` | {row.description} |")
            continue
        only = f" ({', '.join(row.cells)})" if row.cells else ""
        lines.append(f"| `{row.name}{'@STAGE' * row.at}` | {row.description}{only} |")
    of_functions: dict[str, list[str]] = {}
    for row in OF_A_FUNCTION:
        of_functions.setdefault(row.description, []).append(f"`{row.name}@X`")
    lines += [f"| {', '.join(names)} | {text} |" for text, names in of_functions.items()]
    return "\n".join(lines)
