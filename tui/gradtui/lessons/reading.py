"""What a step of a lesson has to have measured: a need like any other, computed away from the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError, Trace, simulate
from gradtui_engine.message import Message

from ..needs import other
from .conditions import Operand, expression
from .lesson import Setup
from .measures import Measured, divide, measure

if TYPE_CHECKING:
    from ..events import Changes
    from ..needs import Watch

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

    def compute(self, watch: Watch) -> Readings:
        traces = _Traces(watch)
        shown = {text: traces.measured(text, self.before) for text in self.shown}
        return Readings(shown, {text: traces.measured(text, self.after) for text in self.asked})


class _Traces:
    """Each trace that a step needs, once; they are dropped with the numbers read."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.known: dict[Experiment, Trace] = {}

    def measured(self, text: str, pair: Pair) -> Measured:
        wanted = expression(text)
        try:
            values = [self._operand(each, pair) for each in wanted.operands]
        except ExperimentError as error:
            return Measured(None, problem="; ".join(map(str, error.problems)))
        except MemoryError:
            return Measured(None, problem=Message("not enough memory for this size"))
        return values[0] if len(values) == 1 else divide(*values)

    def _operand(self, each: Operand, pair: Pair) -> Measured:
        experiment, changes = pair
        chosen = other(experiment, changes) if each.of_b and changes else experiment
        if chosen is None or (each.of_b and not changes):
            return Measured(None, problem=Message("there is no experiment B"))
        if chosen not in self.known:
            self.known[chosen] = simulate(chosen, self.watch)
        return measure(each.row, each.place, self.known[chosen])
