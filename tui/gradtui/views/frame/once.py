"""What is the same for a whole record, whatever the cursor does, is computed once: frames come thirty a second."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from gradtui_engine.analysis.record import Record

T = TypeVar("T")
R = TypeVar("R", bound=Record)


def once(compute: Callable[[R], T]) -> Callable[[R], T]:
    """compute(record), kept for as long as the record is: a record is read-only."""
    kept: dict[int, T] = {}

    @wraps(compute)
    def computed(record: R) -> T:
        key = id(record)
        if key not in kept:
            kept[key] = compute(record)
            # An address is given to another object only after this one has been told of its end.
            weakref.finalize(record, kept.pop, key)
        return kept[key]

    return computed
