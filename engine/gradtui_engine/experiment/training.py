"""The Training: an experiment and how it is trained, frozen, in the same spellings as the experiment."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import allowances
from ..core import options as core_options
from ..core.fields import Integer, Kind, Number, Rejected, Value, given, not_allowed
from ..core.message import English, Message, Verbatim
from ..core.names import NO_ALIASES, key
from ..core.options import Manner, Option, options_of
from ..core.problems import ExperimentError, Problem, unknown_name
from ..core.table import choice_among, choice_of
from ..data.datasets import find
from ..rules import schedules
from ..rules.schedules import SCHEDULES
from . import spelling
from .experiment import Experiment
from .experiment import options as experiment_options
from .other_names import names_of
from .resolved import RATES_OF_LAYERS

if TYPE_CHECKING:
    from .resolved import Resolved

#: What batches can be: of samples in a new order every epoch, drawn anew for each iteration, the first one again.
EPOCHS, FRESH, ONE = BATCHES = ("epochs", "fresh", "one")
#: Without a warmup of its own the schedule of that name takes this share of the iterations; a step is a third of them.
_WARMUP, _STEPS = 10, 3
#: The fields of an experiment that can change on the way: the optimiser's state keeps its shape.
OF_RATES = ("learning_rate", *RATES_OF_LAYERS.values())
OF_THE_UPDATE = (*OF_RATES, "clip", "clip_threshold")


@dataclass(frozen=True, slots=True)
class Turn:
    """From this iteration on these fields have these values."""

    iteration: int
    changes: tuple[tuple[str, Value], ...]

    def __str__(self) -> str:
        return f"{self.iteration}:" + ",".join(f"{name.replace('_', '-')}={value}" for name, value in self.changes)


class _Turns(Kind):
    """A turn as text: 120:learning-rate=0.01,clip=norm."""

    @property
    def form(self) -> str:
        return "K:FIELD=VALUE"

    @property
    def allowed(self) -> str:
        return Message("K:FIELD=VALUE, with commas between; the fields are {names}", names=", ".join(_turning()))

    def check(self, value: Any) -> Any:
        if isinstance(value, Turn):
            value = str(value)
        if not isinstance(value, str):
            raise not_allowed(given(value), self.allowed)
        start, colon, changes = value.partition(":")
        if not colon or not re.fullmatch(r"\d{1,9}", start):
            raise not_allowed(given(value), self.allowed)
        return Turn(int(start), tuple(change for text in changes.split(",") for change in self._changes(text)))

    def _changes(self, text: str) -> Iterator[tuple[str, Value]]:
        """The field by its own name, after those that another name decides: clip norm of max_norm."""
        called, equals, value = text.partition("=")
        rows = _turning()
        called = called.strip().replace("-", "_")
        name = next(iter(names_of(rows).called(called)), None)
        if name is None:
            raise Rejected(unknown_name(called, tuple(rows)))
        if not equals:
            raise not_allowed(given(text), self.allowed)
        yield from rows[name].aliases.sets.get(key(called), {}).items()
        yield name, rows[name].kind.parse(value.strip())


@functools.cache
def _turning() -> dict[str, Option]:
    """The fields that can change on the way."""
    own = {name: options()[name] for name in ("schedule", "warmup", "step_every", "step_factor")}
    return {name: experiment_options()[name] for name in OF_THE_UPDATE} | own


def option(default: Any, help: English, kind: Kind, **more: Any) -> Any:
    """A field of a training with its option."""
    return core_options.option(default, help, kind, **more)


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that decides a training. Equal ones give bit-equal iterations on one machine.

    The experiment alone is iteration 0: its batch, its weights. A field that is None follows from the others. Raises
    ExperimentError with every problem at once.
    """

    experiment: Experiment = field(default_factory=Experiment)
    iterations: int = option(300, "iterations to train", Integer(1, 10**7))
    batches: str | None = option(
        None,
        "epochs of all samples, each in a new order; fresh ones of a task; or the one of the first iteration again and "
        "again; without it epochs, or fresh where the data is a task",
        choice_among(dict.fromkeys(BATCHES, NO_ALIASES)),
    )
    schedule: str = option("constant", "how the learning rate changes on the way", choice_of(lambda: SCHEDULES))
    warmup: int = option(
        0, "iterations over which the rate rises at first; 0 for none, or with the schedule warmup a tenth of them",
        Integer(0, 10**7),
    )  # fmt: skip
    step_every: int | None = option(
        None, "iterations between two steps of the schedule step; without it a third of them", Integer(1, 10**7)
    )
    step_factor: float = option(0.1, "factor on the rate at each of them", Number(0.0, 1e3))
    hold_out: float = option(
        0.2, "share of the samples that no batch contains, for validation; never of the first batch", Number(0.0, 0.9)
    )
    validate_every: int = option(25, "iterations between two validations", Integer(1, 10**7))
    turns: tuple[Turn, ...] = option(
        (), "from iteration K on another rate, clipping, schedule …", _Turns(), many=True, flag="--then"
    )

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, row in options().items():
            value = getattr(self, name)
            if value is None and row.is_optional:
                continue
            try:
                checked = tuple(map(row.kind.check, _several(value))) if row.many else row.kind.check(value)
            except Rejected as error:
                problems.append(Problem(name, error.message))
                continue
            object.__setattr__(self, name, str(checked) if isinstance(checked, str) else checked)
        if not problems:
            object.__setattr__(self, "turns", tuple(sorted(self.turns, key=lambda turn: turn.iteration)))
            problems += self._contradictions()
        if problems:
            raise ExperimentError(problems)

    def _contradictions(self) -> Iterator[Problem]:
        data = find(self.experiment.resolved.data)
        if self.batches is not None and self.batches not in allowed_batches(self.experiment):
            message = Message(
                "{given} given; allowed for {data}: {allowed}",
                given=repr(self.batches), data=data.name, allowed=", ".join(allowed_batches(self.experiment)),
            )  # fmt: skip
            yield Problem("batches", message)
        most = allowances.current().iterations
        if self.iterations > most:
            message = Message("{given} given; allowed here: 1 to {most}", given=self.iterations, most=int(most))
            yield Problem("iterations", message)
        if self.warmup > self.iterations:
            message = Message(
                "{given} given; allowed: 0 to {most}, the iterations", given=self.warmup, most=self.iterations
            )
            yield Problem("warmup", message)
        try:
            _ = self.segments
        except ExperimentError as error:
            yield from error.problems

    # -- what follows from the fields ----------------------------------------------------------------------

    @property
    def kind_of_batches(self) -> str:
        """One of BATCHES."""
        return self.batches or allowed_batches(self.experiment)[0]

    @property
    def warmup_iterations(self) -> int:
        """w: as given, or what the schedule takes by itself."""
        return self.warmup or (max(1, self.iterations // _WARMUP) if SCHEDULES[self.schedule].warms else 0)

    @property
    def step_every_iterations(self) -> int:
        return self.step_every or max(1, self.iterations // _STEPS)

    @functools.cached_property
    def segments(self) -> tuple[tuple[int, Training], ...]:
        """From which iteration on what is in force: trainings without turns. Raises ExperimentError."""
        current = dataclasses.replace(self, turns=()) if self.turns else self
        segments = [(0, current)]
        for turn in self.turns:
            changes: dict[str, Any] = dict(turn.changes)
            of_update = {name: changes.pop(name) for name in OF_THE_UPDATE if name in changes}
            experiment = current.experiment.replace(**of_update)
            current = dataclasses.replace(current, experiment=experiment, **changes)
            segments.append((turn.iteration, current))
        return tuple(segments)

    def in_force(self, iteration: int) -> Training:
        """What is in force at an iteration: without turns."""
        return next(training for start, training in reversed(self.segments) if start <= iteration)

    def learning_rate(self, iteration: int) -> float:
        """η_k: the learning rate times the schedule's share."""
        now = self.in_force(iteration)
        return now.experiment.resolved.learning_rate * schedules.share(now.schedule, iteration, now)

    def update_at(self, iteration: int) -> Resolved:
        """What the experiment comes to at an iteration: its rates are η_k, those of single layers too."""
        now = self.in_force(iteration)
        resolved, share = now.experiment.resolved, schedules.share(now.schedule, iteration, now)
        rates: dict[str, Any] = {name: getattr(resolved, name) for name in OF_RATES}
        rates = {name: rate if rate is None else rate * share for name, rate in rates.items()}
        return dataclasses.replace(resolved, **rates)

    def replace(self, **changes: Any) -> Training:
        """The training with these fields given otherwise; fields of the experiment, too. Raises ExperimentError."""
        own = {name: changes.pop(name) for name in ("experiment", *options()) if name in changes}
        experiment = own.pop("experiment", self.experiment)
        return dataclasses.replace(self, experiment=experiment.replace(**changes) if changes else experiment, **own)

    # -- spellings -------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Training:
        """From the fields of an experiment and a table "training", as TOML gives them. Raises ExperimentError."""
        fields = dict(values)
        table = fields.pop("training", {})
        problems: list[Problem] = []
        if not isinstance(table, Mapping):
            problems.append(no_table(table))
            table = {}
        for name in table:
            if name not in options():
                problems.append(Problem(f"training.{name}", unknown_name(name, tuple(options()))))
        own = {name: value for name, value in table.items() if name in options()}
        try:
            experiment = Experiment.from_mapping(fields)
        except ExperimentError as error:
            raise ExperimentError([*error.problems, *problems]) from None
        try:
            training = cls(experiment=experiment, **own)
        except ExperimentError as error:
            of_table = (
                Problem(f"training.{each.field}", each.message) if each.field in options() else each
                for each in error.problems
            )
            raise ExperimentError([*problems, *of_table]) from None
        if problems:
            raise ExperimentError(problems)
        return training

    @classmethod
    def from_toml(cls, source: str | Path) -> Training:
        """From a TOML file (a Path) or TOML text (a str). Raises ExperimentError."""
        return cls.from_mapping(spelling.read_toml(source))

    def to_mapping(self) -> dict[str, Any]:
        """Every field but the experiment by name, as it was given; turns as texts."""
        return {name: getattr(self, name) for name in options()} | {"turns": tuple(map(str, self.turns))}

    def given(self) -> dict[str, Any]:
        """The fields but the experiment that differ from their default, by name."""
        return {name: value for name, value in self.to_mapping().items() if value != options()[name].default}

    def to_document(self) -> dict[str, Any]:
        """Every field but the experiment with what it comes to, for JSON."""
        return self.to_mapping() | {
            "batches": self.kind_of_batches,
            "warmup": self.warmup_iterations,
            "step_every": self.step_every_iterations,
            "turns": [str(turn) for turn in self.turns],
        }

    def to_arguments(self) -> list[str]:
        """The fields that differ from their default, the experiment's first, as command-line arguments."""
        own = [word for name, value in self.given().items() for word in options()[name].arguments(value)]
        return [*self.experiment.to_arguments(), *own]

    def to_toml(self, read: Resolved | None = None) -> str:
        """The experiment's fields, and [training] with this one's, as TOML that can be fed back; `read`: what the
        experiment comes to where a CSV file has been read.
        """
        lines = [self.experiment.to_toml(read), "[training]"]
        for name, row in options().items():
            value = self.to_mapping()[name]
            default = value == row.default
            if value is None or value == ():
                lines.append(f"# {name} =".ljust(32) + f" # {row.help}")
                continue
            text = row.toml(list(value) if isinstance(value, tuple) else value)
            lines.append(f"{'# ' * default}{text}".ljust(32) + f" # {row.help}")
        return "\n".join(lines) + "\n"


def no_table(value: Any, name: str = "training") -> Problem:
    """What is said of training = 5."""
    return Problem(name, Message("{given} given; it is a table: [{name}]", given=given(value), name=Verbatim(name)))


def _several(value: Any) -> tuple[Any, ...]:
    """What may be given several times: a list, or one of them alone."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def allowed_batches(experiment: Experiment) -> tuple[str, ...]:
    """What batches can be of an experiment's data, the default first."""
    data = find(experiment.resolved.data)
    return (FRESH, ONE) if data.is_endless else (EPOCHS, ONE)


def options() -> dict[str, Option]:
    """Every field's Option by name, in order; the experiment has its own."""
    return _OPTIONS


_OPTIONS = options_of(Training, manner=Manner(allowed="; ", default=True))
