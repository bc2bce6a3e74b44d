"""How many frames a second a session may draw: the more sessions there are, the fewer for each."""

from __future__ import annotations

import mmap
import struct

from .limits import MOST_FRAMES

_DOUBLE = struct.Struct("d")


class FrameRate:
    """One number in memory that the zygote shares with the processes forked from it."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self.value = MOST_FRAMES

    @property
    def value(self) -> float:
        """Frames per second."""
        return float(_DOUBLE.unpack_from(self._page)[0])

    @value.setter
    def value(self, value: float) -> None:
        _DOUBLE.pack_into(self._page, 0, value)
