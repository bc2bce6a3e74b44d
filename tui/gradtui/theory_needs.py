"""What the Theory view has computed beside the trace: the plane of an activation, the spectra of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError, simulate
from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.jacobian import Spectra, spectra
from gradtui_engine.message import Message
from gradtui_engine.plane import Plane, plane
from gradtui_engine.watch import part

from .needs import Failed, Need, Watch

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
    def of(cls, experiment: Experiment) -> PlaneOf | None:
        """The plane that an experiment lies in; None for gated cells."""
        if experiment.kind.gated:
            return None
        name = experiment.activation_name
        return cls(name, experiment.slope if ACTIVATIONS[name].slope is not None else None)

    def compute(self, watch: Watch) -> Plane:
        return plane(self.activation, self.slope, watch)


@dataclass(frozen=True, slots=True)
class SpectraOf:
    """The singular values of an experiment's Jacobians, for its first sample; or why there are none."""

    experiment: Experiment

    def compute(self, watch: Watch) -> Spectra | Failed:
        try:
            return spectra(simulate(self.experiment, part(watch, 0.0, _RUN)), watch=part(watch, _RUN, 1.0))
        except ExperimentError as error:
            return Failed(_reason(error))
        except MemoryError:
            return Failed("not enough memory for this size")


def _reason(error: ExperimentError) -> str:
    """The problems in words that can still be translated, where there is one only (two are rare)."""
    if len(error.problems) > 1:
        return "; ".join(map(str, error.problems))
    (problem,) = error.problems
    return Message("{message} ({field})", message=problem.message, field=problem.field)


def needs(state: State) -> tuple[Need, ...]:
    """What the view shows of the experiment, the cheapest first."""
    lies = PlaneOf.of(state.experiment)
    return (*([lies] if lies is not None else []), SpectraOf(state.experiment))
