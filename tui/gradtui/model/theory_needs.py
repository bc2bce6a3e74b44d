"""What the Theory view has computed beside the trace: the plane of an activation, the spectra of a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.analysis.jacobian import Spectra, spectra
from gradtui_engine.core.progress import part
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.sigma_plane import Plane, plane

from .needs import NOTHING, Failed, Known, Need, Watch, trace_of

if TYPE_CHECKING:
    from .state import State

#: The run's share of the work: a deep MLP's spectra take some times as long as its run.
_RUN = 0.2


@dataclass(frozen=True, slots=True)
class PlaneOf:
    """The σ_w–σ_b plane of an activation: the same for every network that uses it. 0.1 to 0.8 s."""

    activation: str
    slope: float | None = None

    @classmethod
    def of(cls, resolved: Resolved) -> PlaneOf | None:
        """The plane that an experiment lies in; None for gated cells."""
        if resolved.kind.gated:
            return None
        takes_slope = ACTIVATIONS[resolved.activation].slope is not None
        return cls(resolved.activation, resolved.slope if takes_slope else None)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Plane:
        return plane(self.activation, self.slope, watch)


@dataclass(frozen=True, slots=True)
class SpectraOf:
    """The singular values of an experiment's Jacobians, for its first sample; or why there are none."""

    experiment: Experiment = field(compare=False)
    resolved: Resolved = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "resolved", self.experiment.resolved)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Spectra | Failed:
        try:
            trace = trace_of(self.experiment, part(watch, 0.0, _RUN), known)
            return spectra(trace.trace, watch=part(watch, _RUN, 1.0))
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)


def needs(state: State) -> tuple[Need, ...]:
    """What the view shows of the experiment, the cheapest first."""
    lies = PlaneOf.of(state.experiment.resolved)
    return (*([lies] if lies is not None else []), SpectraOf(state.experiment))
