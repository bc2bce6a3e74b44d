"""What is allowed by itself but not together, as a table of rules: each names the field, and what would go together.

A given value that cannot hold is never silently another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..cells.cell import Cell
from ..cells.residual_blocks import BLOCKS, NORM, RESIDUALS
from ..core.fields import Value
from ..core.figures import typed
from ..core.message import Message
from ..core.problems import Problem
from ..core.widths import in_order, told
from ..data import datasets
from ..data.datasets import CSV, DataSet, find, has_its_own
from ..data.target_scales import NONE, TARGET_SCALES
from ..program.normalisation import NORMALISATIONS
from ..rules.initialisers import INITIALISERS
from . import of_tokens
from .data_fields import OF_FILES
from .resolved import Resolved


@dataclass(frozen=True, slots=True)
class Asked:
    """An experiment as it was asked for: each field as given (None: left out), what those that were left out follow to
    (`resolved.following`), and what it comes to."""

    given: Mapping[str, Any]
    own: Mapping[str, Value]
    resolved: Resolved

    @property
    def cell(self) -> Cell:
        return self.resolved.kind

    @property
    def data(self) -> DataSet:
        return find(self.resolved.data)


Rule = Callable[[Asked], Iterator[Problem]]


def _time_axis(asked: Asked) -> Iterator[Problem]:
    cell, data = asked.cell, asked.data
    if cell.reads_sequences and not data.over_time:
        message = Message(
            "{data} has no time axis, which {cell} needs; allowed: {allowed}", data=repr(data.name), cell=cell.name,
            allowed=", ".join(name for name in datasets.names() if find(name).over_time),
        )  # fmt: skip
        yield Problem("data", message)


def _widths(asked: Asked) -> Iterator[Problem]:
    widths, depth = in_order(asked.given["width"]), asked.given["depth"]
    if not widths:
        return
    if not asked.cell.takes_widths:
        message = Message(
            "{given} given; all layers of {cell} have one width; allowed: one whole number",
            given=told(widths), cell=asked.cell.name,
        )  # fmt: skip
        yield Problem("width", message)
    elif depth is not None and depth != len(widths):
        message = Message(
            "{given} given, and {count} layers by width {widths}: leave one of them out",
            given=depth, count=len(widths), widths=told(widths),
        )  # fmt: skip
        yield Problem("depth", message)


def _batch_of_data(asked: Asked) -> Iterator[Problem]:
    data, batch = asked.data, asked.given["batch"]
    if data.samples is not None and batch is not None and batch > data.samples:
        message = Message(
            "{given} given; allowed: 1 to {most}, the samples of {data}",
            given=batch, most=data.samples, data=data.name,
        )  # fmt: skip
        yield Problem("batch", message)


def _sizes_of_data(asked: Asked) -> Iterator[Problem]:
    data, given, own, resolved = asked.data, asked.given, asked.own, asked.resolved
    if data.name != CSV and asked.cell.reads_sequences and resolved.steps != own["steps"]:
        yield Problem("steps", has_its_own(given["steps"], data.name, own["steps"]))
    if data.name != CSV and resolved.inputs != own["inputs"]:
        yield Problem("inputs", has_its_own(given["inputs"], data.name, own["inputs"]))


def _activation_of_cell(asked: Asked) -> Iterator[Problem]:
    cell = asked.cell
    if cell.activations and asked.resolved.activation not in cell.activations:
        message = Message(
            "{given} is not for {cell}; allowed: {allowed}",
            given=repr(asked.given["activation"]), cell=cell.name, allowed=", ".join(cell.activations),
        )  # fmt: skip
        yield Problem("activation", message)


def _data_dependent(asked: Asked) -> Iterator[Problem]:
    init = asked.given["init"]
    if INITIALISERS[init].data_dependent and asked.cell.over_time:
        message = Message(
            "{given} is for mlp; allowed for {cell}: every other one", given=repr(init), cell=asked.cell.name
        )
        yield Problem("init", message)


def _one_sample(asked: Asked) -> Iterator[Problem]:
    norm = asked.resolved.norm
    if NORMALISATIONS[norm].ties_samples and not asked.cell.over_time and asked.given["batch"] == 1:
        message = Message(
            "1 given; norm {norm} needs at least 2: one sample has no variance; try norm layer", norm=norm
        )
        yield Problem("batch", message)


def _of_files(asked: Asked) -> Iterator[Problem]:
    if asked.data.name == CSV:
        return
    for name in OF_FILES:
        if asked.given[name] is not None:
            message = Message(
                "{given} given; it is for a file, --data csv:PATH, and {data} is none: leave it out",
                given=repr(asked.given[name]), data=asked.data.name,
            )  # fmt: skip
            yield Problem(name, message)


def _loss_of_data(asked: Asked) -> Iterator[Problem]:
    data, loss = asked.data, asked.given["loss"]
    scale = TARGET_SCALES[asked.given["target_scale"] or NONE]
    if loss == "bce" and not (scale.to_one or scale.fit is None):
        allowed = [row.name for row in TARGET_SCALES.values() if row.to_one or row.fit is None]
        message = Message(
            "{given} given; 'bce' is for targets from 0 to 1; allowed: {allowed}",
            given=repr(scale.name), allowed=", ".join(allowed),
        )  # fmt: skip
        yield Problem("target_scale", message)
    if data.loss == "mse" and loss == "cross_entropy":
        message = Message("'cross_entropy' is for classes; {data} has numbers; allowed: mse", data=data.name)
        yield Problem("loss", message)
    if data.loss == "mse" and loss == "bce":
        message = Message("'bce' is for targets from 0 to 1; {data} has others; allowed: mse", data=data.name)
        yield Problem("loss", message)


def _output_activation(asked: Asked) -> Iterator[Problem]:
    if asked.resolved.loss == "bce" and asked.given["output_activation"] != "none":
        message = Message(
            "{given} given; the loss 'bce' has the sigmoid of the output inside; allowed: none; try loss mse",
            given=repr(asked.given["output_activation"]),
        )
        yield Problem("output_activation", message)


def _normed_sum(asked: Asked) -> Iterator[Problem]:
    resolved, blocks = asked.resolved, [name for name, row in BLOCKS.items() if NORM in row.last]
    row = RESIDUALS[resolved.residual]
    if asked.cell.over_time or not row.joins:
        return
    if row.normed and resolved.residual_block not in blocks:
        message = Message(
            "{given} given; residual {residual} has its norm on the sum; allowed: {allowed}",
            given=repr(resolved.residual_block), residual=row.name, allowed=", ".join(blocks),
        )  # fmt: skip
        yield Problem("residual_block", message)
    elif resolved.residual_block in blocks and resolved.norm == "none":
        message = Message(
            "'none' given; a block of the kind {block} has its norm on the sum; allowed: {allowed}",
            block=resolved.residual_block, allowed=", ".join(name for name in NORMALISATIONS if name != "none"),
        )  # fmt: skip
        yield Problem("norm", message)


def _of_tokens(asked: Asked) -> Iterator[Problem]:
    yield from of_tokens.contradictions(asked.resolved)


def _ring(asked: Asked) -> Iterator[Problem]:
    resolved = asked.resolved
    if asked.cell.ring and resolved.r_min > resolved.r_max:
        message = Message(
            "{given} given; allowed: up to r_max, {most}", given=typed(resolved.r_min), most=typed(resolved.r_max)
        )
        yield Problem("r_min", message)


#: Every rule, in the order in which problems are told.
RULES: tuple[Rule, ...] = (
    _widths, _time_axis, _batch_of_data, _sizes_of_data, _activation_of_cell, _data_dependent,
    _one_sample, _of_files, _loss_of_data, _normed_sum, _of_tokens, _ring,
    _output_activation,
)  # fmt: skip


def contradictions(asked: Asked) -> Iterator[Problem]:
    """All of what does not go together."""
    for rule in RULES:
        yield from rule(asked)
