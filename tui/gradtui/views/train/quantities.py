"""What is known of every iteration's stages: the numbers of the bars' quantities, as the heat map shades them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradtui_engine import TrainingSnapshot
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.message import English

from ...text.heat import Array
from ..frame.quantities import QUANTITIES, Quantity

#: Numbers whose logarithms are kept: in float32 the norms themselves would be 0 under 1e-45.
_KEPT_AS_LOG = {"gradient_norm": "gradient", "cell_gradient_norm": "cell_gradient"}


@dataclass(frozen=True, eq=False)
class Band:
    """One number of the stages in every iteration: (count, stages), as log10 where log says so."""

    name: str
    symbol: English
    values: Array
    log: bool


def bands(snapshot: TrainingSnapshot, quantity: str, axis_kind: str = "") -> tuple[Band, ...]:
    """One or two numbers of a quantity; none where they are not kept of every iteration.

    A sign-log axis has no shades: there it is the quantity's own.
    """
    row = QUANTITIES[quantity]
    log = (axis_kind if axis_kind in ("log", "linear") else row.axis) == "log"
    if row.id == "factor" and not axis_kind:
        log = True  # of hundreds of iterations, from 1e-3 to 1e3
    found = []
    for shown in row.bars:
        values = _once(snapshot, (shown.name, log), partial(_values, snapshot, shown.name, log))
        if values is not None:
            found.append(Band(shown.name, shown.symbol or STAGE_NUMBERS[shown.name].head, values, log))
    return tuple(found)


def quantity_of(name: str) -> Quantity:
    return QUANTITIES[name]


def _values(snapshot: TrainingSnapshot, name: str, log: bool) -> Array | None:
    if name == "update_ratio":
        values = _update_ratios(snapshot)
    elif log and name in _KEPT_AS_LOG:
        return snapshot.columns.get(_KEPT_AS_LOG[name])
    else:
        values = snapshot.summary.get(name)
    if values is None or not log:
        return values
    with np.errstate(all="ignore"):
        logarithms: Array = np.log10(values)
    return logarithms


def _update_ratios(snapshot: TrainingSnapshot) -> Array | None:
    """That of each layer's weight matrix; None over time, where all steps share one matrix and one update."""
    if snapshot.axis != "layer":
        return None
    stages = snapshot.columns["gradient"].shape[1]
    places = {name: place for place, name in enumerate(snapshot.parameters)}
    ratios = np.full((snapshot.count, stages), np.nan)
    for stage in range(stages):
        place = places.get(f"layers.{stage}.weight")
        if place is not None:
            ratios[:, stage] = snapshot.columns["update_ratio"][:, place]
    return ratios


_results: weakref.WeakKeyDictionary[TrainingSnapshot, dict[object, Array | None]] = weakref.WeakKeyDictionary()


def _once(snapshot: TrainingSnapshot, key: object, compute: Callable[[], Array | None]) -> Array | None:
    """compute(), kept for as long as the snapshot is: frames of one snapshot are many while the cursor moves."""
    kept = _results.setdefault(snapshot, {})
    if key not in kept:
        kept[key] = compute()
    return kept[key]
