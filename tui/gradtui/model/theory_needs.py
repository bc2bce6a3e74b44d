"""What the Theory view has computed beside the trace: the plane of an activation, the spectra of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine import ExperimentError
from gradtui_engine.analysis.jacobian import Spectra, spectra
from gradtui_engine.core.message import Message
from gradtui_engine.core.progress import part
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.theory.sigma_plane import Plane, plane

from .needs import NOTHING, Computed, Failed, Iteration, Known, Need, Recording, Simulation, Watch, need_of
from .shown import source_of_a

if TYPE_CHECKING:
    from .state import State

#: The run's share of the work: a deep MLP's spectra take some times as long as its run.
_RUN = 0.2
NO_ARRAYS = Message("this recording has numbers alone")


@dataclass(frozen=True, slots=True)
class PlaneOf:
    """The σ_w–σ_b plane of an activation: the same for every network that uses it. 0.1 to 0.8 s."""

    activation: str
    slope: float | None = None

    @classmethod
    def of(cls, resolved: Resolved) -> PlaneOf | None:
        """The plane that an experiment lies in; None where gates are its activations, or its weights lie on a ring."""
        if not resolved.kind.chooses_activation or resolved.kind.ring:
            return None
        takes_slope = ACTIVATIONS[resolved.activation].slope is not None
        return cls(resolved.activation, resolved.slope if takes_slope else None)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Plane:
        return plane(self.activation, self.slope, watch)


@dataclass(frozen=True, slots=True)
class SpectraOf:
    """The singular values of a record's Jacobians, for its first sample; or why there are none."""

    of: Recording | Simulation | Iteration

    def compute(self, watch: Watch, known: Known = NOTHING) -> Spectra | Failed:
        try:
            computed = known.get(self.of)
            if not isinstance(computed, Computed):
                computed = self.of.compute(part(watch, 0.0, _RUN) or watch, known)
            if isinstance(computed, Failed):
                return computed
            listed = computed.record.listed
            if listed is None:
                return Failed(NO_ARRAYS)
            return spectra(listed, watch=part(watch, _RUN, 1.0))
        except (ExperimentError, MemoryError) as error:
            return Failed.of(error)


def needs(state: State) -> tuple[Need, ...]:
    """What the view shows of the experiment, the cheapest first."""
    source = source_of_a(state)
    lies = PlaneOf.of(source.experiment.resolved) if source.experiment is not None else None
    return (*([lies] if lies is not None else []), SpectraOf(need_of(source)))
