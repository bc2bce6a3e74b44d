"""How much of h the gates of Highway layers keep, layer by layer: 1 − t, the forget gate in depth."""

from __future__ import annotations

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import short
from gradtui_engine.program.slots import GATE

from ...text.language import tr
from ...text.scale import UP
from ...text.spans import Line, first_fit
from ..frame.once import once
from ..frame.scene import Scene


def carried(scene: Scene, width: int) -> list[Line]:
    """One line: a bar for each gate from the first layer to the last, and the numbers of the stage's own; nothing where
    there are no gates.
    """
    kept = _kept(scene.record)
    if not kept:
        return []
    bars = "".join(UP[min(8, max(1, round(mean * 8)))] if mean == mean else " " for mean, _, _ in kept.values())
    layer = max((number for number in kept if number <= max(scene.stage, min(kept))), default=min(kept))
    mean, low, high = kept[layer]
    name = tr("kept of h, 1 − t, by layer")
    numbers = tr("layer {number}: {mean}, from {low} to {high}", number=layer, mean=short(mean), low=short(low),
                 high=short(high))  # fmt: skip
    brief = tr("layer {number}: {mean}", number=layer, mean=short(mean))
    return [
        first_fit(
            width,
            [(f"{name} ", "label"), (bars, "strong"), (f"  {numbers}", "text")],
            [(f"{name}  ", "label"), (numbers, "text")],
            [("1 − t ", "label"), (bars, "strong"), (f"  {brief}", "text")],
            [("1 − t  ", "label"), (brief, "text")],
        )
    ]


@once
def _kept(record: Record) -> dict[int, tuple[float, float, float]]:
    """Of each layer with a gate mean, smallest and largest of 1 − t."""
    listed = record.listed
    if listed is None:
        return {}
    found = {}
    with np.errstate(all="ignore"):
        for instruction in listed.program.instructions:
            slot = listed.program.slots[instruction.outputs[0]].slot
            if slot.role == GATE and slot.layer is not None and isinstance(slot.layer, int):
                kept = 1 - listed.values[instruction.outputs[0]]
                found[slot.layer] = (float(kept.mean()), float(kept.min()), float(kept.max()))
    return found
