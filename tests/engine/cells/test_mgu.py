"""The minimal gated unit (Zhou et al. 2016): its equations, its one gate, and the path whose factor is 1 − f."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build
from gradtui_engine.analysis.gate_path import at_bias, at_factor, predicted
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.remedies import remedies_for
from gradtui_engine.training.doctor import examine
from tests.engine.helpers import analysed, shaken, small, with_parameters

STEPS, WIDTH = 30, 6


def unrolled(**changes: Any) -> Network:
    fields = {"cell": "mgu", "data": "gaussian", "width": WIDTH, "steps": STEPS, "inputs": 3}
    return build(Experiment(**(fields | changes)))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def test_the_states_are_those_of_the_papers_equations() -> None:
    trace = analysed(shaken(small("mgu")).run())
    weight, recurrent, bias = (trace.parameters[f"mgu.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias"))
    width = recurrent.shape[1]
    state = np.zeros_like(trace.values["h/0"])
    for time, inputs in enumerate(trace.input, start=1):
        given = inputs @ weight.T + bias
        forget = sigmoid(given[:, :width] + state @ recurrent[:width].T)
        candidate = np.tanh(given[:, width:] + (forget * state) @ recurrent[width:].T)
        state = (1 - forget) * state + forget * candidate
        assert trace.values[f"h/{time}"] == pytest.approx(state, rel=1e-12, abs=1e-14)
        assert trace.values[f"gates/{time}"] == pytest.approx(np.hstack([forget, candidate]), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("pin", [0.0, 0.1, 0.5])
def test_pinned_and_without_recurrent_weights_the_gradient_goes_as_a_power_of_what_the_gate_leaves(pin: float) -> None:
    trace = analysed(with_parameters(unrolled(pin_forget=pin), mgu__weight_hh_l0=np.zeros(1)).run())
    last = trace.gradients[f"h/{STEPS}"]
    assert last.any()
    for step in (0, 7, STEPS - 1):
        # A product of up to 30 rounded numbers; a power of 1 is exact.
        wanted = (1 - pin) ** (STEPS - step) * last
        assert trace.gradients[f"h/{step}"] == pytest.approx(wanted, rel=0.0 if pin == 0 else 1e-13, abs=0.0)


def test_the_direct_path_and_the_path_through_gate_and_candidate_give_the_factor_back() -> None:
    trace = analysed(shaken(small("mgu")).run())
    for index, stage in enumerate(trace.stages[:-1]):
        direct, gates, cosine = (stage.factors[name] for name in ("direct", "gates", "cosine"))
        assert stage.factors["whole"] == stage.factor
        assert stage.factor == pytest.approx(math.sqrt(direct**2 + gates**2 + 2 * cosine * direct * gates), rel=1e-12)
        after, forget = trace.gradients[f"h/{index + 1}"], trace.values[f"gates/{index + 1}"]
        kept = (1 - forget[:, : after.shape[1]]) * after
        assert direct == pytest.approx(np.linalg.norm(kept) / np.linalg.norm(after), rel=1e-12)


def test_a_pinned_gate_does_not_learn_and_its_candidate_does() -> None:
    trace = analysed(unrolled(pin_forget=0.3).run())
    assert np.array_equal(trace.values["gates"][:, :, :WIDTH], np.full((STEPS, 64, WIDTH), 0.3))
    for name in ("weight_ih", "weight_hh", "bias"):
        forget, candidate = np.split(trace.parameter_gradients[f"mgu.{name}_l0"], 2)
        assert not forget.any()
        assert candidate.any()


def test_theory_has_the_factor_of_a_pinned_gate_and_none_of_a_free_one() -> None:
    pinned = analysed(unrolled(pin_forget=0.1).run())
    assert pinned.theory.factors == (*(0.9,) * STEPS, None)
    assert all(stage.factors["direct"] == pytest.approx(0.9, rel=1e-14) for stage in pinned.stages[:-1])
    assert analysed(unrolled().run()).theory.factors == (None,) * (STEPS + 1)


def test_the_gates_bias_works_the_other_way_round() -> None:
    path = CELLS["mgu"].path
    assert path is not None
    assert path.symbol == "1 − f"
    for bias in (-4.0, 0.0, 2.0):
        assert at_bias(bias, complement=True).factor == pytest.approx(1 - 1 / (1 + math.exp(-bias)), rel=1e-12)
        assert at_factor(at_bias(bias, complement=True).factor, complement=True).bias == pytest.approx(bias, abs=1e-12)
    free, pinned = (predicted(Experiment(cell="mgu", pin_forget=pin).resolved) for pin in (None, 0.0))
    assert free is not None
    assert pinned is not None
    assert (free.factor, pinned.factor) == (0.5, 1.0)


def test_the_carousel_is_a_gate_that_lets_nothing_in_and_the_doctor_offers_it() -> None:
    experiment = Experiment(cell="mgu", width=8, batch=4)
    report = examine(experiment, training=0)
    assert report.before.outcome.signal.kind == "vanishing"
    (carousel,) = [remedy for remedy in remedies_for(experiment, ("vanishing",)) if remedy.name == "pinned gate"]
    assert dict(carousel.changes) == {"pin_forget": 0.0}
    trial = next(trial for trial in report.trials if trial.remedy.name == "pinned gate")
    assert trial.measured.outcome.ratio == pytest.approx(1.0, rel=1e-12)
