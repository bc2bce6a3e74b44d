"""The history of a training: what is known of every iteration, and any of them whole."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import numpy as np

from ..analysis.non_finite import first_non_finite
from ..analysis.outcome import Answer
from ..analysis.run import Run
from ..core.numerics import Array
from ..core.progress import Cancelled, Watch, part
from ..data.yardstick import Yardstick
from ..experiment.training import Training
from .evaluation import Validation
from .judgement import batch_guess_of, guess_of
from .snapshot import TrainingSnapshot
from .trainer import Trainer

#: The replay's share of an iteration that is looked at again, for who watches.
_REPLAY = 0.7


class TrainingHistory:
    """All iterations of a training so far, while it goes on and afterwards. See `analysis.record.History`.

    One thread trains (`advance`); others may read at the same time.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        #: Whether it was stopped before all iterations were done.
        self.interrupted = False
        self._broken: tuple[str, int | None] | None = None
        #: Whether nothing is left to be trained: all iterations are there and validated, or it diverged.
        self.done = False

    @property
    def training(self) -> Training:
        return self._trainer.training

    @property
    def trainer(self) -> Trainer:
        return self._trainer

    # -- going on ------------------------------------------------------------------------------------------

    def advance(self, count: int | None = None, watch: Watch | None = None) -> None:
        """Train so many iterations more, or all that are left. What watch raises stops it, and nothing is lost."""
        trainer = self._trainer
        self.interrupted = False
        left = self.training.iterations - trainer.k
        trainer.advance(left if count is None else min(count, left), watch)
        if trainer.diverged and self._broken is None:
            self._broken = self._first_broken()
        if trainer.diverged or trainer.k >= self.training.iterations:
            if not trainer.diverged:
                trainer.validate()
            self.done = True

    def _first_broken(self) -> tuple[str, int | None]:
        """Where the last iteration first wrote a number that is not finite."""
        network = self._trainer.network_at(self._trainer.k - 1)
        with np.errstate(all="ignore"):
            broken = first_non_finite(network.run())
        assert broken is not None, "a training that has diverged"
        return broken.site, broken.stage

    # -- looking back --------------------------------------------------------------------------------------

    @property
    def nbytes(self) -> int:
        """Bytes of all that is kept of it."""
        return self._trainer.nbytes

    @property
    def count(self) -> int:
        return self._trainer.columns.count

    def snapshot(self) -> TrainingSnapshot:
        """What there is now."""
        trainer = self._trainer
        columns = trainer.columns.read()
        count = len(columns["loss"])
        validations = tuple(row for row in trainer.validations if row.iteration <= count)
        return TrainingSnapshot(
            self.training, count, columns, validations, self.guess, self.batch_guess, trainer.program.axis,
            tuple(trainer.network.parameters), self._broken, self.done, self.interrupted,
            Yardstick.of(trainer.stream.about, trainer.stream.resolved.loss),
        )  # fmt: skip

    @property
    def columns(self) -> Mapping[str, Array]:
        """What is kept of each iteration: see `TrainingSnapshot`."""
        return self.snapshot().columns

    @property
    def summary(self) -> Mapping[str, Array]:
        """loss, and of the stages each row of STAGE_NUMBERS that is known: (count, stages)."""
        return self.snapshot().summary

    @property
    def validations(self) -> tuple[Validation, ...]:
        return self.snapshot().validations

    @property
    def outcome(self) -> Answer | None:
        """What has become of it so far; None before the first iteration."""
        return self.snapshot().outcome

    @functools.cached_property
    def guess(self) -> float:
        """The loss of answering without looking: on what is held out, where something is."""
        return guess_of(self._trainer.stream, self._outputs)

    @functools.cached_property
    def batch_guess(self) -> float:
        """The same on what the batches take."""
        return batch_guess_of(self._trainer.stream, self._outputs)

    @property
    def _outputs(self) -> int:
        return self._trainer.program.slots["output"].shape[-1]

    def at(self, iteration: int, watch: Watch | None = None) -> Run:
        """Iteration k whole: from the checkpoint before it, bit-equal. Raises IndexError beyond what is there."""
        if not 0 <= iteration < max(self.count, 1):
            raise IndexError(f"iteration {iteration}: there are 0 to {max(self.count, 1) - 1}")
        trace = self._trainer.network_at(iteration, part(watch, 0.0, _REPLAY)).run()
        run = Run.of(trace, part(watch, _REPLAY, 1.0))
        return Run(run.trace, run.analysis, asked=self.training.experiment, training=self.training)


def start(training: Training, known: Iterable[TrainingHistory] = ()) -> TrainingHistory:
    """The history of a training that is to begin; where it turns off from a known one, with all that they share.

    Raises ExperimentError.
    """
    for parent in known:
        same = _shared(parent.training, training)
        if same:
            return TrainingHistory(parent.trainer.branch(training, min(same, parent.count)))
    return TrainingHistory(Trainer(training))


def _shared(parent: Training, training: Training) -> int:
    """So many iterations do both have in common; 0 where they are different from the start."""
    if parent.replace(turns=()) != training.replace(turns=()):
        return 0
    turns = [turn for turn in training.turns if turn not in parent.turns]
    turns += [turn for turn in parent.turns if turn not in training.turns]
    return min((turn.iteration for turn in turns), default=0)


def train(training: Training, watch: Watch | None = None) -> TrainingHistory:
    """Train, and give the history. What watch raises as Cancelled stops it: what has been done stays.

    watch is told the share of the iterations that is done. Raises ExperimentError.
    """
    history = TrainingHistory(Trainer(training))
    try:
        history.advance(watch=watch)
    except Cancelled:
        history.interrupted = True
    return history
