"""An optimiser whose first update is larger than its later ones is judged by their size."""

from __future__ import annotations

import numpy as np
import pytest

from gradtui_engine import Experiment, build
from gradtui_engine.analysis.diagnosis import diagnose
from gradtui_engine.analysis.outcome import Answer
from gradtui_engine.rules.optimisers import OPTIMISERS, Settings

SANE = Experiment(depth=5, activation="relu", init="he_normal", optimizer="rmsprop")


def first_step(experiment: Experiment) -> Answer:
    answer = diagnose(build(experiment).run()).first_step
    assert answer is not None
    return answer


@pytest.mark.parametrize("name", OPTIMISERS.names)
def test_a_rows_overshoot_is_its_first_update_over_those_of_the_same_gradient_later(name: str) -> None:
    row = OPTIMISERS[name]
    parameters, gradients = {"w": np.zeros(1)}, {"w": np.full(1, 0.5)}
    chain = row.build(Settings(0.9, 0.0))
    state, updates, sizes = chain.init(parameters), {"w": np.empty(1)}, []
    # 0.99^3000 is 1e-13: the averages have settled.
    for _ in range(3000):
        chain.update(gradients, state, parameters, 0.1, updates)
        sizes.append(abs(float(updates["w"][0])))
    # What momentum's first is short of does not count. Adam's ε = 1e-8 beside 0.5 is within 1e-6.
    assert row.overshoot == pytest.approx(max(1.0, sizes[0] / sizes[-1]), rel=1e-6)


def test_rmsprop_may_raise_the_loss_at_first_where_a_tenth_of_the_update_lowers_it() -> None:
    trace = build(SANE).run()
    moved = {name: array + trace.updates[name] / 10 for name, array in trace.parameters.items()}
    answer = first_step(SANE)
    assert trace.loss_after > trace.loss
    assert answer.healthy
    # √(1 − 0.99) is a tenth but for rounding.
    later = build(SANE).with_parameters(moved).run().loss
    assert answer.numbers["loss_later"] == pytest.approx(later, rel=1e-9)
    assert answer.numbers["loss_after"] == trace.loss_after


def test_rmsprop_whose_later_updates_raise_the_loss_too_diverges() -> None:
    answer = first_step(SANE.replace(learning_rate=1.0))
    assert answer.kind == "diverging"
    assert answer.measured == pytest.approx(answer.numbers["loss_later"] / answer.numbers["loss"], rel=1e-12)


def test_other_optimisers_are_judged_by_their_first_update() -> None:
    assert "loss_later" not in first_step(SANE.replace(optimizer="adam")).numbers
