"""Does the first step do good? Networks that were called healthy and cannot train, and what was measured of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.outcome import KINDS, QUESTIONS, SEVERITIES, Answer, Outcome
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.training.doctor import examine
from tests.engine.helpers import drawn
from tests.engine.oracles import loss_of
from tests.engine.strategies import small_experiments

SANE: dict[str, Any] = {"depth": 5, "activation": "relu", "init": "he_normal"}


def step_of(**fields: Any) -> Answer:
    step = simulate(Experiment(**fields)).outcome.first_step
    assert step is not None
    return step


# fields → kind, and the remedy that cures it.
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({**SANE, "learning_rate": 100.0}, "diverging", "the optimiser's own rate"),
    ({**SANE, "learning_rate": 0.3, "weight_decay": 10.0}, "shrinking", "no weight decay"),
    ({**SANE, "weight_decay": 10.0}, "shrinking", "a thousandth of the weight decay"),
    ({**SANE, "learning_rate": 1e-5}, "still", "the optimiser's own rate"),
    ({**SANE, "learning_rate": 0.0}, "still", "the optimiser's own rate"),
    ({**SANE, "learning_rate": 1e-12}, "still", "the optimiser's own rate"),
    ({**SANE, "depth": 2, "width": 512, "init": "normal", "init_scale": 1.0}, "off_scale", "he init"),
    ({"depth": 50, "residual": "scaled", "residual_scale": 0.0, "activation": "tanh"}, "cut_off", "β = 1/√depth"),
    ({"cell": "mgu", "pin_forget": 0.0, "data": "digits-rows"}, "cut_off", "a free gate"),
    ({"cell": "gru", "pin_forget": 1.0, "data": "digits-rows"}, "cut_off", "a free gate"),
]


@pytest.mark.parametrize(("fields", "kind", "remedy"), BAD)
def test_a_network_whose_first_step_does_no_good_is_not_healthy(fields: dict[str, Any], kind: str, remedy: str) -> None:
    report = examine(Experiment(**fields), training=0)
    outcome = report.before.outcome
    assert outcome.signal.healthy  # the gradient arrives: that is not what is wrong
    assert (outcome.kind, outcome.healthy) == (kind, False)
    cures = [trial.remedy.name for trial in report.trials if trial.effect == "cures"]
    assert remedy in cures
    assert all(trial.measured.loss_after <= trial.measured.loss for trial in report.trials if trial.effect == "cures")


def test_a_sane_network_is_healthy_in_both() -> None:
    outcome = simulate(Experiment(**SANE)).outcome
    assert [answer.kind for answer in outcome.answers] == ["healthy", "healthy"]
    assert outcome.healthy
    assert not outcome.remedies
    assert [name for name in QUESTIONS if getattr(outcome, name) is None] == ["learning"]


def test_a_branch_scaled_by_0_leaves_the_output_layer_alone_to_learn() -> None:
    run = simulate(Experiment(depth=50, residual="scaled", residual_scale=0.0, activation="relu", init="he_normal"))
    step = run.outcome.first_step
    assert step is not None
    assert step.numbers["without_gradient"] == 50
    assert all(not run.parameter_gradients[f"layers.{layer}.weight"].any() for layer in range(1, 51))
    assert step.message.startswith("50 of 51 layers of weights get a gradient of exactly 0 (layers.1.weight")
    assert step.severity == "critical"


def test_a_remedy_that_raises_the_loss_cures_nothing() -> None:
    # "Scaled residual cures" was said where one update takes the loss from 176 to 2.2e3.
    report = examine(Experiment(activation="relu", init="he_normal", gain=1.5), training=0)
    trial = next(trial for trial in report.trials if trial.remedy.name == "scaled residual")
    assert trial.measured.loss_after > 10 * trial.measured.loss > 1000
    assert trial.effect != "cures"


def test_a_file_whose_target_is_not_scaled_is_judged_as_it_stands(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((200, 4))
    price = 2e5 + 5e4 * features[:, 0]
    path = tmp_path / "houses.csv"
    rows = [",".join(f"{value:.6g}" for value in (*row, target)) for row, target in zip(features, price, strict=True)]
    path.write_text("\n".join(["a,b,c,d,price", *rows]) + "\n")
    experiment = Experiment(data=f"csv:{path}", **SANE)
    report = examine(experiment, training=0)
    step = report.before.outcome.first_step
    assert step is not None
    assert (step.kind, step.severity) == ("off_scale", "critical")
    assert "the targets are around 2.1e5" in step.message
    assert "scale the target" in step.message
    assert report.before.loss > 1e10
    cures = [trial.remedy.name for trial in report.trials if trial.effect == "cures"]
    assert "scaled target, a tenth of the rate" in cures
    # A run scales it, unless it is told not to.
    assert simulate(experiment).loss < 100
    # Told to, the doctor judges what it was told.
    told = examine(experiment.replace(target_scale="standard", learning_rate=0.01), training=0)
    assert told.before.outcome.healthy


def test_a_small_rise_overshoots_and_only_a_large_one_diverges() -> None:
    """The two cures of the story that one update does no good, and learn: a loss of 7.58 → 16.1, of 2.10 → 2.11."""
    residual = step_of(activation="relu", residual="scaled")
    assert (residual.kind, residual.severity, round(residual.measured, 1)) == ("overshooting", "warning", 2.1)
    for rate in (1.0, 2.0, 4.0):
        step = step_of(**SANE, learning_rate=rate)
        assert step.kind == ("overshooting" if step.measured <= 5 else "diverging")
    assert step.kind == "diverging"
    # What mends a step that is far too long is worth trying where it is a little too long.
    outcome = simulate(Experiment(activation="relu", residual="scaled")).outcome
    assert "a tenth of the rate" in [remedy.name for remedy in outcome.remedies]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_thirty_sigmoid_layers_are_starved_by_every_optimiser_and_it_says_why(optimizer: str) -> None:
    """AdamW's weight decay moves layer 1 by a hundredth of what the last one moves by: that is not learning."""
    step = step_of(optimizer=optimizer, learning_rate=0.001)
    assert step.kind == "starved"
    assert (
        step.message.partition(f"; {optimizer} ")[2]
        == {
            "sgd": "moves a weight by as little as its gradient is",
            "adam": "evens out no gradient that is under its ε of 1e-8",
            "adamw": "evens out no gradient that is under its ε of 1e-8, and weight decay teaches nothing",
        }[optimizer]
    )
    assert "evened" not in step.numbers


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adamw"])
def test_a_healthy_step_beside_a_vanished_gradient_says_whose_doing_it_is(optimizer: str) -> None:
    run = simulate(Experiment(depth=8, optimizer=optimizer))
    outcome, step = run.outcome, run.outcome.first_step
    assert step is not None
    assert (outcome.signal.kind, step.kind) == ("vanishing", "healthy")
    sizes = [float(np.sqrt(np.mean(run.parameter_gradients[f"{name}.weight"] ** 2))) for name in ("layers.1", "output")]
    assert step.numbers["evened"] == pytest.approx(sizes[0] / sizes[1], rel=1e-9)
    assert f"; {optimizer} divides each gradient by its own size, so that layers.1.weight moves like" in step.message
    assert "evened" not in step_of(**SANE, optimizer=optimizer).numbers


# -- what is measured --------------------------------------------------------------------------------------


@drawn(40)
@given(small_experiments())
def test_the_numbers_are_those_of_the_update(experiment: Experiment) -> None:
    network = build(experiment)
    trace = network.run()
    outcome = simulate(experiment).outcome
    step = outcome.first_step
    assert step is not None
    after = loss_of(network.with_parameters({name: trace.updated(name) for name in trace.parameters}).run())
    assert step.numbers["loss_after"] == pytest.approx(after, rel=1e-9 if experiment.dtype == "float64" else 1e-4)
    assert step.numbers["loss"] == trace.loss
    assert step.kind in KINDS
    assert "first_step" in KINDS[step.kind].questions
    # RMSprop's first update is ten times as large as later ones: it is judged by one of their size.
    rises = step.numbers.get("loss_later", after) > trace.loss * (1 + 1e-3)
    assert not (rises and step.healthy)


@pytest.mark.parametrize(
    ("loss", "target", "outputs", "guess"),
    [
        ("cross_entropy", [0, 1, 2, 0], 10, math.log(10)),  # the target's shares are not known to an untrained network
        ("mse", [[1.0], [3.0]], 1, 1.0),  # the mean is 2, each is 1 away
        ("mse", [[5.0], [5.0]], 1, 0.0),
        ("bce", [[0.0], [1.0]], 1, math.log(2)),
        ("bce", [[0.0], [0.0], [0.0], [1.0]], 1, -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))),
    ],
)
def test_a_sane_start_costs_what_nothing_that_was_seen_does(
    loss: str, target: list[Any], outputs: int, guess: float
) -> None:
    assert LOSSES[loss].start(np.array(target), outputs) == pytest.approx(guess, rel=1e-9)


def test_what_is_critical_lies_three_decades_past_its_threshold() -> None:
    assert step_of(**SANE, learning_rate=1.0).severity == "warning"
    assert step_of(**SANE, learning_rate=100.0).severity == "critical"


# -- the worst of the answers ------------------------------------------------------------------------------


def answered(**severities: str) -> Outcome:
    kinds = {"signal": "vanishing", "first_step": "diverging", "learning": "healthy"}
    answers = {
        name: Answer(name, "healthy" if severity == "ok" else kinds[name], severity, "", None, name, "", 0.0)
        for name, severity in severities.items()
    }
    return Outcome(answers["signal"], 1.0, 1.0, answers.get("first_step"), answers.get("learning"))


@pytest.mark.parametrize(
    ("signal", "first_step", "worst"),
    [
        ("ok", "ok", "signal"),
        ("ok", "warning", "first_step"),
        ("warning", "warning", "signal"),
        ("warning", "critical", "first_step"),
        ("critical", "warning", "signal"),
    ],
)
def test_the_kind_and_the_severity_are_those_of_the_worst_and_of_equals_the_first(
    signal: str, first_step: str, worst: str
) -> None:
    outcome = answered(signal=signal, first_step=first_step)
    assert outcome.message == worst
    assert outcome.severity == max(signal, first_step, key=SEVERITIES.index)
    assert outcome.healthy == (signal == first_step == "ok")


def test_the_document_answers_each_question_by_its_name() -> None:
    found = json.loads(json.dumps(document(simulate(Experiment(**SANE, learning_rate=100.0))), allow_nan=False))
    outcome = found["outcome"]
    assert list(QUESTIONS) == ["signal", "first_step", "learning"]
    assert (outcome["signal"]["kind"], outcome["signal"]["severity"]) == ("healthy", "ok")
    assert (outcome["kind"], outcome["severity"]) == ("diverging", "critical")
    assert outcome["first_step"]["kind"] == "diverging"
    assert outcome["first_step"]["numbers"]["loss_after"] > 1e8
    assert outcome["first_step"]["numbers"]["guess"] == pytest.approx(math.log(10))
    assert outcome["learning"] is None


# -- what waits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"cell": "mlp", "residual": "rezero", "inputs": 8},
        {"cell": "mlp", "residual": "rezero", "inputs": 8, "residual_span": 2},
        {"cell": "transformer", "residual": "rezero", "data": "digits-rows"},
        {"cell": "transformer", "residual": "layer_scale", "residual_scale": 0.0, "residual_block": "post_norm"},
        {"cell": "transformer", "residual": "rezero", "activation": "prelu", "dropout": 0.2, "readout": "mean"},
    ],
    ids=str,
)
def test_weights_of_a_branch_that_is_multiplied_by_0_are_not_cut_off_where_that_number_moves(
    fields: dict[str, Any],
) -> None:
    experiment = Experiment(**{"depth": 4, "width": 8, "batch": 6, "data": "gaussian"} | fields)
    run = simulate(experiment)
    outcome = run.outcome
    assert outcome.first_step is not None
    assert outcome.healthy, outcome.message
    branches = {name for name in run.parameters if ".weight" in name and run.parameters[name].ndim == 2}
    branches -= {"embedding.weight", "output.weight"}
    assert not any(run.parameter_gradients[name].any() for name in branches)
    # It is no promise: the first update moves α, and then every one of them gets a gradient.
    network = build(experiment)
    after = network.updated(network.run()).run()
    assert all(after.parameter_gradients[name].any() for name in branches)
