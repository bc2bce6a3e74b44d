"""The Theory view's first pane: the plane; for gated cells the half-life of the direct path."""

from __future__ import annotations

from ...text.spans import Line
from ..frame.scene import Scene
from . import gate, plane
from .chain import is_gated


def plane_title(scene: Scene, width: int) -> str:
    return gate.title(scene, width) if is_gated(scene) else plane.title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    shown = gate.view if is_gated(scene) else plane.view
    return shown(scene, width, height)
