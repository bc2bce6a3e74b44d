"""The doctor: tries each remedy on the same seed, data and random numbers, and reports what it measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .document import outcome_document, strict
from .experiment import Experiment
from .network import Network, build
from .outcome import Outcome
from .problems import ExperimentError
from .remedies import Remedy

#: A remedy that is no cure helps if it takes away this share of the orders of magnitude that were too many.
_HELPS = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one experiment: its outcome, the loss, and the loss after one update."""

    experiment: Experiment
    outcome: Outcome
    loss: float
    loss_after: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy, tried. effect is "cures", "helps", "no cure" or "worse"; text says why in the light of the numbers."""

    remedy: Remedy
    measured: Measured
    effect: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The experiment as it is, and its remedies, the best first."""

    before: Measured
    trials: tuple[Trial, ...]


def examine(experiment: Experiment, begin: Callable[[str], None] = lambda name: None) -> Report:
    """Run the experiment, and if it is unhealthy every remedy that is offered for it. Raises ExperimentError.

    begin is told the name of each remedy before it is tried.
    """
    before = measure(build(experiment))
    trials = []
    for remedy in before.outcome.remedies:
        begin(remedy.name)
        try:
            after = measure(build(remedy.apply(before.experiment)))
        except ExperimentError:
            continue  # not possible here: too large, or its data do not fit the other cell
        trials.append(_trial(remedy, before, after))
    return Report(before, tuple(sorted(trials, key=_rank)))


def measure(network: Network) -> Measured:
    """Run a network, update it once, and run it again for the loss."""
    trace = network.run()
    return Measured(network.experiment, trace.outcome, trace.loss, network.updated(trace).loss())


def _decades(outcome: Outcome) -> float:
    """How many orders of magnitude the end-to-end ratio is away from 1."""
    if outcome.kind == "non_finite" or not outcome.ratio > 0 or math.isinf(outcome.ratio):
        return math.inf
    return abs(math.log10(outcome.ratio))


def _trial(remedy: Remedy, before: Measured, after: Measured) -> Trial:
    if after.outcome.healthy:
        # Not a matter of the gradient's ratio, but whoever takes the remedy will see it first.
        rises = (
            ""
            if not after.loss_after > after.loss
            else f" But one update at η = {after.experiment.learning_rate:g} raises the loss."
        )
        return Trial(remedy, after, "cures", remedy.why + rises)
    kind = after.outcome.kind.replace("_", "-")
    if before.outcome.kind not in ("vanishing", "exploding"):
        # The ratio says nothing of dead, saturated or equal units: what counts is whether they still are.
        if after.outcome.kind != before.outcome.kind:
            return Trial(remedy, after, "helps", f"{remedy.why} Now {kind}: {remedy.no_cure}")
        return Trial(remedy, after, "no cure", f"still {kind}: {remedy.no_cure}")
    was, now = _decades(before.outcome), _decades(after.outcome)
    if now < was * (1 - _HELPS):
        return Trial(remedy, after, "helps", f"{remedy.why} Still {kind}: {remedy.no_cure}")
    if now > was * (1 + _HELPS) or (math.isinf(now) and not math.isinf(was)):
        return Trial(remedy, after, "worse", f"{kind}: {remedy.no_cure}")
    return Trial(remedy, after, "no cure", f"{kind}: {remedy.no_cure}")


def _falls(measured: Measured) -> bool:
    return measured.loss_after < measured.loss


def _rank(trial: Trial) -> tuple[int, bool, float, float]:
    """By effect; then those whose loss falls after one update; then by the end-to-end ratio's distance from 1."""
    order = ("cures", "helps", "no cure", "worse").index(trial.effect)
    loss = trial.measured.loss_after
    return (
        order,
        not _falls(trial.measured),
        _decades(trial.measured.outcome),
        loss if math.isfinite(loss) else math.inf,
    )


def report_document(report: Report) -> dict[str, Any]:
    """The report as strict JSON types."""
    found: dict[str, Any] = strict(
        {
            "schema": 1,
            "experiment": report.before.experiment.to_mapping(),
            "before": _measured(report.before),
            "remedies": [
                {
                    "name": trial.remedy.name,
                    "changes": dict(trial.remedy.changes),
                    "effect": trial.effect,
                    "text": trial.text,
                    **_measured(trial.measured),
                }
                for trial in report.trials
            ],
        }
    )
    return found


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        "outcome": outcome_document(measured.outcome),
        "factor": measured.outcome.average_factor,
        "ratio": measured.outcome.ratio,
        "loss": measured.loss,
        "loss_after_update": measured.loss_after,
    }
