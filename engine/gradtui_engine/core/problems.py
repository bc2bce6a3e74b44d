"""What is wrong with an input, as data: what was given, what is allowed, the nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .message import Message, Verbatim, joined

#: Length → least similarity. difflib's own (0.6) misses two letters swapped in some names. A short word
#: would be like anything: "foo" is 0.57 like "zoom". One slip leaves 3 letters at 2/3 ("rnu"), 4 at 3/4 ("rleu").
_SIMILARITY, _OF_FOUR, _OF_THREE = 0.5, 0.7, 0.66


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


def in_one(problems: Iterable[Problem]) -> str:
    """All of them in one text, which can still be translated."""
    return joined(
        Message("{field}: {problem}", field=Verbatim(problem.field), problem=problem.message) for problem in problems
    )


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like the given one, or None where none is alike. An option's dashes count for nothing."""
    candidates = {name.lower().lstrip("-"): name for name in allowed}
    word = given.lower().lstrip("-")
    cutoff = _OF_THREE if len(word) <= 3 else _OF_FOUR if len(word) == 4 else _SIMILARITY
    matches = difflib.get_close_matches(word, list(candidates), n=1, cutoff=cutoff)
    return candidates[matches[0]] if matches else None


def unknown_name(given: str, allowed: Sequence[str], match: str | None = None) -> str:
    """The message for a name that is not in a table; match is what to offer, where that is not the nearest spelling."""
    match = match or nearest(given, allowed)
    values = {"given": repr(given) if len(given) <= 60 else f"{given[:40]!r}…", "allowed": ", ".join(allowed)}
    if match is None:
        return Message("{given} is unknown; allowed: {allowed}", **values)
    return Message("{given} is unknown; allowed: {allowed}; did you mean {match}?", **values, match=repr(match))
