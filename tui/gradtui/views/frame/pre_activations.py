"""The pre-activations of a stage, and what panes work out from them: once a record, for as long as it lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import PreActivations

T = TypeVar("T")

#: id of a record → (the record, while it lives; what has been worked out from it). A record cannot be hashed.
_known: dict[int, tuple[weakref.ref[Record], dict[Hashable, Any]]] = {}
#: Results that are kept of a record, the latest ones: a walk through 1,000 time steps leaves no second record behind.
_KEPT = 24


def once_with(record: Record, key: Hashable, compute: Callable[[], T]) -> T:
    """compute(), once a record and key; it goes when the record goes."""
    entry = _known.get(id(record))
    if entry is None or entry[0]() is not record:
        number = id(record)
        entry = _known[number] = weakref.ref(record, lambda gone: _forget(number, gone)), {}
    kept = entry[1]
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = compute()
    value: T = kept[key]
    return value


def _forget(number: int, gone: weakref.ref[Record]) -> None:
    """Unless another record lives at the same place by now."""
    if number in _known and _known[number][0] is gone:
        del _known[number]


def sources_of(record: Record, stage: int) -> tuple[PreActivations, ...]:
    """The pre-activations of a stage from 1 on, worked out once."""
    arrays = record.arrays
    assert arrays is not None  # for panes that want them
    return once_with(record, ("z", stage), lambda: arrays.pre_activations(stage))
