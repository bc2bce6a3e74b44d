"""The Experiment: the whole configuration, frozen, in three spellings that mean the same."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cells.residual_blocks import BLOCKS
from ..cells.table import CELLS, CHOOSING, GATED, LAYERED, OVER_TIME
from ..core import options as core_options
from ..core.fields import Integer, Kind, Number, Rejected, Spelled, Value
from ..core.message import English, Message
from ..core.names import NO_ALIASES
from ..core.options import Manner, Option, options_of
from ..core.problems import ExperimentError, Problem
from ..core.table import choice_among, choice_of
from ..data import datasets
from ..data.datasets import (
    CSV,
    DEFAULT_BATCH,
    DEFAULT_INPUTS,
    DEFAULT_STEPS,
    TARGET_SCALES,
    Source,
    find,
    has_its_own,
)
from ..data.reading import MISSING_RULES, Columns, Separator
from ..program.normalisation import NORMALISATIONS
from ..rules.activations import ACTIVATIONS
from ..rules.clipping import CLIPPINGS
from ..rules.initialisers import INITIALISERS
from ..rules.losses import LOSSES
from ..rules.optimisers import OPTIMISERS
from . import other_names, spelling
from .resolved import Resolved, following, resolve

AUTO = "auto"
#: The fields that say how a file is read.
OF_FILES = ("target", "drop", "header", "separator", "missing", "window", "target_scale")


def _offset_by(field: str) -> tuple[str, ...]:
    """The cells to one of whose biases this field is added."""
    return tuple(name for name, cell in CELLS.items() if field in dict(cell.offsets).values())


def _path_gates() -> str:
    """The gate of each cell's direct path: lstm f, gru z …"""
    paths = ((name, CELLS[name].path) for name in GATED)
    return ", ".join(f"{name} {path.gate}" for name, path in paths if path is not None)


def option(default: Value, help: English, kind: Kind, cells: tuple[str, ...] = ()) -> Any:
    """A field of an experiment with its option, whose help the form shows in the reader's language."""
    return core_options.option(default, help, kind, cells)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that decides a run. Equal experiments give bit-equal traces on one machine.

    It keeps what was given and nothing else: a field that is None follows from the cell, the data set and the other
    tables, or is not used. What all of them come to is `resolved`, which everything reads. Raises ExperimentError with
    every problem at once.
    """

    cell: str = option("mlp", "kind of network", choice_of(lambda: CELLS))
    depth: int = option(30, "hidden layers", Integer(1, 10_000), LAYERED)
    width: int = option(64, "units of a hidden layer or cell", Integer(1, 65_536))
    layers: int = option(1, "stacked layers of a recurrent cell", Integer(1, 100), OVER_TIME)
    activation: str | None = option(
        None,
        Message(
            "activation f; without it {defaults}; limited to {limits}",
            defaults=", ".join(f"{CELLS[name].default_activation} ({name})" for name in CHOOSING),
            limits="; ".join(
                f"{', '.join(row.activations)} ({name})" for name, row in CELLS.items() if row.activations
            ),
        ),
        choice_of(lambda: ACTIVATIONS),
        CHOOSING,
    )
    slope: float | None = option(
        None, "slope of leaky_relu and prelu on the left; without it 0.01 and 0.25", Number(-10.0, 10.0), LAYERED
    )
    init: str = option("xavier_normal", "initialiser of the weight matrices", choice_of(lambda: INITIALISERS))
    gain: float | str = option(
        1.0, "factor on the initialiser's standard deviation; auto takes the activation's", Number(0.0, 1e30, AUTO)
    )
    init_scale: float | None = option(
        None, "standard deviation (normal), bound (uniform) or value (constant) itself", Number(0.0, 1e30)
    )
    sigma_w: float | None = option(
        None, "weights N(0, σ_w² / fan_in) in every layer, instead of init", Number(0.0, 1e30)
    )
    sigma_b: float | None = option(None, "biases N(0, σ_b²) in every layer", Number(0.0, 1e30))
    forget_bias: float | None = option(
        None,
        "added to the forget gate's bias; without it 1 (Jozefowicz et al. 2015), with init pytorch 0",
        Number(-1e3, 1e3),
        _offset_by("forget_bias"),
    )
    input_bias: float = option(0.0, "added to the input gate's bias", Number(-1e3, 1e3), _offset_by("input_bias"))
    pin_forget: float | None = option(
        None,
        Message("pins the gate of the direct path to a value: {gates}", gates=_path_gates()),
        Number(0.0, 1.0),
        GATED,
    )
    readout: str = option(
        "last", "loss on the last time step or on every one", choice_among(other_names.READOUTS), OVER_TIME
    )
    norm: str = option("none", "normalisation in every hidden layer", choice_of(lambda: NORMALISATIONS), LAYERED)
    norm_position: str = option(
        "before", "before or after the activation", choice_among(other_names.POSITIONS), LAYERED
    )
    residual: str = option(
        "none", "skip connections wherever shapes match", choice_among(other_names.RESIDUALS), LAYERED
    )
    residual_scale: float | None = option(
        None, "β of the scaled residual h + β F(h); without it 1/√depth", Number(0.0, 1e3), LAYERED
    )
    residual_span: int = option(1, "layers that a skip spans", Integer(1, 2), LAYERED)
    residual_block: str = option("post", "where the activation stands in a block", choice_of(lambda: BLOCKS), LAYERED)
    data: str | None = option(None, "data set; without it digits, or digits-pixels over time", Source())
    target: str | None = option(
        None,
        "CSV: the column that is the target, by name or number; without it the last that can be",
        Columns("COLUMN"),
    )
    drop: str | None = option(
        None, "CSV: columns that are left out, with commas between; none keeps a count of the rows", Columns("COLUMNS")
    )
    header: str | None = option(
        None, "CSV: whether the first line names the columns; without it found out", choice_among(other_names.YES_OR_NO)
    )
    separator: str | None = option(None, "CSV: what stands between columns; without it found out", Separator())
    missing: str | None = option(
        None, "CSV: what closes gaps; without it a file with gaps is refused", choice_of(lambda: MISSING_RULES)
    )
    window: int | None = option(
        None,
        "CSV: rows of a series that are read one by one to tell the next; without it rows are samples",
        Integer(1, 10_000),
    )
    loss: str | None = option(
        None, "loss; without it cross_entropy for classes, mse for numbers", choice_of(lambda: LOSSES)
    )
    target_scale: str | None = option(
        None,
        "CSV: scale of numbers as the target; without it standard (mean 0, variance 1 over the file)",
        choice_among(dict.fromkeys(TARGET_SCALES, NO_ALIASES)),
    )
    batch: int | None = option(
        None,
        Message("samples drawn by the seed; without it {number}, or a CSV file's rows if fewer", number=DEFAULT_BATCH),
        Integer(1, 10**6),
    )
    steps: int | None = option(
        None,
        Message("time steps, where the data leaves them open; without it {number}", number=DEFAULT_STEPS),
        Integer(1, 10_000),
    )
    inputs: int | None = option(
        None, Message("input width of gaussian data; without it {number}", number=DEFAULT_INPUTS), Integer(1, 10**6)
    )
    clip: str = option("none", "gradient clipping", choice_of(lambda: CLIPPINGS))
    clip_threshold: float | None = option(
        None, "threshold of the clipping; without it the rule's own", Number(0.0, 1e30)
    )
    optimizer: str | None = option(None, "optimiser of the update; without it plain sgd", choice_of(lambda: OPTIMISERS))
    learning_rate: float | None = option(
        None, "step size η of the update; without it the optimiser's own", Number(0.0, 1e30)
    )
    momentum: float = option(0.9, "μ of momentum and nesterov", Number(0.0, 1.0))
    weight_decay: float | None = option(
        None, "λ, added to the gradient as λθ; without it 0 (adamw 0.01)", Number(0.0, 1e30)
    )
    seed: int = option(0, "decides data, batch and weights", Integer(0, 2**63 - 1))
    dtype: str = option("float64", "floating-point type of every array", choice_among(other_names.DTYPES))  # fmt: skip

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, row in options().items():
            value = getattr(self, name)
            if value is None and options()[name].is_optional:
                continue
            try:
                checked = row.kind.check(value)
            except Rejected as error:
                problems.append(Problem(name, error.message))
                continue
            if isinstance(checked, Spelled):
                problems += self._take(checked)
                checked = str(checked)
            object.__setattr__(self, name, checked)
        broken = {problem.field for problem in problems}
        # A field that is wrong by itself stands at its default while the others are looked at together.
        for name in broken:
            object.__setattr__(self, name, options()[name].default)
        problems += (problem for problem in self._contradictions() if problem.field not in broken)
        if problems:
            raise ExperimentError(problems)

    def _take(self, meant: Spelled) -> Iterator[Problem]:
        """Give the fields that a name decides, as SGD(momentum=0.9), their values; they stand behind it in order."""
        for name, value in meant.sets.items():
            given = getattr(self, name)
            if given not in (None, options()[name].default, value):
                message = Message(
                    "{given} given, and {value} by {text}", given=given, value=value, text=repr(meant.text)
                )
                yield Problem(name, message)
            else:
                object.__setattr__(self, name, value)

    def _contradictions(self) -> Iterator[Problem]:
        """What is allowed by itself but not together: a given value that cannot hold is never silently another."""
        given = self.to_mapping()
        own = following(given)
        # The cached `resolved`, filled here: what follows is needed for both, and an experiment is made in every frame.
        self.__dict__["resolved"] = resolved = resolve(given, own)
        cell, data = resolved.kind, find(resolved.data)
        if cell.over_time and not data.over_time:
            message = Message(
                "{data} has no time axis, which {cell} needs; allowed: {allowed}", data=repr(data.name), cell=cell.name,
                allowed=", ".join(name for name in datasets.names() if find(name).over_time),
            )  # fmt: skip
            yield Problem("data", message)
        if data.samples is not None and self.batch is not None and self.batch > data.samples:
            message = Message(
                "{given} given; allowed: 1 to {most}, the samples of {data}",
                given=self.batch, most=data.samples, data=data.name,
            )  # fmt: skip
            yield Problem("batch", message)
        if data.name != CSV and cell.over_time and resolved.steps != own["steps"]:
            yield Problem("steps", has_its_own(self.steps, data.name, own["steps"]))
        if data.name != CSV and resolved.inputs != own["inputs"]:
            yield Problem("inputs", has_its_own(self.inputs, data.name, own["inputs"]))
        if cell.activations and resolved.activation not in cell.activations:
            message = Message(
                "{given} is not for {cell}; allowed: {allowed}",
                given=repr(self.activation), cell=cell.name, allowed=", ".join(cell.activations),
            )  # fmt: skip
            yield Problem("activation", message)
        if INITIALISERS[self.init].data_dependent and cell.over_time:
            message = Message(
                "{given} is for mlp; allowed for {cell}: every other one", given=repr(self.init), cell=cell.name
            )
            yield Problem("init", message)
        if NORMALISATIONS[self.norm].ties_samples and not cell.over_time and self.batch == 1:
            message = Message(
                "1 given; norm {norm} needs at least 2: one sample has no variance; try norm layer", norm=self.norm
            )
            yield Problem("batch", message)
        if data.name != CSV:
            for name in OF_FILES:
                if given[name] is not None:
                    message = Message(
                        "{given} given; it is for a file, --data csv:PATH, and {data} is none: leave it out",
                        given=repr(given[name]), data=data.name,
                    )  # fmt: skip
                    yield Problem(name, message)
        if self.loss == "bce" and self.target_scale == "standard":
            message = Message("'standard' given; 'bce' is for targets from 0 to 1; allowed: none")
            yield Problem("target_scale", message)
        if data.loss == "mse" and self.loss == "cross_entropy":
            message = Message("'cross_entropy' is for classes; {data} has numbers; allowed: mse", data=data.name)
            yield Problem("loss", message)
        if data.loss == "mse" and self.loss == "bce":
            message = Message("'bce' is for targets from 0 to 1; {data} has others; allowed: mse", data=data.name)
            yield Problem("loss", message)

    @functools.cached_property
    def resolved(self) -> Resolved:
        """What the experiment comes to: every field, complete."""
        given = self.to_mapping()
        return resolve(given, following(given))

    def __getstate__(self) -> dict[str, Value]:
        # Without what was worked out from the fields: it would double what goes to a worker process.
        return self.to_mapping()

    def replace(self, **changes: Value) -> Experiment:
        """The experiment with these fields given otherwise (None: left out). Raises ExperimentError."""
        given: dict[str, Any] = self.to_mapping() | other_names.expanded(changes, _OPTIONS)
        return Experiment(**given)

    # -- spellings -------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Experiment:
        """From names and typed values, as a TOML document gives them. Raises ExperimentError."""
        by_own_names = other_names.owned(values, _OPTIONS)
        try:
            experiment = cls(**by_own_names.values)
        except ExperimentError as error:
            raise ExperimentError([*by_own_names.problems, *error.problems]) from None
        if by_own_names.problems:
            raise ExperimentError(by_own_names.problems)
        return experiment

    @classmethod
    def from_toml(cls, source: str | Path) -> Experiment:
        """From a TOML file (a Path) or TOML text (a str). Raises ExperimentError."""
        return cls.from_mapping(spelling.read_toml(source))

    def given(self) -> dict[str, Value]:
        """The fields that differ from their default, by name, in order."""
        return {name: value for name, value in self.to_mapping().items() if value != options()[name].default}

    def to_mapping(self) -> dict[str, Value]:
        """Every field by name, in order, as it was given; None where it was left out."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def to_toml(self, read: Resolved | None = None) -> str:
        """Every field as TOML that can be fed back, with a comment on each: a field that was left out as a comment
        with what it comes to (`read`: where a CSV file has been read).
        """
        return spelling.to_toml(self.to_mapping(), read or self.resolved, _OPTIONS)

    def to_document(self, read: Resolved | None = None) -> dict[str, Value]:
        """Every field by name, in order, with what it comes to (`read`: where a CSV file has been read), for JSON."""
        return spelling.to_document(self.to_mapping(), read or self.resolved)

    def to_arguments(self) -> list[str]:
        """The fields that differ from their default, as command-line arguments."""
        return spelling.to_arguments(self.given())

    def to_command(self) -> str:
        """The command that opens this experiment, ready for a POSIX shell."""
        return spelling.to_command(self.given())


def options() -> dict[str, Option]:
    """Every field's Option by name, in order."""
    return _OPTIONS


_OPTIONS = {
    name: dataclasses.replace(row, aliases=other_names.ALIASES.get(name, NO_ALIASES))
    for name, row in options_of(Experiment, manner=Manner(allowed="; ", default=True)).items()
}


# The class keeps the signature that type checkers read.
setattr(Experiment, "__init__", other_names.taking_other_names(Experiment.__init__, _OPTIONS))  # noqa: B010
