"""The Theory view's first pane: the plane; for gated cells the half-life of the direct path."""

from __future__ import annotations

from . import theory_gate, theory_plane
from .scene import Scene
from .spans import Line
from .theory_chain import is_gated


def plane_title(scene: Scene, width: int) -> str:
    return theory_gate.title(scene, width) if is_gated(scene) else theory_plane.title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    shown = theory_gate.view if is_gated(scene) else theory_plane.view
    return shown(scene, width, height)
