"""What a stage multiplies the gradient by at each pre-activation z: its activation's slope, or its gate."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.message import English
from gradtui_engine.rules.activations import ACTIVATIONS, Activation

from ...text.heat import Array
from ..frame.curves import curves
from ..frame.once import once_with
from ..frame.pre_activations import sources_of
from ..frame.scene import Scene

#: Where a slope is looked at to see how many values it has: steps of 1/16, none of them at a kink.
_PROBES = np.linspace(-8, 8, 257) + 1 / 64


@dataclass(frozen=True, eq=False)
class Response:
    """What the gradient is multiplied by: `of(z)`, between `low` and `high`, at the z of a stage, (batch, units).

    row is the activation whose slope it is, None of a gate; part is the gate's name. symbol is what formulas call it.
    """

    z: Array
    of: Callable[[Array], Array]
    low: float
    high: float
    symbol: str
    row: Activation | None = None
    part: English = ""
    pinned: bool = False

    @functools.cached_property
    def mean(self) -> float:
        """The average over units and samples."""
        with np.errstate(all="ignore"):
            return float(np.mean(self.of(self.z), dtype=np.float64))

    @functools.cached_property
    def levels(self) -> tuple[float, ...]:
        """The values that a slope in steps takes, the smallest first: ReLU's 0 and 1; empty for one that is curved."""
        slopes = np.unique(self.of(_PROBES))
        return tuple(float(value) for value in slopes) if len(slopes) <= 2 else ()

    def share_of(self, level: float) -> float:
        """The share of units and samples where it has this value."""
        return float(np.mean(self.of(self.z) == level))


def response_of(scene: Scene) -> Response | None:
    """That of the selected stage; None where nothing is multiplied or nobody knows by what."""
    if scene.stage == 0 or scene.experiment is None:
        return None
    return once_with(scene.record, ("response", scene.stage), lambda: _response(scene))


def _response(scene: Scene) -> Response | None:
    sources, kind = sources_of(scene.record, scene.stage), scene.resolved.kind
    if kind.path is None:
        if len(sources) != 1:
            return None  # several gates, and no direct path that one of them would be the factor of
        source = sources[0]
        row, slope = ACTIVATIONS[source.activation], source.slope
        return Response(
            source.z, lambda z: curves(row, z, slope)[1], *row.bounds_at(slope), f"{row.symbol}′", row=row
        )  # fmt: skip
    path, gate = kind.path, kind.gates[kind.block(kind.path.gate)]
    source = next(source for source in sources if source.part == gate.name)
    squashing = ACTIVATIONS[source.activation]
    return Response(
        source.z,
        lambda z: path.factors(curves(squashing, z, source.slope)[0]),
        0.0,
        1.0,
        path.symbol,
        part=gate.name,
        pinned=source.pinned,
    )
