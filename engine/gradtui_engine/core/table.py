"""A table: rows by name. An activation, initialiser, cell, loss or data set is one row in one table."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from .fields import Choice
from .names import NO_ALIASES, Aliases, Names
from .problems import unknown_name


class Named(Protocol):
    """What every row of every table has."""

    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Named)


class Table(Mapping[str, R], Generic[R]):
    """Rows in a fixed order, looked up by name; an unknown name says what is allowed."""

    def __init__(self, title: str, rows: Iterable[R]) -> None:
        self.title = title
        self._rows: dict[str, R] = {}
        for row in rows:
            if row.name in self._rows:
                raise ValueError(f"{title}: two rows are named {row.name!r}")
            self._rows[row.name] = row

    def __getitem__(self, name: str) -> R:
        try:
            return self._rows[name]
        except KeyError:
            match = self.known.nearest(name, self.names)
            raise KeyError(f"{self.title}: {unknown_name(name, self.names, match)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rows)

    @functools.cached_property
    def known(self) -> Names:
        """The names with all that the rows are called elsewhere. Made when a name is not a row's own."""
        return Names({row.name: getattr(row, "aliases", NO_ALIASES) for row in self._rows.values()})


def choice_of(table: Callable[[], Table[R]]) -> Choice:
    """The choice of a row by name, or by another name that means it."""
    return Choice(
        lambda: table().names,
        meaning=lambda text: table().known.meaning(text),
        nearest=lambda text, allowed: table().known.nearest(text, allowed),
    )


def choice_among(names: Mapping[str, Aliases]) -> Choice:
    """The choice among a few names that are no rows, each with what else it is called."""
    known = Names(names)
    return Choice(lambda: tuple(names), meaning=known.meaning, nearest=known.nearest)
