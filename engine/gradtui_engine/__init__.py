"""gradtui's engine: real forward and backward passes, recorded operation by operation. NumPy only.

from gradtui_engine import Experiment, simulate

trace = simulate(Experiment(depth=30, activation="sigmoid"))
print(trace.outcome.message, [stage.gradient_norm for stage in trace.stages])
"""

from .experiment import Experiment
from .message import Message
from .network import Network, build, simulate
from .outcome import Outcome
from .prepare import prepare
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
