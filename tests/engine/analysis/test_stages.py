"""The stages: norms, factors and their parts, activation statistics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Trace, build, simulate
from gradtui_engine.analysis import activation_statistics
from gradtui_engine.cells.table import CELLS
from gradtui_engine.rules.activations import ACTIVATIONS
from tests.engine.helpers import analysed, drawn, shaken, small, with_parameters
from tests.engine.oracles import activate, length, norm_of_sum, slope
from tests.engine.strategies import small_experiments

# Ratios of norms of a few hundred numbers: two roots of sums, one rounding a number.
TOLERANCE = 1e-12

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def gradients(trace: Trace, kind: str = "h") -> list[float]:
    return [length(trace.gradients[f"{kind}/{index}"]) for index in range(len(trace.stages))]


# -- norms and factors -------------------------------------------------------------------------------------


@every_cell
def test_the_stages_run_from_the_input_to_the_last_layer_or_step(cell: str) -> None:
    trace = simulate(small(cell))
    assert [stage.index for stage in trace.stages] == list(range(9 if CELLS[cell].over_time else 5))
    assert trace.axis == CELLS[cell].axis


@drawn(40)
@given(small_experiments())
def test_the_norms_the_root_mean_squares_and_the_factors_are_those_of_the_arrays(
    experiment: Experiment,
) -> None:
    trace = analysed(shaken(experiment).run())
    norms = gradients(trace)
    for stage, norm in zip(trace.stages, norms, strict=True):
        assert stage.gradient_norm == pytest.approx(norm, rel=TOLERANCE, abs=0.0)
        size = trace.gradients[f"h/{stage.index}"].size
        assert stage.gradient_rms == pytest.approx(norm / math.sqrt(size), rel=TOLERANCE, abs=0.0)
    for stage, norm, after in zip(trace.stages[:-1], norms[:-1], norms[1:], strict=True):
        by_zero = math.inf if norm else math.nan
        assert stage.factor == pytest.approx(norm / after if after else by_zero, rel=TOLERANCE, nan_ok=True)


@every_cell
def test_the_last_stage_has_no_factor(cell: str) -> None:
    last = simulate(small(cell)).stages[-1]
    assert last.factor is None
    assert not last.factors


@drawn(150)
@given(small_experiments(st.just("mlp")))
def test_the_parts_of_a_layers_factor_give_it_back(experiment: Experiment) -> None:
    for stage in analysed(shaken(experiment).run()).stages[:-1]:
        parts = dict(stage.factors)
        names = ("branch", "skip", "cosine", "gate", "cosine_gate")
        joined = {name: parts.pop(name) for name in names if name in parts}
        assert set(parts) <= {"activation", "norm", "weight", "scale", "dropout"}
        if joined and math.isfinite(stage.factor):
            total = norm_of_sum(joined, "branch", "skip")
            if "gate" in joined:
                gate, angle = joined["gate"], joined["cosine_gate"]
                total = math.sqrt(max(0.0, total**2 + gate**2 + 2 * angle * total * gate))
            # Where branch and skip nearly cancel, the sum has the precision of its addends.
            loss = TOLERANCE * (joined["branch"] + joined["skip"] + joined.get("gate", 0.0))
            assert total == pytest.approx(stage.factor, rel=TOLERANCE, abs=math.sqrt(TOLERANCE) * loss + loss)
        if all(parts.values()) and not any(map(math.isnan, parts.values())):
            along = joined.get("branch", stage.factor)
            assert math.prod(parts.values()) == pytest.approx(along, rel=TOLERANCE, abs=0.0)
        elif not joined:
            # Nothing came through one of the operations: what the others would have done to it is 0/0.
            assert stage.factor == 0.0 or math.isnan(stage.factor)


def test_without_norm_and_skip_the_parts_are_activation_and_weight_in_the_order_of_the_backward_pass() -> None:
    for stage in analysed(shaken(small("mlp")).run()).stages[:-1]:
        assert list(stage.factors) == ["activation", "weight"]


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_the_activations_part_is_what_its_slope_does_to_the_gradient(name: str) -> None:
    trace = simulate(small("mlp", activation=name))
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
    trace = simulate(small("mlp", activation="linear"))
    assert [stage.factors["activation"] for stage in trace.stages[:-1]] == [1.0] * 4


@pytest.mark.parametrize(("cell", "whole"), [("lstm", "cell"), ("gru", "whole")])
@drawn(80)
@given(data=st.data())
def test_the_direct_path_and_the_path_through_the_gates_add_up(cell: str, whole: str, data: st.DataObject) -> None:
    for stage in analysed(shaken(data.draw(small_experiments(st.just(cell)))).run()).stages[:-1]:
        parts = stage.factors
        assert list(parts)[:4] == [whole, "direct", "gates", "cosine" if len(parts) == 4 else "loss"]
        if any(value is None for value in parts.values()):  # where the next gradient is 0: zero weights
            assert stage.unknown_parts
            continue
        total = norm_of_sum(parts, "direct", "gates", *(["loss"] if "loss" in parts else []))
        lost = math.sqrt(TOLERANCE) * sum(parts[name] for name in ("direct", "gates"))  # where they nearly cancel
        assert parts[whole] == pytest.approx(total, abs=lost)
        assert all(abs(value) <= 1 + TOLERANCE for name, value in parts.items() if name.startswith("cosine"))


@drawn(30)
@given(small_experiments(st.just("rnn")))
def test_a_plain_rnn_has_one_path_only(experiment: Experiment) -> None:
    for stage in analysed(shaken(experiment.replace(readout="last")).run()).stages[:-1]:
        known = stage.factor is not None and not math.isnan(stage.factor)
        assert stage.factors == {"whole": stage.factor if known else None}
        assert bool(stage.unknown_parts) == (not known)


def test_the_direct_path_of_a_gru_is_the_update_gate_times_the_next_gradient() -> None:
    trace = analysed(shaken(small("gru")).run())
    for stage in trace.stages[:-1]:
        after = trace.gradients[f"h/{stage.index + 1}"]
        direct = trace.values[f"gates/{stage.index + 1}"][:, 8:16] * after
        rest = trace.gradients[f"h/{stage.index}"] - direct
        assert stage.factors["direct"] == pytest.approx(length(direct) / length(after), rel=TOLERANCE)
        assert stage.factors["gates"] == pytest.approx(length(rest) / length(after), rel=TOLERANCE)


@pytest.mark.parametrize("block", ["post", "pre"])
def test_a_skip_passes_the_gradient_unchanged_beside_a_branch_of_zero_weights(block: str) -> None:
    trace = simulate(small("mlp", residual="add", residual_block=block, init="zeros", depth=6))
    trace = analysed(with_parameters(build(trace.experiment), output__weight=np.ones((10, 8))).run())
    for stage in trace.stages[1:-1]:
        assert (stage.factor, stage.factors["skip"], stage.factors["branch"]) == (1.0, 1.0, 0.0)
        after = trace.gradients[f"h/{stage.index + 1}"]
        assert trace.gradients[f"h/{stage.index}"].tobytes() == after.tobytes()


def test_a_stacked_cell_has_the_gradient_norm_of_every_layer() -> None:
    trace = analysed(shaken(small("lstm", layers=3)).run())
    for stage in trace.stages:
        names = [f"h_l0/{stage.index}", f"h_l1/{stage.index}", f"h/{stage.index}"]
        wanted = [length(trace.gradients[name]) for name in names]
        assert stage.layer_gradient_norms == pytest.approx(wanted, rel=TOLERANCE, abs=0.0)
    assert {stage.layer_gradient_norms for stage in simulate(small("lstm")).stages} == {()}


def test_the_direct_path_is_the_forget_gate_times_the_next_cell_gradient() -> None:
    trace = analysed(shaken(small("lstm")).run())
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
    lstm = analysed(shaken(small("lstm")).run())
    found = [stage.cell_gradient_norm for stage in lstm.stages]
    assert found == pytest.approx(gradients(lstm, "c"), rel=TOLERANCE)
    assert {stage.cell_gradient_norm for stage in simulate(small("mlp")).stages} == {None}


# -- activation statistics ---------------------------------------------------------------------------------


@every_cell
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mean_and_standard_deviation_are_those_of_the_hidden_state(cell: str, dtype: str) -> None:
    trace = analysed(shaken(small(cell, dtype=dtype)).run())
    tolerance = 100 * float(np.finfo(dtype).eps)  # sums of some hundred numbers of size 1
    for stage in trace.stages:
        state = trace.values[f"h/{stage.index}"].astype(np.float64)
        assert stage.activation.mean == pytest.approx(state.mean(), abs=tolerance)
        assert stage.activation.std == pytest.approx(state.std(), abs=tolerance)


@pytest.mark.parametrize("name", ACTIVATIONS.names)
def test_saturated_is_the_share_of_outputs_beyond_the_activations_levels(name: str) -> None:
    # gain 20 makes some units saturate, also where the tails are as long as softsign's, and leaves some alone.
    levels, shares = ACTIVATIONS[name].saturation, []
    trace = simulate(small("mlp", activation=name, gain=20.0 if levels else 1.0))
    for stage in trace.stages[1:]:
        state = activate(name, trace.values[f"z/{stage.index}"]).ravel().tolist()
        shares.append(sum(not levels[0] <= each <= levels[1] for each in state) / len(state) if levels else 0.0)
    assert [stage.activation.saturated for stage in trace.stages[1:]] == shares
    assert (0 < sum(shares) < len(shares)) == (levels is not None)
    assert trace.stages[0].activation.saturated == 0.0


@pytest.mark.parametrize("dead", [0, 3, 8])
def test_dead_is_the_share_of_units_that_are_off_for_every_sample(dead: int) -> None:
    bias = np.where(np.arange(8) < dead, -1e3, 1e3)  # no pre-activation is anywhere near 1000
    network = with_parameters(build(small("mlp", activation="relu")), layers__2__bias=bias)
    found = [stage.activation.dead for stage in analysed(network.run()).stages]
    assert found[2] == dead / 8
    assert found[0] == 0.0


def test_a_unit_that_is_on_for_one_sample_is_not_dead() -> None:
    network = shaken(small("mlp", activation="relu", width=64, depth=2))
    trace = analysed(network.run())
    off = trace.values["z/1"] <= 0
    assert 0 < off.mean() < 1
    assert trace.stages[1].activation.dead == np.count_nonzero(off.all(axis=0)) / 64


def test_a_saturated_sigmoid_that_passes_no_gradient_at_all_is_dead() -> None:
    # σ(1000) is exactly 1 and its slope exactly 0.
    network = with_parameters(build(small("mlp", activation="sigmoid")), layers__1__bias=np.full(8, 1e3))
    statistics = analysed(network.run()).stages[1].activation
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
    network = with_parameters(build(small("lstm")), lstm__bias_ih_l0=np.repeat(bias, 8), **zeros)
    for stage in analysed(network.run()).stages[1:]:
        assert stage.activation.saturated == saturated
        assert stage.activation.dead == dead


@pytest.mark.parametrize("dead", [0, 3, 8])
def test_of_an_lstm_a_unit_whose_output_gate_is_shut_is_dead_for_itself_alone(dead: int) -> None:
    bias = np.zeros(32)
    bias[24 : 24 + dead] = -1e3  # the output gate's block begins at 3 · width
    network = with_parameters(build(small("lstm")), lstm__bias_hh_l0=bias)
    assert [stage.activation.dead for stage in analysed(network.run()).stages[1:]] == [dead / 8] * 8


@every_cell
def test_stages_so_large_that_each_has_a_pass_of_its_own_have_the_same_statistics(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = build(small(cell)).run()
    several = activation_statistics.statistics_of(trace)
    monkeypatch.setattr(activation_statistics, "_CHUNK", 1)
    assert activation_statistics.statistics_of(trace) == several


# -- zeros of 16-bit gradients ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{"depth": 10}, {"cell": "lstm", "data": "gaussian", "steps": 60, "forget_bias": 0.0}]
)
def test_the_zeros_of_a_16_bit_gradient_are_counted(fields: dict[str, Any]) -> None:
    trace = build(Experiment(dtype="float16", **fields)).run()
    stages = analysed(trace).stages
    for stage, name in zip(stages, trace.program.stages, strict=True):
        assert stage.gradient_zeros == pytest.approx(float(np.mean(trace.gradients[name] == 0)))
    assert (stages[0].gradient_zeros or 0.0) > 0.5
    assert stages[-1].gradient_zeros == 0.0


def test_a_type_that_is_computed_in_has_no_count_of_zeros() -> None:
    assert all(stage.gradient_zeros is None for stage in analysed(build(Experiment(depth=2)).run()).stages)
