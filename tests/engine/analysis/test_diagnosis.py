"""The diagnosis: every kind by a real experiment, which rule comes first, and what is said of it holds."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, ExperimentError, Trace, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.analysis.outcome import KINDS, SOUND_KINDS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.thresholds import DEAD, EXPLODED, SATURATED, VANISHED
from gradtui_engine.experiment.remedies import REMEDIES, remedies_for
from gradtui_engine.experiment.training import Training
from tests.engine.helpers import analysed, drawn, shaken, small, with_parameters
from tests.engine.oracles import length, slope
from tests.engine.strategies import valid_experiments

ILL_KINDS = [kind for kind in KINDS if kind not in SOUND_KINDS]

# fields → kind, severity. Critical is 3 orders of magnitude beyond the threshold, all of the units off, 90 % saturated.
SHOWN: list[tuple[dict[str, Any], str, str]] = [
    ({"activation": "relu", "init": "he_normal"}, "healthy", "ok"),
    ({"cell": "rnn"}, "healthy", "ok"),
    ({"cell": "gru", "pin_forget": 1.0}, "healthy", "ok"),  # nothing happens in it, but the gradient passes
    ({"depth": 6}, "vanishing", "warning"),  # 0.236^5 = 7e-4
    ({"depth": 10}, "vanishing", "warning"),  # 0.236^9 = 2e-6
    ({"depth": 11}, "vanishing", "critical"),  # 5e-7
    ({}, "vanishing", "critical"),
    ({"cell": "gru"}, "vanishing", "critical"),
    ({"depth": 10, "dtype": "float16"}, "underflow", "critical"),  # 6e-8 over 1e-3 is passed after seven layers
    ({"activation": "linear", "gain": 1.5, "depth": 20}, "exploding", "warning"),  # 1.5^19 = 2e3
    ({"activation": "linear", "gain": 3.0, "depth": 20}, "exploding", "critical"),
    ({"cell": "rnn", "gain": 3.0, "activation": "relu"}, "exploding", "critical"),
    ({"activation": "relu", "init": "he_normal", "width": 3, "depth": 40}, "dead", "critical"),
    ({"activation": "tanh", "gain": 5.0, "depth": 4}, "saturated", "warning"),
    ({"activation": "tanh", "gain": 20.0, "depth": 3}, "saturated", "critical"),
    ({"activation": "sigmoid", "gain": 30.0, "depth": 2}, "saturated", "warning"),
    ({"init": "constant", "activation": "tanh", "depth": 3}, "symmetric", "critical"),
    ({"cell": "gru", "data": "digits-rows", "truncate": 3}, "truncated", "warning"),
    ({"cell": "gru", "init": "zeros"}, "symmetric", "critical"),
    ({"cell": "rnn", "init": "constant"}, "symmetric", "critical"),
    ({"activation": "linear", "gain": 1e30, "depth": 12}, "non_finite", "critical"),
    ({"cell": "rnn", "activation": "relu", "gain": 1e9}, "non_finite", "critical"),
]

shown = pytest.mark.parametrize(("fields", "kind", "severity"), SHOWN)


@shown
def test_every_kind_is_found_with_its_severity(fields: dict[str, Any], kind: str, severity: str) -> None:
    outcome = simulate(Experiment(**fields)).outcome
    assert (outcome.signal.kind, outcome.signal.severity) == (kind, severity)
    assert outcome.signal.healthy == (kind == "healthy")


def test_every_kind_is_shown_here_and_has_a_source() -> None:
    assert {kind for _, kind, _ in SHOWN} == {row.name for row in KINDS.values() if "signal" in row.questions}
    assert all(row.source for row in KINDS.values())


def dead_share(trace: Trace, stage: int) -> float:
    """Units whose f'(z) is 0 for every sample, from z itself."""
    slopes = slope(trace.resolved.activation, trace.values[f"z/{stage}"])
    return float(np.mean(~np.any(slopes, axis=0)))


def saturated_share(trace: Trace, stage: int) -> float:
    """|a| > 0.97 for tanh, the same pre-activations doubled for the sigmoid."""
    values = trace.values[f"h/{stage}"]
    scaled = 2 * values - 1 if trace.resolved.activation == "sigmoid" else values
    return float(np.mean(np.abs(scaled) > 0.97))


@shown
def test_the_measured_value_is_the_one_that_met_the_rule(fields: dict[str, Any], kind: str, severity: str) -> None:
    trace = simulate(Experiment(**fields))
    outcome = trace.outcome
    assert outcome.signal.source == KINDS[kind].source or outcome.signal.healthy
    if kind in ("vanishing", "exploding", "healthy"):
        states = trace.program.cells or trace.program.stages
        relative = length(trace.gradients[states[outcome.signal.stage]]) / length(trace.gradients[states[-1]])
        assert outcome.signal.measured == pytest.approx(relative, rel=1e-12)
    beyond = {
        "vanishing": (outcome.signal.measured < outcome.signal.limit, VANISHED),
        "exploding": (outcome.signal.measured > outcome.signal.limit, EXPLODED),
        "dead": (outcome.signal.measured > outcome.signal.limit, DEAD),
        "saturated": (outcome.signal.measured > outcome.signal.limit, SATURATED),
    }
    if kind in beyond:
        assert beyond[kind] == (True, outcome.signal.limit)
    if kind == "dead":
        assert outcome.signal.measured == dead_share(trace, outcome.signal.stage)
        rows = trace.parameter_gradients[f"layers.{outcome.signal.stage}.weight"]
        assert np.mean(~rows.any(axis=1)) >= outcome.signal.measured  # "no gradient passes them"
    if kind == "saturated":
        assert outcome.signal.measured == pytest.approx(saturated_share(trace, outcome.signal.stage), rel=1e-12)
        assert outcome.signal.measured == max(stage.activation.saturated for stage in trace.stages[1:])
    assert outcome.signal.site in outcome.signal.message or kind == "non_finite"


@shown
def test_the_document_has_the_diagnosis_and_its_remedies(fields: dict[str, Any], kind: str, severity: str) -> None:
    trace = simulate(Experiment(**fields))
    outcome = json.loads(json.dumps(document(trace), allow_nan=False))["outcome"]
    found = outcome["signal"]
    assert (found["kind"], found["severity"]) == (kind, severity)
    assert [each["name"] for each in outcome["remedies"]] == [each.name for each in trace.outcome.remedies]
    assert {"site", "stage", "message", "rule", "measured", "source", "numbers"} <= found.keys()
    # What is told of the whole is told of the worst answer.
    assert (outcome["kind"], outcome["severity"]) == (trace.outcome.worst.kind, trace.outcome.worst.severity)
    assert outcome["ratio"] == json.loads(json.dumps(document(trace)))["outcome"]["signal"]["numbers"]["ratio"]
    assert outcome["learning"] is None


# -- which rule comes first --------------------------------------------------------------------------------


def test_a_number_that_is_not_finite_comes_before_everything() -> None:
    network = build(Experiment(init="zeros", depth=3, activation="relu"))
    bias = np.zeros(10)
    bias[0] = np.inf
    assert analysed(with_parameters(network, output__bias=bias).run()).outcome.signal.kind == "non_finite"


def test_equal_units_come_before_dead_and_vanishing_ones() -> None:
    trace = simulate(Experiment(init="zeros", activation="relu", depth=3))
    assert trace.stages[2].activation.dead == 1.0
    assert trace.outcome.signal.kind == "symmetric"


def test_dead_units_come_before_the_gradient_that_they_stop() -> None:
    network = shaken(small("mlp", activation="relu"))
    outcome = analysed(with_parameters(network, layers__2__bias=np.full(8, -1e3)).run()).outcome
    assert (outcome.signal.kind, outcome.signal.site, outcome.ratio) == ("dead", "layer 2", 0.0)


def test_a_vanishing_gradient_comes_before_the_saturation_behind_it() -> None:
    trace = simulate(Experiment(activation="tanh", gain=0.05, depth=6))
    bias = {f"layers__{layer}__bias": np.full(64, 4.0) for layer in range(1, 7)}
    trace = analysed(with_parameters(build(trace.experiment), **bias).run())
    assert trace.stages[3].activation.saturated == 1.0
    assert trace.outcome.signal.kind == "vanishing"


@pytest.mark.parametrize(("first", "kind"), [(0.001, "exploding"), (1000.0, "vanishing")])
def test_the_threshold_that_is_crossed_first_on_the_way_down_decides(first: float, kind: str) -> None:
    # Linear layers whose weights are a number times 1: the gradient goes ×1e4 or ×1e-4, and back again below it.
    network = build(Experiment(depth=4, width=64, activation="linear", init="identity"))
    up = 1e4 if kind == "exploding" else 1e-4
    found = analysed(
        with_parameters(
            network,
            layers__4__weight=np.eye(64) * up,
            layers__3__weight=np.eye(64) / up,
            layers__2__weight=np.eye(64) / up,
        ).run()
    )
    assert found.outcome.signal.kind == kind
    assert found.outcome.signal.stage == 3
    assert found.outcome.ratio == pytest.approx(1 / up, rel=1e-9)


def test_units_whose_gradient_has_another_path_are_not_dead() -> None:
    network = build(small("mlp", activation="relu", residual="add"))
    off = analysed(with_parameters(network, layers__3__bias=np.full(8, -1e3)).run())
    assert off.stages[3].activation.dead == 1.0
    assert off.outcome.signal.kind == "healthy"


# -- what "symmetric" says ---------------------------------------------------------------------------------


@pytest.mark.parametrize("init", ["zeros", "constant"])
@pytest.mark.parametrize(
    "fields",
    # Of a ring of eigenvalues no unit is like another.
    [{"cell": cell} for cell in CELLS if not CELLS[cell].ring]
    + [{"cell": "gru", "layers": 2}, {"norm": "layer"}, {"activation": "relu"}]
    + [{"residual": "add"}, {"residual": "add", "data": "gaussian", "inputs": 8}],
)
def test_units_that_are_called_equal_stay_so_and_others_do_not(init: str, fields: dict[str, Any]) -> None:
    """With a skip from the input on, the units differ by what the skip brings, and their branches learn to as well."""
    experiment = small(**({"cell": "mlp", "init": init, "learning_rate": 0.5, "optimizer": "sgd"} | fields))
    network = build(experiment)
    is_symmetric = analysed(network.run()).outcome.signal.kind == "symmetric"
    for _ in range(5):
        network = network.updated(analysed(network.run()))
    # Of a Transformer's block the units that can be equal are those inside of its MLP.
    own = "linear1" if experiment.resolved.kind.tokens else ""
    hidden = [
        array for name, array in network.parameters.items() if array.ndim == 2 and "output" not in name and own in name
    ]
    units = hidden[0].shape[0] if own else experiment.resolved.width
    rows = [array.reshape(-1, units, array.shape[1]) for array in hidden]
    stay_equal = all(np.ptp(each, axis=1).max() < 1e-12 for each in rows)
    assert is_symmetric == stay_equal


# -- remedies ----------------------------------------------------------------------------------------------


@drawn(300)
@given(valid_experiments(), st.sampled_from(ILL_KINDS))
@pytest.mark.soak
def test_every_remedy_that_is_offered_changes_the_experiment_into_another_valid_one(
    experiment: Experiment, kind: str
) -> None:
    for remedy in remedies_for(experiment, (kind,)):
        try:
            changed = remedy.apply(experiment)
        except ExperimentError as error:
            pytest.fail(f"{remedy.name} cannot be applied: {error}")
        assert changed.resolved != experiment.resolved or remedy.training, remedy.name
        training = Training(experiment=experiment)
        assert remedy.applied(training).experiment == changed
        assert remedy.applied(training) != training
        assert (changed.seed, changed.data, changed.batch) == (experiment.seed, experiment.data, experiment.batch)
        for name, value in remedy.changes.items():
            assert value is None or getattr(changed, name) == value
        # What has been done already is no remedy.
        again = [each.name for each in remedies_for(changed, (kind,))]
        # But a tenth of the rate, a thousandth of the decay and ten times as much can be taken again; whether a
        # training has a warmup the experiment does not say.
        repeated = ("rate", "thousandth", "weight decay", "warmup")
        assert remedy.name not in again or any(word in remedy.name for word in repeated)


@drawn(100)
@given(valid_experiments())
def test_a_healthy_network_is_offered_no_remedy(experiment: Experiment) -> None:
    assert remedies_for(experiment, ("healthy",)) == ()


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("kind", ILL_KINDS)
def test_every_diagnosis_of_every_cell_has_remedies_and_says_why_and_why_not(cell: str, kind: str) -> None:
    fields: dict[str, Any] = {"truncate": 3} if CELLS[cell].over_time else {}
    fields["dtype"] = "float16" if kind == "underflow" else "float64"
    experiment = Experiment(cell=cell, forget_bias=0.0, learning_rate=1e-6, weight_decay=1.0, **fields)
    found = remedies_for(experiment, (kind,))
    # What is cut on purpose has one cure: not to; and only cells over time can be.
    assert len(found) >= (CELLS[cell].over_time if kind == "truncated" else 2)
    assert len({each.name for each in found}) == len(found)
    assert all(each.why.endswith(".") and each.no_cure.endswith(".") for each in found)


def test_every_row_is_offered_to_some_experiment_and_none_to_the_wrong_cell() -> None:
    experiments = [
        Experiment(cell=cell, forget_bias=0.0, activation=activation, dtype="float32", learning_rate=0.5)
        for cell in CELLS
        for activation in ("sigmoid", "tanh", "relu", "linear")
        if activation in (CELLS[cell].activations or ("sigmoid", "tanh", "relu"))
    ]
    experiments += [
        Experiment(residual="scaled", residual_scale=0.0, weight_decay=1.0),
        Experiment(cell="lstm", pin_forget=0.5),
        Experiment(cell="rnn", truncate=3),
        Experiment(cell="lru", r_min=0.1, r_max=0.3),
        Experiment(dtype="float16"),
        Experiment(dtype="bfloat16", master_weights="no"),
        Experiment(data="csv:numbers.csv", target_scale="none"),
    ]
    offered = {(each.name, e.cell) for e in experiments for each in remedies_for(e, KINDS.names)}
    assert {name for name, _ in offered} == {row.name for row in REMEDIES.values() if row.kinds}
    assert all(cell in REMEDIES[name].cells for name, cell in offered)


@pytest.mark.parametrize("name", ["forget bias 2", "forget bias 4"])
def test_a_bias_is_no_remedy_for_a_pinned_gate(name: str) -> None:
    free, pinned = (Experiment(cell="lstm", forget_bias=0.0, pin_forget=pin) for pin in (None, 0.5))
    assert name in [each.name for each in remedies_for(free, ("vanishing",))]
    assert name not in [each.name for each in remedies_for(pinned, ("vanishing",))]


def test_the_average_factor_is_the_geometric_mean_of_the_factors() -> None:
    outcome = simulate(Experiment(depth=10)).outcome
    assert outcome.average_factor**9 == pytest.approx(outcome.ratio, rel=1e-12)
    assert math.isfinite(outcome.average_factor)


@pytest.mark.parametrize("residual", ["rezero", "layer_scale", "scaled"])
@pytest.mark.parametrize("inputs", [8, 5])
def test_what_passes_beside_a_branch_of_two_layers_has_not_vanished_inside_of_it(residual: str, inputs: int) -> None:
    """By hand: the layers inside of a block get 1e-5 of the gradient or nothing, those between blocks all of it."""
    scale = None if residual == "rezero" else 1e-5
    found = analysed(
        build(
            small(
                "mlp", depth=7, data="gaussian", inputs=inputs, residual=residual, residual_scale=scale, residual_span=2
            )
        ).run()
    )
    norms = [stage.gradient_norm for stage in found.stages]
    inside = (1, 3, 5) if inputs == 8 else (2, 4, 6)
    assert all(norms[stage] < 1e-4 * norms[-1] for stage in inside)
    assert found.outcome.signal.kind == "healthy"
    # Layer 1 is inside of the first block, whose skip comes in at layer 2, or is before it.
    assert found.outcome.ratio == pytest.approx(norms[2 if inputs == 8 else 1] / norms[-1], rel=1e-12)
