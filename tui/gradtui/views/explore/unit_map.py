"""Every unit × every sample of a stage, as shades: behind a key, as it is the brightest thing and says the least."""

from __future__ import annotations

from gradtui_engine.analysis.record import Record

from ...text.heat import Array, heat_rows, legend, shade_range
from ...text.language import tr
from ...text.spans import Line, first_fit
from ..frame.once import once_with
from ..frame.scene import Scene


def unit_map(scene: Scene, width: int, height: int) -> list[Line]:
    """What the rows, the columns and the shades are, and the shades."""
    values = scene.arrays.state(scene.stage)
    low, high = _range(scene.record, values, scene.stage)
    units, samples = min(values.shape[1], height - 1), min(values.shape[0], width)
    key = legend(low, high)
    whole = tr(
        "units 1–{units} of {all} ↓ × samples 1–{samples} of {batch} →",
        units=units,
        all=values.shape[1],
        samples=samples,
        batch=values.shape[0],
    )
    some = tr("{units} of {all} units ↓ × samples →", units=units, all=values.shape[1])
    heads = [(f"{text}  ", "label") for text in (whole, some, tr("units ↓ samples →"))]
    head = first_fit(width, *([text, *key] for text in heads), key, [])
    return [head, *heat_rows(values[:samples, :units].T, low, high)]


def _range(record: Record, values: Array, stage: int) -> tuple[float, float]:
    """What the shades of a stage span: the same whenever the cursor comes by."""
    return once_with(record, ("shades", stage), lambda: shade_range(values))
