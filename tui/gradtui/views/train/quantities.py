"""What is known of every iteration's stages: the numbers of the bars' quantities, as the heat map shades them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.core.message import English
from gradtui_engine.training.snapshot import LOGARITHMS, STATISTICS

from ...text.heat import Array
from ..frame.quantities import QUANTITIES, Quantity
from ..frame.scene import Snapshot

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Band:
    """One number of the stages in every iteration: (count, stages), as log10 where log says so."""

    name: str
    symbol: English
    values: Array
    log: bool
    #: The smallest and the largest finite value; None where there is none.
    bounds: tuple[float, float] | None
    #: The stages that have such a number: the input has no weights, the last stage no factor.
    stages: range

    @property
    def empty(self) -> bool:
        """Whether there is nothing but zeros."""
        return self.bounds is None or (not self.log and self.bounds == (0.0, 0.0))


def bands(snapshot: Snapshot, quantity: str, axis_kind: str = "") -> tuple[Band, ...]:
    """One or two numbers of a quantity; none where they are not kept of every iteration.

    Beside one that is 0 everywhere the other has all the room: no ReLU saturates, but ReLUs die.

    A sign-log axis has no shades: there it is the quantity's own.
    """
    row = QUANTITIES[quantity]
    log = (axis_kind if axis_kind in ("log", "linear") else row.axis) == "log"
    if row.id == "factor" and not axis_kind:
        log = True  # of hundreds of iterations, from 1e-3 to 1e3
    found = []
    for shown in row.bars:
        symbol = shown.symbol or STAGE_NUMBERS[shown.name].head
        band = once(snapshot, (shown.name, log), partial(_band, snapshot, shown.name, symbol, log))
        if band is not None:
            found.append(band)
    return tuple([band for band in found if not band.empty] or found)


def _band(snapshot: Snapshot, name: str, symbol: str, log: bool) -> Band | None:
    values = _values(snapshot, name, log)
    if values is None:
        return None
    if snapshot.axis == "module" and np.isnan(values).all():
        return None  # another tool's log has none of it
    finite = np.isfinite(values)
    bounds = None
    if finite.any():
        low, high = (fold.reduce(values, axis=None, where=finite, initial=start)
                     for fold, start in ((np.minimum, np.inf), (np.maximum, -np.inf)))  # fmt: skip
        bounds = float(low), float(high)
    some = range if snapshot.axis == "module" and name == "update_ratio" else _STAGES.get(name, range)
    stages = some(values.shape[1])
    return Band(name, symbol, values, log, bounds, stages)


def quantity_of(name: str) -> Quantity:
    return QUANTITIES[name]


def _values(snapshot: Snapshot, name: str, log: bool) -> Array | None:
    found = _FOUND.get(name, _column)(snapshot, name)
    if found is None:
        return None
    values, logarithms = found
    if logarithms == log:
        return values
    with np.errstate(all="ignore"):
        other: Array = np.log10(values) if log else 10.0**values
    return other


#: Numbers, and whether they are logarithms; None where they are not kept.
Found = tuple[Array, bool] | None


def _column(snapshot: Snapshot, name: str) -> Found:
    # Not the snapshot's summary: that is all of them, 5 ms where one is a fraction of one; and in float32 the norms
    # themselves would be 0 under 1e-45.
    values = snapshot.columns.get(LOGARITHMS.get(name) or STATISTICS.get(name, ""))
    return None if values is None else (values, name in LOGARITHMS)


def _factors(snapshot: Snapshot, name: str) -> Found:
    """‖∂L/∂h_k‖ / ‖∂L/∂h_(k+1)‖; the last stage has none."""
    gradient = snapshot.columns["gradient"]
    factors = np.full_like(gradient, np.nan)
    with np.errstate(invalid="ignore"):
        np.subtract(gradient[:, :-1], gradient[:, 1:], out=factors[:, :-1])
    return factors, True


#: The matrix that is looked at, by what the stages are.
_MATRICES = {"layer": "layers.{stage}.weight", "block": "layers.{stage}.self_attn.in_proj_weight"}


def _update_ratios(snapshot: Snapshot, name: str) -> Found:
    """That of each layer's weight matrix (of a block's first), of a module's parameters together; None over time, where
    all steps share one matrix and one update."""
    if "stage_update_ratio" in snapshot.columns:
        return snapshot.columns["stage_update_ratio"], False
    if snapshot.axis not in _MATRICES:
        return None
    stages = snapshot.columns["gradient"].shape[1]
    places = {name: place for place, name in enumerate(snapshot.parameters)}
    ratios = np.full((snapshot.count, stages), np.nan)
    for stage in range(stages):
        place = places.get(_MATRICES[snapshot.axis].format(stage=stage))
        if place is not None:
            ratios[:, stage] = snapshot.columns["update_ratio"][:, place]
    return ratios, False


def _recorded(snapshot: Snapshot, column: str, log: bool) -> Found:
    """What is kept of every step of a recorded training alone."""
    values = snapshot.columns.get(column)
    return None if values is None else (values, log)


#: The numbers that are no column of their own.
_FOUND: dict[str, Callable[[Snapshot, str], Found]] = {
    "factor": _factors,
    "update_ratio": _update_ratios,
    "parameter_gradient_norm": lambda snapshot, name: _recorded(snapshot, "parameter_gradient", True),
    "activation_mean": lambda snapshot, name: _recorded(snapshot, "mean", False),
}


#: Where not every stage has a number: those of so many that do. (Of modules each has.)
_STAGES: dict[str, Callable[[int], range]] = {
    "factor": lambda count: range(count - 1),
    "update_ratio": lambda count: range(1, count),
}


_results: weakref.WeakKeyDictionary[Snapshot, dict[object, Any]] = weakref.WeakKeyDictionary()


def once(snapshot: Snapshot, key: object, compute: Callable[[], T]) -> T:
    """compute(), kept for as long as the snapshot is: frames of one snapshot are many while the cursor moves."""
    kept = _results.setdefault(snapshot, {})
    if key not in kept:
        kept[key] = compute()
    value: T = kept[key]
    return value
