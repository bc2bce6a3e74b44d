"""What results hold of memory: every block of numbers once, however many of them share it."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from ..model.needs import Computed

#: Bytes of the objects around an array of a trace (its name, its place, its steps): measured 1,080 to 1,140.
_AROUND = 1100
#: Of glibc's allocator: the numbers of two of its settings.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: Bytes from which on a block is the kernel's again as soon as nobody reads it. Left to itself glibc raises this to 32
#: MB with the first traces, and what is dropped then stays in gaps between what is kept: 500 MB instead of 380.
_LARGE, _TOP = 2**20, 2**17


def give_back() -> None:
    """From now on this process gives back what it no longer needs, where its C library is glibc and nobody has told it
    otherwise."""
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_TRIM_THRESHOLD, _TOP)


def blocks_of(result: Any) -> dict[int, int]:
    """The blocks of memory that a record's arrays lie in, by identity, with their bytes; other results are small."""
    listed = result.record.listed if isinstance(result, Computed) else None
    if listed is None:
        return {}
    history = result.history
    groups: list[Mapping[str, Any]] = [listed.values, listed.gradients, listed.parameters, listed.parameter_gradients]
    groups += [getattr(listed, name, {}) for name in ("clipped", "updates")]
    # Rows of a stack are views of one array.
    blocks = {id(whole): int(whole.nbytes) for arrays in groups for whole in map(_whole, arrays.values())}
    blocks[id(result)] = _AROUND * sum(map(len, groups))
    if history is not None:
        blocks[id(history)] = history.nbytes
    return blocks


def _whole(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Held:
    """The blocks of results by name. A block stays where it is as long as its result is held."""

    def __init__(self) -> None:
        self._blocks: dict[Hashable, Mapping[int, int]] = {}
        self._users: Counter[int] = Counter()
        #: Bytes of all.
        self.total = 0

    def __contains__(self, name: Hashable) -> bool:
        return name in self._blocks

    def add(self, name: Hashable, blocks: Mapping[int, int]) -> None:
        """In the place of what the name stood for."""
        self.drop(name)
        self._blocks[name] = blocks
        self.total += sum(size for block, size in blocks.items() if not self._users[block])
        self._users.update(blocks.keys())

    def drop(self, name: Hashable) -> None:
        for block, size in self._blocks.pop(name, {}).items():
            self._users[block] -= 1
            if not self._users[block]:
                del self._users[block]
                self.total -= size

    def keep_only(self, names: Iterable[Hashable]) -> None:
        """Drop what goes by no such name."""
        for name in self._blocks.keys() - set(names):
            self.drop(name)
