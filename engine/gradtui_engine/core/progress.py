"""How far a computation has come, for whoever waits for it, and how to stop it.

A watch is called with the share that is done, from 0 to 1 and never falling. What it raises ends the computation:
`Cancelled` where nobody wants the result any more. Without a watch (None) nothing is done and nothing is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

#: Told the share that is done.
Watch = Callable[[float], None]

#: A watch is told at most about so many times in one computation: every step of 0.5 %.
POINTS = 200

T = TypeVar("T")


class Cancelled(Exception):
    """Raised by a watch to stop a computation. What was computed so far is lost; network and trace stay usable."""


def throttled(watch: Watch | None) -> Watch | None:
    """The watch, told only when another step is done, and of the end."""
    if watch is None:
        return None
    told = -1.0

    def tell(share: float) -> None:
        nonlocal told
        if share >= told + 1 / POINTS or told < 1.0 <= share:
            told = share
            watch(share)

    return tell


def part(watch: Watch | None, first: float, last: float) -> Watch | None:
    """The watch of a part of a computation: its 0 to 1 is the whole's `first` to `last`."""
    if watch is None:
        return None
    return lambda share: watch(last if share >= 1.0 else min(last, first + share * (last - first)))


def told(items: Iterable[T], count: int, watch: Watch | None) -> Iterable[T]:
    """The items; after the work on each the watch is told the share of `count` that is done."""
    return items if watch is None else _told(items, count, watch)


def _told(items: Iterable[T], count: int, watch: Watch) -> Iterator[T]:
    for number, item in enumerate(items, 1):
        yield item
        watch(number / count)
