"""The Theory view: the plane (for gated cells the half-life of the direct path), depth, and the spectrum."""

from __future__ import annotations

from ..theory_needs import PlaneOf, needs
from . import theory_depth, theory_gate, theory_plane, theory_spectrum
from .scene import Scene
from .spans import Line

__all__ = [
    "depth_title", "depth_view", "needs", "plane_title", "plane_view", "spectrum_title", "spectrum_view",
]  # fmt: skip

depth_title, depth_view = theory_depth.title, theory_depth.view
spectrum_title, spectrum_view = theory_spectrum.title, theory_spectrum.view


def _has_plane(scene: Scene) -> bool:
    return PlaneOf.of(scene.trace.experiment) is not None


def plane_title(scene: Scene, width: int) -> str:
    return theory_plane.title(scene, width) if _has_plane(scene) else theory_gate.title(scene, width)


def plane_view(scene: Scene, width: int, height: int) -> list[Line]:
    shown = theory_plane.view if _has_plane(scene) else theory_gate.view
    return shown(scene, width, height)
