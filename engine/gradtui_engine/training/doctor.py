"""The doctor: tries each remedy on the same seed, data and random numbers, and reports what it measured: what the first
gradient does, and what training does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator

from ..core.problems import ExperimentError
from ..core.progress import Watch, part, throttled
from ..experiment.experiment import Experiment
from ..experiment.remedies import remedies_for
from ..experiment.remedy import Remedy
from ..experiment.training import Training
from ..run.network import Network, build
from .effects import conclusion, judged, ranks
from .examined import Examination, Examined, Trial, measure
from .short_training import Plan, seconds_an_iteration, train_briefly

#: Iterations that each remedy is trained for, unless told otherwise.
ITERATIONS = 200
#: The share that is held out, as a `Training` has it.
_HOLD_OUT = 0.2
# The first run's share, for who watches: a tenth, as most diagnoses have 9 to 12 remedies to try; and building's share.
_FIRST, _BUILD = 0.1, 0.3
# A first gradient's share where it is followed by trainings of 600 iterations.
_GRADIENT = 0.02

#: Told what is tried next, and at which learning rate it is trained; None while it is its first gradient that is asked.
Begin = Callable[[str, float | None], None]


def examine(
    experiment: Experiment,
    begin: Begin = lambda name, rate: None,
    watch: Watch | None = None,
    training: int = ITERATIONS,
    seconds: float | None = None,
) -> Examination:
    """Run the experiment, train it, and try every remedy that is offered for what is found. Raises ExperimentError.

    training is how many iterations each is trained; 0 asks for the first gradient alone. With seconds, fewer than that
    are done where all of it would take longer. begin is told what is tried, watch the share that is done.
    """
    *_, last = examinations(experiment, begin, watch, training, seconds)
    return last


def examinations(
    experiment: Experiment,
    begin: Begin = lambda name, rate: None,
    watch: Watch | None = None,
    training: int = ITERATIONS,
    seconds: float | None = None,
) -> Iterator[Examination]:
    """The examination after each thing that has been tried: whoever stops in between keeps what there is."""
    watch = throttled(watch)
    before, network = _as_it_stands(experiment, part(watch, 0.0, _GRADIENT if training else _FIRST))
    report = Examination(before)
    yield report
    start = _FIRST
    if training:
        start = 1 / (1 + len(before.outcome.remedies))
        report = _learning(before, network, training, seconds, begin, part(watch, _GRADIENT, start))
        yield report
    del network
    before, trials = report.before, list[Trial]()
    offered = before.outcome.remedies if training else _without_training(before.outcome.remedies)
    for number, remedy in enumerate(offered):
        share = part(part(watch, start, 1.0), number / len(offered), (number + 1) / len(offered))
        try:
            trials.append(judged(remedy, before, _tried(remedy, before, report.plan, begin, share)))
        except ExperimentError:
            continue  # not possible here: too large, or its data do not fit the other cell
        report = dataclasses.replace(report, trials=tuple(sorted(trials, key=ranks(bool(training)))))
        yield report
    if watch is not None:
        watch(1.0)
    yield dataclasses.replace(report, complete=True)


def _without_training(offered: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """Those that change something of the first gradient."""
    return tuple(remedy for remedy in offered if remedy.changes)


# -- the experiment as it stands ---------------------------------------------------------------------------


def _as_it_stands(experiment: Experiment, watch: Watch | None) -> tuple[Examined, Network]:
    """The experiment, measured; of a file whose target is numbers with the target as it stands in the file.

    `run` scales such a target unless it is told not to. Whoever trains on the file does not: where that alone keeps the
    first step from doing good, it is what there is to say, and scaling is the remedy.
    """
    measured, network = _built_and_measured(experiment, part(watch, 0.0, 0.5))
    if experiment.target_scale is not None or measured.resolved.target_scale != "standard":
        return measured, network
    raw, raw_network = _built_and_measured(experiment.replace(target_scale="none"), part(watch, 0.5, 1.0))
    step = raw.outcome.first_step
    off_scale = step is not None and step.kind == "off_scale"
    tell_raw = off_scale or (measured.outcome.healthy and not raw.outcome.healthy)
    return (raw, raw_network) if tell_raw else (measured, network)


def _built_and_measured(experiment: Experiment, watch: Watch | None) -> tuple[Examined, Network]:
    network = build(experiment, part(watch, 0.0, _BUILD))
    return measure(network, part(watch, _BUILD, 1.0)), network


# -- training ----------------------------------------------------------------------------------------------


def _learning(
    before: Examined, network: Network, training: int, seconds: float | None, begin: Begin, watch: Watch | None
) -> Examination:
    """The experiment trained, and what is offered for all that is found.

    A remedy is trained as long as the experiment as it stands. Where there are seconds to keep within, that is as long
    as all of them can be; one of which nothing is wrong so far may need none, and takes a quarter of the time at most.
    """
    plan = Plan(training)
    iteration = 0.0 if seconds is None else seconds_an_iteration(_training_of(before.experiment, plan), network)
    limit, count = seconds or math.inf, len(before.outcome.remedies)
    plan = plan.within(limit if count else limit / 4, iteration, 1 + count)
    before = _as_it_learns(before, network, plan, begin, watch)
    shorter = plan.within(limit, iteration, 1 + len(before.outcome.remedies))
    if before.outcome.remedies and not count and shorter != plan:
        plan = shorter
        before = _as_it_learns(before, network, plan, begin, watch)
    return Examination(before, plan=plan, text=conclusion(before))


def _as_it_learns(before: Examined, network: Network, plan: Plan, begin: Begin, watch: Watch | None) -> Examined:
    """The experiment with what training at its own rate has come to, and the remedies for all its answers."""
    trained = train_briefly(_training_of(before.experiment, plan), network, plan, lambda rate: begin("", rate), watch)
    learnt = before.with_training(trained, trained.own)
    kinds = {answer.kind for answer in learnt.outcome.answers if not answer.healthy}
    remedies = remedies_for(before.experiment, kinds, before.resolved)
    return dataclasses.replace(learnt, outcome=dataclasses.replace(learnt.outcome, remedies=remedies))


def _tried(remedy: Remedy, before: Examined, plan: Plan | None, begin: Begin, watch: Watch | None) -> Examined:
    """What a remedy makes of the experiment, at the best rate. Raises ExperimentError where it is not possible."""
    begin(remedy.name, None)
    share = _BUILD / 3 if plan is not None else 1.0
    measured, network = _built_and_measured(remedy.apply(before.experiment), part(watch, 0.0, share))
    if plan is None:
        return measured
    training = remedy.applied(_training_of(before.experiment, plan))
    watched = part(watch, share, 1.0)
    trained = train_briefly(training, network, plan, lambda rate: begin(remedy.name, rate), watched)
    return measured.with_training(trained, trained.best)


def _training_of(experiment: Experiment, plan: Plan) -> Training:
    """A training of so many iterations, validated at the end (and at the start: it is where a training begins)."""
    iterations = plan.iterations
    return Training(experiment=experiment, iterations=iterations, validate_every=iterations, hold_out=_HOLD_OUT)
