"""What a click on a cell of a pane's inside means: the kinds of clicks that several panes share."""

from __future__ import annotations

from collections.abc import Callable

from ...model import events as e
from . import bars
from .scene import Scene
from .timeaxis import TimeAxis

Events = list[e.Event]
#: (scene, width, height, x, y) → the events that a click sends; none where it hit nothing that can be picked.
Click = Callable[[Scene, int, int, int, int], Events]


def nothing(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    """A pane to read."""
    return []


def bar(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    return picked(bars.stage_at(scene, width, height, x, y))


def over_time(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    return picked(TimeAxis.of(len(scene.stages), width).stage_at(x))


def picked(stage: int | None) -> Events:
    """The event that selects a stage; none beside the stages."""
    return [] if stage is None else [e.Select(stage=stage)]
