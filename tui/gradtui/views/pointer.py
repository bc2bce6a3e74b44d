"""What a click on a cell of a pane's inside means."""

from __future__ import annotations

from collections.abc import Callable

from .. import events as e
from . import bars, compare, lab_rows, maths
from .maths_text import terms_at
from .scene import Scene
from .timeaxis import TimeAxis

Events = list[e.Event]
#: (scene, pane, width, height, x, y) → the events.
Click = Callable[[Scene, str, int, int, int, int], Events]


def clicked(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    """The events that a click sends; none where it hit nothing that can be picked."""
    handler = _CLICKS.get(pane)
    return handler(scene, pane, width, height, x, y) if handler is not None else []


def _stage(stage: int | None) -> Events:
    return [] if stage is None else [e.Select(stage=stage)]


def _bars(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    return _stage(bars.stage_at(scene, width, height, x, y))


def _compare(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    return _stage(compare.stage_at(scene, pane, width, height, x, y))


def _over_time(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    return _stage(TimeAxis.of(len(scene.stages), width).stage_at(x))


def _lab_rows(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    item = lab_rows.item_at(scene, y, height)
    return [] if item is None else [e.SelectItem(item)]


def _terms(scene: Scene, pane: str, width: int, height: int, x: int, y: int) -> Events:
    return [e.SetTerms(terms_at(x, width))] if y == maths.SLIDER_ROW else []


_CLICKS: dict[str, Click] = {
    "gradient": _bars,
    "side_a": _compare,
    "side_b": _compare,
    "both": _compare,
    "rows": _lab_rows,
    "circular": _terms,
    "hyperbolic": _terms,
    "cell": _over_time,
    "gates": _over_time,
    "paths": _over_time,
}
