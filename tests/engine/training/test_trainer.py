"""Training in place: every iteration is what one run and its update are, and any of them comes back bit for bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, ExperimentError, Trainer, Training, build, train
from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.experiment.training import options
from gradtui_engine.training.checkpoints import Checkpoints
from tests.engine.helpers import drawn
from tests.engine.strategies import accepted, small_experiments
from tests.examples import examples

#: One of each kind: plain, batch norm with Adam in float32, clipped LSTM on a task, a stacked GRU read at every step.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "mlp": {"depth": 4, "width": 16, "activation": "relu", "init": "he_normal"},
    "batch norm": {"depth": 3, "width": 16, "norm": "batch", "optimizer": "adam", "dtype": "float32"},
    "lstm": {"cell": "lstm", "data": "adding", "width": 8, "steps": 12, "optimizer": "rmsprop", "clip": "norm"},
    "gru": {
        "cell": "gru", "data": "copy", "width": 6, "steps": 9, "layers": 2, "readout": "all", "optimizer": "adamw",
        "dtype": "float32", "clip": "layer", "clip_threshold": 0.1,
    },
}  # fmt: skip


def _training(name: str, **fields: Any) -> Training:
    plan = {"iterations": 40, "schedule": "cosine", "warmup": 5, "validate_every": 7} | fields
    return Training(experiment=Experiment(**EXPERIMENTS[name]), **plan)


@pytest.mark.parametrize("name", EXPERIMENTS)
@given(k=st.integers(0, 24), most=st.sampled_from([1, 2**40]))
@examples(12)
def test_a_past_iteration_is_the_very_one_that_was(name: str, k: int, most: int) -> None:
    """With checkpoints at every iteration and with none but the first two (most bytes: 1)."""
    training = _training(name, turns=("10:learning-rate=0.003,clip=value",))
    trainer = Trainer(training, checkpoints=Checkpoints(most, seconds=0.0))
    rows = trainer.advance(25)
    uninterrupted = Trainer(training)
    uninterrupted.advance(k)
    trace, before = trainer.trace(k), uninterrupted.parameters()
    assert trace.loss == rows["loss"][k]
    for parameter, array in before.items():
        np.testing.assert_array_equal(trace.parameters[parameter], array)
    uninterrupted.advance(1)
    for parameter, array in uninterrupted.parameters().items():
        np.testing.assert_array_equal(trace.updated(parameter), array)
    for statistic, array in uninterrupted.running.items():
        np.testing.assert_array_equal(trace.running_statistics[statistic], array)
    ratios = dict(zip(trace.parameters, rows["update_ratio"][k], strict=True))
    assert ratios == {parameter: trace.update_ratio(parameter) for parameter in trace.parameters}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_iteration_0_is_the_experiment_alone(name: str) -> None:
    training = _training(name, warmup=0)
    trace, alone = Trainer(training).trace(0), build(training.experiment).run()
    assert trace.values.keys() == alone.values.keys()
    for slot, array in alone.values.items():
        np.testing.assert_array_equal(trace.values[slot], array)
    for parameter, array in alone.updates.items():
        np.testing.assert_array_equal(trace.updates[parameter], array)


@drawn(80)
@given(experiment=small_experiments(), data=st.data())
@pytest.mark.soak
def test_any_iteration_of_any_experiment_comes_back_and_can_be_judged(
    experiment: Experiment, data: st.DataObject
) -> None:
    """Over all tables: its parameters before and after it are those of the training that went on."""
    plan = {name: data.draw(accepted(options()[name].kind)) for name in ("schedule", "step_factor")}
    training = Training(experiment=experiment, iterations=9, warmup=data.draw(st.integers(0, 4)), **plan)
    history, k = train(training), data.draw(st.integers(0, 8))
    assert history.outcome is not None
    assert history.outcome.kind in KINDS
    k = min(k, history.count - 1)
    run = history.at(k)
    assert run.outcome.message
    assert run.loss == history.columns["loss"][k] or math.isnan(run.loss)
    uninterrupted = Trainer(training)
    uninterrupted.advance(k)
    for name, array in uninterrupted.parameters().items():
        np.testing.assert_array_equal(run.parameters[name], array)
    uninterrupted.advance(1)
    for name, array in uninterrupted.parameters().items():
        np.testing.assert_array_equal(run.updated(name), array)


def test_more_iterations_than_there_is_room_for_are_refused_before_anything_is_trained() -> None:
    """Of 4 layers of 16 units 0.27 kB are kept of an iteration, and 1 GiB of all."""
    with pytest.raises(ExperimentError) as refused:
        Trainer(_training("mlp", iterations=10**7))
    (problem,) = refused.value.problems
    assert problem.field == "iterations"
    assert str(problem.message).startswith("10000000 given: what is kept of each iteration is")
    most = int(str(problem.message).rpartition(" ")[2])
    assert most * Trainer(_training("mlp", iterations=most)).columns.bytes_per_row <= 2**30
