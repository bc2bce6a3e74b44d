"""Arrays that grow: what has been handed out of them stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.numerics import Array

#: Rows for which there is room at first.
_LEAST = 64


class Growing:
    """An array whose first axis grows by doubling, filled with `fill` where nothing was written. width is of a row."""

    def __init__(self, width: tuple[int, ...] = (), dtype: Any = float, fill: Any = np.nan) -> None:
        self._fill = fill
        self.array: Array = np.full((_LEAST, *width), fill, dtype)

    def reserve(self, rows: int) -> None:
        """Room for so many rows."""
        have = len(self.array)
        if rows > have:
            # A new array: whoever has read the old one keeps it.
            grown = np.full((max(rows, 2 * have), *self.array.shape[1:]), self._fill, self.array.dtype)
            grown[:have] = self.array
            self.array = grown

    def widen(self, width: tuple[int, ...], places: Any = None) -> None:
        """Rows of another width; what was there stands at these places of the last axis, without them at its start."""
        old = self.array
        if old.shape[1:] == width:
            return
        self.array = np.full((len(old), *width), self._fill, old.dtype)
        if old.ndim > 1:
            self.array[..., slice(old.shape[-1]) if places is None else places] = old

    def view(self, count: int) -> Array:
        """The first rows, read-only."""
        view = self.array[:count]
        view.flags.writeable = False
        return view

    @property
    def nbytes(self) -> int:
        return self.array.nbytes
