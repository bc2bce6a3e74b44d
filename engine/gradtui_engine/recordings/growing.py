"""Arrays that grow: what has been handed out of them stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.numerics import Array

#: Rows for which there is room at first.
_LEAST = 64


class Growing:
    """An array whose first axis grows by doubling, filled with `fill` where nothing was written. width is of a row.

    A lazy one is filled row by row, by `clear`, before a row is written or read: to fill 200 MB at once takes as long
    as everything else that the first picture of a large file needs.
    """

    def __init__(self, width: tuple[int, ...] = (), dtype: Any = float, fill: Any = np.nan, lazy: bool = False) -> None:
        self._fill, self._lazy = fill, lazy
        self.array: Array = self._new((_LEAST, *width), np.dtype(dtype))

    def _new(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        # Of zeros the system hands out no page before it is written.
        return np.zeros(shape, dtype) if self._lazy else np.full(shape, self._fill, dtype)

    def clear(self, rows: Any) -> None:
        """Fill these rows."""
        self.array[rows] = self._fill

    def reserve(self, rows: int) -> None:
        """Room for so many rows."""
        have = len(self.array)
        if rows > have:
            # A new array: whoever has read the old one keeps it.
            grown = self._new((max(rows, 2 * have), *self.array.shape[1:]), self.array.dtype)
            grown[:have] = self.array
            self.array = grown

    def widen(self, width: tuple[int, ...], places: Any = None) -> None:
        """Rows of another width; what was there stands at these places of the last axis, without them at its start."""
        old = self.array
        if old.shape[1:] == width:
            return
        if old.ndim == 1 or not old.shape[-1]:
            self.array = self._new((len(old), *width), old.dtype)
        else:
            self.array = np.full((len(old), *width), self._fill, old.dtype)
            self.array[..., slice(old.shape[-1]) if places is None else places] = old

    def view(self, count: int) -> Array:
        """The first rows, read-only."""
        view = self.array[:count]
        view.flags.writeable = False
        return view

    @property
    def nbytes(self) -> int:
        return self.array.nbytes
