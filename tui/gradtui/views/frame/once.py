"""What is the same for a whole trace, whatever the cursor does, is computed once: frames come thirty a second."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from gradtui_engine import Run

T = TypeVar("T")


def once(compute: Callable[[Run], T]) -> Callable[[Run], T]:
    """compute(trace), kept for as long as the trace is: a trace is read-only."""
    kept: dict[int, T] = {}

    @wraps(compute)
    def found(trace: Run) -> T:
        key = id(trace)
        if key not in kept:
            kept[key] = compute(trace)
            # An address is given to another object only after this one has been told of its end.
            weakref.finalize(trace, kept.pop, key)
        return kept[key]

    return found
