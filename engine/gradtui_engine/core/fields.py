"""What one field of an Experiment accepts: the one description behind Python, TOML, command line and screen."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .figures import exact
from .message import English, Message
from .problems import nearest, unknown_name

Value = str | int | float | None


class Rejected(ValueError):
    """A value that a field does not accept; the message says what was given and what is allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        #: str(error) is its English only.
        self.message = message


def not_allowed(given: str, allowed: str) -> Rejected:
    """The refusal of a value, told by what was given and what is allowed."""
    return Rejected(Message("{given} given; allowed: {allowed}", given=given, allowed=allowed))


def no_number(text: str, allowed: str, words: Iterable[str]) -> Rejected:
    """The refusal of a text where a number stands, or one of a few words: with the word that is nearest."""
    match = nearest(text, words)
    if match is None:
        return not_allowed(given(text), allowed)
    return Rejected(
        Message(
            "{given} given; allowed: {allowed}; did you mean {match}?",
            given=given(text),
            allowed=allowed,
            match=repr(match),
        )
    )


def given(value: object) -> str:
    """A value for a message; one that would fill the screen by its beginning."""
    text = repr(value)
    if len(text) <= 60:
        return text
    return Message("{beginning}… ({count} characters)", beginning=text[:40], count=len(text))


class Spelled(str):
    """A name out of a table, for a text that means it: kaiming_uniform, as PyTorch calls he_uniform.

    text is what was given, sets the other fields that it decides (`SGD(momentum=0.9)`), remark what is not quite the
    same where the text comes from.
    """

    __slots__ = ("remark", "sets", "text")

    text: str
    sets: Mapping[str, Any]
    remark: str

    def __new__(cls, name: str, text: str, sets: Mapping[str, Any], remark: English = "") -> Spelled:
        made = super().__new__(cls, name)
        made.text, made.sets, made.remark = text, sets, remark
        return made


def _no_meaning(text: str) -> Spelled | None:
    return None


class Kind:
    """How a field's value is checked (from Python and TOML) and parsed (from text)."""

    @property
    def allowed(self) -> str:
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """The names to choose from; empty where the value is not a name."""
        return ()

    @property
    def form(self) -> str:
        """What stands for the value in a usage: --depth N."""
        return "N"

    def is_path(self, text: str) -> bool:
        """Whether the text is the open form beside the names, such as csv:PATH, in which blanks may be meant."""
        return False

    def check(self, value: Any) -> Value:
        raise NotImplementedError

    def parse(self, text: str) -> Value:
        return self.check(text)


@dataclass(frozen=True)
class Choice(Kind):
    """A name out of a table. `prefix` admits an open form beside the names, such as csv:PATH.

    meaning gives the name that another text means, None where it means none; nearest the one to offer then.
    """

    choices: Callable[[], tuple[str, ...]]
    prefix: str = ""
    meaning: Callable[[str], Spelled | None] = _no_meaning
    nearest: Callable[[str, Iterable[str]], str | None] = nearest

    @property
    def names(self) -> tuple[str, ...]:
        return self.choices()

    @property
    def form(self) -> str:
        return "NAME"

    @property
    def allowed(self) -> str:
        return ", ".join(self.names)

    def is_path(self, text: str) -> bool:
        return bool(self.prefix) and text.startswith(self.prefix)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise not_allowed(given(value), self.allowed)
        if self.is_path(value):
            if value == self.prefix:
                raise Rejected(Message("{given} names no file; give {prefix}PATH", given=repr(value), prefix=value))
            return value
        if value in self.names:
            return value
        meant = self.meaning(value)
        if meant is None or meant not in self.names:
            raise Rejected(unknown_name(value, self.names, self.nearest(value, self.names)))
        return meant


class WholeNumber(Kind):
    """A whole number. What kinds of it have in common: how one is read, and how another value is refused."""

    def accepts(self, number: int) -> bool:
        raise NotImplementedError

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise not_allowed(given(value), self.allowed)
        number = int(value)
        if not self.accepts(number):
            raise not_allowed(_short(number), self.allowed)
        return number

    def parse(self, text: str) -> int:
        try:
            # int() would also take "1_000" and digits of other scripts; it is the usual reader, so let it.
            value = int(text)
        except ValueError:
            raise not_allowed(given(text), self.allowed) from None
        return self.check(value)


@dataclass(frozen=True)
class Integer(WholeNumber):
    """A whole number in a range."""

    minimum: int
    maximum: int

    @property
    def allowed(self) -> str:
        return Message("a whole number from {minimum} to {maximum}", minimum=self.minimum, maximum=self.maximum)

    def accepts(self, number: int) -> bool:
        return self.minimum <= number <= self.maximum


@dataclass(frozen=True)
class OneOf(WholeNumber):
    """One of a few whole numbers."""

    numbers: Callable[[], tuple[int, ...]]

    @property
    def allowed(self) -> str:
        return ", ".join(map(str, self.numbers()))

    def accepts(self, number: int) -> bool:
        return number in self.numbers()


def _short(value: int) -> str:
    """A whole number for a message; one of hundreds of digits by its size (Python refuses to print some)."""
    return str(value) if abs(value) < 10**40 else Message("a number of more than 40 digits")


@dataclass(frozen=True)
class Number(Kind):
    """A finite real number in a range, or the one word that stands for a number found elsewhere ("" for none)."""

    minimum: float
    maximum: float
    word: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What may stand instead of a number."""
        return (self.word,) if self.word else ()

    @property
    def allowed(self) -> str:
        limits = {"minimum": exact(self.minimum), "maximum": exact(self.maximum)}
        if self.word:
            return Message("a number from {minimum} to {maximum}, or {word}", **limits, word=self.word)
        return Message("a number from {minimum} to {maximum}", **limits)

    def check(self, value: Any) -> float | str:
        if self.word and value == self.word:
            return self.word
        if isinstance(value, str):
            raise no_number(value, self.allowed, self.words)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise not_allowed(given(value), self.allowed)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not self.minimum <= number <= self.maximum:  # false for nan too
            raise not_allowed(exact(number), self.allowed)
        # −0.0 equals 0.0: equal experiments must be the same to the bit.
        return number + 0.0

    def parse(self, text: str) -> float | str:
        try:
            return self.check(text if text == self.word else float(text))
        except ValueError as error:
            if isinstance(error, Rejected):
                raise
            raise no_number(text, self.allowed, self.words) from None


@dataclass(frozen=True)
class Scale(Number):
    """A number in a range, `word` for one that follows, or `off` for none."""

    off: str = "none"

    @property
    def words(self) -> tuple[str, ...]:
        return (*super().words, self.off)

    @property
    def allowed(self) -> str:
        return Message("{numbers}, or {off}", numbers=super().allowed, off=self.off)

    def check(self, value: Any) -> float | str:
        return self.off if value == self.off else super().check(value)

    def parse(self, text: str) -> float | str:
        return self.off if text == self.off else super().parse(text)


@dataclass(frozen=True)
class Text(Kind):
    """Any text. word stands for it in a usage, such as FILE; what says what is allowed where one is missing."""

    word: str
    what: str = ""

    @property
    def form(self) -> str:
        return self.word

    @property
    def allowed(self) -> str:
        return self.what or self.word

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise not_allowed(given(value), self.allowed)
        return value


_TRUTH = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


@dataclass(frozen=True)
class Switch(Kind):
    """True or false; as text also yes and no, on and off, 1 and 0. can_be_off: --no-NAME switches it off."""

    can_be_off: bool = False

    @property
    def allowed(self) -> str:
        return "true, false"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise not_allowed(given(value), self.allowed)
        return value

    def parse(self, text: str) -> bool:
        truth = _TRUTH.get(text.strip().lower())
        if truth is None:
            raise not_allowed(given(text), f"{self.allowed} (yes, no, on, off, 1, 0)")
        return truth
