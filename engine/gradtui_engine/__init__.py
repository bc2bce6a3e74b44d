"""gradtui's engine: real forward and backward passes, recorded operation by operation. NumPy only.

from gradtui_engine import Experiment, simulate

trace = simulate(Experiment(depth=30, activation="sigmoid"))
print(trace.outcome.message, [stage.gradient_norm for stage in trace.stages])
"""

from .experiment import Experiment
from .network import Network, build, simulate
from .outcome import Outcome
from .problems import ExperimentError, Problem
from .program import Site
from .stages import ActivationStatistics, Stage
from .trace import Phase, Step, Trace

__all__ = [
    "ActivationStatistics",
    "Experiment",
    "ExperimentError",
    "Network",
    "Outcome",
    "Phase",
    "Problem",
    "Site",
    "Stage",
    "Step",
    "Trace",
    "build",
    "simulate",
]
