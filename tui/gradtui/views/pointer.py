"""What a click on a cell of a pane's inside means."""

from __future__ import annotations

from collections.abc import Callable

from .. import events as e
from . import bars, compare
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


_CLICKS: dict[str, Click] = {
    "gradient": _bars,
    "side_a": _compare,
    "side_b": _compare,
    "both": _compare,
    "cell": _over_time,
    "gates": _over_time,
    "paths": _over_time,
}
