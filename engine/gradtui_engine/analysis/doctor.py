"""The doctor: tries each remedy on the same seed, data and random numbers, and reports what it measured."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.message import English, Message
from ..core.problems import ExperimentError
from ..core.progress import Watch, part, throttled
from ..experiment.experiment import Experiment
from ..experiment.remedy import Remedy
from ..experiment.resolved import Resolved
from ..experiment.training import Training
from ..run.network import Network, build
from .diagnosis import diagnose
from .json_document import outcome_document, strict
from .outcome import KINDS, Outcome

#: A remedy that is no cure helps if it takes away this share of the orders of magnitude that were too many.
_HELPS = 0.5
#: What a remedy can turn out to do, the best first.
EFFECTS: tuple[English, ...] = ("cures", "helps", "no cure", "worse")
# The first run's share, for who watches: a tenth, as most diagnoses have 9 to 12 remedies to try; and building's share.
_FIRST, _BUILD = 0.1, 0.3


@dataclass(frozen=True, slots=True)
class Examined:
    """What was measured of one experiment: its outcome, the loss, and the loss after one update."""

    experiment: Experiment
    #: What it came to, with what a CSV file decided.
    resolved: Resolved
    outcome: Outcome
    loss: float
    loss_after: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy, tried. effect is one of EFFECTS; text says why in the light of the numbers."""

    remedy: Remedy
    measured: Examined
    effect: str
    text: str


@dataclass(frozen=True, slots=True)
class Examination:
    """The experiment as it is, and its remedies, the best first."""

    before: Examined
    trials: tuple[Trial, ...]


def examine(
    experiment: Experiment, begin: Callable[[str], None] = lambda name: None, watch: Watch | None = None
) -> Examination:
    """Run the experiment, and if it is unhealthy every remedy that is offered for it. Raises ExperimentError.

    begin is told the name of each remedy before it is tried, watch the share that is done.
    """
    watch = throttled(watch)
    before = _as_it_stands(experiment, part(watch, 0.0, _FIRST))
    offered = before.outcome.remedies
    trials = []
    for number, remedy in enumerate(offered):
        begin(remedy.name)
        share = part(part(watch, _FIRST, 1.0), number / len(offered), (number + 1) / len(offered))
        try:
            after = _built_and_measured(remedy.apply(before.experiment), share)
        except ExperimentError:
            continue  # not possible here: too large, or its data do not fit the other cell
        trials.append(_trial(remedy, before, after))
    if watch is not None:
        watch(1.0)
    return Examination(before, tuple(sorted(trials, key=_rank)))


def _as_it_stands(experiment: Experiment, watch: Watch | None) -> Examined:
    """The experiment, measured; of a file whose target is numbers with the target as it stands in the file.

    `run` scales such a target unless it is told not to. Whoever trains on the file does not: where that alone keeps the
    first step from doing good, it is what there is to say, and scaling is the remedy.
    """
    measured = _built_and_measured(experiment, part(watch, 0.0, 0.5))
    if experiment.target_scale is not None or measured.resolved.target_scale != "standard":
        return measured
    raw = _built_and_measured(experiment.replace(target_scale="none"), part(watch, 0.5, 1.0))
    step = raw.outcome.first_step
    off_scale = step is not None and step.kind == "off_scale"
    return raw if off_scale or (measured.outcome.healthy and not raw.outcome.healthy) else measured


def _built_and_measured(experiment: Experiment, watch: Watch | None) -> Examined:
    return measure(build(experiment, part(watch, 0.0, _BUILD)), part(watch, _BUILD, 1.0))


def measure(network: Network, watch: Watch | None = None) -> Examined:
    """Run a network, update it once, and run it again for the loss."""
    trace = network.run(watch)
    return Examined(network.experiment, network.resolved, diagnose(trace), trace.loss, trace.loss_after)


def _decades(outcome: Outcome) -> float:
    """How many orders of magnitude the end-to-end ratio is away from 1."""
    if outcome.signal.kind == "non_finite" or not outcome.ratio > 0 or math.isinf(outcome.ratio):
        return math.inf
    return abs(math.log10(outcome.ratio))


def _trial(remedy: Remedy, before: Examined, after: Examined) -> Trial:
    raises = after.loss_after > after.loss
    if after.outcome.healthy:
        # RMSprop's first update is ten times its later ones: healthy, and yet the loss rises at first.
        text = Message("{why} But one update raises the loss now.", why=remedy.why) if raises else remedy.why
        return Trial(remedy, after, "helps" if raises else "cures", text)
    was, now = before.outcome, after.outcome
    values = {"kind": _kinds(now), "why": remedy.why, "no_cure": remedy.no_cure}
    gone = {answer.kind for answer in was.answers} - {answer.kind for answer in now.answers} - {"healthy"}
    if was.signal.kind in ("vanishing", "exploding"):
        # How far the gradient is from arriving says more than the name of what is wrong.
        decades, left = _decades(was), _decades(now)
        if left > decades * (1 + _HELPS) or (math.isinf(left) and not math.isinf(decades)):
            return Trial(remedy, after, "worse", Message("{kind}: {no_cure}", **values))
        better = now.signal.healthy or left < decades * (1 - _HELPS)
        if better and (_falls(after) or not _falls(before)):
            return Trial(remedy, after, "helps", Message("{why} Left is {kind}: {no_cure}", **values))
        if better:
            return Trial(remedy, after, "no cure", Message("{why} But one update raises the loss now.", **values))
        return Trial(remedy, after, "no cure", Message("{kind}: {no_cure}", **values))
    if gone and (_falls(after) or not _falls(before)):
        # The ratio says nothing of dead, saturated or equal units, nor of a step: what counts is whether they are left.
        return Trial(remedy, after, "helps", Message("{why} Now {kind}: {no_cure}", **values))
    return Trial(remedy, after, "no cure", Message("{kind} as before: {no_cure}", **values))


def _kinds(outcome: Outcome) -> str:
    """What is wrong, each kind by name."""
    names = list(dict.fromkeys(KINDS[answer.kind].called for answer in outcome.answers if not answer.healthy))
    return functools.reduce(lambda one, other: Message("{one} and {other}", one=one, other=other), names)


def _falls(measured: Examined) -> bool:
    return measured.loss_after < measured.loss


def _rank(trial: Trial) -> tuple[int, bool, float, float]:
    """By effect; then those whose loss falls after one update; then by the end-to-end ratio's distance from 1."""
    order = EFFECTS.index(trial.effect)
    loss = trial.measured.loss_after
    return (
        order,
        not _falls(trial.measured),
        _decades(trial.measured.outcome),
        loss if math.isfinite(loss) else math.inf,
    )


def report_document(report: Examination) -> dict[str, Any]:
    """The report as strict JSON types."""
    training = Training(experiment=report.before.experiment)
    document: dict[str, Any] = strict(
        {
            "schema": 1,
            "experiment": report.before.experiment.to_document(report.before.resolved),
            "given": report.before.experiment.given(),
            "before": _measured(report.before),
            "remedies": [
                {
                    "name": trial.remedy.name,
                    **trial.remedy.to_document(training, report.before.resolved),
                    "effect": trial.effect,
                    "text": trial.text,
                    **_measured(trial.measured),
                }
                for trial in report.trials
            ],
        }
    )
    return document


def _measured(measured: Examined) -> dict[str, Any]:
    return {
        "outcome": outcome_document(measured.outcome),
        "factor": measured.outcome.average_factor,
        "ratio": measured.outcome.ratio,
        "loss": measured.loss,
        "loss_after_update": measured.loss_after,
    }
