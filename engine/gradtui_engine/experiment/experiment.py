"""The Experiment: the whole configuration, frozen, in three spellings that mean the same."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cells.cell import Cell
from ..cells.residual_blocks import BLOCKS
from ..cells.table import CELLS
from ..core.fields import Choice, Integer, Number, Rejected, Value
from ..core.message import Message
from ..core.options import Manner, Option, option, options_of
from ..core.problems import ExperimentError, Problem, unknown_name
from ..data import datasets
from ..data.datasets import CSV, DEFAULT_BATCH, DEFAULT_INPUTS, DEFAULT_STEPS, Request, Source, find, has_its_own
from ..program.normalisation import NORMALISATIONS
from ..rules.activations import ACTIVATIONS
from ..rules.clipping import CLIPPINGS
from ..rules.initialisers import INITIALISERS
from ..rules.losses import LOSSES
from ..rules.optimisers import OPTIMISERS
from . import spelling
from .resolved import Resolved, resolve

DTYPES = ("float64", "float32")
READOUTS = ("last", "all")
POSITIONS = ("before", "after")
RESIDUALS = ("none", "add", "scaled")
AUTO = "auto"

_MLP = tuple(name for name, cell in CELLS.items() if not cell.over_time)
_TIME = tuple(name for name, cell in CELLS.items() if cell.over_time)
_GATED = tuple(name for name, cell in CELLS.items() if cell.gated)
_CHOOSING = tuple(name for name, cell in CELLS.items() if not cell.gates)


def _offset_by(field: str) -> tuple[str, ...]:
    """The cells to one of whose biases this field is added."""
    return tuple(name for name, cell in CELLS.items() if field in dict(cell.offsets).values())


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that decides a run. Equal experiments give bit-equal traces on one machine.

    Fields left at None are filled in when the experiment is made, from the cell, the data set and the other
    tables (a CSV file's own sizes when the network is built); those that then still are None mean "not used".
    Raises ExperimentError with every problem at once.
    """

    cell: str = option("mlp", "kind of network", Choice(lambda: CELLS.names))
    depth: int = option(30, "hidden layers", Integer(1, 10_000), _MLP)
    width: int = option(64, "units of a hidden layer or cell", Integer(1, 65_536))
    layers: int = option(1, "stacked layers of a recurrent cell", Integer(1, 100), _TIME)
    activation: str | None = option(
        None,
        "activation f; without it sigmoid (mlp), tanh (rnn, which also takes relu)",
        Choice(lambda: ACTIVATIONS.names),
        _CHOOSING,
    )
    slope: float | None = option(
        None, "slope of leaky_relu and prelu on the left; without it 0.01 and 0.25", Number(-10.0, 10.0), _MLP
    )
    init: str = option("xavier_normal", "initialiser of the weight matrices", Choice(lambda: INITIALISERS.names))
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
    forget_bias: float = option(
        1.0, "added to the forget gate's bias (Jozefowicz et al. 2015)", Number(-1e3, 1e3), _offset_by("forget_bias")
    )
    input_bias: float = option(0.0, "added to the input gate's bias", Number(-1e3, 1e3), _offset_by("input_bias"))
    pin_forget: float | None = option(
        None, "pins the forget gate (of a GRU the update gate z) to a value", Number(0.0, 1.0), _GATED
    )
    readout: str = option("last", "loss on the last time step or on every one", Choice(lambda: READOUTS), _TIME)
    norm: str = option("none", "normalisation in every hidden layer", Choice(lambda: NORMALISATIONS.names), _MLP)
    norm_position: str = option("before", "before or after the activation", Choice(lambda: POSITIONS), _MLP)
    residual: str = option("none", "skip connections wherever shapes match", Choice(lambda: RESIDUALS), _MLP)
    residual_scale: float | None = option(
        None, "β of the scaled residual h + β F(h); without it 1/√depth", Number(0.0, 1e3), _MLP
    )
    residual_span: int = option(1, "layers that a skip spans", Integer(1, 2), _MLP)
    residual_block: str = option("post", "where the activation stands in a block", Choice(lambda: BLOCKS.names), _MLP)
    data: str | None = option(None, "data set; without it digits, or digits-pixels over time", Source())
    loss: str | None = option(
        None, "loss; without it cross_entropy for classes, mse for numbers", Choice(lambda: LOSSES.names)
    )
    batch: int | None = option(
        None, f"samples drawn by the seed; without it {DEFAULT_BATCH}, or a CSV file's rows if fewer", Integer(1, 10**6)
    )
    steps: int | None = option(
        None, f"time steps, where the data leaves them open; without it {DEFAULT_STEPS}", Integer(1, 10_000)
    )
    inputs: int | None = option(None, f"input width of gaussian data; without it {DEFAULT_INPUTS}", Integer(1, 10**6))
    clip: str = option("none", "gradient clipping", Choice(lambda: CLIPPINGS.names))
    clip_threshold: float | None = option(
        None, "threshold of the clipping; without it the rule's own", Number(0.0, 1e30)
    )
    optimizer: str | None = option(
        None, "optimiser of the update; without it plain sgd", Choice(lambda: OPTIMISERS.names)
    )
    learning_rate: float | None = option(
        None, "step size η of the update; without it the optimiser's own", Number(0.0, 1e30)
    )
    momentum: float = option(0.9, "μ of momentum and nesterov", Number(0.0, 1.0))
    weight_decay: float | None = option(
        None, "λ, added to the gradient as λθ; without it 0 (adamw 0.01)", Number(0.0, 1e30)
    )
    seed: int = option(0, "decides data, batch and weights", Integer(0, 2**63 - 1))
    dtype: str = option("float64", "floating-point type of every array", Choice(lambda: DTYPES))  # fmt: skip

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for name, each in options().items():
            value = getattr(self, name)
            if value is None and is_optional(name):
                continue
            try:
                object.__setattr__(self, name, each.kind.check(value))
            except Rejected as error:
                problems.append(Problem(name, error.message))
        broken = {problem.field for problem in problems}
        # A field that is wrong by itself stands at its default while the others are looked at together.
        for name in broken:
            object.__setattr__(self, name, type(self).__dataclass_fields__[name].default)
        for name, value in self._derived().items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        problems += (problem for problem in self._contradictions() if problem.field not in broken)
        if problems:
            raise ExperimentError(problems)

    def _derived(self) -> dict[str, Value]:
        """What a field that is left out becomes, given the others."""
        cell = self.kind
        source = self.data or cell.default_data
        data = find(source)
        found: dict[str, Value] = {
            "activation": cell.default_activation,
            "data": cell.default_data,
            "learning_rate": OPTIMISERS[self.optimizer_name].learning_rate,
            "weight_decay": OPTIMISERS[self.optimizer_name].weight_decay,
            "clip_threshold": CLIPPINGS[self.clip].threshold if self.clip != "none" else None,
            "loss": data.loss,
        }
        if data.name != CSV:
            found["batch"] = DEFAULT_BATCH
            steps = data.steps or self.steps or DEFAULT_STEPS
            # Some tasks are sequences whatever reads them; an MLP has no use for the steps of the others.
            found["steps"] = steps if cell.over_time or (data.is_sequence and data.steps is None) else None
            flat = 1 if cell.over_time or not data.is_sequence else steps
            found["inputs"] = (data.inputs or self.inputs or DEFAULT_INPUTS) * (flat if data.inputs else 1)
        return found

    def _contradictions(self) -> Iterator[Problem]:
        """What is allowed by itself but not together."""
        cell, data, derived = self.kind, find(str(self.data)), self._derived()
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
        if data.name != CSV and cell.over_time and self.steps != derived["steps"]:
            yield Problem("steps", has_its_own(self.steps, data.name, derived["steps"]))
        if data.name != CSV and self.inputs != derived["inputs"]:
            yield Problem("inputs", has_its_own(self.inputs, data.name, derived["inputs"]))
        if cell.activations and self.activation not in cell.activations:
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
        if self.norm == "batch" and not cell.over_time and self.batch == 1:
            message = Message("1 given; norm batch needs at least 2: one sample has no variance; try norm layer")
            yield Problem("batch", message)
        if data.loss == "mse" and self.loss == "cross_entropy":
            message = Message("'cross_entropy' is for classes; {data} has numbers; allowed: mse", data=data.name)
            yield Problem("loss", message)
        if data.loss == "mse" and self.loss == "bce":
            message = Message("'bce' is for targets from 0 to 1; {data} has others; allowed: mse", data=data.name)
            yield Problem("loss", message)

    # -- what the fields mean together ------------------------------------------------------------------

    @functools.cached_property
    def resolved(self) -> Resolved:
        """What the experiment comes to: every field, complete."""
        return resolve(dataclasses.asdict(self), self.asks_for_update)

    @property
    def kind(self) -> Cell:
        """The row of its cell: its axis, whether it is gated, whether it has a cell state."""
        return CELLS[self.cell]

    @property
    def activation_name(self) -> str:
        """The activation as a name: it is never None once the experiment is made."""
        return str(self.activation)

    @property
    def optimizer_name(self) -> str:
        """The optimiser's row: plain SGD where none was asked for."""
        return self.optimizer or "sgd"

    @property
    def asks_for_update(self) -> bool:
        """Whether anything about the update was asked for; else a saved run holds only what backpropagation gives."""
        plain = OPTIMISERS["sgd"]
        asked = (self.learning_rate, self.weight_decay) != (plain.learning_rate, plain.weight_decay)
        return self.optimizer is not None or self.clip != "none" or asked

    @property
    def gain_value(self) -> float:
        """The gain of hidden layers as a number; auto takes the activation's in place of the rule's own."""
        if isinstance(self.gain, str):
            wanted = ACTIVATIONS[self.activation_name].gain if not self.kind.gated else 1.0
            return wanted / INITIALISERS[self.init].built_in_gain
        return self.gain

    def replace(self, **changes: Value) -> Experiment:
        """The experiment with these fields changed; what only followed from the others follows anew.

        Switching the cell of an MLP on `digits` to lstm gives `digits-pixels`, as leaving data out would.
        """
        values: dict[str, Any] = dataclasses.asdict(self)
        data = find(str(self.data))
        derived = self._derived()
        # Where the data leave a size open, only the default follows; one that was chosen stays.
        derived |= {"steps": DEFAULT_STEPS} if data.steps is None else {}
        derived |= {"inputs": DEFAULT_INPUTS} if data.inputs is None else {}
        for name, value in derived.items():
            if values[name] == value:
                values[name] = None
        if data.name == CSV and changes.get("data", self.data) != self.data:
            values |= dict.fromkeys(("batch", "steps", "inputs", "loss"))
        elif data.name == CSV and changes.get("cell", self.cell) != self.cell:
            values |= dict.fromkeys(("steps", "inputs"))
        return Experiment(**(values | changes))

    def request(self) -> Request:
        """What to ask the data set for."""
        return Request(str(self.data), self.batch, self.steps, self.inputs, self.kind.over_time, self.seed)

    # -- spellings -------------------------------------------------------------------------------------

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Experiment:
        """From names and typed values, as a TOML document gives them. Raises ExperimentError."""
        known = options()
        problems = [Problem(str(name), unknown_name(str(name), tuple(known))) for name in values if name not in known]
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
        return cls.from_mapping(spelling.read_toml(source))

    def to_mapping(self) -> dict[str, Value]:
        """Every field by name, in order; None where it is not used, or the data decide when the network is built."""
        return dataclasses.asdict(self)

    def to_toml(self) -> str:
        """Every field as TOML that can be fed back, with a comment on each."""
        return spelling.to_toml(self)

    def to_arguments(self) -> list[str]:
        """The options that differ from the defaults, as command-line arguments."""
        return spelling.to_arguments(self)

    def to_command(self) -> str:
        """The command that opens this experiment, ready for a POSIX shell."""
        return spelling.to_command(self)


def options() -> dict[str, Option]:
    """Every field's Option by name, in order."""
    return _OPTIONS


def is_optional(name: str) -> bool:
    """Whether a field may be left out, to follow from the others or not to be used."""
    return _OPTIONS[name].is_optional


_OPTIONS = options_of(Experiment, manner=Manner(allowed="; ", default=True))
