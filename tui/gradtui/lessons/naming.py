"""Which lesson is meant: by its name, by its number, or by the words of its name alone.

A lesson's name is its number in the course and words: `03-relu-and-he`. `3` and `03` are the third; `relu-and-he` is
that lesson too, and so is `02-relu-and-he`, as an older course may have it: numbers change when a lesson comes between,
words do not.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.fields import Choice, Rejected
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import unknown_name

#: Names to offer for one that means no lesson, and how like it they are at the least.
_OFFERED, _ALIKE = 3, 0.5


def number_of(name: str) -> str:
    """What stands before the words of a name, without leading zeros; empty where it does not begin with a digit."""
    first, _, _ = name.partition("-")
    return first.lstrip("0") if first[:1].isdigit() else ""


def words_of(name: str) -> str:
    """A name without its number."""
    return name.partition("-")[2] if number_of(name) else name


def meant(given: str, names: Sequence[str]) -> str | None:
    """The one lesson that a text means among those of these names; None where it means none, or several."""
    text = given.strip().casefold().replace("_", "-").removesuffix(".md")
    if given in names or text in names:
        return given if given in names else text
    by_number = [name for name in names if text.lstrip("0") and number_of(name) == text.lstrip("0")]
    by_words = [name for name in names if words_of(name) == words_of(text)]
    matches = by_number or by_words
    return matches[0] if len(matches) == 1 else None


def nearest(given: str, names: Sequence[str]) -> tuple[str, ...]:
    """The lessons whose names are most like a text: those with one of its words, then those that are spelt alike."""
    words = {word for word in words_of(given.casefold()).replace("_", "-").split("-") if len(word) > 2}
    sharing = [name for name in names if words & set(words_of(name).split("-"))]
    by_words = {words_of(name): name for name in names}
    alike = difflib.get_close_matches(words_of(given.casefold()), list(by_words), _OFFERED, _ALIKE)
    return tuple(dict.fromkeys([*sharing, *(by_words[words] for words in alike)]))[:_OFFERED]


def unknown(given: str, names: Sequence[str]) -> str:
    """What to say of a text that means no lesson."""
    near = nearest(given, names)
    if not near:
        return unknown_name(given, names)
    values = {"given": repr(given[:60]), "allowed": ", ".join(names), "match": ", ".join(map(repr, near))}
    return Message("{given} is unknown; allowed: {allowed}; did you mean {match}?", **values)


@dataclass(frozen=True)
class LessonName(Choice):
    """A lesson by its name, its number or its words; checked, it is the name."""

    def check(self, value: Any) -> str:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str) and (name := meant(text, self.names)):
            return name
        raise Rejected(unknown(str(value), self.names))
