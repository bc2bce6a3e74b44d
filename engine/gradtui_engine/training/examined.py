"""What the doctor has measured: an experiment, a remedy that was tried, and all of them together."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass

from ..analysis.diagnosis import diagnose
from ..analysis.outcome import Outcome
from ..core.message import English
from ..core.progress import Watch
from ..experiment.experiment import Experiment, options
from ..experiment.pytorch import Line, lines
from ..experiment.remedy import Remedy
from ..experiment.resolved import Resolved
from ..experiment.training import Training
from ..run.network import Network
from .short_training import Attempt, Plan, Trained

#: What a remedy can turn out to do, the best first.
EFFECTS: tuple[English, ...] = ("cures", "helps", "no cure", "worse")


@dataclass(frozen=True, slots=True)
class Examined:
    """What was measured of one experiment: its outcome, the loss, and the loss after one update.

    trained is what training has come to, None where it was not asked; outcome.learning then says it: of the experiment
    as it stands at its own rate, of a remedy at the best one.
    """

    experiment: Experiment
    #: What it came to, with what a CSV file decided.
    resolved: Resolved
    outcome: Outcome
    loss: float
    loss_after: float
    trained: Trained | None = None

    def with_training(self, trained: Trained, attempt: Attempt) -> Examined:
        """The same, with what training has come to; attempt is the one that is spoken of."""
        outcome = dataclasses.replace(self.outcome, learning=attempt.answer)
        return dataclasses.replace(self, outcome=outcome, trained=trained)


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy, tried. effect is one of EFFECTS; text says why in the light of the numbers."""

    remedy: Remedy
    measured: Examined
    effect: str
    text: str

    @property
    def training(self) -> Training:
        """The training that the remedy makes, at the rate at which it learnt best."""
        measured, trained = self.measured, self.measured.trained
        if trained is None:
            return Training(experiment=measured.experiment)
        training = Training(experiment=measured.experiment, iterations=trained.plan.iterations)
        changes = dict(self.remedy.training)
        if trained.best is not trained.own:
            changes["learning_rate"] = trained.best.rate
        return training.replace(**changes)

    @property
    def command(self) -> str:
        """The command that does again what was tried, ready for a POSIX shell."""
        if self.measured.trained is None:
            return shlex.join(["gradtui", "run", *self.measured.experiment.to_arguments()])
        return shlex.join(["gradtui", "train", *self.training.to_arguments()])

    def options(self, before: Examined) -> list[str]:
        """The options that apply it, beside those of the experiment as it stands."""
        words, training = self.remedy.arguments(before.experiment), self.training
        if training.experiment == self.measured.experiment:
            return words
        # The rate of the remedy itself gives way to the best one.
        rate = options()["learning_rate"]
        if rate.flag in words:
            place = words.index(rate.flag)
            del words[place : place + 2]
        return [*words, *rate.arguments(training.experiment.learning_rate)]

    def pytorch(self, before: Examined) -> tuple[Line, ...]:
        """The lines of PyTorch that apply it to the experiment as it stands."""
        return lines(self.of(before), self.training, before.resolved)

    def of(self, before: Examined) -> Training:
        """As long a training of the experiment as it stands."""
        return Training(experiment=before.experiment, iterations=self.training.iterations)


@dataclass(frozen=True, slots=True)
class Examination:
    """The experiment as it is, and its remedies, the best first.

    plan is how long each was trained; None where the first iteration alone was asked for. text says in a sentence what
    has become of the experiment, "" until it has been trained. Until it is complete, remedies are missing.
    """

    before: Examined
    trials: tuple[Trial, ...] = ()
    plan: Plan | None = None
    text: str = ""
    complete: bool = False


def measure(network: Network, watch: Watch | None = None) -> Examined:
    """Run a network, update it once, and run it again for the loss."""
    trace = network.run(watch)
    return Examined(network.experiment, network.resolved, diagnose(trace), trace.loss, trace.loss_after)
