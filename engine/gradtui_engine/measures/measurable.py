"""Whether what a lesson asks for can be measured, as far as that is known before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.message import Message, Verbatim
from .of_run import PLACES, Measure, last_stage
from .of_training import LAST

if TYPE_CHECKING:
    from ..experiment.experiment import Experiment
    from .expression import Operand


def hindrance(operand: Operand, experiment: Experiment, iterations: int) -> str:
    """Why an operand cannot be measured of an experiment that is trained for so many iterations; empty where it can."""
    if operand.iteration not in ("", LAST):
        # An iteration of the run is counted from 0; a training has come to something after so many.
        low, high = (0, iterations - 1) if isinstance(operand.row, Measure) else (1, iterations)
        if not low <= int(operand.iteration) <= high:
            names = {"name": Verbatim(operand.text), "low": low, "high": high}
            return Message("{name}: there are iterations {low} to {high}", **names)
    if isinstance(operand.row, Measure):
        return _of_run(operand.row, operand.place, operand.text, experiment)
    return ""


def _of_run(row: Measure, place: str, text: str, experiment: Experiment) -> str:
    last = last_stage(experiment)
    if row.cells and experiment.cell not in row.cells:
        names = {"name": Verbatim(row.name), "allowed": ", ".join(row.cells), "cell": experiment.cell}
        return Message("{name} is for {allowed}; the cell is {cell}", **names)
    if row.at and place not in PLACES and last is not None and int(place) > last - row.before_last:
        return Message("{name}: there are stages 0 to {last}", name=Verbatim(text), last=last - row.before_last)
    return ""
