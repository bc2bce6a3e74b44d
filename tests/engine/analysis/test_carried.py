"""The path that carries the gradient: what is judged over time, against known cases, other readouts and formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment, Run, simulate
from gradtui_engine.analysis.carried import healthy_up_to
from gradtui_engine.analysis.own_losses import own_losses
from gradtui_engine.analysis.signal import allowance
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import analysed, drawn, shaken, small
from tests.engine.oracles import length

OVER_TIME = [row.name for row in CELLS.values() if row.over_time]


def run_of(**fields: Any) -> Run:
    return simulate(Experiment(**fields))


# -- an LSTM is judged by its cell state -------------------------------------------------------------------


def test_an_lstm_whose_cell_state_keeps_the_gradient_is_healthy_however_little_its_output_gate_lets_through() -> None:
    # ‖∂L/∂h‖ falls to 1.7e-4 in the one step from h_T to c_T; ‖∂L/∂c‖ keeps all of it.
    run = run_of(cell="lstm", pin_forget=1.0, input_bias=-8.0)
    assert run.outcome.signal.kind == "healthy"
    assert run.outcome.ratio == pytest.approx(1.0, abs=0.005)
    assert run.stages[0].gradient_norm / run.stages[-1].gradient_norm < 1e-3


def test_the_carousel_goes_by_1_0027_a_step() -> None:
    # By PyTorch 2.13 in float64; of ‖∂L/∂h‖ it would be 0.932, with a half-life of 9.8 steps.
    run = run_of(cell="lstm", pin_forget=1.0, input_bias=-4.0)
    assert run.outcome.average_factor == pytest.approx(1.0027, abs=5e-5)
    assert "×1.0027 a step" in run.outcome.signal.message
    assert run.decay.half_life == pytest.approx(math.log(0.5) / math.log(run.outcome.average_factor), rel=1e-12)


def test_average_factor_and_half_life_belong_to_a_step_and_not_to_the_length() -> None:
    fields: dict[str, Any] = {"cell": "lstm", "pin_forget": 1.0, "input_bias": -5.0, "data": "gaussian"}
    runs = [run_of(**fields, steps=steps) for steps in (64, 200)]
    # The direct path's factor is 1, and the gates' paths are nearly shut: hundreds of steps, not 9 and 30.
    assert [run.outcome.average_factor for run in runs] == pytest.approx([1.0, 1.0], abs=5e-4)
    assert all(abs(run.decay.half_life) > 1000 for run in runs)


def test_a_tenth_of_the_gradient_arrives_after_400_steps_of_an_open_forget_gate() -> None:
    run = run_of(cell="lstm", forget_bias=5.0, input_bias=-5.0, data="adding", steps=400)
    assert run.outcome.signal.kind == "healthy"
    assert run.outcome.ratio == pytest.approx(0.10, abs=0.005)


@drawn(30)
@given(st.sampled_from(OVER_TIME), st.integers(1, 3), st.integers(0, 99))
def test_with_one_loss_the_path_is_the_states_own(cell: str, layers: int, seed: int) -> None:
    run = analysed(shaken(small(cell, layers=layers, seed=seed)).run())
    state = "c" if CELLS[cell].has_cell_state else "h"
    first, last = (length(run.gradients[f"{state}/{step}"]) for step in (0, len(run.stages) - 1))
    assert run.outcome.ratio == pytest.approx(first / last, rel=1e-12)
    assert run.outcome.average_factor ** (len(run.stages) - 1) == pytest.approx(first / last, rel=1e-10)


# -- with a loss on every step the last one is followed ----------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", OVER_TIME)
def test_the_last_steps_loss_alone_is_that_of_the_network_which_reads_out_no_other(cell: str, layers: int) -> None:
    # Where the last step alone is read out, its loss is all there is; here it is one of 24, whose mean is the loss.
    fields: dict[str, Any] = {"data": "copy", "steps": 24, "cell": cell, "layers": layers, "width": 8, "batch": 5}
    every, last = (run_of(**fields, readout=readout) for readout in ("all", "last"))
    assert every.outcome.ratio == pytest.approx(last.outcome.ratio, rel=1e-11)
    assert every.decay.half_life == pytest.approx(last.decay.half_life, rel=1e-10)
    # What all losses together bring is another number, and is told apart.
    together = every.stages[0].gradient_norm / every.stages[-1].gradient_norm
    assert every.outcome.signal.numbers["ratio_with_every_loss"] == pytest.approx(together, rel=1e-12)
    assert "of all steps' losses together" in every.outcome.signal.message


@pytest.mark.parametrize(("cell", "kind"), [("gru", "vanishing"), ("lstm", "vanishing"), ("rnn", "healthy")])
def test_the_copy_task_shows_what_the_local_losses_hide(cell: str, kind: str) -> None:
    # PyTorch: of the last ten losses' gradient h_10 gets 7.1e-10 of what h_90 gets (GRU), 1.6e-11 (LSTM), 0.020 (RNN).
    run = run_of(cell=cell, data="copy", steps=100, readout="all", forget_bias=0.0)
    assert run.outcome.signal.kind == kind
    if kind == "vanishing":
        assert run.outcome.ratio < 1e-9
        assert 0.1 < run.outcome.signal.numbers["ratio_with_every_loss"] < 10


@pytest.mark.parametrize("cell", OVER_TIME)
def test_the_part_of_a_steps_own_loss_is_what_its_output_sends_back(cell: str) -> None:
    run = analysed(shaken(small(cell, data="copy", steps=12, readout="all")).run())
    logits = run.values["output"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    wanted = (shares - np.eye(10)[run.target]) / run.target.size @ run.parameters["output.weight"]
    losses = own_losses(run.trace)
    assert losses is not None
    assert losses == pytest.approx(wanted, rel=1e-12, abs=1e-15)
    if not CELLS[cell].has_cell_state:
        for stage in run.stages[1:-1]:
            after = run.stages[stage.index + 1].gradient_norm
            assert stage.factors["loss"] == pytest.approx(length(wanted[stage.index - 1]) / after, rel=1e-11)


# -- parts at the edge -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pin_forget": 0.0, "input_bias": -60.0, "dtype": "float32"}, "no gradient arrives"),
        ({"input_bias": -60.0, "forget_bias": -60.0}, "no gradient arrives"),
        ({"pin_forget": 1e-40, "input_bias": -1000.0}, "has lost its digits"),
    ],
)
def test_a_part_that_cannot_be_known_is_none_with_a_reason(fields: dict[str, Any], reason: str) -> None:
    run = run_of(cell="lstm", **fields)
    unknown = [stage for stage in run.stages[:-1] if stage.unknown_parts]
    assert any(reason in stage.unknown_parts for stage in unknown)
    for stage in run.stages[:-1]:
        assert bool(stage.unknown_parts) == any(value is None for value in stage.factors.values())
        assert all(value is None or math.isfinite(value) for value in stage.factors.values())


# -- what a threshold allows -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "stages"),
    [(1.22, 34), (0.236, 4), (0.1, 3), (10.0, 3), (0.5, 9), (2.0, 9), (1.0027, 2561), (0.999, 6904)],
)
def test_a_constant_factor_is_healthy_for_so_many_stages_and_not_for_one_more(factor: float, stages: int) -> None:
    assert healthy_up_to(factor) == stages
    assert 1e-3 * (1 - 1e-12) <= factor**stages <= 1e3 * (1 + 1e-12)
    assert not 1e-3 <= factor ** (stages + 1) <= 1e3


def test_the_threshold_is_told_with_what_it_allows() -> None:
    assert allowance("layer", 1.22) == "×1.22 a layer is healthy up to 34 layers"
    assert allowance("time", 0.5) == "×0.500 a step is healthy up to 9 steps"
    assert allowance("layer", 1.0) == "×1 is healthy at any length"
    assert "a layer is healthy up to 4 layers" in run_of().outcome.signal.rule


def test_a_single_layer_has_no_factor() -> None:
    run = run_of(depth=1)
    assert run.outcome.signal.message == "layer 1 is the first and the last: no factor lies between"
    assert "×" not in run.outcome.signal.message + run.outcome.signal.rule
