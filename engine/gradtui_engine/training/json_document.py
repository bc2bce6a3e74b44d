"""A training as one strict JSON document: what `gradtui train --json` prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..analysis.json_document import answer_document, strict
from ..core.numerics import Array
from ..core.spelt import told
from ..data.yardstick import Yardstick
from .evaluation import Validation
from .history import TrainingHistory
from .snapshot import TrainingSnapshot

#: Of documents that hold a training; those of one iteration have 1.
SCHEMA = 2
#: What a document has of the stages, where it is known, by the names of a snapshot's summary.
_OF_STAGES = (
    "gradient_norm", "cell_gradient_norm", "factor", "activation_std", "activation_saturated", "activation_dead",
)  # fmt: skip


def document(history: TrainingHistory, other: TrainingHistory | None = None) -> dict[str, Any]:
    """The iterations that are done, as JSON types; of a race `other` is B, under "b".

    A list has one entry for each of the N iterations; a number that is not finite is the string "inf", "-inf" or "nan".
    """
    snapshot = history.snapshot()
    experiment, resolved = history.training.experiment, history.trainer.network.resolved
    columns, answer = snapshot.columns, snapshot.outcome
    contents: dict[str, Any] = strict(
        {
            "schema": SCHEMA,
            "experiment": experiment.to_document(resolved),
            "given": experiment.given(),
            "training": history.training.to_document(),
            "outcome": None
            if answer is None
            else {**answer_document(answer), "iteration": snapshot.count - 1, "iterations": snapshot.count},
            "interrupted": snapshot.interrupted,
            "axis": snapshot.axis,
            "guess": snapshot.guess,
            "loss": columns["loss"].tolist(),
            "accuracy": _of_classes(columns["accuracy"]),
            "learning_rate": columns["learning_rate"].tolist(),
            "validation": [_validation(row) for row in snapshot.validations],
            "stages": stages_document(snapshot.summary),
            "parameters": {
                name: {"update_ratio": columns["update_ratio"][:, index].tolist()}
                for index, name in enumerate(snapshot.parameters)
            },
        }
    )
    if "gates" in columns:
        names = [gate.name for gate in resolved.kind.gates]
        contents["gates"] = {
            name: strict(columns["gates"][:, index].tolist()) for index, name in enumerate(names)
        }  # fmt: skip
    if snapshot.yardstick is not None:
        contents["target"] = strict(_target(snapshot, snapshot.yardstick))
    # The words of the verdict in parts: who opens the document may read another language.
    contents["texts"] = told([contents["outcome"]])
    return contents if other is None else contents | {"b": document(other)}


def _of_classes(accuracy: Array) -> list[float] | None:
    """The share of right answers at each iteration; None where the target is no class."""
    return None if np.isnan(accuracy).all() else accuracy.tolist()


def _target(snapshot: TrainingSnapshot, yardstick: Yardstick) -> dict[str, Any]:
    """How a file's target was scaled, and root mean square errors, in the target's own units and as the network has
    them: of each iteration's batch, and of each validation.
    """
    scale = yardstick.scale
    losses = {"rmse": snapshot.columns["loss"].tolist(), "validation_rmse": [row.loss for row in snapshot.validations]}
    return {
        "column": yardstick.target,
        "scale": None if scale is None else dataclasses.asdict(scale),
        **{name: [yardstick.own(loss) for loss in found] for name, found in losses.items()},
        **{f"{name}_scaled": [yardstick.scaled(loss) for loss in found] for name, found in losses.items()},
    }


def _validation(row: Validation) -> dict[str, Any]:
    return {"iteration": row.iteration, "loss": row.loss, "accuracy": row.accuracy}


def stages_document(summary: Mapping[str, Array]) -> list[dict[str, Any]]:
    """The stages of a summary from the input (or the initial state) on; the last one has no factor."""
    known = [name for name in _OF_STAGES if name in summary]
    count = summary["gradient_norm"].shape[1]
    return [
        {"index": stage}
        | {
            name: summary[name][:, stage].tolist()
            for name in known
            if not (name == "factor" and stage == count - 1)
        }
        for stage in range(count)
    ]  # fmt: skip
