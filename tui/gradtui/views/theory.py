"""The Theory view's first pane: the plane; for gated cells the half-life of the direct path."""

from __future__ import annotations

from ..theory_needs import PlaneOf
from . import theory_gate, theory_plane
from .scene import Scene
from .spans import Line


def _has_plane(scene: Scene) -> bool:
    return PlaneOf.of(scene.trace.experiment) is not None


def plane_title(scene: Scene, width: int) -> str:
    return theory_plane.title(scene, width) if _has_plane(scene) else theory_gate.title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    shown = theory_plane.view if _has_plane(scene) else theory_gate.view
    return shown(scene, width, height)
