"""The pre-activations of a stage, for the panes that draw them or work something out from them."""

from __future__ import annotations

from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import PreActivations

from .once import once_with


def sources_of(record: Record, stage: int) -> tuple[PreActivations, ...]:
    """The pre-activations of a stage from 1 on, worked out once."""
    arrays = record.arrays
    assert arrays is not None  # for panes that want them
    return once_with(record, ("z", stage), lambda: arrays.pre_activations(stage))
