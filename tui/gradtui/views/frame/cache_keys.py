"""What a pane reads of a scene beside its trace: where that is the same, its title and lines are the same.

So they need not be made again: most frames of playback and most keys change two panes of six. Values are compared
with ==; None says that nobody knows (a result, a file), and the pane is made for every frame. A test holds that equal
reads give equal lines.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable

from .asking import asks
from .scene import Scene

Reads = Callable[[Scene], Hashable]


class Same:
    """Equal for one and the same object alone; does not keep it alive, as a trace may take a GiB."""

    __slots__ = ("_ref",)

    def __init__(self, thing: object) -> None:
        # Python keeps one such reference for each object: a dead one is no other's, even at the same address.
        self._ref = weakref.ref(thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self._ref is other._ref

    def __hash__(self) -> int:
        return id(self._ref)


def anything(scene: Scene) -> Hashable:
    return None


def stage(scene: Scene) -> Hashable:
    return scene.stage


def unit(scene: Scene) -> Hashable:
    return scene.stage, scene.unit


def bars(scene: Scene) -> Hashable:
    """How far the pass has come, and what the bars show of it."""
    state = scene.state
    shown = state.quantity, state.axis_kind, state.lock, state.rows
    return scene.stage, scene.known, scene.reached, asks(scene), *shown
