"""The one table of what can be measured: of a run, of an LSTM's gates, of a training, of a function.

Lessons, sweeps and their documents read it.
"""

from __future__ import annotations

from ..core.table import Table
from .of_functions import OF_A_FUNCTION, OfFunction
from .of_gates import OF_GATES
from .of_run import OF_A_RUN, Measure
from .of_training import OF_A_TRAINING, OfTraining

MEASURES: Table[Measure | OfTraining | OfFunction] = Table(
    "measure", (*OF_A_RUN, *OF_GATES, *OF_A_TRAINING, *OF_A_FUNCTION)
)
