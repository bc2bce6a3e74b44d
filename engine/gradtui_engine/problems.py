"""What is wrong with an input, as data: what was given, what is allowed, the nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .message import Message

# difflib's default cut-off (0.6) misses two-letter slips in short names such as "rleu".
_SIMILARITY = 0.5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with the field (or option, or file) where it is wrong."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ExperimentError(ValueError):
    """An experiment that cannot be built. Holds *all* problems, in the order of the fields."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like the given one, or None where none is alike."""
    candidates = {name.lower(): name for name in allowed}
    found = difflib.get_close_matches(given.lower(), list(candidates), n=1, cutoff=_SIMILARITY)
    return candidates[found[0]] if found else None


def unknown_name(given: str, allowed: Sequence[str]) -> str:
    """The message for a name that is not in a table."""
    match = nearest(given, allowed)
    found = {"given": repr(given) if len(given) <= 60 else f"{given[:40]!r}…", "allowed": ", ".join(allowed)}
    if match is None:
        return Message("{given} is unknown; allowed: {allowed}", **found)
    return Message("{given} is unknown; allowed: {allowed}; did you mean {match}?", **found, match=repr(match))
