"""The Experiment: the whole configuration, frozen, in three spellings that mean the same."""

from __future__ import annotations

import dataclasses
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from .activations import ACTIVATIONS
from .cells import CELLS
from .datasets import CSV, DATA_SETS, DEFAULT_BATCH, DEFAULT_INPUTS, DEFAULT_STEPS, Request, find
from .initialisers import INITIALISERS
from .options import Choice, Integer, Number, Option, Rejected, Value, option
from .problems import ExperimentError, Problem, unknown_name
from .tabular import PREFIX

DTYPES = ("float64", "float32")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that decides a run. Equal experiments give bit-equal traces on one machine.

    Fields left at None are resolved when the experiment is made, from the cell and the data set (a CSV file's
    own sizes when the network is built). Raises ExperimentError with every problem at once.
    """

    cell: str = option("mlp", "kind of network", Choice(lambda: CELLS.names))
    depth: int = option(30, "hidden layers", Integer(1, 10_000), ("mlp",))
    width: int = option(64, "units of a hidden layer or cell", Integer(1, 65_536))
    activation: str = option(
        "sigmoid", "activation f of the hidden layers", Choice(lambda: ACTIVATIONS.names), ("mlp",)
    )
    init: str = option("xavier_normal", "initialiser of the weight matrices", Choice(lambda: INITIALISERS.names))
    gain: float = option(1.0, "factor on the initialiser's standard deviation", Number(0.0, 1e30))
    forget_bias: float = option(
        1.0, "added to the forget gate's bias (Jozefowicz et al. 2015)", Number(-1e3, 1e3), ("lstm",)
    )
    data: str | None = option(
        None,
        "data set; without it digits, or digits-pixels over time",
        Choice(lambda: DATA_SETS.names, PREFIX),
    )
    batch: int | None = option(
        None,
        f"samples drawn by the seed; without it {DEFAULT_BATCH}, or a CSV file's rows if fewer",
        Integer(1, 10**6),
    )
    steps: int | None = option(
        None,
        f"time steps, where the data leaves them open; without it {DEFAULT_STEPS}",
        Integer(1, 10_000),
        ("lstm",),
    )
    inputs: int | None = option(None, f"input width of gaussian data; without it {DEFAULT_INPUTS}", Integer(1, 10**6))
    learning_rate: float = option(0.1, "step size η of the update θ ← θ − η ∂L/∂θ (SGD)", Number(0.0, 1e30))
    seed: int = option(0, "decides data, batch and weights", Integer(0, 2**63 - 1))
    dtype: str = option("float64", "floating-point type of every array", Choice(lambda: DTYPES))

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, each in options().items():
            value = getattr(self, name)
            if value is None and is_optional(name):
                continue
            try:
                object.__setattr__(self, name, each.kind.check(value))
            except Rejected as error:
                problems.append(Problem(name, str(error)))
        broken = {problem.field for problem in problems}
        if not broken & {"cell", "data", "steps", "inputs"}:
            problems.extend(self._resolve())
        if problems:
            raise ExperimentError(problems)

    def _resolve(self) -> list[Problem]:
        """Fill in what the cell and the data set decide; report what contradicts them."""
        cell = CELLS[self.cell]
        data = find(self.data or cell.default_data)
        fixed = {"data": self.data or cell.default_data}
        problems = []
        if cell.over_time and not data.over_time:
            usable = ", ".join(row.name for row in DATA_SETS.values() if row.over_time)
            message = f"{data.name!r} has no time axis, which {cell.name} needs; allowed: {usable}"
            problems.append(Problem("data", message))
        if data.samples is not None and self.batch is not None and self.batch > data.samples:
            message = f"{self.batch} given; allowed: 1 to {data.samples}, the samples of {data.name}"
            problems.append(Problem("batch", message))
        shape: dict[str, int | None] = {}
        if data.name != CSV:
            shape["batch"] = self.batch or DEFAULT_BATCH
            time = (data.steps or self.steps or DEFAULT_STEPS) if cell.over_time else None
            shape["steps"] = time if cell.over_time else self.steps
            if data.inputs is None:
                shape["inputs"] = self.inputs or DEFAULT_INPUTS
            else:
                shape["inputs"] = data.inputs if cell.over_time else data.inputs * (data.steps or 1)
            for name in ("steps", "inputs"):
                given = getattr(self, name)
                if given is not None and given != shape[name]:
                    problems.append(Problem(name, f"{given} given; {data.name} has {shape[name]}: leave it out"))
        for name, value in (fixed | shape).items():
            object.__setattr__(self, name, value)
        return problems

    # -- changes ---------------------------------------------------------------------------------------

    def replace(self, **changes: Value) -> Experiment:
        """The experiment with these fields changed; what only followed from a changed field follows anew.

        Switching the cell of an MLP on `digits` to lstm gives `digits-pixels`, as leaving data out would.
        """
        values = dataclasses.asdict(self)
        if "cell" in changes and self.data == CELLS[self.cell].default_data:
            values["data"] = None
        if not changes.keys().isdisjoint({"cell", "data"}):
            source = find(self.data or "")
            # Where the data decided a size, or nothing but the default did, the new data decides it anew.
            for name, default in (("steps", DEFAULT_STEPS), ("inputs", DEFAULT_INPUTS)):
                if source.name == CSV or getattr(source, name) is not None or values[name] == default:
                    values[name] = None
        return Experiment(**(values | changes))

    def request(self) -> Request:
        """What to ask the data set for."""
        over_time = CELLS[self.cell].over_time
        return Request(str(self.data), self.batch, self.steps, self.inputs, over_time, self.seed)

    # -- spellings -------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Experiment:
        """From names and typed values, as a TOML document gives them. Raises ExperimentError."""
        known = options()
        problems = [Problem(str(name), unknown_field(str(name))) for name in values if name not in known]
        given = {name: value for name, value in values.items() if name in known}
        try:
            experiment = cls(**given)
        except ExperimentError as error:
            raise ExperimentError([*problems, *error.problems]) from None
        if problems:
            raise ExperimentError(problems)
        return experiment

    @classmethod
    def from_toml(cls, source: str | Path) -> Experiment:
        """From a TOML file (a Path) or TOML text (a str). Raises ExperimentError."""
        return cls.from_mapping(read_toml(source))

    def to_mapping(self) -> dict[str, Value]:
        """Every field by name, in order; None where the data decide when the network is built."""
        return dataclasses.asdict(self)

    def to_toml(self) -> str:
        """Every field as TOML that can be fed back, with a comment on each."""
        lines = ["# gradtui experiment"]
        for name, each in options().items():
            value = getattr(self, name)
            only = "" if each.applies_to(self.cell) else f" (not used by {self.cell})"
            text = tomli_w.dumps({name: value}).rstrip() if value is not None else f"# {name} ="
            lines.append(f"{text:<32} # {each.help}{only}")
        return "\n".join(lines) + "\n"

    def to_arguments(self) -> list[str]:
        """The options that differ from the defaults, as command-line arguments."""
        plain = Experiment(cell=self.cell)
        if self.data != plain.data:
            plain = plain.replace(data=self.data)
        start = Experiment()
        arguments = []
        for name in options():
            value = getattr(self, name)
            base = getattr(start if name == "cell" else plain, name)
            changed = value != base or (name == "data" and self.data != CELLS[self.cell].default_data)
            if changed and value is not None:
                arguments += [flag(name), str(value)]
        return arguments

    def to_command(self) -> str:
        """The command that opens this experiment, ready for a POSIX shell."""
        return shlex.join(["gradtui", *self.to_arguments()])


def options() -> dict[str, Option]:
    """Every field's Option by name, in order."""
    return {each.name: each.metadata["option"] for each in dataclasses.fields(Experiment)}


def is_optional(name: str) -> bool:
    """Whether a field may be left to the cell and the data set."""
    return Experiment.__dataclass_fields__[name].default is None


def flag(name: str) -> str:
    """The command-line option of a field: forget_bias → --forget-bias."""
    return "--" + name.replace("_", "-")


def unknown_field(name: str) -> str:
    """The message for a field that does not exist."""
    return unknown_name(name, tuple(options()))


def read_toml(source: str | Path) -> dict[str, Any]:
    """The mapping in a TOML file (a Path) or TOML text (a str). Raises ExperimentError, naming the file."""
    name = str(source) if isinstance(source, Path) else "TOML"
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        return tomllib.loads(text)
    except OSError as error:
        raise ExperimentError([Problem(name, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ExperimentError([Problem(name, f"is not UTF-8 text (byte {error.start})")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError([Problem(name, f"is not TOML: {error}")]) from None
