"""Nested tuples and mappings of arrays: the states of what is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .numerics import Array


def copied(tree: Any) -> Any:
    """Nested tuples and mappings of arrays and numbers, every array copied."""
    return mapped(np.ndarray.copy, tree)


def mapped(change: Callable[[Array], Any], tree: Any) -> Any:
    """Nested tuples and mappings with every array changed."""
    if isinstance(tree, np.ndarray):
        return change(tree)
    if isinstance(tree, Mapping):
        return {name: mapped(change, part) for name, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(mapped(change, part) for part in tree)
    return tree


def arrays_in(tree: Any) -> list[Array]:
    """Every array of nested tuples and mappings."""
    arrays: list[Array] = []

    def note(array: Array) -> Array:
        arrays.append(array)
        return array

    mapped(note, tree)
    return arrays
