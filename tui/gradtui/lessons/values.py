"""What each key of a lesson accepts. A check returns the value as it is used, or raises Rejected."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradtui_engine.core.fields import Rejected, given, not_allowed
from gradtui_engine.core.message import Message, Verbatim, joined
from gradtui_engine.core.problems import unknown_name
from gradtui_engine.measures.expression import expression
from gradtui_engine.measures.of_run import PLACES
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.taylor import FUNCTIONS

from ..model.maths import MOST_TERMS
from ..model.names import PANES, QUANTITIES, VIEWS
from ..model.pairs import PAIRS
from .chapters import CHAPTERS
from .conditions import condition
from .lesson import LETTERS, Choice

Check = Callable[[Any], Any]

#: A lesson sends the reader to any view but the list of lessons, and the story, which has pages of its own.
_VIEWS = tuple(name for name in VIEWS if name not in ("lessons", "story"))
#: How a choice is written.
_ROW = '{say = "…", when = "…"}'
#: The functions of the maths page, each beside its hyperbolic twin.
CIRCULAR = FUNCTIONS.names[:3]
CURSORS = ("start", "loss", "stage", "arrived", "end")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise not_allowed(given(value), Message("text in quotes"))
    return value.strip()


def table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise not_allowed(given(value), "{field = value, …}")
    return value


def names(value: Any) -> tuple[str, ...]:
    """One name or several: commands or keys, which the screen resolves."""
    several = value if isinstance(value, list) else [value]
    if not several or not all(isinstance(name, str) and name for name in several):
        raise not_allowed(given(value), Message('a command or key ("play"), or a list of them'))
    return tuple(several)


def _name_of(*allowed: str) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise not_allowed(given(value), ", ".join(allowed))
        if value not in allowed:
            raise Rejected(unknown_name(value, allowed))
        return value

    return check


view = _name_of(*_VIEWS)
chapter = _name_of(*CHAPTERS.names)
pane = _name_of(*dict.fromkeys(name for panes in PANES.values() for name in panes))
function = _name_of(*CIRCULAR)
row = _name_of(*ACTIVATIONS.names)
pair = _name_of(*PAIRS.names)
quantity = _name_of(*QUANTITIES)


def _number_or(*allowed: str) -> Check:
    def check(value: Any) -> str | int:
        if isinstance(value, str):
            if value not in allowed:
                raise Rejected(unknown_name(value, allowed))
            return value
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise not_allowed(given(value), Message("{names}, or a whole number from 0", names=", ".join(allowed)))
        return value

    return check


stage = _number_or(*PLACES)
step = _number_or(*CURSORS)


def iteration(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise not_allowed(given(value), Message("a whole number from 0"))
    return value


def terms(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TERMS:
        raise not_allowed(given(value), Message("a whole number from {low} to {high}", low=1, high=MOST_TERMS))
    return value


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise not_allowed(given(value), "true, false")
    return value


def positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise not_allowed(given(value), Message("a number above 0"))
    return float(value)


def measured_number(value: Any) -> Any:
    """An Expression that measures a number."""
    measured = expression(text(value))
    if measured.is_name:
        raise Rejected(Message("{name} is a name, not a number; ask for it with choices", name=Verbatim(measured.text)))
    return measured


def choices(value: Any) -> tuple[Choice, ...]:
    """Raises Rejected with the first fault of each choice, joined."""
    if not isinstance(value, list) or not 2 <= len(value) <= len(LETTERS):
        raise not_allowed(given(value), Message("two to {most} of {row}", most=len(LETTERS), row=_ROW))
    accepted, problems = [], []
    for letter, entry in zip(LETTERS, value, strict=False):
        try:
            accepted.append(_choice(entry))
        except Rejected as error:
            problems.append(Message("{letter}: {problem}", letter=letter, problem=error.message))
    if problems:
        raise Rejected(joined(problems))
    return tuple(accepted)


def _choice(value: Any) -> Choice:
    if not isinstance(value, dict) or set(value) != {"say", "when"}:
        raise not_allowed(given(value), _ROW)
    return Choice(text(value["say"]), condition(text(value["when"])))
