"""The bench's short training: it computes what the engine's networks compute, and holds samples out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from bench.short_training import HELD_OUT, Pool, Trainer, train

from gradtui_engine import Experiment, build
from gradtui_engine.cells.table import CELLS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.run.moment import Moment
from gradtui_engine.run.network import Network
from gradtui_engine.run.optimiser_step import Update, chain_of
from tests.engine.helpers import small

ITERATIONS = 3


def assert_exact(experiment: Experiment) -> None:
    """Three iterations, each on a batch of its own, bit for bit those of networks that are built and run anew."""
    network = build(experiment)
    resolved, trainer = network.resolved, Trainer(network)
    chain = chain_of(resolved)
    parameters, state = dict(network.parameters), chain.init(network.parameters)
    for _, batch in zip(range(ITERATIONS), Pool(experiment).batches(), strict=False):
        there = Network(experiment, network.program, parameters, batch, network.layout, resolved)
        trace = there.run()
        updates = {name: np.empty_like(array) for name, array in parameters.items()}
        # A trace's update leaves the state that it starts from as it is.
        recorded = Update(resolved, parameters, trace.parameter_gradients, Moment(1, state))
        assert recorded.updates.keys() == updates.keys()
        chain.update(trace.clipped, state, parameters, resolved.learning_rate, updates)
        for name, array in updates.items():
            assert np.array_equal(recorded.updates[name], array), name
        parameters = {name: array + updates[name] for name, array in parameters.items()}
        assert trainer.step(batch) == trace.loss
        for name, array in parameters.items():
            assert np.array_equal(trainer.parameters[name], array), name


@pytest.mark.parametrize("cell", CELLS.names)
def test_an_iteration_is_the_engines_in_every_cell(cell: str) -> None:
    assert_exact(small(cell, optimizer="adam", clip="norm", clip_threshold=0.1))


@pytest.mark.parametrize("optimizer", OPTIMISERS.names)
def test_an_optimiser_keeps_its_state_from_iteration_to_iteration(optimizer: str) -> None:
    assert_exact(small("mlp", optimizer=optimizer, weight_decay=0.1))


@pytest.mark.parametrize("clip", CLIPPINGS.names)
def test_gradients_are_clipped_as_the_experiment_says(clip: str) -> None:
    assert_exact(small("mlp", clip=clip, clip_threshold=0.01))


@pytest.mark.parametrize(
    "changes",
    [
        {"norm": "batch", "residual": "scaled", "activation": "prelu"},
        {"data": "gaussian", "dtype": "float32"},
        {"cell": "gru", "readout": "all", "data": "copy", "steps": 7},
        {"cell": "rnn", "readout": "all", "data": "gaussian", "steps": 5, "layers": 2},
    ],
    ids=lambda changes: "-".join(str(value) for value in changes.values()),
)
def test_an_iteration_is_the_engines_with_everything_that_a_program_can_hold(changes: dict[str, Any]) -> None:
    assert_exact(small(**({"cell": "mlp"} | changes)))


@pytest.mark.parametrize("data", ["digits", "gaussian", "moons"])
def test_held_out_samples_are_in_no_batch(data: str) -> None:
    pool = Pool(Experiment(data=data, batch=64, depth=1))
    held = {row.tobytes() for batch in pool.held_out for row in batch.inputs}
    # Digits: a quarter of 1797, in whole batches.
    assert len(held) == (448 if data == "digits" else HELD_OUT * 64)
    seen = {row.tobytes() for _, batch in zip(range(200), pool.batches(), strict=False) for row in batch.inputs}
    assert not held & seen


def test_made_targets_are_those_of_the_experiments_own_batch() -> None:
    # The direction that decides a gaussian target is the seed's, whatever the batch: least squares finds it in both.
    experiment = Experiment(data="gaussian", inputs=4, depth=1, seed=3)
    own, pool = build(experiment).batch, next(Pool(experiment).batches())
    directions = [np.linalg.lstsq(batch.inputs, batch.target, rcond=None)[0] for batch in (own, pool)]
    # Both solve the same system exactly, but for rounding.
    assert directions[0] == pytest.approx(directions[1], abs=1e-12)


def test_a_training_tells_the_loss_of_guessing_and_ends_below_it() -> None:
    training = train(build(Experiment(depth=1, activation="relu", init="he_normal")), 100)
    assert training.guess == math.log(10)
    # 0.23 to 0.28 over five seeds.
    assert training.end < 0.5 < training.start


def test_a_loss_that_is_not_finite_ends_the_training_and_counts_as_infinite() -> None:
    training = train(build(Experiment(depth=3, activation="linear", data="gaussian", learning_rate=100.0)), 100)
    assert len(training.losses) < 100
    assert training.end == math.inf
