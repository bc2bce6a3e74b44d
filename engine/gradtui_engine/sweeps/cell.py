"""A cell of a sweep: computed from plain types into plain types, so that any executor can have it computed anywhere."""

from __future__ import annotations

import functools
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..analysis.json_document import strict
from ..analysis.run import Run, simulate
from ..core.message import Message
from ..core.problems import ExperimentError, in_one
from ..core.progress import Cancelled, Watch
from ..core.spelt import retold, told
from ..experiment.experiment import Experiment
from ..experiment.training import Training
from ..measures.expression import Expression, expression
from ..measures.measurable import hindrance
from ..measures.measured import Measured, divide
from ..measures.reading import read
from ..run.size import check_size
from ..training.checkpoints import Checkpoints
from ..training.history import TrainingHistory
from ..training.trainer import Trainer
from .plain import Plain, experiment_of, training_of
from .stopping import is_stopped

#: What a measure has come to; None where there is none.
Number = float | str | None

#: What has become of a cell. The first two are kept: another attempt would come to the same.
COMPUTED, IMPOSSIBLE, FAILED, STOPPED = "computed", "impossible", "failed", "stopped"
KEPT = (COMPUTED, IMPOSSIBLE)

#: Seconds of training between two looks at whether it is to be stopped.
_LOOK = 0.1
#: A validation is for whoever looks on: of a cell only the one at the end counts.
_NEVER = 10**7
_SPELLINGS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class Cell:
    """What has become of the cell in column i and row j.

    values: by measure, over several seeds their median (of names the most frequent one); None where there is none.
    reason: why a number is missing or not finite, "" where all are there. repeats: by measure, each seed's.
    known: it was kept by an earlier run. lasting: another attempt would come to the same.
    """

    i: int
    j: int
    values: Mapping[str, Number]
    reason: str = ""
    seconds: float = 0.0
    repeats: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)
    known: bool = False
    lasting: bool = True

    @classmethod
    def of(cls, i: int, j: int, measures: Sequence[str], result: Mapping[str, Any], known: bool = False) -> Cell:
        """The cell of what `compute` gave, or of what a file kept of that. Raises KeyError and its like for less."""
        kept = result["repeats"]
        repeats = {name: tuple(map(_number, kept[name])) for name in measures if name in kept}
        values = {name: _number(result["values"].get(name)) for name in measures}
        reason = retold(result["reason"], result.get("told", {}))
        lasting = result["status"] in KEPT
        return cls(i, j, values, reason, float(result["seconds"]), repeats, known, lasting)

    @property
    def failed(self) -> bool:
        """Whether there is not a single number."""
        return all(value is None for value in self.values.values())


def compute(plain: Plain) -> dict[str, Any]:
    """A cell computed: {"status", "values", "repeats", "reason", "told", "seconds"}, plain types all through.

    plain is what `Sweep.plain` gives; beside it "memory", the bytes that a trace may take, and "run", by whose name
    `stopping` ends it. Never raises but for what ends a process. Numbers that are not finite are texts, as in JSON.
    """
    start = time.perf_counter()
    watch = functools.partial(_watch, plain.get("run", ""))
    try:
        result = _computed(plain, watch)
    except Cancelled:
        result = _without(STOPPED, Message("stopped"))
    except ExperimentError as error:
        result = _without(IMPOSSIBLE, in_one(error.problems))
    except MemoryError:
        result = _without(FAILED, Message("not enough memory for this size"))
    except OSError as error:
        result = _without(FAILED, str(error))
    except Exception as error:
        # A fault of the program is one cell's, too: the others come.
        result = _without(IMPOSSIBLE, f"{type(error).__name__}: {error}")
    return strict(result) | {"seconds": time.perf_counter() - start}  # type: ignore[no-any-return]


def failed(reason: str, seconds: float = 0.0) -> dict[str, Any]:
    """What stands for a cell that another attempt may compute."""
    return _without(FAILED, reason) | {"seconds": seconds}


def _without(status: str, reason: str) -> dict[str, Any]:
    return {"status": status, "values": {}, "repeats": {}, "reason": str(reason), "told": told([reason])}


def _watch(run: str, share: float) -> None:
    if is_stopped(run):
        raise Cancelled


def _computed(plain: Plain, watch: Watch) -> dict[str, Any]:
    """All seeds of a cell. Raises ExperimentError where not one of them can be."""
    watch(0.0)
    trains = plain["training"] is not None
    wanted = {text: expression(text).trained if trains else expression(text) for text in plain["measures"]}
    seeds = plain["repeats"] or [None]
    problems: dict[str, str] = {}
    numbers: dict[str, list[Number]] = {text: [] for text in wanted}
    for seed in seeds:
        subject = _Subject(plain, seed, wanted.values(), watch)
        for text, each in wanted.items():
            measured = subject.measured(each)
            numbers[text].append(measured.value)
            if measured.problem:
                problems.setdefault(text, measured.problem)
            elif not _is_finite(measured.value):
                trouble = subject.trouble()
                if trouble:
                    problems.setdefault(text, trouble)
    values = {text: middle(each) for text, each in numbers.items()}
    lacking = [text for text, value in values.items() if value is None or not _is_finite(value)]
    reason = next((problems[text] for text in lacking if text in problems), "")
    repeats = numbers if plain["repeats"] else {}
    return {"status": COMPUTED, "values": values, "repeats": repeats, "reason": str(reason), "told": told([reason])}


def middle(values: Sequence[Number]) -> Number:
    """The median of those that there are, nan counting as the largest; of names the most frequent, the first of equal
    ones."""
    names = [value for value in values if isinstance(value, str)]
    if names:
        return Counter(names).most_common(1)[0][0]
    numbers = sorted((value for value in values if isinstance(value, float)), key=lambda value: (value != value, value))
    if not numbers:
        return None
    below, above = numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2]
    return below if below == above else (below + above) / 2


def _is_finite(value: Number) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


class _Subject:
    """The experiment of a cell with one seed: run and trained once, if at all."""

    def __init__(self, plain: Plain, seed: int | None, wanted: Iterable[Expression], watch: Watch) -> None:
        self._watch = watch
        self._operands = [operand for each in wanted for operand in each.operands]
        self.experiment: Experiment = experiment_of(plain, seed)
        self.training: Training | None = training_of(plain, self.experiment)
        check_size(self.experiment.resolved, plain.get("memory"))
        self._run: Run | None = None
        self._looked_at: dict[int, Run] = {}

    def measured(self, wanted: Expression) -> Measured:
        iterations = 0 if self.training is None else self.training.iterations
        for operand in wanted.operands:
            hindered = hindrance(operand, self.experiment, iterations)
            if hindered:
                return Measured(None, problem=hindered)
        values = [read(operand, lambda: self) for operand in wanted.operands]
        return values[0] if len(values) == 1 else divide(*values)

    def run(self) -> Run:
        if self._run is None:
            self._run = simulate(self.experiment, self._watch)
        return self._run

    def history(self) -> TrainingHistory:
        return self._history

    @functools.cached_property
    def _history(self) -> TrainingHistory:
        assert self.training is not None
        training, checkpoints = self.training, Checkpoints()
        if not any(operand.iteration for operand in self._operands):
            # Nobody looks back: what would be kept for that is left out.
            training, checkpoints = training.replace(validate_every=_NEVER), Checkpoints(seconds=math.inf)
        history = TrainingHistory(Trainer(training, checkpoints=checkpoints, statistics=False))
        count = 1
        while not history.done:
            start = time.perf_counter()
            history.advance(count)
            self._watch(0.0)
            # A watch is told every half a percent, which of a training of minutes is too seldom to be stopped by.
            count = count * 2 if time.perf_counter() - start < _LOOK / 2 else max(1, count // 2)
        return history

    def at(self, iteration: int) -> Run:
        if iteration not in self._looked_at:
            # One at a time: a trace is the largest thing of a cell.
            self._looked_at = {iteration: self._history.at(iteration, self._watch)}
        return self._looked_at[iteration]

    def trouble(self) -> str:
        """What is not finite, in words; empty where all that was computed is."""
        if self.training is not None and any(operand.trains for operand in self._operands):
            answer = self.history().outcome
            if answer is not None and answer.kind == "diverged":
                return answer.message
            return ""
        answer = self.run().outcome.signal
        return answer.message if answer.kind == "non_finite" else ""


def _number(value: Any) -> Number:
    if isinstance(value, str):
        return _SPELLINGS.get(value, value)
    return None if value is None else float(value)
