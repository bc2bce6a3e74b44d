"""What the panes of a sweep read: the planes of A and B, or of a second measure, and the cursor in them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.needs import Failed
from ...model.state import State
from ...model.sweep_cells import Curve, CurvesOf, SweepCells
from ...model.sweep_plan import Shown
from ...model.sweeps import CellsOf, Plan, plan_of, second, shown, spot
from ...text.scale import Scale
from ..frame.cache_keys import Same
from ..frame.scene import Scene
from .shades import Shades, shades_of

if TYPE_CHECKING:
    from gradtui_engine.sweeps.sweep import Sweep


@dataclass(frozen=True)
class Planes:
    """The planes so far: of A, of B where there is one. A plane of which no cell is there yet is empty."""

    plan: Plan
    asked: Shown
    second: str
    a: SweepCells | None
    b: SweepCells | None
    spot: tuple[int, int]
    curves: tuple[Curve, ...]
    curves_of_b: tuple[Curve, ...]
    axis_kind: str
    lock: Scale | None
    resting: bool
    zoomed: bool
    #: The pane of the plane that has the focus, "" where none has.
    focus: str

    @classmethod
    def of(cls, scene: Scene) -> Planes:
        state = scene.state
        plan = plan_of(state)
        return cls(
            plan, shown(state), second(state), _cells(scene, plan.a), _cells(scene, plan.b), spot(state),
            _curves(scene, plan.a), _curves(scene, plan.b), state.axis_kind, state.lock, state.resting, state.zoomed,
            state.pane,
        )  # fmt: skip

    @property
    def both(self) -> tuple[SweepCells, ...]:
        return tuple(cells for cells in (self.a, self.b) if cells is not None)

    def measure(self, pane: str) -> str:
        return self.second if pane == "sweep_second" else self.asked.measure

    def cells(self, pane: str) -> SweepCells | None:
        return self.b if pane == "sweep_b" else self.a

    def curves_of(self, pane: str) -> tuple[Curve, ...]:
        return self.curves_of_b if pane == "sweep_b" else self.curves

    def shades(self, pane: str) -> Shades:
        """One scale for A and B; of a second measure its own."""
        measure = self.measure(pane)
        own = pane == "sweep_second"
        return shades_of(measure, self.both, "" if own else self.axis_kind, None if own else self.lock)

    @property
    def measures(self) -> tuple[str, ...]:
        """All that is measured in each cell."""
        return self.a.sweep.measures if self.a is not None else ()

    @property
    def problem(self) -> str:
        return self.plan.problem

    @property
    def letters(self) -> tuple[tuple[str, SweepCells], ...]:
        """A and B by their letters."""
        return tuple((letter, cells) for letter, cells in (("A", self.a), ("B", self.b)) if cells is not None)


def _cells(scene: Scene, sweep: Sweep | None) -> SweepCells | None:
    if sweep is None:
        return None
    found = scene.results.get(CellsOf(sweep))
    return found if isinstance(found, SweepCells) else SweepCells(sweep, {})


def _curves(scene: Scene, sweep: Sweep | None) -> tuple[Curve, ...]:
    found = scene.results.get(CurvesOf(sweep)) if sweep is not None else None
    return () if found is None or isinstance(found, Failed) else tuple(found)


def reads(scene: Scene) -> Hashable:
    """What is drawn of a moment."""
    state, plan = scene.state, plan_of(scene.state)
    keys = [scene.results.get(CellsOf(sweep)) for sweep in plan.both]
    lines = [scene.results.get(CurvesOf(sweep)) for sweep in plan.both]
    return (
        plan, tuple(None if each is None else Same(each) for each in keys), tuple(map(id, lines)), shown(state),
        second(state), spot(state), state.axis_kind, state.lock, state.resting, state.pane, state.zoomed,
    )  # fmt: skip


def needs(state: State) -> tuple[CurvesOf, ...]:
    """Theory's curves over both planes; the cells are computed by others."""
    return tuple(CurvesOf(sweep) for sweep in plan_of(state).both)
