"""The cell's states and gates of all time steps as one array each, out of a record's arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradtui_engine.analysis.record import Record

from ...text.heat import Array
from .once import once


@once
def cell_states(record: Record) -> Array:
    """c: (stages, batch, units)."""
    if record.listed is not None:
        return record.listed.values["c"]
    assert record.arrays is not None
    return _stacked(record.arrays.cell_state, range(len(record.stages)))


@once
def gate_outputs(record: Record) -> Array:
    """The gates from step 1 on: (steps, batch, gates · units)."""
    if record.listed is not None:
        return record.listed.values["gates"]
    assert record.arrays is not None
    return _stacked(record.arrays.gates, range(1, len(record.stages)))


def _stacked(array_of: Callable[[int], Array | None], stages: range) -> Array:
    return np.stack([array for stage in stages if (array := array_of(stage)) is not None])
