"""Fifty iterations against plain NumPy and HIPS autograd: every optimiser, clipping and schedule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trainer, Training
from gradtui_engine.core.numerics import Array
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.optimisers import OPTIMISERS
from gradtui_engine.rules.schedules import SCHEDULES
from tests.engine.oracles import difference, length
from tests.engine.training import plain
from tests.engine.training.plain import Plain, pairs

ITERATIONS = 50
#: Rounding at eps 2e-16, fifty times over: an iteration enlarges it by less than half again.
TOLERANCE = 1e-8

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"depth": 2, "width": 6, "batch": 8, "activation": "tanh", "norm": "batch"},
    "lstm": {"cell": "lstm", "data": "copy", "steps": 3, "width": 3, "batch": 3, "readout": "all"},
    "gru": {"cell": "gru", "data": "adding", "steps": 4, "width": 3, "batch": 3},
}
ROWS = pairs(OPTIMISERS.names, CLIPPINGS.names, SCHEDULES.names)


def trainings() -> list[Any]:
    """Every pair in `make soak`. In `make test` of the MLP every third one, and so each row of each table; of the cells
    each row of the tables with one of the two.
    """
    cases = []
    for network, turn in zip(NETWORKS, (None, 0, 1), strict=True):
        for number, row in enumerate(ROWS):
            optimiser, clip = divmod(number, len(CLIPPINGS.names))
            one = optimiser % 2 == turn and optimiser % len(CLIPPINGS.names) == clip
            few = (optimiser + 2 * clip) % 3 == 0 if turn is None else one
            cases.append(pytest.param(network, *row, marks=() if few else pytest.mark.soak))
    return cases


def training_of(network: str, optimizer: str, clip: str, schedule: str) -> Training:
    """With a warmup and without. Weight decay, but not where a batch norm meets an update that is divided by its own
    size: there the bias before the norm, whose gradient is rounding, is thrown about by its decay.
    """
    divided = optimizer in ("rmsprop", "adam")
    experiment = Experiment(
        **NETWORKS[network], optimizer=optimizer, clip=clip, seed=3,
        clip_threshold=None if clip == "none" else 0.02,
        weight_decay=0.0 if divided and network == "mlp" else 0.01,
        learning_rate=0.003 if divided or optimizer == "adamw" else 0.05,
    )  # fmt: skip
    return Training(
        experiment=experiment, iterations=ITERATIONS, schedule=schedule, warmup=7 if clip in ("none", "norm") else 0,
        step_every=13, step_factor=0.5, validate_every=20,
    )  # fmt: skip


def assert_same(found: dict[str, Array], wanted: dict[str, Array]) -> None:
    """Tensor by tensor. The gradient at a bias before a batch norm is 0 but for rounding: so is the bias."""
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        if f"{name.rpartition('.')[0]}.norm.bias" in wanted and name.endswith(".bias"):
            assert max(length(found[name]), length(array)) < TOLERANCE, name
        else:
            assert difference(found[name], array) < TOLERANCE, name


def test_every_row_has_a_plain_one() -> None:
    assert plain.OPTIMISERS.keys() == set(OPTIMISERS.names)
    assert plain.CLIPPINGS.keys() == set(CLIPPINGS.names)
    assert plain.SCHEDULES.keys() == set(SCHEDULES.names)


@pytest.mark.parametrize(("network", "optimizer", "clip", "schedule"), trainings())
def test_fifty_iterations_are_the_published_ones(network: str, optimizer: str, clip: str, schedule: str) -> None:
    training = training_of(network, optimizer, clip, schedule)
    trainer = Trainer(training)
    reference = Plain(training, trainer.parameters())
    losses = trainer.advance(ITERATIONS)["loss"]
    reference.advance(ITERATIONS)
    np.testing.assert_allclose(losses, reference.losses, rtol=TOLERANCE)
    assert_same(trainer.parameters(), reference.parameters)
    assert_same(dict(trainer.running), reference.running)
    validation = trainer.validate()
    assert validation is not None
    loss, accuracy = reference.validate()
    assert validation.loss == pytest.approx(loss, rel=TOLERANCE)
    if validation.accuracy is not None:
        assert validation.accuracy == pytest.approx(accuracy, abs=1e-12)
    else:
        assert np.isnan(accuracy)
