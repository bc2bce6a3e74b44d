"""The Analysis: every number of a trace that is shown, worked out at once. Holds no array, and nothing of the trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.numerics import norm_inside
from ..core.progress import Watch, part, throttled, told
from ..program.program import place_of
from ..theory.prediction import Theory, predict
from .activation_statistics import statistics_of
from .branches import of_tokens
from .carried import carried_path
from .decay import Decay, decay_of
from .diagnosis import judge
from .first_step import first_step_of
from .outcome import Outcome
from .parameters import parameter_numbers
from .record import ParameterNumbers
from .stage_numbers import ActivationStatistics, StageNumbers
from .stages import Gradients, gradients_of

if TYPE_CHECKING:
    from ..run.trace import Trace


@dataclass(frozen=True)
class Analysis:
    """The numbers of one iteration: of its stages and parameters, how the gradient decays, theory, the outcome.

    Frozen and picklable. parameter_numbers are empty, and the stages' numbers of parameters None, where they were not
    asked for.
    """

    stages: tuple[StageNumbers, ...]
    parameter_numbers: Mapping[str, ParameterNumbers]
    decay: Decay
    theory: Theory
    outcome: Outcome


#: Where, in the whole, the work on all stages at once ends and that on the parameters: by the seconds at depth 10,000.
_SIGNAL, _PARAMETERS = 0.4, 0.6


def analyse(trace: Trace, watch: Watch | None = None, parameters: bool = True) -> Analysis:
    """The analysis of a trace. watch is told the share that is done; what it raises ends it.

    parameters: with the norms of all parameters, their gradients and updates, of each stage, too, and with the first
    step, which asks what they get. They are the larger part of the work: at depth 10,000 0.5 of 0.9 s.
    """
    watch = throttled(watch)
    with np.errstate(all="ignore"):
        whole = part(watch, 0.0, _SIGNAL)
        gradients = gradients_of(trace)
        _tell(whole, 0.25)
        signal = statistics_of(trace)
        _tell(whole, 0.5)
        theory = predict(trace)
        _tell(whole, 0.75)
        path = carried_path(trace, gradients.norms, gradients.cells)
        decay = decay_of(gradients.norms, path.norms, trace.axis, path.truncate)
        _tell(whole, 1.0)
        known = parameter_numbers(trace, watch=part(watch, _SIGNAL, _PARAMETERS)) if parameters else {}
        outcome = judge(trace, path, lambda: signal, first_step_of(trace, known) if parameters else None)
        count = len(trace.program.stages)
        stages = told(
            _stages(trace, gradients, signal, theory, decay, known), count, part(watch, _PARAMETERS, 1.0)
        )  # fmt: skip
        analysis = Analysis(tuple(stages), known, decay, theory, outcome)
    _tell(watch, 1.0)
    return analysis


def _tell(watch: Watch | None, share: float) -> None:
    if watch is not None:
        watch(share)


def _stages(
    trace: Trace,
    gradients: Gradients,
    signal: tuple[ActivationStatistics, ...],
    theory: Theory,
    decay: Decay,
    known: Mapping[str, ParameterNumbers],
) -> Iterator[StageNumbers]:
    last = len(gradients.norms) - 1
    tokens = of_tokens(trace) if trace.resolved.kind.tokens else None
    for index, statistics in enumerate(signal):
        norms = _norms_of_parameters(trace, index, known) if known else {}
        yield StageNumbers(
            index=index,
            place=place_of(trace.axis, index),
            gradient_norm=gradients.norms[index],
            gradient_rms=gradients.rms[index],
            gradient_zeros=gradients.zeros[index] if gradients.zeros else None,
            factor=gradients.factors[index] if index < last else None,
            predicted_factor=theory.factors[index],
            running_product=decay.running_product[index],
            cell_gradient_norm=gradients.cells[index] if gradients.cells else None,
            attention_entropy=None if tokens is None else tokens[index].entropy,
            token_similarity=None if tokens is None else tokens[index].similarity,
            activation_mean=statistics.mean,
            activation_std=statistics.std,
            activation_saturated=statistics.saturated,
            activation_dead=statistics.dead,
            parameter_gradient_norm=norm_inside(np.array(list(norms.values()))) if norms else None,
            update_ratio=_update_ratio(trace, index, known) if known else None,
            factors=gradients.parts[index] if index < last else {},
            unknown_parts=gradients.unknown[index] if index < last else "",
            layer_gradient_norms=gradients.layers[index] if gradients.layers else (),
            parameters=norms,
        )


def _norms_of_parameters(trace: Trace, stage: int, known: Mapping[str, ParameterNumbers]) -> dict[str, float]:
    """The gradient norm of each parameter of a stage; of a shared one, that of this time step's contribution.

    ‖dL/dθ‖ of all of them is their norm (Frobenius). Over time the contributions add up as arrays, their norms do not.
    """
    if trace.axis == "time":
        return {name: norm_inside(array) for name, array in trace.contributions(stage).items()} if stage else {}
    return {name: value for name in _own(trace, stage) if (value := known[name].gradient_norm) is not None}


def _update_ratio(trace: Trace, stage: int, known: Mapping[str, ParameterNumbers]) -> float | None:
    """That of the layer's weight matrix; None over time, where all steps share one matrix and one update."""
    matrices = [name for name in _own(trace, stage) if trace.program.parameters[name].fans is not None]
    return known[matrices[0]].update_ratio if matrices else None


def _own(trace: Trace, stage: int) -> list[str]:
    """The parameters that belong to this layer alone; none over time, where all steps share them."""
    return [name for row in trace.program.layers.get(stage, ()) for name in row.parameters]
