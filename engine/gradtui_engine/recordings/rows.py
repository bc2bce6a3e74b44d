"""The rows "a" and "p" of step lines as arrays: what is well formed of them, whatever else a line holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.numerics import Array
from .header import number


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of one kind stand in a line: how many columns, which of them are the keys, which are kept."""

    width: int
    keys: tuple[int, ...]
    kept: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, names: Sequence[str], known: Sequence[str], keys: int) -> Shape | None:
        """Of rows whose columns have these names; None where a key is missing. The first `keys` of the known ones are
        keys; a column that is not known is passed over."""
        places = {name: index for index, name in reversed([*enumerate(names)])}
        if any(name not in places for name in known[:keys]):
            return None
        kept = tuple((name, places[name]) for name in known[keys:] if name in places)
        return cls(len(names), tuple(places[name] for name in known[:keys]), kept)


def rows_of(raw: Any, shape: Shape) -> Array:
    """The rows as (rows, width), NaN where a number is none or not known; rows that are none are left out."""
    if isinstance(raw, list | tuple) and raw:
        try:
            array = np.array(raw, dtype=float)
            if array.ndim == 2 and array.shape[1] == shape.width:
                return array
        except (ValueError, TypeError, OverflowError):
            pass
        return _one_by_one(raw, shape.width)
    return np.empty((0, shape.width))


def _one_by_one(raw: Sequence[Any], width: int) -> Array:
    """A shorter row has fewer columns, a longer one is of a newer recorder."""
    rows = [
        [*map(number, row[:width]), *(math.nan,) * (width - len(row))]
        for row in raw
        if isinstance(row, list | tuple) and row
    ]
    return np.array(rows).reshape(-1, width)


def nan_of(raw: Any, shape: Shape) -> Array:
    """Where a row of `rows_of` says that a number is none, (rows, width): "nan", not null."""
    rows = [
        [*map(_is_nan, row[: shape.width]), *(False,) * (shape.width - len(row))]
        for row in raw
        if isinstance(row, list | tuple) and row
    ]
    return np.array(rows, dtype=bool).reshape(-1, shape.width)


def _is_nan(value: Any) -> bool:
    return value == "nan" if isinstance(value, str) else isinstance(value, float) and value != value


def whole_keys(array: Array, shape: Shape, limits: Sequence[int]) -> tuple[Array, Array]:
    """The keys of the rows as int, (rows, keys), and which rows have keys that are within the limits."""
    keys = array[:, list(shape.keys)]
    with np.errstate(invalid="ignore"):
        fit = ((keys >= 0) & (keys < np.array(limits, dtype=float)) & (keys == np.floor(keys))).all(axis=1)
    return np.where(fit[:, None], keys, 0).astype(np.int64), fit
