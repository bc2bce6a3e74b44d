"""The loss over iterations."""

from __future__ import annotations

from gradtui_engine.core.figures import loss_text

from ...text.language import tr
from ...text.spans import Line, page
from ..frame.scene import Scene


def title(scene: Scene, width: int) -> str:
    return tr("loss")


def view(scene: Scene, width: int, height: int) -> list[Line]:
    snapshot = scene.snapshot
    if snapshot is None or snapshot.count == 0:
        return page([[(tr("nothing has been trained yet: space trains"), "text")]], width, height)
    k = min(scene.state.iteration, snapshot.count - 1)
    lines: list[Line] = [[(f"{k}: {loss_text(float(snapshot.columns['loss'][k]))}", "text")]]
    if snapshot.outcome is not None:
        lines.append([(tr(snapshot.outcome.message), "text")])
    return page(lines, width, height)
