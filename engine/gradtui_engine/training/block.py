"""One block of memory that holds every parameter of a network, or the gradients of all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.numerics import Array, norms
from ..program.bound import Arena


def in_one_block(arrays: Mapping[str, Array], dtype: np.dtype[np.generic]) -> tuple[Array, dict[str, Array]]:
    """A block that holds copies of these arrays, and its parts by name, placed as an arena places them."""
    arena = Arena([array.size for array in arrays.values()], dtype)
    views = {name: arena.take(array.shape) for name, array in arrays.items()}
    for name, array in arrays.items():
        views[name][...] = array
    return block_of(views), views


def block_of(views: Mapping[str, Array], size: int = 0) -> Array:
    """The one flat array that these views are parts of, from the first to the end of the last (or of this size)."""
    first, last = (list(views.values())[index] for index in (0, -1))
    base = first.base
    while base is not None and base.base is not None:
        base = base.base
    assert base is not None
    start = _offset(first, base)
    end = start + size if size else _offset(last, base) + last.size
    return base[start:end]


def spans_of(views: Mapping[str, Array], block: Array) -> dict[str, slice]:
    """Where each of these views lies in the block."""
    starts = {name: _offset(array, block) for name, array in views.items()}
    return {name: slice(start, start + views[name].size) for name, start in starts.items()}


def _offset(array: Array, base: Array) -> int:
    """How many numbers after the beginning of base the array begins."""
    return int((array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // array.itemsize)


class PartNorms:
    """The norm of every part of a block. Parts of one size at equal distances, as the weights of a network's layers
    are, are taken in one call: of 30 layers of width 64 all norms take 20 instead of 80 µs.
    """

    def __init__(self, block: Array, spans: Mapping[str, slice]) -> None:
        starts = [span.start for span in spans.values()]
        sizes = [span.stop - span.start for span in spans.values()]
        self._count = len(starts)
        self._stacks: list[tuple[list[int], Array]] = []
        by_size: dict[int, list[int]] = {}
        for index, size in enumerate(sizes):
            by_size.setdefault(size, []).append(index)
        for size, indices in by_size.items():
            while indices:
                run = _even([starts[index] for index in indices])
                taken, indices = indices[:run], indices[run:]
                distance = starts[taken[1]] - starts[taken[0]] if run > 1 else size
                stack = np.lib.stride_tricks.as_strided(
                    block[starts[taken[0]] :],
                    (run, 1, size),
                    (distance * block.itemsize, size * block.itemsize, block.itemsize),
                    writeable=False,
                )
                self._stacks.append((taken, stack))

    def read(self) -> Array:
        """The norms now, in the order of the parts; NumPy's warnings must be off."""
        found = np.empty(self._count)
        for indices, stack in self._stacks:
            found[indices] = norms(stack)
        return found


def _even(starts: list[int]) -> int:
    """How many of these, from the first on, are at equal distances."""
    count = min(2, len(starts))
    while count < len(starts) and starts[count] - starts[count - 1] == starts[1] - starts[0]:
        count += 1
    return count
