"""What a step of a lesson has to have measured: a need like any other, computed away from the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError, Run
from gradtui_engine.core.message import Message

from ..model.changes import other
from ..model.needs import NOTHING, Failed, Known, Watch, run_of
from .conditions import Operand, expression
from .lesson import Setup
from .measures import Measured, divide, measure

if TYPE_CHECKING:
    from ..model.state import Changes

#: Experiment A, and what B differs in.
Pair = tuple[Experiment, "Changes"]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured, by expression: for the step's text, and for the check and the reveal."""

    shown: Mapping[str, Measured]
    asked: Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Reading:
    """The need: these expressions of the experiments before the answer, those of the experiments after it."""

    before: Pair
    after: Pair
    shown: tuple[str, ...]
    asked: tuple[str, ...]

    @classmethod
    def of(cls, before: Setup, after: Setup, shown: tuple[str, ...], asked: tuple[str, ...]) -> Reading:
        return cls((before.experiment, before.changes), (after.experiment, after.changes), shown, asked)

    def compute(self, watch: Watch, known: Known = NOTHING) -> Readings:
        traces = _Traces(watch, known)
        shown = {text: traces.measured(text, self.before) for text in self.shown}
        return Readings(shown, {text: traces.measured(text, self.after) for text in self.asked})


class _Traces:
    """Each trace that a step needs, once; those made for it are dropped with the numbers read."""

    def __init__(self, watch: Watch, known: Known) -> None:
        self.watch, self.known = watch, known
        self.made: dict[Experiment, Run] = {}

    def measured(self, text: str, pair: Pair) -> Measured:
        wanted = expression(text)
        try:
            values = [self._operand(operand, pair) for operand in wanted.operands]
        except (ExperimentError, MemoryError) as error:
            return Measured(None, problem=Failed.of(error).problem)
        return values[0] if len(values) == 1 else divide(*values)

    def _operand(self, operand: Operand, pair: Pair) -> Measured:
        experiment, changes = pair
        chosen = other(experiment, changes) if operand.of_b and changes else experiment
        if chosen is None or (operand.of_b and not changes):
            return Measured(None, problem=Message("there is no experiment B"))
        if chosen not in self.made:
            self.made[chosen] = run_of(chosen, self.watch, self.known)
        return measure(operand.row, operand.place, self.made[chosen])
