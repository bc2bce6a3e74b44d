"""A training as a table: one row an iteration, of a recorded one a row a recorded step."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gradtui_engine.recordings.snapshot import RecordingSnapshot
from gradtui_engine.training.snapshot import TrainingSnapshot

#: What there is one number of in each iteration, and what each stage has, by the names of a snapshot's summary.
_OF_ITERATIONS = ("loss", "accuracy", "learning_rate")
_OF_STAGES = ("gradient_norm", "cell_gradient_norm")


def table(snapshots: Mapping[str, TrainingSnapshot | RecordingSnapshot]) -> str:
    """The iterations as CSV, in full precision; a number that there is not is left empty.

    A validation stands beside the iteration that it was made before; the last one, after all, has a row of its own.
    gradient_norm_7 is ‖∂L/∂h‖ of stage 7, gradient_norm_encoder.3 of the module of that name. Of two sides a first
    column tells them apart.
    """
    out = io.StringIO()
    # The first iteration has every column. Not all rows at once: 100,000 of 30 layers are 3 million texts.
    names = [name for snapshot in snapshots.values() for row in islice(_rows(snapshot), 1) for name in row]
    sided = ["side"] if len(snapshots) > 1 else []
    writer = csv.DictWriter(out, [*sided, *dict.fromkeys(names)], lineterminator="\n")
    writer.writeheader()
    for side, snapshot in snapshots.items():
        writer.writerows(dict.fromkeys(sided, side) | row for row in _rows(snapshot))
    return out.getvalue()


def _rows(snapshot: TrainingSnapshot | RecordingSnapshot) -> Iterator[dict[str, Any]]:
    validations = {row.iteration: row for row in snapshot.validations}
    summary = dict(snapshot.summary)
    recorded = snapshot if isinstance(snapshot, RecordingSnapshot) else None
    places: Sequence[Any] = recorded.places if recorded is not None else range(10**9)
    if np.isnan(summary["accuracy"]).all():
        del summary["accuracy"]  # of numbers nothing is right or wrong
    for k in sorted({*range(snapshot.count), *validations}):
        row: dict[str, Any] = {"iteration": k} if recorded is None else {"step": int(recorded.steps[k])}
        known = k < snapshot.count
        row |= {name: _cell(summary[name][k]) if known else "" for name in _OF_ITERATIONS if name in summary}
        if recorded is None:
            validation = validations.get(k)
            row["validation_loss"] = _cell(validation.loss) if validation is not None else ""
            row["validation_accuracy"] = _cell(validation.accuracy) if validation is not None else ""
        for name in _OF_STAGES:
            for stage, value in enumerate(summary[name][k]) if known and name in summary else ():
                row[f"{name}_{places[stage]}"] = _cell(value)
        yield row


def _cell(value: Any) -> str:
    return "" if value is None else repr(float(value))
