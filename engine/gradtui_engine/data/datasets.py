"""The table of data sets: what a network is fed, standardised, one batch drawn by the seed."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np

from ..core.fields import Choice, Spelled
from ..core.message import English, Message
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array, Purpose, generator
from ..core.problems import ExperimentError, Problem
from ..core.table import Table
from . import csv_file, synthetic
from .reading import Reading
from .target_scales import NONE, TARGET_SCALES, Scale
from .understood import TabularData, Understood


@dataclass(frozen=True, slots=True)
class Batch:
    """What one iteration reads: inputs (batch, inputs) or (time, batch, inputs), target, and the loss that fits.

    target is (batch,) of class numbers for cross_entropy and (batch, outputs) of numbers for mse; where every time
    step has its own, (time, batch). about says what a file was understood as, and how its numbers were scaled.
    """

    inputs: Array
    target: Array
    outputs: int
    loss: str
    about: Understood | None = None

    @property
    def scale(self) -> Scale | None:
        """How a file's numbers were scaled to be the target, where they were."""
        return self.about.scale if self.about is not None else None

    @property
    def size(self) -> int:
        return int(self.inputs.shape[-2])


@dataclass(frozen=True, slots=True)
class Request:
    """What a data set is asked for. None means: as the data has it.

    whole: all samples that there are, in their own order, in place of a batch of them; what is made has no such whole.
    scale is that of the target, where it is known from some of the rows; without it it is taken from all of the file.
    draw tells the batches of an endless stream apart, where a task is made: each is drawn by the seed and its draw
    alone. The draw 0 is the one that there is without (NumPy's SeedSequence fills up with zeros).
    """

    source: str
    batch: int | None
    steps: int | None
    inputs: int | None
    over_time: bool
    seed: int
    target_scale: str = NONE
    reading: Reading = field(default_factory=Reading)
    whole: bool = False
    scale: Scale | None = None
    draw: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set. What is fixed is a number here; None leaves it to the experiment or to the file.

    over_time says whether a recurrent cell can read it; is_sequence that its samples are sequences also to an MLP,
    which then reads them flattened. loss is the one that fits. baseline is the loss of a task's best answer that
    remembers nothing, given the steps and whether every step is asked: what an untrained network cannot beat.
    """

    name: str
    description: English
    load: Callable[[Request], Batch]
    note: English
    over_time: bool = False
    is_sequence: bool = False
    steps: int | None = None
    inputs: int | None = None
    samples: int | None = None
    outputs: int | None = None
    loss: str | None = "cross_entropy"
    aliases: Aliases = NO_ALIASES
    baseline: Callable[[int, bool], float] | None = None

    @property
    def is_endless(self) -> bool:
        """Whether new samples can be drawn without end: a task; else there are those of a file."""
        return self.samples is None and self.name != CSV


def standardise(values: Array, axes: tuple[int, ...]) -> Array:
    """(x − mean) / std over the given axes; a constant column becomes exactly 0.

    Columns are scaled by a power of two first, which is exact, so that numbers of 1e-300 or 1e307 do not under- or
    overflow on the way. Constant is decided by the values: the mean of equal numbers can be off by a rounding, and
    dividing that by its own size would make ±1 of nothing.
    """
    low, high = values.min(axis=axes, keepdims=True), values.max(axis=axes, keepdims=True)
    _, exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))
    scaled = np.ldexp(values, -exponent)
    std = scaled.std(axis=axes, keepdims=True)
    constant = low == high
    centred = np.where(constant, 0.0, scaled - scaled.mean(axis=axes, keepdims=True))
    return np.asarray(centred / np.where(constant | (std == 0.0), 1.0, std))


@functools.cache
def _digits() -> tuple[Array, Array]:
    with (resources.files(__package__) / "digits.npz").open("rb") as file, np.load(file) as archive:
        return archive["images"].astype(np.float64), archive["labels"].astype(np.int64)


def _choose(request: Request, samples: int) -> Array:
    """Indices of the batch, drawn without replacement; of the whole, all in order."""
    if request.whole:
        return np.arange(samples)
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
    """x ~ N(0, 1); target = x · v / √n over all n numbers of a sample, v ~ N(0, 1): unit variance.

    v belongs to the seed: all draws are of one problem.
    """
    inputs, size = request.inputs or DEFAULT_INPUTS, request.batch or DEFAULT_BATCH
    steps = (request.steps or DEFAULT_STEPS) if request.over_time else 1
    values = generator(request.seed, Purpose.DATA, *request.draw).standard_normal((size, steps, inputs))
    direction = generator(request.seed, Purpose.TARGET).standard_normal(steps * inputs)
    target = values.reshape(size, -1) @ direction / math.sqrt(steps * inputs)
    return Batch(_arrange(values, np.arange(size), request.over_time), target[:, None], 1, "mse")


def _table(request: Request) -> TabularData:
    from .table import read  # with what finds out how a file is written: most sessions read none

    return read(request.source, request.reading)


def _csv(request: Request) -> Batch:
    """A user's table: an MLP reads its columns at once, a recurrent cell one column per time step, or rows of a window.

    Over time one scale is shared by all steps of a variable: scaled one by one, a trend over the steps would vanish.
    """
    read = _table(request)
    window = request.reading.window
    values = standardise(read.features, axes=(0, 1) if request.over_time and window is None else (0,))
    chosen = _choose(request, read.about.samples)
    # Windows overlap: of those that are drawn alone the rows are repeated.
    samples = values[chosen, :, None] if window is None else values[chosen[:, None] + np.arange(window)]
    inputs = _arrange(samples, np.arange(len(chosen)), request.over_time)
    target = _of_samples(read, window)[chosen]
    if read.classes is not None:
        return Batch(inputs, target, len(read.classes), "cross_entropy", read.about)
    scale = _scale(request, read)
    if scale is not None:
        target = scale.scaled(target)
    if request.scale is not None and request.reading.loss == "bce":
        # Of what is held out: beyond 0 and 1 bce would have no bottom.
        target = target.clip(0.0, 1.0)
    return Batch(inputs, target[:, None], 1, "mse", dataclasses.replace(read.about, scale=scale))


def _of_samples(read: TabularData, window: int | None) -> Array:
    """The target of each sample, (samples,): of a window the row after it."""
    return read.target if window is None else read.target[window:]


def _scale(request: Request, read: TabularData) -> Scale | None:
    """The scale that is given, or that of all rows; None of classes, too."""
    if read.classes is not None:
        return None
    return request.scale or TARGET_SCALES[request.target_scale].of(read.target)


def scale_of_samples(request: Request, rows: Array) -> Scale | None:
    """The scale of a file's target from these samples alone; None where it has none, and of data that are no file."""
    if find(request.source).name != CSV:
        return None
    read = _table(request)
    if read.classes is not None:
        return None
    return TARGET_SCALES[request.target_scale].of(_of_samples(read, request.reading.window)[rows])


def _made(make: synthetic.Make, outputs: int, loss: str) -> Callable[[Request], Batch]:
    """A task, made for exactly the batch that is asked for."""

    def load(request: Request) -> Batch:
        size, steps = request.batch or DEFAULT_BATCH, request.steps or DEFAULT_STEPS
        values, target = make(generator(request.seed, Purpose.DATA, *request.draw), size, steps)
        inputs = _arrange(values, np.arange(size), request.over_time)
        per_step = target.shape == (size, steps) and loss == "cross_entropy"
        if per_step:
            # An MLP has one output: it answers with the last step's.
            target = target.T if request.over_time else target[:, -1]
        return Batch(inputs, target, outputs, loss)

    return load


DEFAULT_BATCH = 64
DEFAULT_INPUTS = 64
DEFAULT_STEPS = 64
CSV = "csv:PATH"

DATA_SETS = Table(
    "data",
    (
        DataSet(
            "digits", "handwritten digits, 64 pixels at once, 10 classes", _digits_view(1),
            "The UCI/NIST optical digits (Alpaydin & Kaynak 1998), each pixel standardised by itself.",
            inputs=64, samples=1797, outputs=10,
            aliases=Aliases(("load_digits", "optdigits"), ("mnist", "fashion_mnist", "cifar10", "iris")),
        ),
        DataSet(
            "digits-rows", "handwritten digits, a row of 8 pixels at a time", _digits_view(8),
            "8 time steps × 8 inputs.",
            over_time=True, is_sequence=True, steps=8, inputs=8, samples=1797, outputs=10,
            aliases=Aliases(near=("row_mnist", "mnist_rows")),
        ),
        DataSet(
            "digits-pixels", "handwritten digits, one pixel at a time", _digits_view(64),
            "64 time steps × 1 input: the small sister of pixel-by-pixel MNIST (Le et al. 2015).",
            over_time=True, is_sequence=True, steps=64, inputs=1, samples=1797, outputs=10,
            aliases=Aliases(near=("sequential_mnist", "smnist", "pixel_mnist", "psmnist", "mnist_pixels")),
        ),
        DataSet(
            "gaussian", "standard normal inputs and a random linear target, any width and length", _gaussian,
            "For comparing with theory, which assumes such inputs.",
            over_time=True, outputs=1, loss="mse",
            aliases=Aliases(("randn", "gaussian_noise"), ("normal", "noise", "random", "make_regression")),
        ),
        DataSet(
            "xor", "four clouds, two classes: no line parts them", _made(synthetic.xor, 2, "cross_entropy"),
            "The problem that a network without a hidden layer cannot solve.", inputs=2, outputs=2,
        ),
        DataSet(
            "moons", "two half circles, two classes", _made(synthetic.moons, 2, "cross_entropy"),
            "Two inputs, a curved border.", inputs=2, outputs=2, aliases=Aliases(("make_moons", "two_moons")),
        ),
        DataSet(
            "spirals", "two spirals, two classes", _made(synthetic.spirals, 2, "cross_entropy"),
            "Two inputs, a border that needs depth or width.", inputs=2, outputs=2,
            aliases=Aliases(("spiral", "two_spirals")),
        ),
        DataSet(
            "circles", "a circle in a circle, two classes", _made(synthetic.circles, 2, "cross_entropy"),
            "Two inputs, a closed border.", inputs=2, outputs=2, aliases=Aliases(("make_circles",)),
        ),
        DataSet(
            "adding", "the adding problem: the sum of two marked numbers of many", _made(synthetic.adding, 1, "mse"),
            "Hochreiter & Schmidhuber 1997; answering 1 without looking costs 1/6.",
            over_time=True, is_sequence=True, inputs=2, outputs=1, loss="mse",
            aliases=Aliases(("adding_problem", "add_problem")), baseline=lambda steps, every_step: 1 / 6,
        ),
        DataSet(
            "copy", "copy memory: repeat the first symbols at the end",
            _made(synthetic.copy_memory, synthetic.COPY_SYMBOLS + 2, "cross_entropy"),
            "Hochreiter & Schmidhuber 1997; made for --readout all, where every step has its own target. Without "
            "memory the best answer costs 10·ln 8 / (T + 20) in T + 20 steps: blanks, then one of 8 symbols at random.",
            over_time=True, is_sequence=True, inputs=synthetic.COPY_SYMBOLS + 2, outputs=synthetic.COPY_SYMBOLS + 2,
            aliases=Aliases(("copy_memory", "copying", "copying_memory", "copy_task")),
            baseline=synthetic.guessed_copies,
        ),
        DataSet(
            "recall", "a symbol, then noise: which of 8 was it?",
            _made(synthetic.recall, synthetic.RECALL_SYMBOLS, "cross_entropy"),
            "After Bengio et al. 1994: one thing to keep for the whole time; guessing costs ln 8 = 2.08.",
            over_time=True, is_sequence=True, inputs=synthetic.RECALL_SYMBOLS + 1, outputs=synthetic.RECALL_SYMBOLS,
            aliases=Aliases(("first_symbol", "noisy_recall", "recall_task"), ("latch", "latching", "memorize")),
            baseline=synthetic.guessed_symbol,
        ),
        DataSet(
            "parity", "is the number of ones odd? One bit at a time", _made(synthetic.parity, 2, "cross_entropy"),
            "The answer hangs on every bit: one forgotten step and it is a coin toss.",
            over_time=True, is_sequence=True, inputs=1, outputs=2, baseline=lambda steps, every_step: math.log(2),
        ),
        DataSet(
            CSV, "your own table: one of its columns is the target, the last unless --target says another", _csv,
            "Numbers as the target are regression, words classes. An MLP reads the other columns at once, a recurrent "
            "cell one column per time step, or with --window N rows one by one.",
            over_time=True, loss=None,
        ),
    ),
)  # fmt: skip


def names() -> tuple[str, ...]:
    """The names to choose from; csv:PATH is one where files are read."""
    return DATA_SETS.names if csv_file.allowed() else tuple(name for name in DATA_SETS.names if name != CSV)


@dataclass(frozen=True)
class Source(Choice):
    """Where data come from: a name of the table, or csv:PATH."""

    choices: Callable[[], tuple[str, ...]] = names
    prefix: str = csv_file.PREFIX
    meaning: Callable[[str], Spelled | None] = lambda text: DATA_SETS.known.meaning(text)
    nearest: Callable[[str, Iterable[str]], str | None] = lambda text, allowed: DATA_SETS.known.nearest(text, allowed)

    def check(self, value: Any) -> str:
        if isinstance(value, str):
            csv_file.check_allowed(value)
        return super().check(value)


def find(source: str) -> DataSet:
    """The row for a data source; every csv:PATH has the one row."""
    return DATA_SETS[CSV if source.startswith("csv:") else source]


def has_its_own(given: object, data: str, own: object) -> Message:
    """The message for a size that the data decide."""
    return Message("{given} given; {data} has {found}: leave it out", given=given, data=data, found=own)


def understood(request: Request) -> Understood | None:
    """What the file was understood as; None of data that are no file. Raises ExperimentError."""
    if find(request.source).name != CSV:
        return None
    read = _table(request)
    return dataclasses.replace(read.about, scale=_scale(request, read))


def load(request: Request) -> Batch:
    """The batch that is asked for. Raises ExperimentError where the file's own sizes do not allow it."""
    row = find(request.source)
    batch = row.load(request)
    given = {"batch": None if request.whole else request.batch, "inputs": request.inputs}
    sizes = {"batch": batch.size, "inputs": int(batch.inputs.shape[-1])}
    if request.over_time:
        given["steps"], sizes["steps"] = request.steps, len(batch.inputs)
    problems = [
        Problem(name, has_its_own(value, request.source, sizes[name]))
        for name, value in given.items()
        if value is not None and value != sizes[name]
    ]
    if problems:
        raise ExperimentError(problems)
    return batch
