"""Reading the bars' rows back from their text."""

from __future__ import annotations

from gradtui.views.frame.bars import view
from gradtui.views.frame.scene import Scene
from tests.tui.helpers import texts


def label_cells(scene: Scene) -> int:
    """Cells before the bars: the mark of the selected stage, the stage's number, a space."""
    return 3 + max(2, len(str(len(scene.stages) - 1)))


def body(scene: Scene, width: int, height: int) -> list[str]:
    """The rows of the stages: without the names of the columns, which stand on top from 8 rows on, and empty ones."""
    return [text for text in texts(view(scene, width, height))[1 if height >= 8 else 0 :] if text.strip()]


def parts(scene: Scene, width: int, height: int) -> dict[int, tuple[str, str]]:
    """Stage → (the line's bar, what stands behind the bar)."""
    label = label_cells(scene)
    factor = 8 if width >= 46 and scene.state.quantity == "gradient" else 0
    room = width - label - 9 - factor
    return {
        int(text[2:label]): (text[label : label + room], text[label + room :]) for text in body(scene, width, height)
    }
