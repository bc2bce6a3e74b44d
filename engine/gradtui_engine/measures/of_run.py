"""What can be asked of a run, one row each. All of it is read from what was computed, none of it from a formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.jacobian import jacobian, singular_values
from ..analysis.stage_numbers import STAGE_NUMBERS
from ..cells.table import CELLS
from ..core.figures import exact
from ..core.message import English, Message, Verbatim
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import ratio
from ..core.problems import ExperimentError, Problem, in_one
from ..program.program import first_learning
from ..rules.clipping import global_norm
from .measured import Measured

if TYPE_CHECKING:
    from ..analysis.run import Run
    from ..experiment.experiment import Experiment

#: The most that the end-to-end Jacobian may cost, as stages × units³: about 5 s on one core.
MOST_WORK = 10**11

#: Places by name: the first stage that has the measure, the last one, and the one half way.
PLACES = ("first", "middle", "last")


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be measured.

    read(run, stage) gives it, None where this run has none. at: it is measured at a stage, up to `before_last`
    stages before the last one. cells are the ones that have it, empty for all.
    """

    name: str
    #: How a verdict names it; a measure at a stage is followed by the place.
    label: English
    description: str
    read: Callable[[Run, int], float | str | None]
    at: bool = False
    #: Over time, the stage that `first` means; of an MLP it is always layer 1, the first that learns.
    first_time: int = 0
    before_last: int = 0
    share: bool = False
    is_name: bool = False
    cells: tuple[str, ...] = ()
    #: What else it is called.
    aliases: Aliases = field(default=NO_ALIASES, hash=False)
    #: The measure of a training that is meant by its name alone where a sweep trains.
    trained: str = ""

    def stage(self, place: str, cell: str, last: int) -> int:
        """The stage that a place means, where `last` is the last one of the run."""
        if place not in PLACES:
            return int(place)
        start = first_learning(CELLS[cell].axis, last)
        low, high = (self.first_time if CELLS[cell].over_time else start), last - self.before_last
        # The middle is the same stage whatever is measured there.
        wanted = {"first": low, "middle": (start + last) // 2, "last": high}[place]
        return max(min(wanted, high), 0)


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


def _condition_number(run: Run, stage: int) -> float:
    """σ_max / σ_min of ∂h_last/∂h_first of the first sample; inf where a direction is lost, nan where a number is."""
    last = len(run.stages) - 1
    first = min(first_learning(run.axis, last), last - 1)
    units = max(run.state(number).shape[-1] for number in range(first, last + 1))
    if (last - first) * units**3 > MOST_WORK:
        message = Message(
            "{count} stages of {units} units; stages × units³ goes up to {most}: lower one of them",
            count=last - first, units=units, most=exact(MOST_WORK),
        )  # fmt: skip
        raise ExperimentError([Problem("jacobian", message)])
    values = singular_values(jacobian(run))
    return ratio(float(values[0]), float(values[-1]))


#: Every stage that can be selected has it.
_GRADIENT = _of_stage("gradient", "gradient_norm")

OF_A_RUN = (
    Measure(
        "ratio",
        "what arrives of the gradient",
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
        "whether the gradient arrives: healthy, vanishing, exploding, dead, saturated, symmetric, "
        "truncated, underflow, non_finite",
        lambda run, stage: run.outcome.signal.kind,
        is_name=True,
    ),
    Measure(
        "first_step",
        "first step",
        "what the first step does: healthy, off_scale, still, cut_off, starved, overshooting, diverging, non_finite",
        lambda run, stage: run.outcome.first_step.kind if run.outcome.first_step is not None else None,
        is_name=True,
    ),
    Measure(
        "half_life",
        "half-life in stages",
        "stages until half of the gradient is left; negative where it grows: then it is the doubling distance",
        lambda run, stage: run.decay.half_life,
    ),
    Measure(
        "condition_number",
        "condition number of the Jacobian",
        "the largest over the smallest singular value of the exact end-to-end Jacobian ∂h_last/∂h_first, first sample",
        _condition_number,
        aliases=Aliases(("condition", "cond", "kappa")),
    ),
    Measure("loss", "loss", "the loss of the batch", lambda run, stage: run.loss, trained="end_loss"),
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
    _GRADIENT,
    _of_stage("cell_gradient", "cell_gradient_norm"),
    _of_stage("gradient_zeros", "gradient_zeros"),
    _of_stage("factor", "factor"),
    _of_stage("predicted", "predicted_factor"),
    _of_stage("running_product", "running_product"),
    _of_stage("activation_factor", "factor_activation"),
    _of_stage("weight_factor", "factor_weight"),
    _of_stage("norm_factor", "factor_norm"),
    _of_stage("skip_factor", "factor_skip"),
    _of_stage("gate_factor", "factor_gate"),
    _of_stage("branch_factor", "factor_branch"),
    _of_stage("attention_factor", "factor_attention"),
    _of_stage("mlp_factor", "factor_mlp"),
    _of_stage("direct_factor", "factor_direct"),
    _of_stage("gates_factor", "factor_gates"),
    _of_stage("cell_factor", "factor_cell"),
    _of_stage("update_ratio", "update_ratio"),
    _of_stage("attention_entropy", "attention_entropy"),
    _of_stage("token_similarity", "token_similarity"),
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
        aliases=Aliases(("dead_share",)),
    ),
)


def gradient_stage(place: str, cell: str, last: int) -> int:
    """The stage that a place means where a gradient norm is measured: every stage that can be selected."""
    return _GRADIENT.stage(place, cell, last)


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
    try:
        value = row.read(run, stage)
    except ExperimentError as error:
        return Measured(None, problem=Message("{field}: {problem}", field=name, problem=in_one(error.problems)))
    if value is None:
        return Measured(None, problem=Message("{name}: there is none at stage {stage}", name=name, stage=stage))
    return Measured(
        value if isinstance(value, str) else float(value), row.share, over_time=CELLS[run.resolved.cell].over_time
    )
