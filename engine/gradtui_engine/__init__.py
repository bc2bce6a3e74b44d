"""gradtui's engine: real forward and backward passes, recorded operation by operation. NumPy only.

from gradtui_engine import Experiment, simulate

run = simulate(Experiment(depth=30, activation="sigmoid"))
print(run.outcome.message, [stage.gradient_norm for stage in run.stages])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.analyse import Analysis, analyse
    from .analysis.outcome import Outcome
    from .analysis.record import Record, Source
    from .analysis.run import Run, simulate
    from .analysis.stage_numbers import ActivationStatistics, StageNumbers
    from .core.message import Message
    from .core.problems import ExperimentError, Problem
    from .core.progress import Cancelled
    from .experiment.experiment import Experiment
    from .experiment.training import Training
    from .program.program import Site
    from .run.network import Network, build
    from .run.steps import Phase, Step
    from .run.trace import Trace
    from .sweeps.axis import Axis
    from .sweeps.cell import Cell
    from .sweeps.pool import Pool
    from .sweeps.run import run as run_sweep
    from .sweeps.sweep import Sweep
    from .training.history import TrainingHistory, train
    from .training.snapshot import TrainingSnapshot
    from .training.stream import Stream
    from .training.trainer import Trainer

__all__ = [
    "ActivationStatistics",
    "Analysis",
    "Axis",
    "Cancelled",
    "Cell",
    "Experiment",
    "ExperimentError",
    "Message",
    "Network",
    "Outcome",
    "Phase",
    "Pool",
    "Problem",
    "Record",
    "Run",
    "Site",
    "Source",
    "StageNumbers",
    "Step",
    "Stream",
    "Sweep",
    "Trace",
    "Trainer",
    "Training",
    "TrainingHistory",
    "TrainingSnapshot",
    "analyse",
    "build",
    "run_sweep",
    "simulate",
    "train",
]

#: The module of each name. Imported when it is asked for: what only reads options or says what is wrong (a server's
#: front, for one) goes without NumPy and the networks, which are 28 MB.
_MODULES = {
    "ActivationStatistics": "analysis.stage_numbers",
    "Analysis": "analysis.analyse",
    "Source": "analysis.record",
    "analyse": "analysis.analyse",
    "Cancelled": "core.progress",
    "Experiment": "experiment.experiment",
    "ExperimentError": "core.problems",
    "Message": "core.message",
    "Network": "run.network",
    "Outcome": "analysis.outcome",
    "Phase": "run.steps",
    "Problem": "core.problems",
    "Site": "program.program",
    "Record": "analysis.record",
    "Run": "analysis.run",
    "StageNumbers": "analysis.stage_numbers",
    "Step": "run.steps",
    "Stream": "training.stream",
    "Trace": "run.trace",
    "Trainer": "training.trainer",
    "Training": "experiment.training",
    "TrainingHistory": "training.history",
    "TrainingSnapshot": "training.snapshot",
    "train": "training.history",
    "Axis": "sweeps.axis",
    "Cell": "sweeps.cell",
    "Pool": "sweeps.pool",
    "Sweep": "sweeps.sweep",
    "run_sweep": "sweeps.run:run",
    "build": "run.network",
    "simulate": "analysis.run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, own = _MODULES[name].partition(":")
    value = getattr(import_module(f"{__name__}.{module}"), own or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
