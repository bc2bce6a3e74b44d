"""What a click on a cell of a pane's inside means: `panes` says which pane is clicked how."""

from __future__ import annotations

from collections.abc import Callable

from ...model import events as e
from ..compare import compare
from ..lab import rows
from ..maths import functions
from ..maths.words import terms_at
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
    return _stage(bars.stage_at(scene, width, height, x, y))


def bar_of(pane: str) -> Click:
    """A bar in one of the panes that compare A and B."""
    return lambda scene, width, height, x, y: _stage(compare.stage_at(scene, pane, width, height, x, y))


def over_time(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    return _stage(TimeAxis.of(len(scene.stages), width).stage_at(x))


def lab_row(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    item = rows.item_at(scene, y, height)
    return [] if item is None else [e.SelectItem(item)]


def terms(scene: Scene, width: int, height: int, x: int, y: int) -> Events:
    """The slider under a series."""
    return [e.SetTerms(terms_at(x, width))] if y == functions.SLIDER_ROW else []


def _stage(stage: int | None) -> Events:
    return [] if stage is None else [e.Select(stage=stage)]
