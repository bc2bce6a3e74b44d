"""gradtui's engine: real forward and backward passes, recorded operation by operation. NumPy only.

from gradtui_engine import Experiment, simulate

trace = simulate(Experiment(depth=30, activation="sigmoid"))
print(trace.outcome.message, [stage.gradient_norm for stage in trace.stages])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiment import Experiment
    from .message import Message
    from .network import Network, build, simulate
    from .outcome import Outcome
    from .preparation import prepare
    from .problems import ExperimentError, Problem
    from .program import Site
    from .stages import ActivationStatistics, Stage
    from .trace import Phase, Step, Trace
    from .watch import Cancelled

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
    "ActivationStatistics": "stages",
    "Cancelled": "watch",
    "Experiment": "experiment",
    "ExperimentError": "problems",
    "Message": "message",
    "Network": "network",
    "Outcome": "outcome",
    "Phase": "trace",
    "Problem": "problems",
    "Site": "program",
    "Stage": "stages",
    "Step": "trace",
    "Trace": "trace",
    "build": "network",
    "prepare": "preparation",
    "simulate": "network",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
