"""What follows from a record, whatever the cursor does, is computed once: frames come thirty a second.

A record is read-only and cannot be hashed: what is computed of it is kept by its address, and goes when it goes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from gradtui_engine.analysis.record import Record

T = TypeVar("T")
R = TypeVar("R", bound=Record)

#: Of the parts of a record, results that are kept: a walk through 1,000 time steps leaves no second record behind.
_KEPT = 24


@dataclass(slots=True)
class _Results:
    """What has been computed of one record: of the whole of it by function, of parts of it (the latest) by key."""

    of_whole: dict[Callable[..., Any], Any] = field(default_factory=dict)
    of_parts: dict[Hashable, Any] = field(default_factory=dict)


_results: dict[int, _Results] = {}


def _results_of(record: Record) -> _Results:
    key = id(record)
    if key not in _results:
        _results[key] = _Results()
        # An address is given to another object only after this one has been told of its end.
        weakref.finalize(record, _results.pop, key)
    return _results[key]


def once(compute: Callable[[R], T]) -> Callable[[R], T]:
    """compute(record), of a whole record, kept for as long as the record is."""

    @wraps(compute)
    def computed(record: R) -> T:
        kept = _results_of(record).of_whole
        if compute not in kept:
            kept[compute] = compute(record)
        value: T = kept[compute]
        return value

    return computed


def once_with(record: Record, key: Hashable, compute: Callable[[], T]) -> T:
    """compute(), of a part of a record that key names, kept until the record goes or many others have come."""
    kept = _results_of(record).of_parts
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = compute()
    value: T = kept[key]
    return value
