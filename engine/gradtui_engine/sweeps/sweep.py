"""The Sweep: a plane (or a line) of experiments and what is measured of each, frozen, in Python and TOML."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.fields import Rejected, Value, given
from ..core.message import Message, Verbatim
from ..core.options import toml_value
from ..core.problems import ExperimentError, Problem, unknown_name
from ..experiment import spelling
from ..experiment.experiment import Experiment
from ..experiment.experiment import options as experiment_options
from ..experiment.training import Training, no_table
from ..measures.expression import Expression, expression
from ..measures.of_functions import OfFunction
from .axis import MOST_CELLS, Axis, fields, is_of_training
from .plain import experiment_of, key_of, training_of

#: What is measured where nothing is said: of experiments, and of trainings.
MEASURE = "ratio"
#: Seeds of a cell at the most.
MOST_REPEATS = 1000
#: The table of a TOML file, and what it can have.
TABLE = "sweep"
_KEYS = ("x", "y", "measure", "repeats")
_AXIS = 'x = "gain=0.5:2:16"'


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Everything that decides a sweep. Equal ones give bit-equal cells on one machine.

    x and y: what changes along columns and rows; without y a line. measures: as lessons write them (`measures.table`);
    where cells are trained, loss is that at the end. training: how each cell is trained (its experiment is not read);
    None: each cell is iteration 0 alone. repeats: seeds, of which a cell's number is the median; () is the base's own.
    Raises ExperimentError with every problem at once.
    """

    base: Experiment = field(default_factory=Experiment)
    x: Axis
    y: Axis | None = None
    measures: tuple[str, ...] = (MEASURE,)
    training: Training | None = None
    repeats: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        texts = (self.measures,) if isinstance(self.measures, str) else tuple(self.measures)
        object.__setattr__(self, "measures", tuple(dict.fromkeys(self._measures(texts, problems))))
        object.__setattr__(self, "repeats", tuple(self.repeats))
        if self.training is not None:
            # Equal sweeps are equal whatever experiment came with the training.
            with contextlib.suppress(ExperimentError):
                object.__setattr__(self, "training", self.training.replace(experiment=self.base))
        problems += self._problems()
        if problems:
            raise ExperimentError(problems)

    def _measures(self, texts: tuple[str, ...], problems: list[Problem]) -> Iterator[str]:
        """The measures in their one spelling."""
        if not texts:
            problems.append(
                Problem("measure", Message("none given; written like {form}", form="ratio, factor@12, accuracy"))
            )
        for text in texts:
            try:
                wanted = expression(text)
                self._check(wanted)
            except Rejected as error:
                problems.append(Problem("measure", error.message))
                continue
            yield wanted.text

    def _check(self, wanted: Expression) -> None:
        for operand in wanted.operands:
            name = Verbatim(operand.text)
            if operand.of_b:
                raise Rejected(Message("{name}: a sweep has no experiment B", name=name))
            if isinstance(operand.row, OfFunction):
                raise Rejected(Message("{name} is of a function, not of an experiment", name=name))
            if self.training is None and operand.trains:
                raise Rejected(Message("{name} is measured of a training; give the iterations: --train N", name=name))

    def _problems(self) -> Iterator[Problem]:
        shared = [name for name in self.x.fields if self.y is not None and name in self.y.fields]
        for name in shared:
            yield Problem("y", Message("{name} is on both axes", name=Verbatim(name)))
        for place, axis in self._axes():
            for name in axis.fields:
                yield from self._of_field(place, name)
        columns, rows = self.shape
        if columns * rows > MOST_CELLS:
            message = Message(
                "{columns} × {rows} are {count} cells; allowed: up to {most}",
                columns=columns, rows=rows, count=columns * rows, most=MOST_CELLS,
            )  # fmt: skip
            yield Problem("y", message)
        yield from self._of_repeats()

    def _of_field(self, place: str, name: str) -> Iterator[Problem]:
        if is_of_training(name) and self.training is None:
            message = Message("{name} is of a training; give the iterations: --train N", name=Verbatim(name))
            yield Problem(place, message)
        row, varies = fields()[name], any("cell" in axis.fields for _, axis in self._axes())
        if not varies and not row.applies_to(self.base.cell):
            values = {"name": Verbatim(name), "cell": self.base.cell, "allowed": ", ".join(row.cells)}
            yield Problem(place, Message("{name} is not used by {cell}; it is for {allowed}", **values))

    def _of_repeats(self) -> Iterator[Problem]:
        if len(self.repeats) > MOST_REPEATS:
            message = Message("{count} seeds given; allowed: up to {most}", count=len(self.repeats), most=MOST_REPEATS)
            yield Problem("repeats", message)
        for seed in self.repeats:
            try:
                experiment_options()["seed"].kind.check(seed)
            except Rejected as error:
                yield Problem("repeats", error.message)
        if len(set(self.repeats)) < len(self.repeats):
            yield Problem("repeats", Message("a seed is given twice"))
        if self.repeats and any("seed" in axis.fields for _, axis in self._axes()):
            yield Problem("repeats", Message("seed is on an axis already"))

    def _axes(self) -> Iterator[tuple[str, Axis]]:
        yield "x", self.x
        if self.y is not None:
            yield "y", self.y

    # -- the cells -----------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """(columns, rows)."""
        return len(self.x.values), 1 if self.y is None else len(self.y.values)

    @functools.cached_property
    def expressions(self) -> Mapping[str, Expression]:
        """What is measured, by the text in `measures`: where cells are trained, loss is that at the end."""
        trains = self.training is not None
        return {text: expression(text).trained if trains else expression(text) for text in self.measures}

    def cells(self) -> Iterator[tuple[int, int]]:
        """Every (i, j) once, coarse ones first: every 8th of the plane, then every 4th, every 2nd, the rest."""
        columns, rows = self.shape
        seen: set[tuple[int, int]] = set()
        for stride in (8, 4, 2, 1):
            for j in range(0, rows, stride):
                for i in range(0, columns, stride):
                    if (i, j) not in seen:
                        seen.add((i, j))
                        yield i, j

    def changes(self, i: int, j: int) -> dict[str, Value]:
        """What the cell in column i and row j has of its own. Raises IndexError outside."""
        columns, rows = self.shape
        if not (0 <= i < columns and 0 <= j < rows):
            raise IndexError(f"cell ({i}, {j}): there are {columns} × {rows}")
        return self.x.changes(i) | ({} if self.y is None else self.y.changes(j))

    def plain(self, i: int, j: int) -> dict[str, Any]:
        """What decides a cell, of plain types: an executor hands it to wherever the cell is computed.

        Nothing is checked: what cannot be is found out there.
        """
        changes = self.changes(i, j)
        of_training = {name: changes.pop(name) for name in list(changes) if is_of_training(name)}
        experiment = {**self.base.given(), **changes}
        for name, value in changes.items():
            if value == experiment_options()[name].default:
                experiment.pop(name)
        training = None if self.training is None else {**_given(self.training), **of_training}
        return {
            "experiment": experiment, "training": training, "measures": list(self.measures),
            "repeats": list(self.repeats),
        }  # fmt: skip

    def key(self, i: int, j: int) -> str:
        """The hash of what decides a cell: its fields, its file, its measures, its seeds, and the engine's version."""
        return key_of(self.plain(i, j))

    def experiment_at(self, i: int, j: int) -> Experiment:
        """The experiment of a cell, with the first seed. Raises ExperimentError where it cannot be."""
        return experiment_of(self.plain(i, j))

    def training_at(self, i: int, j: int) -> Training | None:
        """How it is trained; None where it is not. Raises ExperimentError where it cannot be."""
        return training_of(self.plain(i, j), self.experiment_at(i, j))

    def replace(self, **changes: Any) -> Sweep:
        """The sweep with these fields otherwise. Raises ExperimentError."""
        return dataclasses.replace(self, **changes)

    # -- spellings -----------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Sweep:
        """From the fields of an experiment and the tables "sweep" and, where it trains, "training".

        Raises ExperimentError with every problem.
        """
        values = dict(values)
        table, trained = values.pop(TABLE, {}), values.get("training")
        problems: list[Problem] = []
        if not isinstance(table, Mapping):
            problems.append(no_table(table, TABLE))
            table = {}
        for name in table:
            if name not in _KEYS:
                problems.append(Problem(f"{TABLE}.{name}", unknown_name(name, _KEYS)))
        made: dict[str, Any] = {}
        try:
            training = Training.from_mapping(values)
            made |= {"base": training.experiment, "training": training if trained is not None else None}
        except ExperimentError as error:
            problems += error.problems
        for name in ("x", "y"):
            try:
                made |= _axis(table, name)
            except Rejected as error:
                problems.append(Problem(f"{TABLE}.{name}", error.message))
        for name, key, read in (("measures", "measure", _texts), ("repeats", "repeats", _seeds)):
            if key in table:
                try:
                    made[name] = read(table[key])
                except Rejected as error:
                    problems.append(Problem(f"{TABLE}.{key}", error.message))
        if problems:
            raise ExperimentError(problems)
        try:
            return cls(**made)
        except ExperimentError as error:
            of_table = (Problem(f"{TABLE}.{each.field}", each.message) for each in error.problems)
            raise ExperimentError(of_table) from None

    @classmethod
    def from_toml(cls, source: str | Path) -> Sweep:
        """From a TOML file (a Path) or TOML text (a str). Raises ExperimentError."""
        return cls.from_mapping(spelling.read_toml(source))

    def to_mapping(self) -> dict[str, Any]:
        """The base's fields that differ from their default, and the tables, as `from_mapping` reads them."""
        table: dict[str, Any] = {"x": self.x.text}
        if self.y is not None:
            table["y"] = self.y.text
        table["measure"] = list(self.measures)
        if self.repeats:
            table["repeats"] = list(self.repeats)
        training = {} if self.training is None else {"training": _given(self.training)}
        return {**self.base.given(), **training, TABLE: table}

    def to_toml(self) -> str:
        """A plan that can be fed back: what differs from the defaults, [training] and [sweep]."""
        values = self.to_mapping()
        lines = ["# gradtui sweep"]
        lines += [f"{name} = {toml_value(value)}" for name, value in values.items() if not isinstance(value, dict)]
        for name, table in values.items():
            if isinstance(table, dict):
                lines += ["", f"[{name}]", *(f"{key} = {toml_value(value)}" for key, value in table.items())]
        return "\n".join(lines) + "\n"


def _given(training: Training) -> dict[str, Any]:
    """A training's own fields, of plain types."""
    own = training.given()
    return {**own, "turns": list(own["turns"])} if "turns" in own else own


def _axis(table: Mapping[str, Any], name: str) -> dict[str, Axis]:
    """An axis of a TOML table. Raises Rejected."""
    if name not in table:
        if name == "x":
            raise Rejected(Message("is missing; written like {form}", form=_AXIS))
        return {}
    if not isinstance(table[name], str):
        raise Rejected(Message("{given} given; written like {form}", given=given(table[name]), form=_AXIS))
    return {name: Axis.parse(table[name])}


def _texts(value: Any) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in several):
        raise Rejected(Message("{given} given; allowed: a measure, or a list of them", given=given(value)))
    return tuple(part.strip() for text in several for part in text.split(",") if part.strip())


def _seeds(value: Any) -> tuple[int, ...]:
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in several):
        raise Rejected(Message("{given} given; allowed: a seed, or a list of them", given=given(value)))
    return tuple(several)
