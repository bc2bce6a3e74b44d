"""The one table of what a lesson can ask for: of a run, of an LSTM's gates, of a training, of a function."""

from __future__ import annotations

from gradtui_engine.core.table import Table

from .function_measures import OF_A_FUNCTION, OfFunction
from .gate_measures import OF_GATES
from .run_measures import OF_A_RUN, Measure
from .training_measures import OF_A_TRAINING, OfTraining

MEASURES: Table[Measure | OfTraining | OfFunction] = Table(
    "measure", (*OF_A_RUN, *OF_GATES, *OF_A_TRAINING, *OF_A_FUNCTION)
)
