"""The Theory view's first pane: the plane; for gated cells the half-life of the direct path, for an LRU its units'."""

from __future__ import annotations

from typing import Protocol

from ...text.spans import Line
from ..frame.scene import Scene
from ..frame.spoken import Lines
from . import gate, plane, ring
from .words import Sentence


class _Shown(Protocol):
    def title(self, scene: Scene, width: int) -> str: ...

    def view(self, scene: Scene, width: int, height: int) -> list[Line]: ...

    def reading(self, scene: Scene) -> list[Sentence]: ...


def _pane(scene: Scene) -> _Shown:
    """What shows this network."""
    if scene.gated:
        return gate
    return ring if scene.resolved.kind.ring else plane


def plane_title(scene: Scene, width: int) -> str:
    return _pane(scene).title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    return _pane(scene).view(scene, width, height)


def plane_said(scene: Scene) -> Lines:
    for _, text in _pane(scene).reading(scene):
        yield text
