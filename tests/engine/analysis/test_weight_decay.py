"""A weight decay that outweighs the gradient is told apart from one that helps to generalise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine import Experiment, simulate
from gradtui_engine.analysis.outcome import Answer

SANE = Experiment(depth=5, activation="relu", init="he_normal")


def first_step(experiment: Experiment) -> Answer:
    answer = simulate(experiment).outcome.first_step
    assert answer is not None
    return answer


# Each ends at the loss of guessing, or beyond, after 200 iterations (bench/short_training.py).
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam"])
def test_a_decay_of_ten_is_not_healthy_though_the_loss_falls_at_first(optimizer: str) -> None:
    answer = first_step(SANE.replace(weight_decay=10.0, optimizer=optimizer))
    assert (answer.kind, answer.healthy) == ("shrinking", False)


def test_its_number_is_the_decays_pull_over_the_gradients() -> None:
    experiment = SANE.replace(weight_decay=0.7)
    trace = simulate(experiment)
    matrices = [name for name, array in trace.parameters.items() if array.ndim == 2]
    weights, gradients = (
        np.concatenate([arrays[name].ravel() for name in matrices])
        for arrays in (trace.parameters, trace.parameter_gradients)
    )
    wanted = 0.7 * math.sqrt((weights**2).sum()) / math.sqrt((gradients**2).sum())
    assert first_step(experiment).numbers["decay"] == pytest.approx(wanted, rel=1e-12)


def test_of_adamw_the_gradient_counts_as_its_division_leaves_it() -> None:
    # Of ±1 for each weight: λ times the root mean square of the weights is left.
    experiment = SANE.replace(weight_decay=0.5, optimizer="adamw")
    trace = simulate(experiment)
    weights = np.concatenate([array.ravel() for array in trace.parameters.values() if array.ndim == 2])
    # Weights whose gradient is exactly 0, or near ε = 1e-8, do not move by 1.
    assert first_step(experiment).numbers["decay"] == pytest.approx(0.5 * math.sqrt((weights**2).mean()), rel=0.1)


@pytest.mark.parametrize(("optimizer", "decay"), [("sgd", 5e-4), ("adam", 1e-5), ("adamw", 0.01), ("adamw", 0.1)])
def test_usual_decays_are_healthy(optimizer: str, decay: float) -> None:
    assert first_step(SANE.replace(optimizer=optimizer, weight_decay=decay)).healthy


def test_without_weight_decay_nothing_is_told_of_it() -> None:
    assert "decay" not in first_step(SANE).numbers
