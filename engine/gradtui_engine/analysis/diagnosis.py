"""The diagnosis of a trace: all the questions that can be asked of one iteration, and the remedies for the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..experiment.remedies import remedies_for
from .activation_statistics import statistics_of
from .carried import CarriedPath, carried_path
from .first_step import FirstStep, first_step_of, judge_first_step
from .outcome import Outcome
from .signal import Statistics, judge_signal
from .stages import state_norms

if TYPE_CHECKING:
    from ..run.trace import Trace


def diagnose(trace: Trace) -> Outcome:
    """The outcome of a trace, without the rest of its analysis: where nothing else is wanted."""
    with np.errstate(all="ignore"):
        path = carried_path(trace, *state_norms(trace))
        return judge(trace, path, lambda: statistics_of(trace), first_step_of(trace))


def judge(trace: Trace, path: CarriedPath, statistics: Statistics, first_step: FirstStep | None) -> Outcome:
    """The outcome of a trace of which all this was measured (None: not asked); NumPy's warnings must be off."""
    signal = judge_signal(trace, path, statistics)
    step = None if first_step is None else judge_first_step(first_step)
    factor = path.factor
    unhealthy = tuple(answer.kind for answer in (signal, step) if answer is not None and not answer.healthy)
    return Outcome(
        signal=signal,
        ratio=path.ratio,
        average_factor=1.0 if factor is None else factor,
        first_step=step,
        remedies=remedies_for(trace.experiment, unhealthy, trace.resolved),
    )
