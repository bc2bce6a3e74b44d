"""What a step of a lesson has to have measured: a need like any other, computed away from the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradtui_engine import Experiment, ExperimentError, Run, Trainer, TrainingHistory
from gradtui_engine.core.message import Message
from gradtui_engine.experiment.training import Training
from gradtui_engine.measures.expression import Operand, expression
from gradtui_engine.measures.measured import Measured, divide
from gradtui_engine.measures.reading import read

from ..model.changes import other
from ..model.needs import NOTHING, Failed, Known, Watch, run_of
from ..model.trainings import HistoryOf
from .lesson import Setup

if TYPE_CHECKING:
    from ..model.state import Changes

#: The trainings that were made for readings.
Histories = dict[Training, TrainingHistory]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: experiment A, what B differs in, and how both are trained."""

    experiment: Experiment
    changes: Changes = ()
    plan: Changes = ()

    @classmethod
    def of(cls, setup: Setup) -> Subject:
        return cls(setup.experiment, setup.changes, setup.plan)


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured, by expression: for the step's text, and for the check and the reveal."""

    shown: Mapping[str, Measured]
    asked: Mapping[str, Measured]

    def __or__(self, other: Readings) -> Readings:
        return Readings({**self.shown, **other.shown}, {**self.asked, **other.asked})


@dataclass(frozen=True, slots=True)
class Reading:
    """The need: these expressions of the experiments before the answer, those of the experiments after it."""

    before: Subject
    after: Subject
    shown: tuple[str, ...]
    asked: tuple[str, ...]

    @classmethod
    def of(cls, before: Setup, after: Setup, shown: tuple[str, ...], asked: tuple[str, ...]) -> Reading:
        return cls(Subject.of(before), Subject.of(after), shown, asked)

    def only(self, *, trains: bool) -> Reading:
        """The same of trainings alone, or without them."""
        shown, asked = (
            tuple(text for text in texts if expression(text).trains == trains) for texts in (self.shown, self.asked)
        )
        return replace(self, shown=shown, asked=asked)

    def compute(self, watch: Watch, known: Known = NOTHING, histories: Histories | None = None) -> Readings:
        """histories keeps the trainings that are made, and those that it has are made no second time."""
        reader = _Reader(watch, known, {} if histories is None else histories)
        shown = {text: reader.measured(text, self.before) for text in self.shown}
        return Readings(shown, {text: reader.measured(text, self.after) for text in self.asked})


class _Reader:
    """Each run and training that a step needs, once; those made for it are dropped with the numbers read."""

    def __init__(self, watch: Watch, known: Known, histories: Histories) -> None:
        self.watch, self.known, self.histories = watch, known, histories
        self.made: dict[Any, Run] = {}

    def measured(self, text: str, subject: Subject) -> Measured:
        wanted = expression(text)
        try:
            values = [self._operand(operand, subject) for operand in wanted.operands]
        except (ExperimentError, MemoryError) as error:
            return Measured(None, problem=Failed.of(error).problem)
        return values[0] if len(values) == 1 else divide(*values)

    def _operand(self, operand: Operand, subject: Subject) -> Measured:
        experiment, changes = subject.experiment, subject.changes
        chosen = other(experiment, changes) if operand.of_b and changes else experiment
        if chosen is None or (operand.of_b and not changes):
            return Measured(None, problem=Message("there is no experiment B"))
        return read(operand, lambda: _Side(self, chosen, subject.plan))

    def run(self, key: Any, make: Callable[[], Run]) -> Run:
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def history(self, experiment: Experiment, plan: Changes) -> TrainingHistory:
        """The training to its end: the one that is there, or else a new one. Raises ExperimentError."""
        training = Training.from_mapping({**experiment.given(), "training": dict(plan)})
        known = self.known.get(HistoryOf(training))
        if isinstance(known, TrainingHistory) and known.done:
            return known
        if training not in self.histories:
            history = TrainingHistory(Trainer(training))
            history.advance(watch=self.watch)
            self.histories[training] = history
        return self.histories[training]


@dataclass(frozen=True, slots=True)
class _Side:
    """Experiment A or B, trained by the plan."""

    reader: _Reader
    experiment: Experiment
    plan: Changes

    def run(self) -> Run:
        reader, experiment = self.reader, self.experiment
        return reader.run(experiment, lambda: run_of(experiment, reader.watch, reader.known))

    def history(self) -> TrainingHistory:
        return self.reader.history(self.experiment, self.plan)

    def at(self, iteration: int) -> Run:
        history = self.history()
        return self.reader.run((history.training, iteration), lambda: history.at(iteration, self.reader.watch))
