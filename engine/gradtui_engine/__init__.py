"""gradtui's engine: real forward and backward passes, recorded operation by operation. NumPy only.

from gradtui_engine import Experiment, simulate

trace = simulate(Experiment(depth=30, activation="sigmoid"))
print(trace.outcome.message, [stage.gradient_norm for stage in trace.stages])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.diagnosis import Outcome
    from .analysis.preparation import prepare
    from .analysis.stage_numbers import ActivationStatistics
    from .analysis.stages import Stage
    from .core.message import Message
    from .core.problems import ExperimentError, Problem
    from .core.progress import Cancelled
    from .experiment.experiment import Experiment
    from .program.program import Site
    from .run.network import Network, build, simulate
    from .run.steps import Phase, Step
    from .run.trace import Trace

__all__ = [
    "ActivationStatistics",
    "Cancelled",
    "Experiment",
    "ExperimentError",
    "Message",
    "Network",
    "Outcome",
    "Phase",
    "Problem",
    "Site",
    "Stage",
    "Step",
    "Trace",
    "build",
    "prepare",
    "simulate",
]

#: The module of each name. Imported when it is asked for: what only reads options or says what is wrong (a server's
#: front, for one) goes without NumPy and the networks, which are 28 MB.
_MODULES = {
    "ActivationStatistics": "analysis.stage_numbers",
    "Cancelled": "core.progress",
    "Experiment": "experiment.experiment",
    "ExperimentError": "core.problems",
    "Message": "core.message",
    "Network": "run.network",
    "Outcome": "analysis.diagnosis",
    "Phase": "run.steps",
    "Problem": "core.problems",
    "Site": "program.program",
    "Stage": "analysis.stages",
    "Step": "run.steps",
    "Trace": "run.trace",
    "build": "run.network",
    "prepare": "analysis.preparation",
    "simulate": "run.network",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
