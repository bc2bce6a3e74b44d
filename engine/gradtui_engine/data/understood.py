"""What comes of a file: its numbers, and what it was understood as, for people."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.message import English, Message
from ..core.numerics import Array
from .target_scales import Scale


@dataclass(frozen=True, slots=True)
class ColumnAbout:
    """A column: its number from 1, its name and kind (of columns.KINDS), and what it becomes.

    low and high are of numbers, words the most frequent with how often they come, of `distinct` in all.
    """

    number: int
    name: str
    kind: English
    becomes: English
    missing: int
    low: float | None
    high: float | None
    unit: str
    distinct: int
    words: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """A table: rows that are used, names of the inputs, the target with its classes or its numbers, what was guessed.

    classes are (name, rows); of numbers there are mean, std, low and high, and scale says what becomes of them (None:
    nothing). preview are the first rows as they were read, under the names of all columns. notes are sentences, each
    with the option that overrules it.
    """

    rows: int
    inputs: tuple[str, ...]
    target: str
    classes: tuple[tuple[str, int], ...]
    mean: float
    std: float
    low: float
    high: float
    window: int | None
    separator: str
    columns: tuple[ColumnAbout, ...]
    preview: tuple[tuple[str, ...], ...]
    notes: tuple[Message, ...]
    scale: Scale | None = None

    @property
    def samples(self) -> int:
        """Rows, or windows of them."""
        return self.rows if self.window is None else self.rows - self.window


@dataclass(frozen=True, slots=True)
class TabularData:
    """features (rows, inputs); target (rows,): numbers, or class numbers where `classes` names them."""

    features: Array
    target: Array
    classes: tuple[str, ...] | None
    about: Understood
