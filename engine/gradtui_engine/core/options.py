"""An option is one row: it knows its name, default and meaning, and writes itself wherever it is told.

A table of options is a dataclass whose fields are made by `option`, such as Experiment, or plain rows. The command line
(`words_for_argparse`, `arguments`), its help and the README (`told`, `usage`), TOML files (`toml`) and the form
(`read_or_left_out`, `choices`) ask the row, so that an option that is added is added once.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .fields import Kind, Rejected, Switch, Value
from .figures import typed
from .names import NO_ALIASES, Aliases
from .problems import Problem

T = TypeVar("T")


def flag(name: str) -> str:
    """The command-line option of a name: forget_bias → --forget-bias."""
    return "--" + name.replace("_", "-")


@dataclass(frozen=True)
class Manner:
    """What the help tells of the options of one family, beside what each means."""

    #: What stands before the allowed values; empty where they are not told.
    allowed: str = ""
    #: Whether they are told of numbers too: one wants to see names before choosing, a range only when it is missed.
    of_numbers: bool = False
    #: Whether the default is told.
    default: bool = False


PLAIN = Manner()


@dataclass(frozen=True)
class Option:
    """One option: what it means, what it accepts, for which cells it has a meaning (empty: for all), and its default.

    A default of None means that it may be left out. many: it may be given several times. form stands for its value in
    the usage, where the kind's own word says too little; flag is its spelling where that does not follow from the name.
    aliases is what else it is called.
    """

    name: str
    help: str
    kind: Kind
    default: Any = None
    cells: tuple[str, ...] = ()
    manner: Manner = PLAIN
    many: bool = False
    form: str = ""
    flag: str = ""
    aliases: Aliases = NO_ALIASES

    def __post_init__(self) -> None:
        if not self.flag:
            object.__setattr__(self, "flag", flag(self.name))
        if not self.form:
            object.__setattr__(self, "form", self.kind.form)

    def applies_to(self, cell: str) -> bool:
        return not self.cells or cell in self.cells

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out, to follow from others or not to be used."""
        return self.default is None

    # -- the command line ------------------------------------------------------------------------------------

    @property
    def flags(self) -> tuple[str, ...]:
        """What it is called on the command line: a switch that is on by default can be switched off as well."""
        negative = isinstance(self.kind, Switch) and self.kind.can_be_off
        return (self.flag, "--no-" + self.flag.removeprefix("--")) if negative else (self.flag,)

    @property
    def takes_value(self) -> bool:
        return not isinstance(self.kind, Switch)

    @property
    def usage(self) -> str:
        """The flag and what comes after it: --port N."""
        return f"{self.flag} {self.form}" if self.takes_value else self.flag

    def told(self) -> str:
        """The help: what it means, for which cells, what is allowed, the default, as far as the family tells it."""
        manner = self.manner
        cells = f" [{', '.join(self.cells)}]" if self.cells else ""
        tells = manner.allowed and self.takes_value and (self.kind.names or manner.of_numbers)
        allowed = f"{manner.allowed}{self.kind.allowed}" if tells else ""
        default = f" (default {self.default})" if manner.default and self.default not in (None, ()) else ""
        return f"{self.help}{cells}{allowed}{default}"

    def words_for_argparse(self) -> tuple[str, dict[str, Any]]:
        """The arguments of ArgumentParser.add_argument, which writes the help with them."""
        import argparse  # who reads options needs none of it

        words: dict[str, Any] = {"dest": self.name, "default": None, "help": self.told().replace("%", "%%")}
        if len(self.flags) > 1:
            words["action"] = argparse.BooleanOptionalAction
        elif not self.takes_value:
            words["action"] = "store_true"
        else:
            words["metavar"] = self.form
        return self.flag, words

    def arguments(self, value: Any) -> list[str]:
        """A value as arguments of the command line; none for what is left out or switched off."""
        if value is None:
            return []
        if not self.takes_value:
            return [self.flags[0]] if value else list(self.flags[1:])
        texts = value if self.many else (value,)
        return [word for text in texts for word in (self.flag, str(text))]

    # -- files and forms -------------------------------------------------------------------------------------

    def toml(self, value: Any) -> str:
        """The line of a TOML file that gives it this value."""
        return f"{self.name} = {toml_value(value)}"

    def read_or_left_out(self, text: str) -> Value:
        """The value of a text that a person typed; an empty one leaves out what may be left out. Raises Rejected."""
        return None if not text and self.is_optional else self.kind.parse(text)

    def text_of(self, value: Value) -> str:
        """A value as one would type it: a float reads back to the bit."""
        return "" if value is None else typed(value) if isinstance(value, float) else str(value)

    @property
    def default_text(self) -> str:
        return self.text_of(self.default)

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts to choose from, the empty one first where it may be left out; nothing where a value is typed."""
        names = self.kind.names
        return ("", *names) if names and self.is_optional else names


def toml_value(value: Any) -> str:
    """A value as TOML: what JSON writes of texts, numbers, truth values and lists of texts is TOML too, but DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- tables of options -----------------------------------------------------------------------------------------


def option(
    default: Any,
    help: str,
    kind: Kind,
    cells: tuple[str, ...] = (),
    **more: Any,
) -> Any:
    """A dataclass field with its Option; more are further fields of the Option."""
    row = {"help": help, "kind": kind, "cells": cells, "default": default} | more
    return dataclasses.field(default=default, metadata={"option": row})


def options_of(table: type, **common: Any) -> dict[str, Option]:
    """The options of a dataclass by field, in order; common are what the rows have in common and do not say."""
    rows = {field.name: field.metadata.get("option") for field in dataclasses.fields(table)}
    return {name: Option(name, **common | row) for name, row in rows.items() if row is not None}


def read(rows: Iterable[Option], given: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """The values of the options that are given, as text (True or False of a switch), by name.

    What cannot be used is left out, and added to the problems under the option's flag.
    """
    values: dict[str, Any] = {}
    for row in rows:
        text = given.get(row.name)
        if text is None:
            continue
        try:
            if row.many:
                values[row.name] = tuple(row.kind.parse(part) for part in text)
            else:
                values[row.name] = row.kind.parse(text) if row.takes_value else text
        except Rejected as error:
            problems.append(Problem(row.flag, error.message))
    return values
