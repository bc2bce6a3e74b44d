"""What a training keeps of every iteration: columns of numbers that grow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.numerics import Array

#: Iterations for which there is room at first.
_LEAST = 256

#: Width and type of each column, by name; a width of () is one number an iteration.
Widths = Mapping[str, tuple[tuple[int, ...], str]]


class Columns:
    """Columns of one length. One thread appends; others may read meanwhile: what has been read never changes."""

    def __init__(self, widths: Widths) -> None:
        self._arrays = {name: np.empty((_LEAST, *width), kind) for name, (width, kind) in widths.items()}
        self.count = 0

    def append(self, row: Mapping[str, object]) -> None:
        """A row, with a value for every column."""
        count = self.count
        for name, array in self._arrays.items():
            if count == len(array):
                # A new array: whoever has read the old one keeps it.
                array = np.concatenate([array, np.empty_like(array)])
                self._arrays[name] = array
            array[count] = row[name]
        self.count = count + 1

    def take_over(self, other: Columns, count: int) -> None:
        """Begin with the first rows of others of the same widths."""
        rows = other.read(count)
        self._arrays = {
            name: np.concatenate([rows[name], np.empty((_LEAST, *rows[name].shape[1:]), rows[name].dtype)])
            for name in self._arrays
        }
        self.count = count

    def read(self, count: int | None = None) -> dict[str, Array]:
        """Every column up to the present row (or so many): read-only views."""
        count = self.count if count is None else count  # before the arrays: they may grow meanwhile
        views = {name: array[:count] for name, array in self._arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def bytes_per_row(self) -> int:
        return sum(array.nbytes // len(array) for array in self._arrays.values())
