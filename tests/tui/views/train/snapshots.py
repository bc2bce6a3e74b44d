"""Trainings that nobody ran: columns as a test wants them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradtui.text.heat import Array
from gradtui.views.frame.training_sides import Sides
from gradtui_engine import Experiment, Training, TrainingSnapshot
from gradtui_engine.training.evaluation import Validation

MLP = Experiment(depth=4, width=8)
LSTM = Experiment(cell="lstm", data="adding", steps=9, width=4)
GRU = LSTM.replace(cell="gru")


@functools.cache
def training_of(experiment: Experiment, iterations: int) -> Training:
    return Training(experiment=experiment, iterations=iterations)


def snapshot(
    loss: Sequence[float] | Array,
    *,
    experiment: Experiment = MLP,
    iterations: int = 0,
    validations: Mapping[int, float] | None = None,
    guess: float = 2.3,
    broken: bool = False,
    done: bool = False,
    **columns: Any,
) -> TrainingSnapshot:
    """A training whose batches had these losses; columns that are not given are what is dull."""
    loss = np.asarray(loss, dtype=np.float64)
    count = len(loss)
    over_time = experiment.cell != "mlp"
    stages = (experiment.steps or 0) + 1 if over_time else experiment.resolved.depth + 1
    parameters = (
        ("weight_ih", "weight_hh", "bias_hh") if over_time
        else tuple(f"layers.{layer}.{part}" for layer in range(1, stages) for part in ("weight", "bias"))
    )  # fmt: skip
    dull: dict[str, Any] = {
        "loss": loss,
        "accuracy": np.full(count, np.nan),
        "learning_rate": np.full(count, 0.1),
        "gradient": np.zeros((count, stages)),
        "update_ratio": np.full((count, len(parameters)), 1e-3),
        "std": np.ones((count, stages), dtype=np.float32),
        "saturated": np.zeros((count, stages), dtype=np.float32),
        "dead": np.zeros((count, stages), dtype=np.float32),
    }
    gates = len(experiment.resolved.kind.gates)
    if gates:
        dull["gates"] = np.full((count, gates, stages - 1), 0.5, dtype=np.float32)
    if experiment.cell == "lstm":
        dull["cell_gradient"] = np.zeros((count, stages))
    found = tuple(Validation(iteration, value, None) for iteration, value in (validations or {}).items())
    return TrainingSnapshot(
        training=training_of(experiment, iterations or max(count, 1)), count=count, columns=dull | columns,
        validations=found, guess=guess, batch_guess=guess, axis="time" if over_time else "layer", parameters=parameters,
        broken=("loss", None) if broken else None, done=done,
    )  # fmt: skip


def sides(a: TrainingSnapshot | None, b: TrainingSnapshot | None = None, **fields: Any) -> Sides:
    """Both under a cursor; the axis is as long as A's training is to be."""
    total = a.training.iterations if a is not None else 300
    return Sides(a, b, **{"iteration": 0, "stage": 1, "total": total} | fields)
