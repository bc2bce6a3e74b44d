"""What the lab looks at: a row of the table of activations at the pre-activations that a stage really got."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from gradtui_engine import Trace
from gradtui_engine.analysis.pre_activations import PreActivations, Slopes, pre_activations, slopes_at
from gradtui_engine.rules.activations import ACTIVATIONS, Activation

from ...text.heat import Array
from ..frame.scene import Scene

T = TypeVar("T")

#: id of a trace → (the trace, while it lives; what has been worked out from it). A trace cannot be hashed.
_known: dict[int, tuple[weakref.ref[Trace], dict[Hashable, Any]]] = {}
#: The list of all rows is worked out on at most so many z: 18 rows take 20 ms there, and 1.5 s on a million.
_MOST = 16_384
#: Results that are kept of a trace, the latest ones: a walk through 1,000 time steps leaves no second trace behind.
_KEPT = 24


def _once(trace: Trace, key: Hashable, compute: Callable[[], T]) -> T:
    """compute(), once a trace and key; it goes when the trace goes."""
    entry = _known.get(id(trace))
    if entry is None or entry[0]() is not trace:
        number = id(trace)
        entry = _known[number] = weakref.ref(trace, lambda gone: _forget(number, gone)), {}
    found = entry[1]
    if key not in found:
        while len(found) >= _KEPT:
            del found[next(iter(found))]
        found[key] = compute()
    value: T = found[key]
    return value


def _forget(number: int, gone: weakref.ref[Trace]) -> None:
    """Unless another trace lives at the same place by now."""
    if number in _known and _known[number][0] is gone:
        del _known[number]


@dataclass(frozen=True, eq=False)
class Reading:
    """One row of the table at the z of one stage, and the unit whose z are marked.

    own says that the network has this very row there; where it has not, all is said under an "if".
    """

    trace: Trace
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
        return _once(
            self.trace,
            ("slopes", self.stage, self.source.part, self.row.name),
            lambda: slopes_at(self.row.name, self.z, self.slope),
        )

    def every_row(self) -> tuple[dict[str, float], int]:
        """√E f′² of every row at these z, and every how many of them were read."""
        return _once(self.trace, ("rows", self.stage, self.source.part), self._every_row)

    def _every_row(self) -> tuple[dict[str, float], int]:
        stride = -(-self.z.size // _MOST)
        z = self.z.reshape(-1, 1)[::stride]
        own = {self.source.activation: self.source.slope}
        return {name: slopes_at(name, z, own.get(name)).factor for name in ACTIVATIONS.names}, stride


def sources_of(trace: Trace, stage: int) -> tuple[PreActivations, ...]:
    """The pre-activations of a stage from 1 on, worked out once."""
    return _once(trace, ("z", stage), lambda: pre_activations(trace, stage))


def reading(scene: Scene) -> Reading:
    """What the state asks for. The input has no activation: there it is layer 1, or the first time step."""
    trace, stage = scene.trace, max(scene.stage, 1)
    sources = sources_of(trace, stage)
    wanted = scene.state.row
    # A gated cell has a tanh too: its candidate's.
    source = next((each for each in sources if each.activation == wanted), sources[0])
    row = ACTIVATIONS[wanted or source.activation]
    unit = min(scene.state.unit, source.z.shape[1] - 1)
    return Reading(trace, stage, unit, source, row, row.name == source.activation)
