"""A recorded training as one strict JSON document, and as arrays: what was recorded of every step, as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..analysis.json_document import answer_document, strict
from ..core.numerics import Array
from ..core.spelt import told
from ..training.json_document import SCHEMA, stages_document
from .snapshot import RecordingSnapshot


def document(snapshot: RecordingSnapshot, other: RecordingSnapshot | None = None) -> dict[str, Any]:
    """The recorded steps as JSON types, with the fields of a training's document; of two recordings `other` is "b".

    A list has one entry for each of the N recorded steps, which `steps` counts as the training did; `losses` has those
    of the steps between, where they are known. A number that is not finite is the string "inf", "-inf" or "nan".
    """
    columns, answer = snapshot.columns, snapshot.outcome
    of_every = dict(zip(("steps", "loss"), (values.tolist() for values in snapshot.every_loss), strict=True))
    stages = stages_document(snapshot.summary)
    contents: dict[str, Any] = strict(
        {
            "schema": SCHEMA,
            "recording": snapshot.words,
            "outcome": None if answer is None else answer_document(answer),
            "interrupted": snapshot.interrupted,
            "axis": snapshot.axis,
            "steps": snapshot.steps.tolist(),
            "loss": columns["loss"].tolist(),
            "losses": of_every,
            "learning_rate": columns["learning_rate"].tolist(),
            "stages": [{"place": place, **stage} for place, stage in zip(snapshot.places, stages, strict=False)],
            "parameters": {
                name: {"update_ratio": columns["update_ratio"][:, index].tolist()}
                for index, name in enumerate(snapshot.parameters)
            },
        }
    )
    contents["texts"] = told([contents["outcome"]])
    return contents if other is None else contents | {"b": document(other)}


def arrays(snapshot: RecordingSnapshot) -> Iterator[tuple[str, Array]]:
    """Every array of a recording with its name: steps, losses, and what the stages and the parameters have."""
    yield "steps", snapshot.steps
    yield "every_loss.steps", snapshot.every_loss[0]
    yield "every_loss.loss", snapshot.every_loss[1]
    yield from snapshot.summary.items()
    yield "update_ratio", snapshot.columns["update_ratio"]
