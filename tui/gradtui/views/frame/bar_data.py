"""What bars are drawn of: a quantity's numbers of each stage, on one scale, as a record has them."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.analysis.record import Record

from ...text.scale import LinearScale, Scale, finite, scale_of
from ...text.undefined import defined
from .once import once
from .quantities import KNOWN, QUANTITIES, Quantity, Series
from .scene import Scene
from .stage_rows import StageRow


@dataclass(frozen=True)
class Bars:
    """What is drawn: the quantity's series on one scale."""

    quantity: Quantity
    series: tuple[Series, ...]
    predicted: tuple[float | None, ...]
    #: What each stage multiplies the gradient by; None for 0/0, too.
    factors: tuple[float | None, ...]
    scale: Scale
    #: Whether no stage has any of it.
    absent: bool


def bars_of(scene: Scene) -> Bars:
    """The quantity that the state asks for, on its axis: the held one, the given one, or the whole record's own."""
    state = scene.state
    known = _known(scene.record)
    key = state.quantity, state.axis_kind, state.lock or scene.given_scale
    if key not in known:
        quantity = QUANTITIES[state.quantity]
        series = quantity.series(scene.record)
        predicted = tuple(quantity.predictions(scene.record))
        scale = state.lock or scene.given_scale or own_scale(scene)
        factors = tuple([defined(stage.factor, scene.record) for stage in scene.record.stages])
        known[key] = Bars(quantity, series, predicted, factors, scale, quantity.is_absent(scene.record))
    return known[key]


@once
def _known(record: Record) -> dict[tuple[str, str, Scale | None], Bars]:
    """The bars of a record by quantity, kind of axis and the scale that is held, those that were asked for."""
    return {}


def own_scale(*scenes: Scene) -> Scale:
    """The axis of whole records, so that it stays where it is during playback; several share one."""
    state = scenes[0].state
    quantity = QUANTITIES[state.quantity]
    kind = state.axis_kind or quantity.axis
    values: list[float] = []
    for scene in scenes:
        for series in quantity.series(scene.record):
            values += finite(series.values)
        values += finite(quantity.predictions(scene.record))
    if quantity.share and kind == "linear":
        return LinearScale(0.0, 1.0)
    if quantity.reference is not None and quantity.reference > 0:
        values.append(quantity.reference)
    return scale_of(kind, values)


def is_known(scene: Scene, series: Series, stage: int) -> bool:
    """Whether the number of a stage has been computed at the cursor."""
    return KNOWN[series.when](scene.timeline, scene.at, stage)


def is_row_known(scene: Scene, series: Series, row: StageRow) -> bool:
    """Whether that of a row has: stages become known from one end on, so its own two ends tell it."""
    return is_known(scene, series, row.low) and is_known(scene, series, row.high)
