"""A short training at the best of three learning rates: what `doctor` judges an experiment and its remedies by."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..analysis.outcome import Answer
from ..core.figures import rounded
from ..core.numerics import ratio
from ..core.problems import ExperimentError
from ..core.progress import Watch, part
from ..experiment.training import Training
from ..run.network import Network
from .history import TrainingHistory
from .stream import Stream
from .trainer import Trainer

#: The rates that are tried, as shares of the experiment's own. Of 71 networks and remedies (nine experiments: MLP,
#: RNN, LSTM, GRU) 54 learnt at one of 10, 3, 1, 1/3 and 1/10 η. Best was 3 η or more for 27, most of them cells, η for
#: 10, η/3 for 14, η/10 for 3.
SHARES = (1.0, 0.3, 3.0)
#: At a quarter of the iterations, if those are this many at least, a rate is given up whose loss is so many times the
#: best one's there: of 100 networks and remedies (six experiments) it came to 18 rates, and none of them would have
#: been the best.
_QUARTER, _LEAST, CLEARLY_WORSE = 4, 10, 1.5
#: Iterations by which the time of one is measured, after one that is not.
_TIMED = 2
#: What a remedy's iteration costs on average, in iterations of the experiment as it stands: 1.24 of 30 sigmoid layers.
_COSTS = 1.25


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each training is: iterations, and at how many of the rates."""

    iterations: int
    rates: int = len(SHARES)

    @property
    def whole(self) -> int:
        """All iterations of one training."""
        return self.iterations * self.rates

    def shortened(self) -> tuple[Plan, ...]:
        """This plan, and shorter ones down to a twentieth at one rate."""
        shares = (1, 2, 4, 10, 20)
        plans = [Plan(max(1, self.iterations // share), self.rates) for share in shares]
        return (*plans, Plan(plans[-1].iterations, 1))

    def within(self, seconds: float, iteration: float, trainings: int) -> Plan:
        """The longest of them for which so many trainings take no more than these seconds, at those of an iteration."""
        plans = self.shortened()
        return next((plan for plan in plans if plan.whole * iteration * _COSTS * trainings <= seconds), plans[-1])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A training at one rate: how many iterations were done, and what it has come to.

    Fewer were done where it diverged, or where it was given up, being clearly worse. quarter is the loss at a quarter.
    """

    rate: float
    count: int
    answer: Answer
    quarter: float = math.nan
    given_up: bool = False

    @property
    def loss(self) -> float:
        """At the end: on held-out samples, or of the last batches where none are."""
        return self.answer.numbers["end"]

    @property
    def accuracy(self) -> float | None:
        """The share of held-out samples that are answered right; None of numbers."""
        return self.answer.numbers.get("accuracy")

    @property
    def score(self) -> float:
        """The loss over that of answering without looking; inf where it is not finite."""
        guess = self.answer.numbers["guess"]
        score = ratio(self.loss, guess) if guess > 0 else 0.0
        return score if math.isfinite(score) else math.inf

    @property
    def learns(self) -> bool:
        return self.answer.healthy


@dataclass(frozen=True, slots=True)
class Trained:
    """A training at each of its rates, in the order in which they were tried: the experiment's own first."""

    plan: Plan
    attempts: tuple[Attempt, ...]
    #: Whether the losses are of samples that no batch contained.
    held_out: bool

    @property
    def own(self) -> Attempt:
        return self.attempts[0]

    @property
    def best(self) -> Attempt:
        return min(self.attempts, key=lambda attempt: (attempt.given_up, attempt.score))

    @property
    def guess(self) -> float:
        """The loss of answering without looking."""
        return self.own.answer.numbers["guess"]


def train_briefly(
    training: Training,
    network: Network,
    plan: Plan,
    begin: Callable[[float], None] = lambda rate: None,
    watch: Watch | None = None,
) -> Trained:
    """Train at each rate; network is that of the experiment, begin is told each rate. Raises ExperimentError."""
    stream = Stream(training)
    attempts: list[Attempt] = []
    trainings = _at_rates(training, plan)
    for number, (rate, changed) in enumerate(trainings):
        begin(rate)
        share = part(watch, number / len(trainings), (number + 1) / len(trainings))
        bar = min((attempt.quarter for attempt in attempts if math.isfinite(attempt.quarter)), default=math.inf)
        history = TrainingHistory(Trainer(changed, network, stream, statistics=False))
        attempts.append(_attempt(rate, history, bar, share))
    return Trained(plan, tuple(attempts), stream.validation is not None)


def _at_rates(training: Training, plan: Plan) -> list[tuple[float, Training]]:
    """The training at its own rate, and at the others, each a number that can be read and typed."""
    own = training.experiment.resolved.learning_rate
    found = [(own, training)]
    for share in SHARES[1 : plan.rates]:
        rate = float(rounded(own * share, 2))
        try:
            found.append((rate, training.replace(learning_rate=rate)))
        except ExperimentError:
            continue  # beyond what a rate can be
    return list({rate: (rate, changed) for rate, changed in reversed(found)}.values())[::-1]


def _attempt(rate: float, history: TrainingHistory, bar: float, watch: Watch | None) -> Attempt:
    """One training, ended at a quarter where it has diverged or its loss is clearly above the bar."""
    count = history.training.iterations
    quarter, at_quarter = count // _QUARTER, math.nan
    if quarter >= _LEAST:
        history.advance(quarter, part(watch, 0.0, quarter / count))
        if not history.trainer.diverged:
            history.trainer.validate()
        answer = _answer(history)
        at_quarter = answer.numbers["end"]
        given_up = at_quarter > CLEARLY_WORSE * bar
        if given_up or answer.kind == "diverged":
            return Attempt(rate, history.count, answer, at_quarter, given_up)
    history.advance(watch=part(watch, quarter / count, 1.0))
    return Attempt(rate, history.count, _answer(history), at_quarter)


def _answer(history: TrainingHistory) -> Answer:
    answer = history.outcome
    assert answer is not None, "after an iteration"
    return answer


def seconds_an_iteration(training: Training, network: Network) -> float:
    """CPU seconds that an iteration of it takes: those of this thread, whoever else is at work."""
    trainer = Trainer(training, network, statistics=False)
    trainer.advance()
    start = time.thread_time()
    trainer.advance(_TIMED)
    return (time.thread_time() - start) / _TIMED
