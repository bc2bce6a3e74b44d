"""How far back the gradient gets, and that it comes back while a GRU learns."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Trainer, Training, TrainingHistory, train
from gradtui_engine.training.reach import horizon, reach
from tests.engine.oracles import length


def history_of(iterations: int = 3, **fields: Any) -> TrainingHistory:
    known = {"cell": "gru", "data": "adding", "steps": 9, "width": 5, "batch": 6}
    return train(Training(experiment=Experiment(**(known | fields)), iterations=iterations, hold_out=0.0))


@pytest.mark.parametrize(
    ("cell", "state"), [("rnn", "h"), ("gru", "h"), ("mgu", "h"), ("mingru", "h"), ("lru", "h"), ("lstm", "c")]
)
def test_the_share_is_that_of_the_gradients_arrays(cell: str, state: str) -> None:
    history = history_of(cell=cell)
    shares = reach(history.snapshot())
    assert shares is not None
    assert shares.shape == (3, 9)
    np.testing.assert_array_equal(reach(history.snapshot(), [8, 4, 2]), shares[:, [8, 4, 2]])
    for k in range(3):
        trace = history.at(k).trace
        lengths = [length(trace.gradients[f"{state}/{time}"]) for time in range(1, 10)]
        assert 10 ** shares[k] == pytest.approx([each / lengths[-1] for each in lengths[::-1]], rel=1e-9)


def test_a_pinned_gate_reaches_as_far_as_its_powers() -> None:
    """A share of f a step at the least, and of 0.5 to the ninth still 2e-3; a gate at 0 lets hardly anything by."""
    kept = horizon(history_of(cell="lstm", pin_forget=1.0).snapshot())
    assert kept is not None
    assert kept.tolist() == [8, 8, 8]
    lost = horizon(history_of(cell="lstm", pin_forget=0.0, steps=30, init_scale=1e-3, init="normal").snapshot())
    assert lost is not None
    assert lost.tolist() == [0, 0, 0]


def test_where_nothing_arrives_or_no_number_is_finite_nothing_is_reached() -> None:
    snapshot = history_of().snapshot()
    gradient = np.zeros((4, 10))
    gradient[0] = np.arange(-9.0, 1.0)
    gradient[1] = [0.0, 0, 0, 0, 0, 0, -4, 0, 0, 0]
    gradient[2] = -math.inf
    gradient[3, 5] = math.nan
    snapshot = dataclasses.replace(snapshot, count=4, columns={"gradient": gradient})
    found = horizon(snapshot)
    assert found is not None
    # 1e-3 of it is not vanished yet; what is reached again behind a gap does not count.
    assert found.tolist() == [3, 2, -1, 3]
    assert found.dtype.kind == "i"


def test_a_loss_at_every_step_and_layers_have_no_reach() -> None:
    for snapshot in (history_of(data="copy", readout="all").snapshot(), train(Training(iterations=1)).snapshot()):
        assert reach(snapshot) is None
        assert horizon(snapshot) is None


@pytest.mark.soak
def test_the_gradient_of_a_gru_comes_back_before_it_learns_to_add_over_100_steps() -> None:
    """Of a prototype the first step got 8e-13 of the last one's gradient at first, 6e-6 after 100 iterations, 0.01
    after 200 and 0.24 after 250; here it is 1e-12, 5e-8, 0.01 and 0.07. A decade on either side: a seed decides it.
    """
    experiment = Experiment(
        cell="gru", data="adding", steps=100, width=32, batch=64, optimizer="adam", learning_rate=0.005, clip="norm",
        clip_threshold=1.0,
    )  # fmt: skip
    history = TrainingHistory(Trainer(Training(experiment=experiment, iterations=400)))
    history.advance()
    snapshot = history.snapshot()
    shares, far = reach(snapshot), horizon(snapshot)
    assert shares is not None
    assert far is not None
    first = shares[:, -1]
    for iteration, share in ((0, 8e-13), (200, 0.01), (250, 0.24)):
        assert abs(first[iteration] - math.log10(share)) < 1, iteration
    assert -9 < first[100] < -4
    # A fifth of the steps at first, all of them before the loss leaves that of answering 1 (1/6).
    assert far[0] < 30
    losses = np.convolve(snapshot.columns["loss"], np.full(20, 1 / 20), "valid")
    falls = int(np.argmax(losses < 0.1))
    assert 200 < falls < 400
    assert (losses[60:falls] > 0.1).all()
    assert far[falls] == 99
    assert 100 < int(np.argmax(far == 99)) < falls
    learnt = next(row.iteration for row in snapshot.validations if row.loss < 0.04)
    assert 250 <= learnt <= 400
