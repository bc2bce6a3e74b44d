"""The table of data sets: what a network is fed, standardised, one batch drawn by the seed."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

import numpy as np

from . import tabular
from .numerics import Array, Purpose, generator
from .problems import ExperimentError, Problem
from .table import Table


@dataclass(frozen=True, slots=True)
class Batch:
    """What one iteration reads: inputs (batch, inputs) or (time, batch, inputs), target, and the loss that fits.

    target is (batch,) of class numbers for cross_entropy and (batch, outputs) of numbers for mse.
    """

    inputs: Array
    target: Array
    outputs: int
    loss: str

    @property
    def size(self) -> int:
        return int(self.target.shape[0])


@dataclass(frozen=True, slots=True)
class Request:
    """What a data set is asked for. None means: as the data has it."""

    source: str
    batch: int | None
    steps: int | None
    inputs: int | None
    over_time: bool
    seed: int


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set. What is fixed is a number here; None leaves it to the experiment or to the file.

    over_time says whether a recurrent cell can read it; an MLP reads any, with time flattened.
    """

    name: str
    description: str
    over_time: bool
    steps: int | None
    inputs: int | None
    samples: int | None
    outputs: int | None
    load: Callable[[Request], Batch]
    note: str


def standardise(values: Array, axes: tuple[int, ...]) -> Array:
    """(x − mean) / std over the given axes; a constant column becomes 0, not a division by zero."""
    mean = values.mean(axis=axes, keepdims=True)
    std = values.std(axis=axes, keepdims=True)
    return np.asarray((values - mean) / np.where(std > 0.0, std, 1.0))


@functools.cache
def _digits() -> tuple[Array, Array]:
    with (resources.files(__package__) / "data" / "digits.npz").open("rb") as file, np.load(file) as archive:
        return archive["images"].astype(np.float64), archive["labels"].astype(np.int64)


def _choose(request: Request, samples: int) -> Array:
    """Indices of the batch, drawn without replacement."""
    size = min(request.batch or DEFAULT_BATCH, samples)
    return generator(request.seed, Purpose.BATCH).choice(samples, size=size, replace=False)


def _arrange(values: Array, chosen: Array, over_time: bool) -> Array:
    """(samples, time, inputs) → the batch as (time, batch, inputs), or flattened as (batch, time·inputs)."""
    picked = values[chosen]
    return picked.transpose(1, 0, 2) if over_time else picked.reshape(len(chosen), -1)


def _digits_view(steps: int) -> Callable[[Request], Batch]:
    def load(request: Request) -> Batch:
        images, labels = _digits()
        # One scale per input, shared by all time steps: a pixel's value must mean the same at each step.
        values = standardise(images.reshape(len(images), steps, 64 // steps), axes=(0, 1))
        chosen = _choose(request, len(images))
        return Batch(_arrange(values, chosen, request.over_time), labels[chosen], 10, "cross_entropy")

    return load


def _gaussian(request: Request) -> Batch:
    """x ~ N(0, 1); target = x · v / √n over all n numbers of a sample, v ~ N(0, 1): unit variance."""
    inputs, size = request.inputs or DEFAULT_INPUTS, request.batch or DEFAULT_BATCH
    steps = (request.steps or DEFAULT_STEPS) if request.over_time else 1
    values = generator(request.seed, Purpose.DATA).standard_normal((size, steps, inputs))
    direction = generator(request.seed, Purpose.TARGET).standard_normal(steps * inputs)
    target = values.reshape(size, -1) @ direction / math.sqrt(steps * inputs)
    return Batch(_arrange(values, np.arange(size), request.over_time), target[:, None], 1, "mse")


def _csv(request: Request) -> Batch:
    table = tabular.read(request.source)
    values = standardise(table.features, axes=(0,))[:, :, None]
    chosen = _choose(request, len(values))
    inputs = _arrange(values, chosen, request.over_time)
    if table.classes is None:
        return Batch(inputs, table.target[chosen][:, None], 1, "mse")
    return Batch(inputs, table.target[chosen], len(table.classes), "cross_entropy")


DEFAULT_BATCH = 64
DEFAULT_INPUTS = 64
DEFAULT_STEPS = 64
CSV = "csv:PATH"

DATA_SETS = Table(
    "data",
    (
        DataSet(
            "digits",
            "handwritten digits, 64 pixels at once, 10 classes",
            False,
            None,
            64,
            1797,
            10,
            _digits_view(1),
            "The UCI/NIST optical digits (Alpaydin & Kaynak 1998), each pixel standardised by itself.",
        ),
        DataSet(
            "digits-rows",
            "handwritten digits, a row of 8 pixels at a time",
            True,
            8,
            8,
            1797,
            10,
            _digits_view(8),
            "8 time steps × 8 inputs.",
        ),
        DataSet(
            "digits-pixels",
            "handwritten digits, one pixel at a time",
            True,
            64,
            1,
            1797,
            10,
            _digits_view(64),
            "64 time steps × 1 input: the small sister of pixel-by-pixel MNIST (Le et al. 2015).",
        ),
        DataSet(
            "gaussian",
            "standard normal inputs and a random linear target, any width and length",
            True,
            None,
            None,
            None,
            1,
            _gaussian,
            "For comparing with theory, which assumes such inputs.",
        ),
        DataSet(
            CSV,
            "your own table: a header row, the last column is the target",
            True,
            None,
            None,
            None,
            None,
            _csv,
            "A target of numbers is regression, anything else classification. An MLP reads the other columns at "
            "once, a recurrent cell one column per time step.",
        ),
    ),
)


def find(source: str) -> DataSet:
    """The row for a data source; every csv:PATH has the one row."""
    return DATA_SETS[CSV if source.startswith("csv:") else source]


def load(request: Request) -> Batch:
    """The batch that is asked for. Raises ExperimentError where the file's own sizes do not allow it."""
    row = find(request.source)
    batch = row.load(request)
    given = {"batch": request.batch, "inputs": request.inputs}
    found = {"batch": batch.size, "inputs": int(batch.inputs.shape[-1])}
    if request.over_time:
        given["steps"], found["steps"] = request.steps, len(batch.inputs)
    problems = [
        Problem(name, f"{value} given; {request.source} has {found[name]}: leave it out")
        for name, value in given.items()
        if value is not None and value != found[name]
    ]
    if problems:
        raise ExperimentError(problems)
    return batch
