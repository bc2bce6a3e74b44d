"""A table: rows by name. An activation, initialiser, cell, loss or data set is one row in one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

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
            raise KeyError(f"{self.title}: {unknown_name(name, self.names)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rows)
