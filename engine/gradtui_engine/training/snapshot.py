"""A training up to some iteration, as it is shown: numbers that never change, while the training itself goes on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..analysis.outcome import Answer
from ..core.numerics import Array
from ..data.yardstick import Yardstick
from ..experiment.training import Training
from .evaluation import Validation
from .judgement import Progress, judge_learning

#: The column that has a number of STAGE_NUMBERS in every iteration, by the number's name: those kept as log10, and
#: those kept as they are.
LOGARITHMS = {"gradient_norm": "gradient", "cell_gradient_norm": "cell_gradient"}
STATISTICS = {f"activation_{column}": column for column in ("std", "saturated", "dead")}


def summary_of(columns: Mapping[str, Array]) -> dict[str, Array]:
    """What a History's summary has, out of a snapshot's columns."""
    summary = {name: columns[name] for name in ("loss", "learning_rate", "accuracy")}
    with np.errstate(all="ignore"):
        summary |= {name: 10.0 ** columns[column] for name, column in LOGARITHMS.items() if column in columns}
        logarithm = columns["gradient"]
        factor = np.full_like(logarithm, np.nan)
        factor[:, :-1] = 10.0 ** (logarithm[:, :-1] - logarithm[:, 1:])
    summary["factor"] = factor
    return summary | {name: columns[column] for name, column in STATISTICS.items() if column in columns}


@dataclass(frozen=True, eq=False)
class TrainingSnapshot:
    """The first `count` iterations of a training.

    columns are read-only, their first axis the iteration: loss, accuracy (of the batch, NaN of numbers), learning_rate,
    (count,); gradient and cell_gradient: log10 ‖∂L/∂h‖ and log10 ‖∂L/∂c‖, −inf where it is 0, (count, stages);
    update_ratio: ‖update‖ / ‖parameter‖ (count, parameters), in the order of `parameters`; std, saturated, dead
    (count, stages); gates: their means over batch and units (count, gates, steps), in the order of the cell's.
    guess is the loss of answering without looking: on what is held out, where something is; batch_guess on what the
    batches take. axis says what a stage is: "layer", "block" or "time". broken is where the last iteration first wrote
    a number that is not finite, with the stage. done: nothing is left to be trained; interrupted: it was stopped
    before. yardstick has the losses in the units of a file's target, where they are of numbers.
    """

    training: Training
    count: int
    columns: Mapping[str, Array]
    validations: tuple[Validation, ...]
    guess: float
    batch_guess: float
    axis: str
    parameters: tuple[str, ...]
    broken: tuple[str, int | None] | None = None
    done: bool = False
    interrupted: bool = False
    yardstick: Yardstick | None = None

    @functools.cached_property
    def summary(self) -> Mapping[str, Array]:
        """loss, accuracy, learning_rate (count,), and of the stages each row of STAGE_NUMBERS that is known, by its
        name: (count, stages); NaN for None."""
        return summary_of(self.columns)

    @functools.cached_property
    def outcome(self) -> Answer | None:
        """What has become of it so far; None before the first iteration."""
        if self.count == 0:
            return None
        last = self.columns["gradient"][-1]
        return judge_learning(
            Progress(
                self.count,
                self.columns["loss"],
                last,
                self.validations,
                self.guess,
                self.axis,
                self.broken,
                self.batch_guess,
            )
        )
