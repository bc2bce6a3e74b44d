"""Texts out of a record as they may be shown: nothing in them reaches a terminal as a command."""

from __future__ import annotations

from collections.abc import Iterable

#: A module's name in a deep model has some 60 characters; one of a megabyte is no name.
_MOST = 200


def cleaned(text: object, most: int = _MOST) -> str:
    """A text without what a terminal would obey: control characters, overrides of the direction, halves of pairs.

    Each becomes "?"; what is too long is cut.
    """
    if not isinstance(text, str):
        return ""
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    return printable(text)


def printable(text: str) -> str:
    """The text, with "?" for each character that is none to be shown."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)


def told_apart(names: Iterable[str]) -> list[str]:
    """The names, of which no two are equal any more: a second one gets a number."""
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        given = name if seen[name] == 1 else f"{name} ({seen[name]})"
        if seen[name] > 1:
            seen[given] = seen.get(given, 0) + 1
        apart.append(given)
    return apart
