"""The Theory view's first pane: the plane; for gated cells the half-life of the direct path."""

from __future__ import annotations

from ...text.spans import Line
from ..frame.scene import Scene
from ..frame.spoken import Lines
from . import gate, plane


def plane_title(scene: Scene, width: int) -> str:
    return gate.title(scene, width) if scene.gated else plane.title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    shown = gate.view if scene.gated else plane.view
    return shown(scene, width, height)


def plane_said(scene: Scene) -> Lines:
    for _, text in (gate if scene.gated else plane).reading(scene):
        yield text
