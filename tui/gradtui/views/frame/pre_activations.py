"""The pre-activations of a stage, and what panes work out from them: once a trace, for as long as it lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from gradtui_engine import Run
from gradtui_engine.cells.cell import PreActivations

T = TypeVar("T")

#: id of a trace → (the trace, while it lives; what has been worked out from it). A trace cannot be hashed.
_known: dict[int, tuple[weakref.ref[Run], dict[Hashable, Any]]] = {}
#: Results that are kept of a trace, the latest ones: a walk through 1,000 time steps leaves no second trace behind.
_KEPT = 24


def once_with(trace: Run, key: Hashable, compute: Callable[[], T]) -> T:
    """compute(), once a trace and key; it goes when the trace goes."""
    entry = _known.get(id(trace))
    if entry is None or entry[0]() is not trace:
        number = id(trace)
        entry = _known[number] = weakref.ref(trace, lambda gone: _forget(number, gone)), {}
    kept = entry[1]
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = compute()
    value: T = kept[key]
    return value


def _forget(number: int, gone: weakref.ref[Run]) -> None:
    """Unless another trace lives at the same place by now."""
    if number in _known and _known[number][0] is gone:
        del _known[number]


def sources_of(trace: Run, stage: int) -> tuple[PreActivations, ...]:
    """The pre-activations of a stage from 1 on, worked out once."""
    return once_with(trace, ("z", stage), lambda: trace.pre_activations(stage))
