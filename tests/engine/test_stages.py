"""The stages: norms, factors and their parts, activation statistics, parameters' gradient norms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Trace, build, simulate
from gradtui_engine.activations import ACTIVATIONS
from gradtui_engine.cells import CELLS

from .helpers import drawn, shaken, with_parameters
from .oracles import activate, length, slope
from .strategies import small_experiments

# Ratios of norms of a few hundred numbers: two roots of sums, one rounding a number.
TOLERANCE = 1e-12

SMALL = {
    "mlp": Experiment(depth=4, width=8, batch=6, activation="tanh", seed=3),
    "lstm": Experiment(cell="lstm", data="digits-rows", width=8, batch=6, seed=3),
}
every_cell = pytest.mark.parametrize("cell", CELLS.names)


def gradients(trace: Trace, kind: str = "h") -> list[float]:
    return [length(trace.gradients[f"{kind}/{index}"]) for index in range(len(trace.stages))]


# -- norms and factors -------------------------------------------------------------------------------------


@every_cell
def test_the_stages_run_from_the_input_to_the_last_layer_or_step(cell: str) -> None:
    trace = simulate(SMALL[cell])
    assert [stage.index for stage in trace.stages] == list(range(5 if cell == "mlp" else 9))
    assert trace.axis == {"mlp": "layer", "lstm": "time"}[cell]


@drawn(40)
@given(small_experiments())
def test_the_norms_the_root_mean_squares_and_the_factors_are_those_of_the_arrays(
    experiment: Experiment,
) -> None:
    trace = shaken(experiment).run()
    norms = gradients(trace)
    for stage, norm in zip(trace.stages, norms, strict=True):
        assert stage.gradient_norm == pytest.approx(norm, rel=TOLERANCE, abs=0.0)
        size = trace.gradients[f"h/{stage.index}"].size
        assert stage.gradient_rms == pytest.approx(norm / math.sqrt(size), rel=TOLERANCE, abs=0.0)
    for stage, norm, after in zip(trace.stages[:-1], norms[:-1], norms[1:], strict=True):
        assert stage.factor == pytest.approx(norm / after if after else math.nan, rel=TOLERANCE, nan_ok=True)


@every_cell
def test_the_last_stage_has_no_factor(cell: str) -> None:
    last = simulate(SMALL[cell]).stages[-1]
    assert last.factor is None
    assert not last.factors


@drawn(60)
@given(small_experiments(st.just("mlp")))
def test_the_parts_of_a_layers_factor_multiply_to_the_factor(experiment: Experiment) -> None:
    for stage in shaken(experiment).run().stages[:-1]:
        assert list(stage.factors) == ["activation", "weight"]
        product = math.prod(stage.factors.values())
        if stage.factors["activation"] == 0.0:
            # Nothing came through the activation: what the weight would have done to it is 0/0.
            assert stage.factor == 0.0
            assert math.isnan(stage.factors["weight"])
        else:
            assert product == pytest.approx(stage.factor, rel=TOLERANCE, abs=0.0, nan_ok=True)


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_the_activations_part_is_what_its_slope_does_to_the_gradient(name: str) -> None:
    trace = shaken(SMALL["mlp"].replace(activation=name)).run()
    for stage in trace.stages[:-1]:
        after = trace.gradients[f"h/{stage.index + 1}"]
        through = after * slope(name, trace.values[f"z/{stage.index + 1}"])
        weight = trace.parameters[f"layers.{stage.index + 1}.weight"]
        wanted = {
            "activation": length(through) / length(after),
            "weight": length(through @ weight) / length(through),
        }
        assert stage.factors == pytest.approx(wanted, rel=1e-10)  # 1 − f² loses digits in saturated units
        low, high = ACTIVATIONS[name].derivative_bounds
        assert low <= stage.factors["activation"] <= high * (1 + TOLERANCE)


def test_a_linear_network_loses_nothing_in_its_activations() -> None:
    trace = simulate(SMALL["mlp"].replace(activation="linear"))
    assert [stage.factors["activation"] for stage in trace.stages[:-1]] == [1.0] * 4


@drawn(40)
@given(small_experiments(st.just("lstm")))
def test_the_direct_path_and_the_path_through_the_gates_add_up_to_the_cells_factor(
    experiment: Experiment,
) -> None:
    trace = shaken(experiment).run()
    for stage in trace.stages[:-1]:
        parts = stage.factors
        assert list(parts) == ["cell", "direct", "gates", "cosine"]
        if parts["direct"] == parts["direct"]:  # nan where dL/dc is 0: zero weights
            squares = parts["direct"] ** 2 + parts["gates"] ** 2
            total = squares + 2 * parts["cosine"] * parts["direct"] * parts["gates"]
            assert parts["cell"] ** 2 == pytest.approx(total, abs=TOLERANCE * max(1.0, squares))
            assert abs(parts["cosine"]) <= 1 + TOLERANCE


def test_the_direct_path_is_the_forget_gate_times_the_next_cell_gradient() -> None:
    trace = shaken(SMALL["lstm"]).run()
    for stage in trace.stages[:-1]:
        now, after = (trace.gradients[f"c/{index}"] for index in (stage.index, stage.index + 1))
        direct = trace.values[f"gates/{stage.index + 1}"][:, 8:16] * after
        # What is left comes through h_k: dL/dh_k ⊙ o ⊙ (1 − tanh² c_k); nothing at the start, where no gate is.
        if stage.index:
            out = trace.values[f"gates/{stage.index}"][:, 24:]
            rest = trace.gradients[f"h/{stage.index}"] * out * slope("tanh", trace.values[f"c/{stage.index}"])
        else:
            rest = np.zeros_like(direct)
        scale = length(after)
        assert stage.factors["cell"] == pytest.approx(length(now) / scale, rel=TOLERANCE)
        assert stage.factors["direct"] == pytest.approx(length(direct) / scale, rel=TOLERANCE)
        # The rest is the difference of two nearly equal arrays: absolute precision only.
        assert stage.factors["gates"] == pytest.approx(length(rest) / scale, abs=TOLERANCE)


def test_only_cells_with_a_cell_state_have_a_cell_gradient_norm() -> None:
    lstm = shaken(SMALL["lstm"]).run()
    found = [stage.cell_gradient_norm for stage in lstm.stages]
    assert found == pytest.approx(gradients(lstm, "c"), rel=TOLERANCE)
    assert {stage.cell_gradient_norm for stage in simulate(SMALL["mlp"]).stages} == {None}


# -- parameters --------------------------------------------------------------------------------------------


def test_a_layers_parameters_are_its_weight_and_bias_with_their_gradient_norms() -> None:
    trace = simulate(SMALL["mlp"])
    assert not trace.stages[0].parameters
    for stage in trace.stages[1:]:
        names = [f"layers.{stage.index}.weight", f"layers.{stage.index}.bias"]
        wanted = {name: length(trace.parameter_gradients[name]) for name in names}
        assert stage.parameters == pytest.approx(wanted, rel=TOLERANCE)


def test_a_time_steps_parameters_are_the_shared_ones_with_the_norms_of_its_contributions() -> None:
    trace = simulate(SMALL["lstm"])
    assert not trace.stages[0].parameters
    for stage in trace.stages[1:]:
        wanted = {name: length(array) for name, array in trace.contributions(stage.index).items()}
        assert len(wanted) == 4
        assert stage.parameters == pytest.approx(wanted, rel=TOLERANCE)


# -- activation statistics ---------------------------------------------------------------------------------


@every_cell
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mean_and_standard_deviation_are_those_of_the_hidden_state(cell: str, dtype: str) -> None:
    trace = shaken(SMALL[cell].replace(dtype=dtype)).run()
    tolerance = 100 * float(np.finfo(dtype).eps)  # sums of some hundred numbers of size 1
    for stage in trace.stages:
        state = trace.values[f"h/{stage.index}"].astype(np.float64)
        assert stage.activation.mean == pytest.approx(state.mean(), abs=tolerance)
        assert stage.activation.std == pytest.approx(state.std(), abs=tolerance)


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_saturated_is_the_share_of_outputs_beyond_the_activations_levels(name: str) -> None:
    # gain 4 makes some units saturate and leaves some alone.
    trace = shaken(SMALL["mlp"].replace(activation=name, gain=4.0)).run()
    levels = ACTIVATIONS[name].saturation
    for stage in trace.stages[1:]:
        state = activate(name, trace.values[f"z/{stage.index}"]).ravel().tolist()
        count = sum(not levels[0] <= each <= levels[1] for each in state) if levels else 0
        assert stage.activation.saturated == count / len(state)
        assert (0 < count < len(state)) == (levels is not None)
    assert trace.stages[0].activation.saturated == 0.0


@pytest.mark.parametrize("dead", [0, 3, 8])
def test_dead_is_the_share_of_units_that_are_off_for_every_sample(dead: int) -> None:
    bias = np.where(np.arange(8) < dead, -1e3, 1e3)  # no pre-activation is anywhere near 1000
    network = with_parameters(build(SMALL["mlp"].replace(activation="relu")), layers__2__bias=bias)
    found = [stage.activation.dead for stage in network.run().stages]
    assert found[2] == dead / 8
    assert found[0] == 0.0


def test_a_unit_that_is_on_for_one_sample_is_not_dead() -> None:
    network = shaken(SMALL["mlp"].replace(activation="relu", width=64, depth=2))
    trace = network.run()
    off = trace.values["z/1"] <= 0
    assert 0 < off.mean() < 1
    assert trace.stages[1].activation.dead == np.count_nonzero(off.all(axis=0)) / 64


def test_a_saturated_sigmoid_that_passes_no_gradient_at_all_is_dead() -> None:
    # σ(1000) is exactly 1 and its slope exactly 0.
    network = with_parameters(build(SMALL["mlp"].replace(activation="sigmoid")), layers__1__bias=np.full(8, 1e3))
    statistics = network.run().stages[1].activation
    assert (statistics.saturated, statistics.dead) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("bias", "saturated", "dead"),
    [
        # i, f, g, o: which of the four are nailed to an end, and whether any state can come out.
        ((0.0, 0.0, 0.5, 0.0), 0.0, 0.0),
        ((1e3, 0.0, 0.5, 0.0), 0.25, 0.0),
        ((0.0, -1e3, 0.5, 0.0), 0.25, 0.0),
        ((0.0, 0.0, 1e3, 0.0), 0.25, 0.0),
        ((0.0, 0.0, 0.5, 1e3), 0.25, 0.0),
        ((-1e3, 0.0, 1e3, 0.0), 0.5, 1.0),
        ((1e3, 1e3, 1e3, -1e3), 1.0, 1.0),
    ],
)
def test_of_an_lstm_saturated_counts_gates_and_dead_counts_units_whose_state_is_zero(
    bias: tuple[float, ...], saturated: float, dead: float
) -> None:
    zeros = {"lstm__weight_ih_l0": np.zeros(1), "lstm__weight_hh_l0": np.zeros(1)}
    network = with_parameters(build(SMALL["lstm"]), lstm__bias_ih_l0=np.repeat(bias, 8), **zeros)
    for stage in network.run().stages[1:]:
        assert stage.activation.saturated == saturated
        assert stage.activation.dead == dead


@pytest.mark.parametrize("dead", [0, 3, 8])
def test_of_an_lstm_a_unit_whose_output_gate_is_shut_is_dead_for_itself_alone(dead: int) -> None:
    bias = np.zeros(32)
    bias[24 : 24 + dead] = -1e3  # the output gate's block begins at 3 · width
    network = with_parameters(build(SMALL["lstm"]), lstm__bias_hh_l0=bias)
    assert [stage.activation.dead for stage in network.run().stages[1:]] == [dead / 8] * 8
