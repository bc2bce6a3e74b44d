"""A training as one .npz archive: all that another program needs to train the same, and what came of it here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from ..experiment.training import FRESH, ONE, Training
from ..run import npz
from .history import TrainingHistory
from .json_document import SCHEMA
from .stream import Stream

#: Bytes of batches that were drawn for this training alone, at the most.
MOST = 64 * 2**20
#: The name of the text (JSON) that says what an archive holds.
TRAINING = "training"


def refuse_too_large(training: Training, stream: Stream, field: str) -> None:
    """Refuse before anything is trained what an archive will not take. Raises ExperimentError about the field."""
    if training.kind_of_batches != FRESH:
        return
    first = stream.batch(0)
    size = (first.inputs.nbytes + first.target.nbytes) * training.iterations
    if size > MOST:
        each, allowed = size // training.iterations, MOST * training.iterations // size
        message = Message(
            "{count} fresh batches are {size} MB; allowed: {most} MB, which {allowed} iterations of {each} kB fill",
            count=training.iterations, size=size // 2**20, most=MOST // 2**20, allowed=allowed, each=each // 1024,
        )  # fmt: skip
        raise ExperimentError([Problem(field, message)])


def save(path: str | Path, history: TrainingHistory, other: TrainingHistory | None = None) -> None:
    """Write what `of_both` names. Raises OSError."""
    npz.write(list(of_both(history, other)), path)


def of_both(history: TrainingHistory, other: TrainingHistory | None = None) -> Iterator[tuple[str, Array]]:
    """What `arrays` names; of a race B's under b/."""
    yield from arrays(history)
    if other is not None:
        yield from ((f"b/{name}", array) for name, array in arrays(other))


def arrays(history: TrainingHistory) -> Iterator[tuple[str, Array]]:
    """Every array with its name in the archive.

    param/NAME as the training began, final/NAME as it ended, with BatchNorm running/NAME at the end; names and layouts
    as in a PyTorch `state_dict`. history/loss, history/learning_rate (N,), history/gradient_norm ‖∂L/∂h‖ (N, stages),
    history/validation_iteration, _loss and _accuracy (NaN of numbers). data/input and data/target: the samples as the
    network gets them; history/batch (N, batch): their rows, along the axis of the samples, that each iteration read.
    With epochs these are all samples, and data/held_out the rows that no batch contains; fresh batches lie one behind
    the other; with one it is that batch. training is a text (JSON): the fields that were given.
    """
    trainer, snapshot = history.trainer, history.snapshot()
    yield TRAINING, np.array(json.dumps(_given(history)))
    for name, array in trainer.network.parameters.items():
        yield f"param/{name}", array
    for name, array in trainer.parameters().items():
        yield f"final/{name}", array
    for name, array in trainer.running.items():
        yield f"running/{name}", array
    yield "history/loss", snapshot.columns["loss"]
    yield "history/learning_rate", snapshot.columns["learning_rate"]
    yield "history/gradient_norm", snapshot.summary["gradient_norm"]
    rows = snapshot.validations
    yield "history/validation_iteration", np.array([row.iteration for row in rows], dtype=np.int64)
    yield "history/validation_loss", np.array([row.loss for row in rows])
    shares = [np.nan if row.accuracy is None else row.accuracy for row in rows]
    yield "history/validation_accuracy", np.array(shares)
    yield from _data(trainer.stream, history.training, snapshot.count)


def _given(history: TrainingHistory) -> dict[str, Any]:
    training, resolved = history.training, history.trainer.network.resolved
    return {
        "schema": SCHEMA,
        "experiment": training.experiment.to_document(resolved),
        "given": training.experiment.given(),
        "training": training.to_document(),
    }


def _data(stream: Stream, training: Training, count: int) -> Iterator[tuple[str, Array]]:
    """The samples, and which of them each of the iterations read."""
    first, kind = stream.batch(0), training.kind_of_batches
    if kind == ONE:
        inputs, target = first.inputs, first.target
        batches = np.broadcast_to(np.arange(first.size), (count, first.size))
    elif kind == FRESH:
        drawn = [stream.batch(k) for k in range(count)]
        inputs = np.concatenate([batch.inputs for batch in drawn], axis=first.inputs.ndim - 2)
        target = np.concatenate([batch.target for batch in drawn], axis=stream.axis_of_target)
        batches = np.arange(count * first.size).reshape(count, first.size)
    else:
        assert stream.samples is not None
        inputs, target = stream.samples.inputs, stream.samples.target
        batches = np.array([stream.rows(k) for k in range(count)], dtype=np.int64)
        yield "data/held_out", stream.held_rows
    yield "data/input", inputs
    yield "data/target", target
    yield "history/batch", batches
