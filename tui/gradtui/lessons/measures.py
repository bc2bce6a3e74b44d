"""What a lesson can ask of a run or of a training: one row per measure. All of it is read from what was computed, none
of it from a formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.figures import percent, short
from gradtui_engine.core.message import English, Message, Verbatim
from gradtui_engine.core.table import Table
from gradtui_engine.program.program import first_learning
from gradtui_engine.rules.clipping import global_norm
from gradtui_engine.training.reach import horizon

from ..text.summary import kind_name

if TYPE_CHECKING:
    from gradtui_engine import Experiment, Run, TrainingSnapshot

#: Places by name: the first stage that has the measure, the last one, and the one half way.
PLACES = ("first", "middle", "last")
#: The last iteration by name.
LAST = "last"
#: Batches whose losses are averaged where one loss is asked for: one alone jumps.
_BATCHES = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out: a number, or a name (kind); None with the reason where there is none."""

    value: float | str | None
    share: bool = False
    problem: str = ""
    #: Whether its places are steps in time instead of layers.
    over_time: bool = False
    #: Whether it counts iterations.
    whole: bool = False

    @property
    def text(self) -> str:
        """As it is shown: 2.2e-12, 43 %, vanishing."""
        if self.value is None:
            return "–"
        if isinstance(self.value, str):
            return kind_name(self.value)
        if self.whole and math.isfinite(self.value):
            return str(round(self.value))
        return percent(self.value) if self.share else short(self.value)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be measured.

    read(run, stage) gives it, None where this run has none. at: it is measured at a stage, up to `before_last`
    stages before the last one. cells are the ones that have it, empty for all.
    """

    name: str
    #: How a verdict names it; a measure at a stage is followed by the place.
    label: English
    note: str
    read: Callable[[Run, int], float | str | None]
    at: bool = False
    #: Over time, the stage that `first` means; of an MLP it is always layer 1, the first that learns.
    first_time: int = 0
    before_last: int = 0
    share: bool = False
    is_name: bool = False
    cells: tuple[str, ...] = ()

    def stage(self, place: str, cell: str, last: int) -> int:
        """The stage that a place means, where `last` is the last one of the run."""
        if place not in PLACES:
            return int(place)
        start = first_learning(CELLS[cell].axis, last)
        low, high = (self.first_time if CELLS[cell].over_time else start), last - self.before_last
        # The middle is the same stage whatever is measured there.
        wanted = {"first": low, "middle": (start + last) // 2, "last": high}[place]
        return max(min(wanted, high), 0)


@dataclass(frozen=True, slots=True)
class OfTraining:
    """One thing that can be measured of a training.

    read(snapshot, loss) gives it, None where this training has none; of_a_loss: it is about a loss that is given.
    """

    name: str
    label: English
    note: str
    read: Callable[[TrainingSnapshot, float], float | str | None]
    of_a_loss: bool = False
    whole: bool = False
    share: bool = False
    is_name: bool = False


def gradient_stage(place: str, cell: str, last: int) -> int:
    """The stage that a place means where a gradient norm is measured: every stage that can be selected."""
    row = MEASURES["gradient"]
    assert isinstance(row, Measure)
    return row.stage(place, cell, last)


def last_stage(experiment: Experiment) -> int | None:
    """The number of the last stage; None where only a data file knows it."""
    resolved = experiment.resolved
    return resolved.steps if resolved.kind.over_time else resolved.depth


def _of_stage(name: str, number: str) -> Measure:
    """A number of a stage under the name that lessons have for it: a row of STAGE_NUMBERS, for the cells that have it.

    Over time the first stage that has been computed is step 1; gradients reach the initial state, too.
    """
    row = STAGE_NUMBERS[number]
    cells = tuple(cell.name for cell in CELLS.values() if row.in_cell(cell))
    return Measure(
        name,
        row.label,
        row.description,
        lambda run, stage: row.read(run.stages[stage]),
        at=True,
        first_time=1 if row.when == "forward" else 0,
        before_last=0 if row.at_last else 1,
        share=row.unit == "share",
        cells=() if len(cells) == len(CELLS) else cells,
    )


def _dead_units(run: Run, stage: int) -> float | None:
    """The share of all units that are off for every sample."""
    shares = [numbers.activation_dead for numbers in run.stages[1:] if numbers.activation_dead is not None]
    return float(np.mean(shares)) if shares else None


def _of_end(number: str) -> Callable[[TrainingSnapshot, float], float | None]:
    """A number of the answer to whether it learns."""
    return lambda snapshot, loss: snapshot.outcome.numbers.get(number) if snapshot.outcome is not None else None


def _accuracy(snapshot: TrainingSnapshot, loss: float) -> float | None:
    return snapshot.validations[-1].accuracy if snapshot.validations else None


def _diverged_at(snapshot: TrainingSnapshot, loss: float) -> float | None:
    answer = snapshot.outcome
    return float(snapshot.count - 1) if answer is not None and answer.kind == "diverged" else None


def _worst_loss(snapshot: TrainingSnapshot, loss: float) -> float | None:
    losses = snapshot.columns["loss"]
    finite = losses[np.isfinite(losses)]
    return float(finite.max()) if finite.size else None


def _iterations_to(snapshot: TrainingSnapshot, loss: float) -> float | None:
    """The first iteration at which the last 20 batches have cost less on average."""
    losses = snapshot.columns["loss"].astype(float)
    if len(losses) < _BATCHES:
        return None
    means = np.convolve(losses, np.full(_BATCHES, 1 / _BATCHES), "valid")
    below = np.flatnonzero(means < loss)
    return float(below[0] + _BATCHES - 1) if below.size else None


def _horizon(snapshot: TrainingSnapshot, loss: float) -> float | None:
    steps = horizon(snapshot)
    return None if steps is None or steps[-1] < 0 else float(steps[-1])


MEASURES: Table[Measure | OfTraining] = Table(
    "measure",
    (
        Measure(
            "ratio",
            "first/last gradient",
            "‖∂L/∂h‖ (of a cell with a cell state ‖∂L/∂c‖) of the first stage that learns over that of the last",
            lambda run, stage: run.outcome.ratio,
        ),
        Measure(
            "average_factor",
            "average factor",
            "the factor of a stage on average (geometric mean)",
            lambda run, stage: run.outcome.average_factor,
        ),
        Measure(
            "kind",
            "verdict",
            "whether the gradient arrives: healthy, vanishing, exploding, dead, saturated, symmetric, non_finite",
            lambda run, stage: run.outcome.signal.kind,
            is_name=True,
        ),
        Measure(
            "first_step",
            "first step",
            "what the first step does: healthy, off_scale, still, cut_off, starved, diverging, non_finite",
            lambda run, stage: run.outcome.first_step.kind if run.outcome.first_step is not None else None,
            is_name=True,
        ),
        Measure(
            "half_life",
            "half-life in stages",
            "stages until half of the gradient is left; negative where it grows: then it is the doubling distance",
            lambda run, stage: run.decay.half_life,
        ),
        Measure("loss", "loss", "the loss of the batch", lambda run, stage: run.loss),
        Measure(
            "loss_after_update",
            "loss after the update",
            "the loss of the same batch once the parameters have been updated",
            lambda run, stage: run.trace.loss_after,
        ),
        Measure(
            "total_gradient",
            "norm of all gradients",
            "the norm of all parameter gradients together, before clipping",
            lambda run, stage: global_norm(run.parameter_gradients),
        ),
        Measure(
            "clipped_gradient",
            "norm of all gradients, clipped",
            "the same after clipping: what the optimiser gets",
            lambda run, stage: global_norm(run.clipped),
        ),
        _of_stage("gradient", "gradient_norm"),
        _of_stage("cell_gradient", "cell_gradient_norm"),
        _of_stage("factor", "factor"),
        _of_stage("predicted", "predicted_factor"),
        _of_stage("running_product", "running_product"),
        _of_stage("activation_factor", "factor_activation"),
        _of_stage("weight_factor", "factor_weight"),
        _of_stage("norm_factor", "factor_norm"),
        _of_stage("skip_factor", "factor_skip"),
        _of_stage("branch_factor", "factor_branch"),
        _of_stage("direct_factor", "factor_direct"),
        _of_stage("gates_factor", "factor_gates"),
        _of_stage("cell_factor", "factor_cell"),
        _of_stage("update_ratio", "update_ratio"),
        _of_stage("activation_std", "activation_std"),
        _of_stage("activation_mean", "activation_mean"),
        _of_stage("saturated", "activation_saturated"),
        _of_stage("dead", "activation_dead"),
        Measure(
            "dead_units",
            "dead units of all stages",
            "the share of all units of all stages that are off for every sample of the batch",
            _dead_units,
            share=True,
        ),
        OfTraining(
            "learning",
            "training",
            "what a training has come to: trained, falling, stalled, diverged",
            lambda snapshot, loss: snapshot.outcome.kind if snapshot.outcome is not None else None,
            is_name=True,
        ),
        OfTraining(
            "end_loss",
            "loss at the end",
            f"the loss at the end: on held-out samples, or the mean of the last {_BATCHES} batches",
            _of_end("end"),
        ),
        OfTraining("guess", "loss of guessing", "the loss of answering without looking", _of_end("guess")),
        OfTraining(
            "accuracy",
            "accuracy",
            "the share of held-out samples that are right, at the last validation",
            _accuracy,
            share=True,
        ),
        OfTraining(
            "diverged_at", "iteration of the divergence", "the iteration at which it diverged", _diverged_at, whole=True
        ),
        OfTraining("worst_loss", "largest loss", "the largest finite loss of a batch on the way", _worst_loss),
        OfTraining(
            "iterations_to",
            "iterations to a loss below",
            f"the iterations until the last {_BATCHES} batches cost less than this on average",
            _iterations_to,
            of_a_loss=True,
            whole=True,
        ),
        OfTraining(
            "horizon",
            "horizon in steps",
            "the steps back in a row that get at least 1e-3 of the last one's gradient, at the end; of cells that "
            "answer after the last step",
            _horizon,
            whole=True,
        ),
    ),
)


def measure(row: Measure, place: str, run: Run) -> Measured:
    """One measure of a run."""
    last = len(run.stages) - 1
    stage = row.stage(place, run.resolved.cell, last) if row.at else 0
    name = Verbatim(row.name)
    most = last - row.before_last
    if row.at and not 0 <= stage <= most:
        return Measured(None, problem=Message("{name}: there are stages 0 to {last}", name=name, last=most))
    if row.cells and run.resolved.cell not in row.cells:
        return Measured(None, problem=Message("{name}: {cell} has none", name=name, cell=run.resolved.cell))
    value = row.read(run, stage)
    if value is None:
        return Measured(None, problem=Message("{name}: there is none at stage {stage}", name=name, stage=stage))
    return Measured(
        value if isinstance(value, str) else float(value), row.share, over_time=CELLS[run.resolved.cell].over_time
    )


def after(snapshot: TrainingSnapshot, iteration: str) -> TrainingSnapshot | None:
    """What there was after so many iterations; None where there were not so many."""
    if iteration in ("", LAST):
        return snapshot
    count = int(iteration)
    if not 1 <= count <= snapshot.count:
        return None
    columns = {name: column[:count] for name, column in snapshot.columns.items()}
    validations = tuple(row for row in snapshot.validations if row.iteration <= count)
    broken = snapshot.broken if count == snapshot.count else None
    return replace(snapshot, count=count, columns=columns, validations=validations, broken=broken)


def measure_training(row: OfTraining, iteration: str, place: str, snapshot: TrainingSnapshot) -> Measured:
    """One measure of a training, after so many iterations."""
    cut = after(snapshot, iteration)
    if cut is None:
        count = snapshot.count
        return Measured(
            None, problem=Message("iteration {given}: there are 1 to {count}", given=iteration, count=count)
        )
    value = row.read(cut, float(place or 0))
    if value is None:
        return Measured(None, problem=Message("{name}: this training has none", name=Verbatim(row.name)))
    number = value if isinstance(value, str) else float(value)
    return Measured(number, row.share, over_time=snapshot.axis == "time", whole=row.whole)


def divide(top: Measured, under: Measured) -> Measured:
    """The ratio of two measured numbers; 0/0 is nan, as the engine has it."""
    for measured in (top, under):
        if measured.value is None:
            return measured
    above, below = top.value, under.value
    assert isinstance(above, float)
    assert isinstance(below, float)
    if below == 0:
        none = math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)
        return Measured(none, over_time=top.over_time)
    return Measured(above / below, over_time=top.over_time)
