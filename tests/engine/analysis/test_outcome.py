"""The outcome: what became of the gradient, where, by which rule; and traces that are not finite."""

from __future__ import annotations

import itertools
import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment, Outcome, Trace, build, simulate
from gradtui_engine.analysis.json_document import document
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.thresholds import EXPLODED, VANISHED
from tests.engine.helpers import analysed, drawn, with_inputs, with_parameters
from tests.engine.oracles import length
from tests.engine.strategies import small_experiments
from tests.examples import spread


def first_stage(trace: Trace) -> int:
    """The stage whose gradient an outcome compares with that of the last."""
    return 1 if trace.axis != "time" else 0


def ratios(trace: Trace) -> list[float]:
    """‖dL/dh_k‖, of an LSTM ‖dL/dc_k‖, over that of the last stage, from the first that counts; nan where that is 0."""
    if trace.resolved.readout == "all":
        # The last step's loss alone: that of the network which reads out no other step.
        trace = build(trace.experiment.replace(readout="last")).run()
    norms = [length(trace.gradients[name]) for name in trace.program.cells or trace.program.stages]
    return [norm / norms[-1] if norms[-1] else math.nan for norm in norms[first_stage(trace) :]]


def expected(trace: Trace) -> tuple[str, int]:
    """Kind and stage: the first stage on the way back whose ratio has left the band."""
    for stage, ratio in reversed(list(enumerate(ratios(trace), start=first_stage(trace)))):
        if not ratio >= VANISHED:
            return "vanishing", stage
        if ratio > EXPLODED:
            return "exploding", stage
    return "healthy", first_stage(trace)


def site_of(trace: Trace, stage: int) -> str:
    return f"{trace.axis} {stage}" if trace.axis != "time" else f"t = {stage}"


# -- the finite outcomes -----------------------------------------------------------------------------------

SHOWN = [
    (Experiment(), "vanishing"),
    (Experiment(seed=7, dtype="float32"), "vanishing"),
    (Experiment(activation="relu", init="normal", depth=40), "vanishing"),
    (Experiment(activation="tanh", gain=3.0), "exploding"),
    (Experiment(activation="linear", gain=3.0), "exploding"),
    (Experiment(activation="relu", init="he_normal"), "healthy"),
    (Experiment(activation="relu", init="he_uniform", seed=4), "healthy"),
    (Experiment(activation="tanh", depth=10), "healthy"),
    (Experiment(depth=1), "healthy"),
    (Experiment(cell="lstm", forget_bias=0.0), "vanishing"),
    (Experiment(cell="lstm", data="gaussian", steps=1), "healthy"),
]


@pytest.mark.parametrize(("experiment", "kind"), SHOWN)
def test_the_outcome_names_the_first_stage_on_the_way_back_that_leaves_the_band(
    experiment: Experiment, kind: str
) -> None:
    trace = simulate(experiment)
    outcome = trace.outcome
    assert outcome.signal.kind == kind
    assert (outcome.signal.kind, outcome.signal.stage) == expected(trace)
    assert outcome.signal.site == site_of(trace, outcome.signal.stage)


@drawn(100)
@given(small_experiments())
def test_every_small_experiment_is_judged_by_the_same_rule(experiment: Experiment) -> None:
    trace = simulate(experiment)
    outcome, found = trace.outcome, expected(trace)
    if outcome.signal.kind in ("vanishing", "exploding", "healthy"):
        assert (outcome.signal.kind, outcome.signal.stage) == found
    elif outcome.signal.kind == "saturated":
        assert found[0] == "healthy"
        assert trace.stages[outcome.signal.stage].activation.saturated > 0.5
    elif outcome.signal.kind == "dead":
        assert trace.stages[outcome.signal.stage].activation.dead > 0.9
    else:
        assert outcome.signal.kind == "symmetric"
        state = trace.values[trace.program.stages[outcome.signal.stage]]
        assert np.ptp(state, axis=1).max() == 0.0


@pytest.mark.parametrize("experiment", [experiment for experiment, _ in SHOWN])
def test_the_ratio_is_end_to_end_and_the_average_factor_its_geometric_mean(experiment: Experiment) -> None:
    trace = simulate(experiment)
    ratio = ratios(trace)[0]
    # In float32 a norm is rounded once per number: 4096 of them at eps 1.2e-7, not all in one direction.
    rel = 1e-12 if experiment.dtype == "float64" else 1e-5
    assert trace.outcome.ratio == pytest.approx(ratio if len(ratios(trace)) > 1 else 1.0, rel=rel, nan_ok=True)
    factors = [after and now / after for now, after in itertools.pairwise(ratios(trace))]
    mean = math.prod(each ** (1 / len(factors)) for each in factors) if factors else 1.0
    assert trace.outcome.average_factor == pytest.approx(mean, rel=rel, nan_ok=True)


@pytest.mark.parametrize(("experiment", "kind"), SHOWN)
def test_the_message_names_the_place_and_the_rule_has_a_source(experiment: Experiment, kind: str) -> None:
    outcome = simulate(experiment).outcome
    assert outcome.signal.site in outcome.signal.message
    assert "1/1,000 ≤ ratio ≤ 1,000" in outcome.signal.rule
    assert "AUTOTRAINER" in outcome.signal.source


def test_a_gradient_of_exactly_zero_is_said_to_be_so() -> None:
    network = with_parameters(build(Experiment(depth=5)), output__weight=np.zeros(1))
    outcome = analysed(network.run()).outcome
    assert (outcome.signal.kind, outcome.signal.stage) == ("vanishing", 5)
    assert "exactly 0 from layer 5 down" in outcome.signal.message


@pytest.mark.parametrize(
    ("experiment", "kind"),
    [
        (Experiment(init="zeros"), "symmetric"),
        (Experiment(init="constant", activation="tanh", depth=5), "symmetric"),
        (Experiment(init="zeros", activation="relu"), "symmetric"),
        (Experiment(cell="lstm", init="zeros"), "symmetric"),
    ],
)
def test_units_that_are_all_equal_or_all_off_are_told_apart_from_a_gradient_that_vanishes(
    experiment: Experiment, kind: str
) -> None:
    assert simulate(experiment).outcome.signal.kind == kind


def test_float32_reports_a_ratio_far_below_its_smallest_square() -> None:
    # 60 sigmoid layers leave about 1e-36 of the gradient; its squares are 0 in float32.
    trace = simulate(Experiment(depth=60, dtype="float32"))
    assert trace.outcome.signal.kind == "vanishing"
    assert 0.0 < trace.outcome.ratio < 1e-30
    assert trace.outcome.ratio == pytest.approx(ratios(trace)[0], rel=1e-5)


# -- numbers that are not finite ---------------------------------------------------------------------------


def every_view(trace: Trace) -> Outcome:
    """Whatever a screen may ask of a trace; warnings are errors in the tests."""
    assert math.isnan(trace.loss) or trace.loss >= 0.0
    assert [(stage.activation, stage.parameters) for stage in trace.stages]
    for each in trace.program.instructions:
        for slot in each.inputs:
            trace.gradient(slot)
    for slot in (*trace.program.stages, *trace.program.cells):
        trace.gradient_norm(slot)
    for name in trace.parameters:
        trace.updated(name)
    json.dumps(document(trace), allow_nan=False)
    return trace.outcome


def first_broken_layer(trace: Trace) -> int:
    return next(k for k in range(1, 10**4) if not np.isfinite(trace.values[f"z/{k}"]).all())


@pytest.mark.parametrize("seed", [0, 1])
def test_an_overflow_of_the_forward_pass_is_named_with_operation_and_layer(seed: int) -> None:
    experiment = Experiment(
        depth=400, width=16, batch=8, activation="linear", init="normal", gain=5.0, dtype="float32", seed=seed
    )
    trace = simulate(experiment)
    outcome = every_view(trace)
    layer = first_broken_layer(trace)
    assert 20 < layer < 400
    assert (outcome.signal.kind, outcome.signal.stage) == ("non_finite", layer)
    assert outcome.signal.site == f"forward · layer {layer}, linear"
    assert outcome.signal.message.startswith(f"overflow to inf at {outcome.signal.site}")
    # Everything before it is as in a network that ends there.
    before = simulate(experiment.replace(depth=layer - 1))
    assert np.isfinite(before.values["h"]).all()
    assert before.values["h"].tobytes() == trace.values["h"][: layer - 1].tobytes()


# tanh bounds the forward pass; its gradient grows by 2.4 a layer at gain 30, beyond float64 after 700 layers.
@spread("seed", range(2), 1)
def test_an_overflow_of_the_backward_pass_is_named_with_operation_and_layer(seed: int) -> None:
    trace = simulate(Experiment(depth=700, width=128, batch=16, activation="tanh", init="normal", gain=30.0, seed=seed))
    outcome = every_view(trace)
    assert np.isfinite(trace.values["h"]).all()
    broken = [k for k in range(701) if not np.isfinite(trace.gradients[f"h/{k}"]).all()]
    assert broken
    # dL/dh_k is written by the linear operation of layer k + 1, from a finite dL/dz_(k+1).
    assert outcome.signal.kind == "non_finite"
    assert outcome.signal.site == f"backward · layer {max(broken) + 1}, linear"


def test_finite_gradients_whose_norm_is_not_a_float_are_an_outcome_and_no_error() -> None:
    # The input is 0 and the output 1, so dL/dh_2 is about ±1, with the signs of the output's weights; 64 weights of a
    # 256th of the largest float, with the same signs, make dL/dh_1 about a quarter of the largest float: each
    # number is finite, the norm of 128 of them is not.
    signs = np.where(np.arange(64) % 3 == 0, -1.0, 1.0)
    network = with_parameters(
        build(Experiment(depth=2, width=64, batch=2, activation="linear", data="gaussian", inputs=2)),
        layers__2__weight=np.outer(signs, signs) * (sys.float_info.max / 256),
        output__weight=signs[None, :],
        output__bias=np.ones(1),
    )
    trace = analysed(with_inputs(network, np.zeros((2, 2))).run())
    assert np.isfinite(trace.gradients["h/1"]).all()
    assert length(trace.gradients["h/1"]) == math.inf
    assert trace.stages[1].gradient_norm == math.inf
    assert every_view(trace).signal.kind == "exploding"


def test_a_gradient_beyond_the_root_of_the_largest_float_is_shown_without_a_warning() -> None:
    # Its squares overflow float32 from 1.8e19 on; the numbers themselves do not.
    trace = simulate(
        Experiment(depth=40, width=16, batch=8, activation="linear", init="normal", gain=5.0, dtype="float32")
    )
    assert trace.stages[1].gradient_norm > 1e20
    assert every_view(trace).signal.kind == "exploding"


@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize(("number", "word"), [(math.nan, "NaN"), (math.inf, "overflow to inf")])
def test_a_parameter_that_is_not_finite_is_named(cell: str, number: float, word: str) -> None:
    network = build(Experiment(cell=cell, depth=2, width=4, batch=4))
    name = next(iter(network.parameters))
    array = network.parameters[name].copy()
    array[(1, 0)[: array.ndim]] = number
    outcome = every_view(analysed(with_parameters(network, **{name.replace(".", "__"): array}).run()))
    assert (outcome.signal.kind, outcome.signal.site, outcome.signal.stage) == (
        "non_finite",
        f"initialisation · {name}",
        None,
    )
    assert outcome.signal.message.startswith(word)


@pytest.mark.parametrize("cell", CELLS.names)
def test_a_nan_in_the_data_is_named_as_the_inputs(cell: str) -> None:
    network = build(Experiment(cell=cell, depth=2, width=4, batch=4))
    inputs = network.batch.inputs.copy()
    inputs[-1, 0] = np.nan
    outcome = every_view(analysed(with_inputs(network, inputs).run()))
    assert (outcome.signal.kind, outcome.signal.site, outcome.signal.stage) == ("non_finite", "input", None)
    assert outcome.signal.message.startswith("NaN at input")


def test_an_overflow_within_a_time_step_is_named_with_the_step() -> None:
    # Recurrent weights of 1e308 nail every gate open from step 2 on, where the raw gates are infinite; step 1,
    # whose state before is 0, is not saturated, and sends its gradient back through these weights.
    network = build(Experiment(cell="lstm", data="gaussian", width=2, batch=3, steps=3, inputs=1))
    network = with_parameters(
        network,
        lstm__weight_ih_l0=np.zeros(1),
        lstm__weight_hh_l0=np.full(1, 1e308),
        lstm__bias_ih_l0=np.full(1, 0.5),
        output__weight=np.full(1, 1e4),
    )
    trace = analysed(network.run())
    outcome = every_view(trace)
    assert np.isfinite(trace.values["gates"]).all()
    assert np.isfinite(trace.gradients["h/1"]).all()
    assert (outcome.signal.kind, outcome.signal.site, outcome.signal.stage) == (
        "non_finite",
        "backward · t = 1, cell",
        1,
    )


def test_an_overflow_of_the_loss_alone_is_named_as_the_losss() -> None:
    # The squared error of 1e200 is not a float64; its gradient is.
    network = build(Experiment(depth=1, width=2, batch=2, data="gaussian", inputs=2))
    outcome = every_view(analysed(with_parameters(network, output__bias=np.full(1, 1e200)).run()))
    assert outcome.signal.kind == "non_finite"
    assert outcome.signal.site == "loss · loss (mse)"
    assert outcome.signal.stage is None
