"""How well what is typed into the palette fits a thing: its name first, then its title, then what is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

#: A part of a word this long is looked for inside of words too; a shorter one would stand in every second word.
_INSIDE = 3
#: The tiers, the best first: it is called so; so its name begins, with whole words or not; whole words of its title,
#: their beginnings, parts of them; words that are told of it; words of a longer text.
_NAMED, _FIRST_WORDS, _BEGINS, _WHOLE, _STARTS, _INSIDE_TITLE, _TOLD, _TEXT = (
    0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2,
)  # fmt: skip
#: What a thing of the first kind is worth more than one of the last, and a short name more than a long one: less than
#: a tier.
_OF_KIND, _OF_LENGTH = 0.06, 0.03
#: A name of so many characters is as long as any.
_LONG = 40


def words(text: str) -> list[str]:
    """The words of a text: forget_bias and forget-bias are two, and so are what stands in brackets and what before."""
    return re.sub(r"[-_·:;,()/→]", " ", text.casefold()).split()


@dataclass(frozen=True)
class Thing:
    """What can be found: its name and what else it is called, its title, what is told of it, a longer text.

    kind is 0 for what comes first among things that fit as well, and grows to 1.
    """

    name: str
    title: str
    told: str = ""
    also: tuple[str, ...] = ()
    text: str = ""
    kind: float = 0.0

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Without what stands between words: LeakyReLU and leaky_relu are one name."""
        return tuple("".join(words(name)) for name in (self.name, *self.also))

    @cached_property
    def _title(self) -> list[str]:
        return [word for text in (self.title, self.name, *self.also) for word in words(text)]

    @cached_property
    def _told(self) -> list[str]:
        return [*self._title, *words(self.told)]

    @cached_property
    def _text(self) -> list[str]:
        return [*self._told, *words(self.text)]

    def score(self, wanted: list[str]) -> float:
        """How well the words fit, from 1 down; 0 where they do not."""
        tier = self._tier(wanted)
        brief = 1 - min(len(self.name), _LONG) / _LONG
        return tier + _OF_KIND * (1 - self.kind) + _OF_LENGTH * brief if tier else 0.0

    def _tier(self, wanted: list[str]) -> float:
        typed = "".join(wanted)
        if not typed:
            return 0.0
        if typed in self._names or typed == "".join(words(self.title)):
            return _NAMED
        whole = set(wanted) <= set(self._title)
        if any(name.startswith(typed) for name in self._names):
            return _FIRST_WORDS if whole else _BEGINS
        if whole:
            return _WHOLE
        if _each(wanted, self._title, str.startswith):
            return _STARTS
        if _each(wanted, self._title, _stands_in):
            return _INSIDE_TITLE
        if _each(wanted, self._told, _stands_in):
            return _TOLD
        return _TEXT if _each(wanted, self._text, str.startswith) else 0.0


def _each(wanted: Iterable[str], there: list[str], fits: Callable[[str, str], bool]) -> bool:
    return all(any(fits(word, part) for word in there) for part in wanted)


def _stands_in(word: str, part: str) -> bool:
    return part in word if len(part) >= _INSIDE or not part.isascii() else word.startswith(part)
