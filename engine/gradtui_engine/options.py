"""What one field of an Experiment accepts: the one description behind Python, TOML, command line and screen."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .problems import unknown_name

Value = str | int | float | None


class Rejected(ValueError):
    """A value that a field does not accept; the text says what was given and what is allowed."""


def given(value: object) -> str:
    """A value for a message; one that would fill the screen by its beginning."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"


class Kind:
    """How a field's value is checked (from Python and TOML) and parsed (from text)."""

    @property
    def allowed(self) -> str:
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """The names to choose from; empty where the value is not a name."""
        return ()

    def check(self, value: Any) -> Value:
        raise NotImplementedError

    def parse(self, text: str) -> Value:
        return self.check(text)


@dataclass(frozen=True)
class Choice(Kind):
    """A name out of a table. `prefix` admits an open form beside the names, such as csv:PATH."""

    choices: Callable[[], tuple[str, ...]]
    prefix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return self.choices()

    @property
    def allowed(self) -> str:
        return ", ".join(self.names)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Rejected(f"{given(value)} given; allowed: {self.allowed}")
        if self.prefix and value.startswith(self.prefix):
            if value == self.prefix:
                raise Rejected(f"{value!r} names no file; give {self.prefix}PATH")
            return value
        if value not in self.names:
            raise Rejected(unknown_name(value, self.names))
        return value


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number in a range."""

    minimum: int
    maximum: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise Rejected(f"{given(value)} given; allowed: {self.allowed}")
        number = int(value)
        if not self.minimum <= number <= self.maximum:
            raise Rejected(f"{_short(number)} given; allowed: {self.allowed}")
        return number

    def parse(self, text: str) -> int:
        try:
            # int() would also take "1_000" and digits of other scripts; it is the usual reader, so let it.
            value = int(text)
        except ValueError:
            raise Rejected(f"{given(text)} given; allowed: {self.allowed}") from None
        return self.check(value)


def _short(value: int) -> str:
    """A whole number for a message; one of hundreds of digits by its size (Python refuses to print some)."""
    return str(value) if abs(value) < 10**40 else "a number of more than 40 digits"


@dataclass(frozen=True)
class Number(Kind):
    """A finite real number in a range, or the one word that stands for a number found elsewhere ("" for none)."""

    minimum: float
    maximum: float
    word: str = ""

    @property
    def allowed(self) -> str:
        word = f", or {self.word}" if self.word else ""
        return f"a number from {self.minimum:g} to {self.maximum:g}{word}"

    def check(self, value: Any) -> float | str:
        if self.word and value == self.word:
            return self.word
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise Rejected(f"{given(value)} given; allowed: {self.allowed}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not self.minimum <= number <= self.maximum:  # false for nan too
            raise Rejected(f"{number:g} given; allowed: {self.allowed}")
        # −0.0 equals 0.0: equal experiments must be the same to the bit.
        return number + 0.0

    def parse(self, text: str) -> float | str:
        try:
            return self.check(text if text == self.word else float(text))
        except ValueError as error:
            if isinstance(error, Rejected):
                raise
            raise Rejected(f"{given(text)} given; allowed: {self.allowed}") from None


@dataclass(frozen=True)
class Option:
    """One field: what it means, what it accepts, and for which cells it has a meaning (empty: for all)."""

    help: str
    kind: Kind
    cells: tuple[str, ...] = ()

    def applies_to(self, cell: str) -> bool:
        return not self.cells or cell in self.cells


def option(default: Value, help: str, kind: Kind, cells: tuple[str, ...] = ()) -> Any:
    """A dataclass field with its Option."""
    return dataclasses.field(default=default, metadata={"option": Option(help, kind, cells)})
