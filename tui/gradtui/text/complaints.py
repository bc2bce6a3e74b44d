"""Problems as a person reads them, in the current language: where, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from gradtui_engine import Problem

from .language import tr


def complaint(problem: Problem) -> str:
    """depth: 99999 given; allowed: a whole number from 1 to 10000."""
    return tr("{field}: {problem}", field=problem.field, problem=tr(problem.message))


def complaints(problems: Iterable[Problem], between: str = "; ") -> str:
    """All of them in one text."""
    return between.join(map(complaint, problems))
