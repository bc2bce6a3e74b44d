"""What an expression measures, of runs and trainings that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..core.message import Message
from .expression import Operand
from .measured import Measured
from .of_functions import OfFunction, measure_function
from .of_run import Measure, measure
from .of_training import LAST, OfTraining, measure_training

if TYPE_CHECKING:
    from ..analysis.run import Run
    from ..training.history import TrainingHistory


class Subject(Protocol):
    """What is measured. Each is asked for as often as it is needed: what is dear to make is kept."""

    def run(self) -> Run:
        """The experiment, run."""

    def history(self) -> TrainingHistory:
        """It trained, to the end."""

    def at(self, iteration: int) -> Run:
        """An iteration of that, whole."""


def read(operand: Operand, subject: Callable[[], Subject]) -> Measured:
    """What an operand comes to. Raises ExperimentError for a subject that cannot be."""
    row = operand.row
    if isinstance(row, OfFunction):
        return measure_function(row, operand.place)
    if isinstance(row, OfTraining):
        return measure_training(row, operand.iteration, operand.place, subject().history().snapshot())
    assert isinstance(row, Measure)
    if not operand.iteration:
        return measure(row, operand.place, subject().run())
    last = subject().history().count - 1
    iteration = last if operand.iteration == LAST else int(operand.iteration)
    if iteration > last:
        return Measured(None, problem=Message("iteration {given}: there are 0 to {count}", given=iteration, count=last))
    return measure(row, operand.place, subject().at(iteration))
