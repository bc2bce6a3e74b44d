"""What an experiment comes to: every field, the ones that were not given following from the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cells.cell import Cell
from ..cells.residual_blocks import RESIDUALS, kind_of_block, norm_of_block
from ..cells.table import CELLS
from ..cells.transformer import MLP_RATIO, most_heads
from ..core.fields import Value
from ..core.number_types import NUMBER_TYPES, NumberType
from ..core.widths import in_order
from ..data.datasets import CSV, DEFAULT_BATCH, DEFAULT_INPUTS, DEFAULT_STEPS, Request, find
from ..data.reading import Reading
from ..data.target_scales import NONE, STANDARD
from ..rules.activations import ACTIVATIONS
from ..rules.clipping import CLIPPINGS
from ..rules.initialisers import INITIALISERS, Initialiser
from ..rules.optimisers import OPTIMISERS

#: Values of loss_scale that are no numbers.
UNSCALED, DYNAMIC = "none", "dynamic"
#: Where a dynamic scale starts, as PyTorch's GradScaler.
FIRST_SCALE = 2.0**16

#: The fields that a CSV file decides when it is read, where they were not given.
DECIDED_BY_FILE = ("loss", "target_scale", "batch", "steps", "inputs")

#: Hidden layers of an MLP where nothing says how many.
DEFAULT_DEPTH = 30

#: The fields of the rates that layers may have of their own, by the layer.
RATES_OF_LAYERS = {1: "learning_rate_1", 2: "learning_rate_2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The complete configuration of a run, under the names of the Experiment's fields.

    Equal ones give bit-equal traces: it is the key under which results are found. A value that was given stands here
    also where nothing uses it (a slope, with sigmoid). None means that the field is not used, or, for DECIDED_BY_FILE
    of a CSV file, that the file decides when it is read (then `Network.resolved` and `Trace.resolved` have its values).
    """

    cell: str
    depth: int
    width: int
    layers: int
    activation: str
    slope: float | None
    init: str
    gain: float | str
    init_scale: float | None
    sigma_w: float | None
    sigma_b: float | None
    init_recurrent: str | None
    gain_recurrent: float | None
    init_output: str | None
    gain_output: float | None
    forget_bias: float
    input_bias: float
    update_bias: float
    gate_init: str
    chrono_steps: int | None
    r_min: float
    r_max: float
    max_phase: float
    pin_forget: float | None
    dropout: float
    dropout_kind: str
    output_activation: str
    readout: str
    truncate: int | None
    norm: str
    norm_position: str
    residual: str
    residual_scale: float | None
    residual_span: int
    residual_block: str
    highway_bias: float
    heads: int | None
    mlp_width: int | None
    position: str
    query_gain: float
    data: str
    target: str | None
    drop: str | None
    header: str | None
    separator: str | None
    missing: str | None
    window: int | None
    loss: str | None
    target_scale: str | None
    batch: int | None
    steps: int | None
    inputs: int | None
    clip: str
    clip_threshold: float | None
    optimizer: str
    learning_rate: float
    learning_rate_1: float | None
    learning_rate_2: float | None
    momentum: float
    weight_decay: float
    seed: int
    dtype: str
    loss_scale: float | str
    master_weights: str
    #: Whether anything about the update was given; else a saved run holds only what backpropagation gives.
    asks_for_update: bool
    #: The units of each hidden layer where they differ, of which `width` is the largest; empty where all are alike.
    widths: tuple[int, ...]

    def said(self, field: str) -> Value:
        """A field as an experiment is given it: widths that differ as 512,256,128."""
        if field == "width" and self.widths:
            return ",".join(map(str, self.widths))
        value: Value = getattr(self, field)
        return value

    @property
    def kind(self) -> Cell:
        """The row of its cell: its axis, whether it is gated, whether it has a cell state."""
        return CELLS[self.cell]

    @property
    def number_type(self) -> NumberType:
        """The row of its dtype."""
        return NUMBER_TYPES[self.dtype]

    @property
    def storage(self) -> np.dtype[np.generic]:
        """What arrays lie in memory as: an emulated type's as float32."""
        return self.number_type.storage

    @property
    def rounds_weights(self) -> bool:
        """Whether weights, updates and the optimiser's averages are of an emulated type, too, as after model.half()."""
        return self.number_type.is_emulated and self.master_weights == "no"

    @property
    def first_loss_scale(self) -> float:
        """What the loss's gradient is multiplied by at first; 1 where nothing is scaled."""
        if not self.number_type.is_emulated or self.loss_scale == UNSCALED:
            return 1.0
        return FIRST_SCALE if isinstance(self.loss_scale, str) else self.loss_scale

    @property
    def adapts_loss_scale(self) -> bool:
        """Whether the scale follows what overflows."""
        return self.number_type.is_emulated and self.loss_scale == DYNAMIC

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left for a file to decide."""
        return find(self.data).outputs is not None

    @property
    def gain_value(self) -> float:
        """The gain of hidden layers as a number, beside what the rule contains."""
        return self.gain_of(INITIALISERS[self.init], self.init_scale)

    def gain_of(self, row: Initialiser, scale: float | None) -> float:
        """The gain with which an initialiser draws.

        auto takes the activation's in place of the rule's own. He's rule itself is 2 / ((1 + s²) fan_in) where the
        activation has a slope s (He et al. 2015, eq. 15), as PyTorch's kaiming_normal_(a=s): not where a scale stands
        in the rule's place.
        """
        built_in = row.built_in_gain if scale is None else 1.0
        activation = ACTIVATIONS[self.activation] if self.kind.chooses_activation else None
        if isinstance(self.gain, str):
            return (activation.gain_at(self.slope) if activation is not None else 1.0) / built_in
        if activation is not None and activation.slope is not None and built_in != 1.0:
            return self.gain * activation.gain_at(self.slope) / built_in
        return self.gain

    def scale_of(self, loss: str | None) -> str:
        """What becomes of a file's numbers as a target: bce has them from 0 to 1 as they are."""
        return self.target_scale or (NONE if loss == "bce" else STANDARD)

    @property
    def module_rule(self) -> Callable[[float], float] | None:
        """The scale by which every tensor of a module starts, biases too; None of a rule that is for matrices alone."""
        return INITIALISERS[self.init].of_module if self.sigma_w is None else None

    def request(self) -> Request:
        """What to ask the data set for."""
        reading = Reading(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Reading)})
        sizes = (self.batch, self.steps, self.inputs)
        return Request(self.data, *sizes, self.kind.reads_sequences, self.seed, self.scale_of(self.loss), reading)


#: Fields of the update that are None unless somebody gave them; clipping is the fourth.
_OF_THE_UPDATE = ("optimizer", "learning_rate", *RATES_OF_LAYERS.values(), "weight_decay")


def following(given: Mapping[str, Any]) -> dict[str, Value]:
    """What each field that can be left out comes to without a value of its own, given the others."""
    cell = CELLS[given["cell"]]
    activation = given["activation"] or cell.default_activation
    optimiser = OPTIMISERS[given["optimizer"] or "sgd"]
    data = find(given["data"] or cell.default_data)
    residual = given["residual"] or cell.default_residual
    joined = RESIDUALS[residual].scale
    widths = in_order(given["width"])
    depth, widest = given["depth"] or len(widths) or DEFAULT_DEPTH, max(widths, default=given["width"])
    rule, own_rule = INITIALISERS[given["init"]], given["sigma_w"] is None
    chrono = given["gate_init"] == "chrono" and cell.over_time
    values: dict[str, Value] = {
        "depth": depth,
        "activation": cell.default_activation,
        "slope": ACTIVATIONS[activation].slope,
        "init_recurrent": rule.recurrent if cell.over_time and own_rule else None,
        "forget_bias": 0.0 if given["gate_init"] == "chrono" else rule.forget_bias if own_rule else 1.0,
        # Of a file its own, once it has been read.
        "chrono_steps": max(2, given["steps"]) if chrono and given["steps"] else None,
        "norm": norm_of_block(residual, given["residual_block"]) if cell.default_norm == "none" else cell.default_norm,
        "residual": cell.default_residual,
        "residual_block": kind_of_block(residual, cell.default_block),
        "residual_scale": joined(depth) if joined is not None else None,
        "heads": most_heads(widest) if cell.tokens else None,
        "mlp_width": MLP_RATIO * widest if cell.tokens else None,
        "data": cell.default_data,
        "loss": data.loss,
        "clip_threshold": CLIPPINGS[given["clip"]].threshold if given["clip"] != "none" else None,
        "optimizer": optimiser.name,
        "learning_rate": optimiser.learning_rate,
        "weight_decay": optimiser.weight_decay,
    }
    if data.name != CSV:
        values["batch"] = DEFAULT_BATCH
        steps = data.steps or given["steps"] or DEFAULT_STEPS
        # Some tasks are sequences whatever reads them; an MLP has no use for the steps of the others.
        values["steps"] = steps if cell.reads_sequences or (data.is_sequence and data.steps is None) else None
        if chrono:
            values["chrono_steps"] = max(2, steps)
        flat = 1 if cell.reads_sequences or not data.is_sequence else steps
        values["inputs"] = (data.inputs or given["inputs"] or DEFAULT_INPUTS) * (flat if data.inputs else 1)
    return values


def resolve(given: Mapping[str, Any], own: Mapping[str, Value]) -> Resolved:
    """Every field: the given value where there is one (None is none), else what it follows to (`following`)."""
    values = dict(given)
    for name, value in own.items():
        if values[name] is None:
            values[name] = value
    widths = in_order(given["width"])
    if widths:
        values["width"] = max(widths)
    asked = given["clip"] != "none" or any(given[name] is not None for name in _OF_THE_UPDATE)
    return Resolved(**values, asks_for_update=asked, widths=widths if len({*widths}) > 1 else ())
