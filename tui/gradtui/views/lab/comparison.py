"""What the lab looks at: a row of the table of activations at the pre-activations that a stage really got."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.analysis.pre_activations import Slopes, slopes_at
from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import PreActivations
from gradtui_engine.rules.activations import ACTIVATIONS, Activation

from ...text.heat import Array
from ..frame.once import once_with
from ..frame.pre_activations import sources_of
from ..frame.scene import Scene

#: The list of all rows is worked out on at most so many z: 18 rows take 20 ms there, and 1.5 s on a million.
_MOST = 16_384


@dataclass(frozen=True, eq=False)
class Subject:
    """One row of the table at the z of one stage, and the unit whose z are marked.

    own says that the network has this very row there; where it has not, all is said under an "if".
    """

    record: Record
    stage: int
    unit: int
    source: PreActivations
    row: Activation
    own: bool

    @property
    def z(self) -> Array:
        """(batch, units)"""
        return self.source.z

    @property
    def slope(self) -> float:
        """The shape parameter: the network's where the row is its own, else the row's default."""
        if self.own:
            return self.source.slope
        return 1.0 if self.row.slope is None else self.row.slope

    @property
    def gated(self) -> bool:
        return self.source.part != "activation"

    def slopes(self) -> Slopes:
        return once_with(
            self.record,
            ("slopes", self.stage, self.source.part, self.row.name),
            lambda: slopes_at(self.row.name, self.z, self.slope),
        )

    def every_row(self) -> tuple[dict[str, float], int]:
        """√E f′² of every row at these z, and every how many of them were read."""
        return once_with(self.record, ("rows", self.stage, self.source.part), self._every_row)

    def _every_row(self) -> tuple[dict[str, float], int]:
        stride = -(-self.z.size // _MOST)
        z = self.z.reshape(-1, 1)[::stride]
        own = {self.source.activation: self.source.slope}
        return {name: slopes_at(name, z, own.get(name)).factor for name in ACTIVATIONS.names}, stride


def subject_of(scene: Scene) -> Subject:
    """What the state asks for. The input has no activation: there it is layer 1, or the first time step."""
    record, stage = scene.record, max(scene.stage, 1)
    sources = sources_of(record, stage)
    wanted = scene.state.row
    # A gated cell has a tanh too: its candidate's.
    source = next((place for place in sources if place.activation == wanted), sources[0])
    row = ACTIVATIONS[wanted or source.activation]
    unit = min(scene.state.unit, source.z.shape[1] - 1)
    return Subject(record, stage, unit, source, row, row.name == source.activation)
