"""How far a sweep is: what the timeline and the planes say of it."""

from __future__ import annotations

from gradtui_engine.core.figures import short

from ...model.sweep_cells import SweepCells
from ...model.sweeps import CellsOf, plan_of
from ...text.language import tr
from .scene import Scene


def progress(scene: Scene) -> tuple[int, int, float | None]:
    """Cells of A and B that are there, all of them, and the seconds that the rest takes: None where nothing is
    computed, 0 where that is not known yet."""
    done = count = 0
    left: float | None = None
    for sweep in plan_of(scene.state).both:
        columns, rows = sweep.shape
        count += columns * rows
        cells = scene.results.get(CellsOf(sweep))
        if isinstance(cells, SweepCells):
            done += len(cells.cells)
            if cells.going:
                left = max(left or 0.0, cells.left or 0.0)
    return done, count, left


def time_left(seconds: float) -> str:
    """40 s, 3 min"""
    if seconds < 99.5:
        return tr("{count} s", count=max(1, round(seconds)))
    if seconds < 99.5 * 60:
        return tr("{count} min", count=round(seconds / 60))
    return tr("{count} h", count=short(seconds / 3600))
