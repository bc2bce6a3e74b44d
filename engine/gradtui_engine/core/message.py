"""A text that still knows how it was made, so that whoever shows it can say it in another language."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

#: A text that a person reads, in English. Who shows it may look it up in a catalogue of translations, and every literal
#: that a parameter, a field or a variable of this type is given is found for the catalogues (tools/texts.py).
English: TypeAlias = str


class Message(str):
    """A string made from a template and values: Message("{place} gets {share}", place="layer 1", share="0.1").

    It is its English text. template and values give it back: template.format(**values). Values that are Messages or
    plain strings can be translated in their turn, a Verbatim stays what it is. What is made from a Message by str's own
    methods is a plain string.
    """

    # A trace of 10,000 layers has some 10,000 of them: without a dictionary each.
    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: English, /, **values: object) -> Message:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """Pickling and copying go through the template."""
        return made, (self.template, dict(self.values))


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A value that is written the same in every language: a name as a person types it."""

    text: str

    def __str__(self) -> str:
        return self.text


def joined(texts: Iterable[str]) -> str:
    """The texts in one, each of which can still be translated."""
    return functools.reduce(lambda first, second: Message("{first}; {second}", first=first, second=second), texts)


def made(template: str, values: Mapping[str, object]) -> Message:
    """A message that was one before: it comes back from pickling, from copying, out of a document."""
    return Message(template, **values)
