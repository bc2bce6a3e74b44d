"""The Stream: which batch each iteration of a training reads."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..core.numerics import Array, Purpose, generator
from ..data import datasets
from ..data.datasets import DEFAULT_BATCH, Batch
from ..data.understood import Understood
from ..experiment.resolved import Resolved
from ..experiment.training import FRESH, ONE, Training
from ..run.network import aim, as_read

#: Samples that a task is validated with: the mean loss of so many is known to a few percent.
VALIDATION = 512
#: And of a file at the most so many of those that are held out: of 200,000 a look every 25 iterations would take longer
#: than the iterations.
MOST_VALIDATION = 2048
# Keys of the streams of random numbers that only a training draws.
_SPLIT, _EPOCH, _VALIDATION = "split", "epoch", "validation"


@dataclass(frozen=True, eq=False)
class _Epoch:
    """The order of an epoch's samples: rows of all samples."""

    number: int
    order: Array


class Stream:
    """Batch k of a training: a pure function of the experiment's data, its seed and k. Batch 0 is the experiment's own.

    Numbers of a file as the target are scaled by those of the samples that are not held out; where none are, and in an
    experiment alone, by those of the whole file.

    epochs: each epoch takes every sample that is not held out once, in an order drawn by seed and epoch; what does not
    fill a batch is left out of that epoch (PyTorch's drop_last). The first epoch begins with batch 0. fresh: a task's
    batch k is drawn by seed and k. one: batch 0 again and again. Of a file with a window the samples are windows: they
    overlap, and one that is held out shares rows with others that are not. Raises ExperimentError where data cannot be
    read.
    """

    def __init__(self, training: Training) -> None:
        experiment = training.experiment
        self._training, self._request = training, experiment.resolved.request()
        self._kind = training.kind_of_batches
        self._fixed = self._kind != FRESH and not datasets.find(self._request.source).is_endless
        first = datasets.load(self._request)
        self.resolved: Resolved = as_read(experiment, first)
        self.size = first.size
        #: All samples of the data, as the network gets them; None of a task, which has no end.
        self.samples: Batch | None = None
        self._training_rows = self._held = np.empty(0, dtype=np.int64)
        self._epoch: _Epoch | None = None
        if self._fixed:
            own = datasets.find(self._request.source).samples
            self._split(first.about.samples if first.about is not None else own or 0)
            if first.scale is not None and len(self._held):
                # What is held out has no say in the scale: batch 0 is the experiment's own but for that.
                scale = datasets.scale_of_samples(self._request, self._training_rows)
                self._request = dataclasses.replace(self._request, scale=scale)
                first = datasets.load(self._request)
            whole = aim(datasets.load(dataclasses.replace(self._request, batch=None, whole=True)), self.resolved)
            # A sample's numbers lie together, also over time: a batch of 64 steps is taken in 10 instead of 100 µs.
            together = np.ascontiguousarray(np.moveaxis(whole.inputs, -2, 0))
            self.samples = dataclasses.replace(whole, inputs=np.moveaxis(together, 0, -2))
        self._first = aim(first, self.resolved)
        self.validation = self._held_out()

    @property
    def about(self) -> Understood | None:
        """What a file was understood as, with the scale of its target; None of other data."""
        return self._first.about

    # -- what is read --------------------------------------------------------------------------------------

    def batch(self, k: int) -> Batch:
        """The batch of iteration k, as the network gets it. Raises IndexError for k < 0."""
        if k < 0:
            raise IndexError(f"iteration {k}: the first is 0")
        if k == 0 or self._kind == ONE:
            return self._first
        if not self._fixed:
            return aim(datasets.load(dataclasses.replace(self._request, draw=(k,))), self.resolved)
        return self._take(self._rows_of(k))

    def rows(self, k: int) -> Array | None:
        """Which rows of `samples` batch k is, (batch,); None of a task."""
        return self._rows_of(0 if self._kind == ONE else k) if self._fixed else None

    @property
    def training_rows(self) -> Array:
        """The rows of `samples` that are not held out."""
        return self._training_rows

    @property
    def held_rows(self) -> Array:
        """The rows of `samples` that are held out: no batch contains one of them."""
        return self._held

    @property
    def axis_of_target(self) -> int:
        """Along which axis of a target its samples lie: behind the time steps, where each of them has a target."""
        return int(self.resolved.kind.reads_sequences and self.resolved.readout == "all")

    # -- how -----------------------------------------------------------------------------------------------

    def _split(self, count: int) -> None:
        """Batch 0 first, the others of the training part after it; the rest is held out."""
        seed = self._request.seed
        drawn = generator(seed, Purpose.BATCH).choice(count, size=self.size, replace=False)
        others = np.setdiff1d(np.arange(count), drawn)
        others = generator(seed, Purpose.BATCH, _SPLIT).permutation(others)
        held = min(int(count * self._training.hold_out), len(others))
        self._held = others[:held]
        self._training_rows = np.concatenate([drawn, others[held:]])

    def _rows_of(self, k: int) -> Array:
        number, place = divmod(k, len(self._training_rows) // self.size)
        epoch = self._epoch
        if epoch is None or epoch.number != number:
            rows = self._training_rows
            shuffled = generator(self._request.seed, Purpose.BATCH, _EPOCH, number)
            if number == 0:
                order = np.concatenate([rows[: self.size], shuffled.permutation(rows[self.size :])])
            else:
                order = shuffled.permutation(rows)
            epoch = self._epoch = _Epoch(number, order)
        return epoch.order[place * self.size : (place + 1) * self.size]

    def _take(self, rows: Array) -> Batch:
        """These samples, as the network gets them."""
        assert self.samples is not None
        inputs, target = self.samples.inputs, self.samples.target
        return dataclasses.replace(
            self.samples,
            inputs=np.moveaxis(np.moveaxis(inputs, -2, 0).take(rows, axis=0), 0, -2),
            target=target.take(rows, axis=self.axis_of_target),
        )

    def _held_out(self) -> Batch | None:
        """The samples that the training is validated with; None where none are."""
        if self._training.hold_out == 0:
            return None
        if self._fixed:
            return self._take(self._held[:MOST_VALIDATION]) if len(self._held) else None
        size = max(VALIDATION, self._request.batch or DEFAULT_BATCH)
        return aim(datasets.load(dataclasses.replace(self._request, batch=size, draw=(_VALIDATION,))), self.resolved)
