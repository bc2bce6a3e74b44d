"""A short training at the best of three rates: each is the training that one would run, and what is left undone is."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Training, build, train
from gradtui_engine.training.short_training import CLEARLY_WORSE, Plan, Trained, train_briefly
from tests.engine.helpers import drawn

ITERATIONS = 44
SMALL: dict[str, Any] = {"depth": 3, "width": 12, "batch": 32}
TRAINED: dict[str, Experiment] = {
    "relu": Experiment(activation="relu", init="he_normal", **SMALL),
    "batch norm": Experiment(activation="tanh", norm="batch", optimizer="adam", **SMALL),
    "sigmoid": Experiment(**(SMALL | {"depth": 12})),
    "cell": Experiment(cell="gru", data="adding", steps=6, width=6, batch=16, optimizer="adam", learning_rate=0.01),
}
every_one = pytest.mark.parametrize("name", TRAINED)


def training_of(experiment: Experiment, iterations: int = ITERATIONS) -> Training:
    return Training(experiment=experiment, iterations=iterations, validate_every=iterations)


@functools.cache
def trained(name: str) -> Trained:
    experiment = TRAINED[name]
    return train_briefly(training_of(experiment), build(experiment), Plan(ITERATIONS))


@every_one
def test_the_rates_are_the_own_one_and_three_tenths_and_three_times_of_it(name: str) -> None:
    own = TRAINED[name].resolved.learning_rate
    assert [attempt.rate for attempt in trained(name).attempts] == pytest.approx([own, 0.3 * own, 3 * own], rel=1e-12)


@every_one
def test_an_attempt_is_the_training_at_that_rate_as_far_as_it_went(name: str) -> None:
    for attempt in trained(name).attempts:
        training = training_of(TRAINED[name].replace(learning_rate=attempt.rate), attempt.count)
        alone = train(training)
        assert alone.validations[-1].loss == attempt.loss
        assert alone.validations[-1].accuracy == attempt.accuracy
        outcome = alone.outcome
        assert outcome is not None
        assert (outcome.kind, outcome.message) == (attempt.answer.kind, attempt.answer.message)


@every_one
def test_a_rate_is_given_up_at_a_quarter_where_it_is_clearly_worse_and_only_there(name: str) -> None:
    best = math.inf
    for attempt in trained(name).attempts:
        assert attempt.given_up == (attempt.quarter > CLEARLY_WORSE * best)
        assert attempt.count == (ITERATIONS // 4 if attempt.given_up else ITERATIONS)
        best = min(best, attempt.quarter)


def test_some_rates_are_given_up_and_never_the_best() -> None:
    assert any(attempt.given_up for name in TRAINED for attempt in trained(name).attempts)
    for name in TRAINED:
        assert not trained(name).best.given_up
        whole = [attempt.score for attempt in trained(name).attempts if not attempt.given_up]
        assert trained(name).best.score == min(whole)


def test_what_has_diverged_is_not_gone_on_with() -> None:
    experiment = Experiment(activation="linear", learning_rate=1e3, **SMALL)
    found = train_briefly(training_of(experiment, 400), build(experiment), Plan(400))
    assert [attempt.answer.kind for attempt in found.attempts] == ["diverged"] * 3
    assert all(attempt.count <= 100 for attempt in found.attempts)
    assert not found.best.learns


def test_where_nothing_is_held_out_the_loss_is_that_of_the_last_batches() -> None:
    experiment = TRAINED["relu"]
    training = training_of(experiment).replace(hold_out=0.0)
    found = train_briefly(training, build(experiment), Plan(ITERATIONS, 1))
    assert not found.held_out
    alone = train(training)
    assert found.own.loss == pytest.approx(float(alone.columns["loss"][-20:].mean()), rel=1e-12)
    assert found.own.accuracy is None


def test_a_rate_of_nothing_is_one_rate() -> None:
    experiment = TRAINED["relu"].replace(learning_rate=0.0)
    found = train_briefly(training_of(experiment, 2), build(experiment), Plan(2))
    assert [attempt.rate for attempt in found.attempts] == [0.0]


# -- plans -------------------------------------------------------------------------------------------------


@drawn(60)
@given(st.integers(1, 10_000), st.floats(1e-6, 1.0), st.integers(1, 40), st.floats(1e-3, 1e4))
def test_a_plan_is_the_longest_that_keeps_within_its_seconds(
    iterations: int, iteration: float, trainings: int, seconds: float
) -> None:
    whole = Plan(iterations)
    found = whole.within(seconds, iteration, trainings)
    assert found in whole.shortened()
    longer = [plan for plan in whole.shortened() if plan.whole > found.whole]
    # Another network's iteration may cost more than this one's.
    assert all(plan.whole * iteration * trainings > seconds / 1.5 for plan in longer)
    assert found.iterations >= 1
    assert found.whole * iteration * trainings <= seconds or found == whole.shortened()[-1]


def test_without_a_limit_the_plan_is_what_was_asked() -> None:
    assert Plan(200).within(math.inf, 10.0, 30) == Plan(200)
    assert [plan.iterations for plan in Plan(200).shortened()] == [200, 100, 50, 20, 10, 10]
