"""Reading the bars' rows back from their text."""

from __future__ import annotations

import math
import re

from gradtui.views.frame.bars import view
from gradtui.views.frame.scene import Scene
from gradtui.views.frame.stage_rows import StageRow
from tests.tui.helpers import texts

_LABEL = re.compile(r"[ ▸] +(\d+)(?:–(\d+))? ")


def row_of(text: str) -> tuple[StageRow, int]:
    """The stages that a row's label names, and the cells before the bar: the mark, the label, a space."""
    found = _LABEL.match(text)
    assert found is not None, text
    high, low = int(found[1]), int(found[2] or found[1])
    return StageRow(low, high), found.end()


def body(scene: Scene, width: int, height: int) -> list[str]:
    """The rows of the stages, of a tall one the line with its label: without the names of the columns, which stand on
    top from 8 rows on, and empty lines.
    """
    return [text for text in texts(view(scene, width, height))[1 if height >= 8 else 0 :] if _LABEL.match(text)]


def parts(scene: Scene, width: int, height: int) -> dict[int, tuple[str, str]]:
    """The lowest stage of a row → (the line's bar, what stands behind the bar)."""
    found: dict[int, tuple[str, str]] = {}
    for text in body(scene, width, height):
        row, label = row_of(text)
        factor = 10 if width - label >= 43 and scene.state.quantity == "gradient" else 0
        room = width - label - 9 - factor
        found[row.low] = text[label : label + room], text[label + room :]
    return found


def log_length(value: float, low: float, high: float, cells: int) -> float:
    """Cells of a bar on a log axis with a line in the middle of the cell of 1: less ends before it, more beyond it.

    One that is not 0 has an eighth at least.
    """
    mark = min(cells - 1, math.floor(cells * -low / (high - low))) + 0.5
    if value <= 0:
        return 0.0
    if abs(value - 1) <= 1e-9:  # so near counts as 1
        value = 1.0
    if value <= 1:
        length = mark * (1 - math.log10(value) / low)
        return max(length if value == 1 else min(length, mark - 1 / 8), 1 / 8)
    power = min(math.log10(value), high) if value < math.inf else high
    return max(mark + (cells - mark) * (power / high if high else 1.0), mark + 2 / 8)
