"""Condition number, trains, trainability: against numbers that were worked out otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from gradtui_engine import Experiment, Training, simulate, train
from gradtui_engine.measures import of_run
from gradtui_engine.measures.of_run import Measure, measure
from gradtui_engine.measures.of_training import OfTraining, measure_training
from gradtui_engine.measures.table import MEASURES
from gradtui_engine.training.snapshot import TrainingSnapshot


def of(name: str, experiment: Experiment) -> tuple[object, str]:
    row = MEASURES[name]
    assert isinstance(row, Measure)
    measured = measure(row, "", simulate(experiment))
    return measured.value, measured.problem


def of_losses(name: str, losses: Sequence[float], iterations: int = 0, broken: bool = False) -> float:
    """The measure of a training with these losses."""
    training = Training(iterations=iterations or len(losses))
    columns = {"loss": np.array(losses, dtype=float)}
    where = ("loss", None) if broken else None
    snapshot = TrainingSnapshot(training, len(losses), columns, (), 2.3, 2.3, "layer", (), where)
    row = MEASURES[name]
    assert isinstance(row, OfTraining)
    value = measure_training(row, "", "", snapshot).value
    assert isinstance(value, float)
    return value


def test_the_condition_number_of_a_linear_network_is_that_of_the_product_of_its_matrices() -> None:
    experiment = Experiment(depth=4, width=7, activation="linear", data="gaussian", inputs=5)
    run = simulate(experiment)
    product = np.eye(7)
    for layer in (2, 3, 4):
        product = run.parameters[f"layers.{layer}.weight"] @ product
    value, problem = of("condition_number", experiment)
    assert not problem
    assert value == pytest.approx(np.linalg.cond(product), rel=1e-9)


def test_an_orthogonal_linear_network_has_condition_number_1() -> None:
    value, _ = of("condition_number", Experiment(depth=12, width=16, activation="linear", init="orthogonal"))
    assert value == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("experiment", "says"),
    [
        (Experiment(depth=2, width=1025, batch=2), "1025 units; the exact Jacobian goes up to 1024"),
        (Experiment(depth=3, width=8, norm="batch"), "ties the samples together"),
    ],
)
def test_where_the_jacobian_is_too_large_or_not_there_it_is_said_why(experiment: Experiment, says: str) -> None:
    value, problem = of("condition_number", experiment)
    assert value is None
    assert says in problem


def test_a_jacobian_of_too_much_work_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_run, "MOST_WORK", 5 * 8**3)
    small, large = (of("condition_number", Experiment(depth=depth, width=8)) for depth in (6, 7))
    assert small[0] is not None
    assert large[0] is None
    assert "6 stages of 8 units; stages × units³ goes up to 2560" in large[1]


def test_dead_share_is_another_name_of_the_dead_units() -> None:
    assert MEASURES.known.called("dead share") == ("dead_units",)


def test_trains_compares_the_last_20_losses_with_the_first() -> None:
    assert of_losses("trains", [1.0, *[1.2] * 100, *[0.99] * 20]) == 1
    assert of_losses("trains", [1.0, *[0.1] * 100, *[1.01] * 20]) == 0
    assert of_losses("trains", [1.0, *[0.5] * 10, *[1.4] * 10]) == 1  # mean of the 20 after the first: 0.95
    assert of_losses("trains", [1.0]) == 0
    assert of_losses("trains", [1.0, 0.5, math.nan], broken=True) == 0
    assert of_losses("trains", [1.0, 0.5, 0.4], broken=True) == 0  # a weight was not finite


def test_trainability_has_the_sign_of_trains_and_grows_with_the_speed() -> None:
    fast = of_losses("trainability", [1.0, *[0.01] * 99])
    slow = of_losses("trainability", [1.0, *[0.9] * 99])
    fails_slowly = of_losses("trainability", [1.0, *[1.1] * 99])
    fails_fast = of_losses("trainability", [1.0, *[1e5] * 99])
    assert fast > slow > 0 > fails_slowly > fails_fast > -1
    assert slow == pytest.approx(1 / (1 + (1 + 99 * 0.9) / 100), rel=1e-12)
    assert fails_slowly == pytest.approx(-1 / (1 + (1 + 99 / 1.1) / 100), rel=1e-12)
    # Iterations that a divergence leaves out count as lost ones: 1/v is 0 there.
    diverged = of_losses("trainability", [1.0, math.inf], iterations=100, broken=True)
    assert diverged == pytest.approx(-1 / (1 + (1 + 1e-6) / 100), rel=1e-12)


def test_a_training_that_learns_trains_and_one_at_a_great_rate_does_not() -> None:
    experiment = Experiment(depth=2, width=16)
    learns = train(Training(experiment=experiment, iterations=40)).snapshot()
    explodes = train(Training(experiment=experiment.replace(learning_rate=1e8), iterations=40)).snapshot()
    row = MEASURES["trains"]
    assert isinstance(row, OfTraining)
    assert measure_training(row, "", "", learns).value == 1
    assert measure_training(row, "", "", explodes).value == 0
