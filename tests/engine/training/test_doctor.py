"""The doctor by the first gradient alone: remedies tried on the same seed, data and random numbers, ranked honestly."""

from __future__ import annotations

import functools
import json
import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Outcome, build, simulate
from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.experiment.remedies import REMEDIES, remedies_for
from gradtui_engine.run import size
from gradtui_engine.training.doctor import examine
from gradtui_engine.training.doctor_document import report_document
from gradtui_engine.training.examined import Examination, Trial, measure
from tests.engine.helpers import small
from tests.engine.oracles import loss_of
from tests.examples import spread

ILL: dict[str, Experiment] = {
    "sigmoid": Experiment(),
    "relu": Experiment(activation="relu"),
    "deep relu": Experiment(activation="relu", depth=60),
    "tanh": Experiment(activation="tanh", gain=3.0),
    "lstm": Experiment(cell="lstm", data="digits-rows", forget_bias=-6.0, width=16),
    "rnn": Experiment(cell="rnn", activation="relu", gain=3.0, width=16),
    "equal": Experiment(init="constant", depth=4, activation="tanh"),
    "saturated": Experiment(activation="tanh", gain=20.0, depth=3),
    "overflow": Experiment(activation="linear", gain=1e30, depth=10, dtype="float32"),
}

every_ill = pytest.mark.parametrize("name", ILL)


@functools.cache
def report_of(name: str) -> Examination:
    return examine(ILL[name], training=0)


def trial(name: str, remedy: str) -> Trial:
    (found,) = [each for each in report_of(name).trials if each.remedy.name == remedy]
    return found


def test_what_is_offered_for_a_diagnosis_says_why_and_the_rest_is_switched_by_a_key() -> None:
    for row in REMEDIES.values():
        assert bool(row.kinds) == bool(row.why) == bool(row.no_cure), row.name
        assert row.kinds or row.key, row.name


# -- what is tried -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "experiment", [Experiment(activation="relu", init="he_normal"), Experiment(cell="rnn"), small("lstm")]
)
def test_a_healthy_network_has_no_trials(experiment: Experiment) -> None:
    report = examine(experiment, training=0)
    assert report.before.outcome.healthy
    assert report.trials == ()


@every_ill
@pytest.mark.soak
def test_every_remedy_that_is_offered_is_tried_once(name: str) -> None:
    kinds = [answer.kind for answer in report_of(name).before.outcome.answers]
    # A warmup changes nothing of the first gradient.
    offered = [each.name for each in remedies_for(ILL[name], kinds) if each.changes]
    assert sorted(offered) == sorted(each.remedy.name for each in report_of(name).trials)


def test_each_remedy_is_announced_before_it_is_tried() -> None:
    told: list[tuple[str, float | None]] = []
    report = examine(ILL["equal"], lambda *each: told.append(each), training=0)
    assert told == [(each.name, None) for each in report.before.outcome.remedies if each.changes]


@spread("name", ILL, 3)
def test_a_trial_is_a_run_of_the_changed_experiment(name: str) -> None:
    for each in report_of(name).trials:
        alone = simulate(each.remedy.apply(ILL[name]))
        assert each.measured.experiment == alone.experiment
        assert repr(each.measured.outcome) == repr(alone.outcome)  # as text, nan equals nan
        assert each.measured.loss == pytest.approx(alone.loss, rel=0.0, nan_ok=True)


@every_ill
def test_every_trial_has_the_same_data_and_where_the_rule_is_the_same_the_same_weights(name: str) -> None:
    before = build(ILL[name])
    for each in report_of(name).trials:
        after = build(each.measured.experiment)
        assert np.array_equal(before.batch.inputs, after.batch.inputs.astype(before.batch.inputs.dtype))
        assert np.array_equal(before.batch.target, after.batch.target)
        # DeepNorm draws its branches with a β of their own.
        other_rule = each.remedy.changes.get("residual") == "deepnorm"
        if not other_rule and not {"init", "gain", "cell", "dtype", "forget_bias"} & each.remedy.changes.keys():
            for parameter in before.parameters:
                assert np.array_equal(before.parameters[parameter], after.parameters[parameter]), parameter


def test_a_remedy_that_is_not_possible_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # An LSTM has four times an RNN's weights and gates: in between is a limit that only the RNN stays under.
    experiment = Experiment(cell="rnn", activation="relu", gain=3.0, width=16, data="digits-rows", batch=4, steps=8)
    names = [each.remedy.name for each in examine(experiment.replace(gain=30.0), training=0).trials]
    assert {"lstm", "gru"} <= set(names)
    needed = 8 * size.STAGE_BYTES + 8 * build(experiment).program.numbers()
    monkeypatch.setattr(size, "MOST_BYTES", needed)
    rest = [each.remedy.name for each in examine(experiment.replace(gain=30.0), training=0).trials]
    assert sorted(rest) == sorted(set(names) - {"lstm", "gru"})


# -- what is measured --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "adam"},
        {"norm": "batch"},
        {"clip": "norm", "clip_threshold": 0.01},
        {"residual": "add", "learning_rate": 0.7},
        {"cell": "lstm"},
        {"cell": "gru", "optimizer": "nesterov", "weight_decay": 0.1},
    ],
)
def test_the_loss_after_one_update_is_that_of_a_forward_pass_with_the_updated_parameters(
    changes: dict[str, Any],
) -> None:
    plain = build(small(**({"cell": "mlp"} | changes)))
    trace = plain.run()
    moved = {name: array + trace.updates[name] for name, array in trace.parameters.items()}
    found = measure(plain)
    assert found.loss_after == pytest.approx(loss_of(plain.with_parameters(moved).run()), rel=1e-12)
    assert found.loss == trace.loss != found.loss_after


@spread("name", ILL, 3)
def test_the_loss_that_a_trial_has_after_its_update_is_the_one_of_its_own_settings(name: str) -> None:
    for each in report_of(name).trials:
        alone = build(each.measured.experiment)
        again = alone.updated(alone.run()).run().loss
        assert each.measured.loss_after == pytest.approx(again, rel=0.0, nan_ok=True)


# -- effect and rank ---------------------------------------------------------------------------------------

EFFECTS = ("cures", "helps", "no cure", "worse")


def decades(outcome: Outcome) -> float:
    """Orders of magnitude between the gradient at the far end and that at the output."""
    if outcome.signal.kind == "non_finite" or math.isnan(outcome.ratio) or outcome.ratio in (0.0, math.inf):
        return math.inf
    return abs(math.log10(outcome.ratio))


@every_ill
def test_a_remedy_cures_where_the_network_is_healthy_after_it_and_only_there(name: str) -> None:
    for each in report_of(name).trials:
        falls = each.measured.loss_after <= each.measured.loss
        assert (each.effect == "cures") == (each.measured.outcome.healthy and falls)
        assert each.effect in EFFECTS
        if each.effect == "cures":
            assert each.measured.outcome.signal.kind == "healthy"
            assert each.measured.loss_after <= each.measured.loss


@pytest.mark.parametrize("name", ["sigmoid", "relu", "deep relu", "tanh", "rnn", "lstm"])
def test_of_a_ratio_helps_is_half_of_the_decades_less_and_worse_half_more(name: str) -> None:
    before = report_of(name).before
    was, fell = decades(before.outcome), before.loss_after < before.loss
    for each in report_of(name).trials:
        now, falls = decades(each.measured.outcome), each.measured.loss_after < each.measured.loss
        if each.effect != "cures":
            better = now < was / 2 or each.measured.outcome.signal.kind == "healthy"
            wanted = "helps" if better and (falls or not fell) else ("worse" if now > 1.5 * was else "no cure")
            assert each.effect == wanted, each.remedy.name


@every_ill
def test_the_best_come_first_by_effect_then_by_whether_the_loss_falls_then_by_the_ratio(name: str) -> None:
    keys = [
        (EFFECTS.index(each.effect), not each.measured.loss_after < each.measured.loss, decades(each.measured.outcome))
        for each in report_of(name).trials
    ]
    assert keys == sorted(keys)
    assert len(keys) > 1


@every_ill
def test_the_text_says_why_it_works_or_why_not(name: str) -> None:
    for each in report_of(name).trials:
        row = REMEDIES[each.remedy.name]
        if each.effect in ("cures", "helps"):
            assert each.text.startswith(row.why)
        if each.effect != "cures":
            wrong = [KINDS[answer.kind].called for answer in each.measured.outcome.answers if not answer.healthy]
            told = row.no_cure in each.text and all(kind in each.text for kind in wrong)
            assert told or each.text == f"{row.why} But one update raises the loss now."


# -- honest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remedy", ["clip by norm", "adam"])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "tanh", "rnn"])
def test_what_acts_on_the_update_alone_is_no_cure_and_leaves_the_ratio_as_it_was(name: str, remedy: str) -> None:
    found = trial(name, remedy)
    assert found.effect == "no cure"
    assert found.measured.outcome.ratio == report_of(name).before.outcome.ratio
    assert found.measured.loss == report_of(name).before.loss


@pytest.mark.parametrize("name", ["relu", "deep relu"])
def test_an_unscaled_residual_makes_a_deep_relu_network_explode(name: str) -> None:
    found = trial(name, "residual")
    assert found.measured.outcome.signal.kind == "exploding"
    assert found.effect != "cures"
    # Scaled, it lets the gradient through; at a rate of 0.1 the first update raises the loss all the same.
    scaled = trial(name, "scaled residual")
    assert scaled.measured.outcome.signal.healthy
    assert scaled.effect == "no cure"
    assert scaled.measured.loss_after > scaled.measured.loss


def test_batch_norm_alone_makes_a_deep_relu_network_explode_and_is_enough_for_a_shallower_one() -> None:
    # 1.21 a layer (Yang et al. 2019): 1.21^59 = 8e4, 1.21^29 = 260.
    deep = trial("deep relu", "batch norm")
    assert (deep.effect, deep.measured.outcome.signal.kind) == ("no cure", "exploding")
    assert deep.measured.outcome.average_factor == pytest.approx(1.211, rel=0.02)
    assert "Yang et al. 2019" in deep.text
    assert trial("relu", "batch norm").measured.outcome.signal.healthy


def test_he_initialisation_cures_relu_and_relu_with_he_cures_sigmoid() -> None:
    assert trial("relu", "he init").measured.outcome.average_factor == pytest.approx(1.0, abs=0.05)
    assert trial("sigmoid", "relu + he").effect == "cures"


def test_an_orthogonal_matrix_does_not_cure_a_sigmoid() -> None:
    # ¼ a layer at the most, whatever W.
    found = trial("sigmoid", "orthogonal, gain auto")
    assert found.effect == "no cure"
    assert found.measured.outcome.average_factor < 0.25


def test_an_open_forget_gate_cures_an_lstm_that_forgets() -> None:
    assert report_of("lstm").before.outcome.signal.kind == "vanishing"
    assert trial("lstm", "pinned gate").effect == "cures"


def test_a_wider_exponent_does_not_help_a_product_that_has_no_end() -> None:
    assert trial("overflow", "float64").measured.experiment.dtype == "float64"
    deep = examine(Experiment(activation="linear", gain=1e30, depth=40, dtype="float32", width=8, batch=4), training=0)
    (found,) = [each for each in deep.trials if each.remedy.name == "float64"]
    assert (found.effect, found.measured.outcome.signal.kind) == ("no cure", "non_finite")


# -- as a document -----------------------------------------------------------------------------------------


@every_ill
def test_the_report_is_strict_json_with_the_numbers_of_every_trial(name: str) -> None:
    report = report_of(name)
    found = json.loads(json.dumps(report_document(report), allow_nan=False))
    assert found.keys() == {"schema", "experiment", "given", "iterations", "complete", "text", "before", "remedies"}
    assert (found["iterations"], found["complete"], found["text"]) == (0, True, "")
    assert found["before"]["outcome"]["learning"] is found["before"]["training"] is None
    assert Experiment.from_mapping(found["given"]) == report.before.experiment
    assert Experiment.from_mapping(found["experiment"]).resolved.loss == report.before.resolved.loss
    assert found["before"]["outcome"]["kind"] == report.before.outcome.signal.kind
    assert [each["name"] for each in found["remedies"]] == [each.remedy.name for each in report.trials]
    for entry, each in zip(found["remedies"], report.trials, strict=True):
        assert {"effect", "text", "changes", "outcome", "factor", "ratio", "loss", "loss_after_update"} < entry.keys()
        assert (entry["effect"], entry["changes"]) == (each.effect, dict(each.remedy.changes))
        if math.isfinite(each.measured.loss_after):
            assert entry["loss_after_update"] == each.measured.loss_after
        again = Experiment.from_mapping(found["given"]).replace(**entry["changes"])
        assert again == each.measured.experiment
        assert entry["command"].startswith("gradtui run")
        assert entry["options"]
        assert entry["pytorch"]
