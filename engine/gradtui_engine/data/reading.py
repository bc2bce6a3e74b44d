"""How a file is to be read: the fields of an experiment that overrule what is found out about it, and their tables.

What reads a file is loaded when one is read: most sessions have none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.fields import Choice, Rejected, Text
from ..core.message import English, Message
from ..core.numerics import Array
from ..core.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is read; None is found out. The names are those of the Experiment's fields."""

    header: str | None = None
    separator: str | None = None
    missing: str | None = None
    target: str | None = None
    drop: str | None = None
    window: int | None = None
    loss: str | None = None


#: What parts columns, in the order in which they are tried; a run of blanks counts once.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
#: What they are called in a sentence.
PARTS: dict[str, English] = {
    "comma": "commas", "semicolon": "semicolons", "tab": "tabs", "bar": "bars", "space": "blanks",
}  # fmt: skip
#: What other programs call them.
CALLED = {character: name for name, character in SEPARATORS.items()} | {
    "\\t": "tab", "tabs": "tab", "tabulator": "tab", "pipe": "bar", "blank": "space", "spaces": "space",
    "whitespace": "space", "\\s+": "space", "commas": "comma", "semicolons": "semicolon",
}  # fmt: skip


@dataclass(frozen=True)
class Separator(Choice):
    """The name of what parts columns; the character itself is as good."""

    choices: Callable[[], tuple[str, ...]] = lambda: tuple(SEPARATORS)

    def check(self, value: Any) -> str:
        return super().check(CALLED.get(value, value) if isinstance(value, str) else value)


@dataclass(frozen=True)
class Columns(Text):
    """Names or numbers of columns: any text but an empty one; a file may give a number as one."""

    def check(self, value: Any) -> str:
        whole = isinstance(value, int) and not isinstance(value, bool)
        text = super().check(str(value) if whole else value).strip()
        if not text:
            raise Rejected(Message("{given} names no column; give its name, or its number from 1", given=repr(value)))
        return text


# -- gaps ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to close gaps; fill makes whole numbers of a column's, nan where there are gaps; None leaves rows out."""

    name: str
    fill: Callable[[Array], Array] | None
    note: English


def _previous(values: Array) -> Array:
    """The last value that is known; the first that is known, before it."""
    known = ~np.isnan(values)
    before = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return values[np.where(before < 0, int(np.argmax(known)), before)]


MISSING_RULES = Table(
    "missing",
    (
        Rule(
            "mean", lambda values: np.where(np.isnan(values), _mean(values), values), "the mean of what the column has"
        ),
        Rule(
            "median", lambda values: np.where(np.isnan(values), np.nanmedian(values), values),
            "the median of what the column has",
        ),
        Rule("previous", _previous, "the value of the row before, as in a series"),
        Rule("drop", None, "the rows with a gap are left out"),
    ),
)  # fmt: skip


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    exponent = np.frexp(np.abs(known).max())[1]
    return float(np.ldexp(np.ldexp(known, -exponent).mean(), exponent))
