"""Recurrent cells: what their equations imply for gradients over time; stacks, pinned gates, readouts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build, simulate
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import analysed, shaken, small, with_inputs, with_parameters
from tests.engine.oracles import BIASES, MATRICES, length

OVER_TIME = [row.name for row in CELLS.values() if row.over_time]
# Rows of the weights that belong to the gate of the direct path: the second block of PyTorch's (i, f, g, o), (r, z, n).
BLOCKS = {"lstm": 4, "gru": 3}
STEPS = 30

every_cell = pytest.mark.parametrize("cell", OVER_TIME)
every_gated = pytest.mark.parametrize("cell", BLOCKS)


def unrolled(cell: str, **changes: Any) -> Network:
    return build(Experiment(**({"cell": cell, "data": "gaussian", "width": 6, "steps": STEPS, "inputs": 3} | changes)))


# -- the direct path alone ---------------------------------------------------------------------------------


@every_gated
@pytest.mark.parametrize("pin", [1.0, 0.9, 0.5])
def test_with_the_gate_pinned_and_no_recurrent_weights_the_gradient_goes_as_a_power_of_the_gate(
    cell: str, pin: float
) -> None:
    # Without W_hh there is only the direct path: dL/dc_0 = f^T dL/dc_T, dL/dh_0 = z^T dL/dh_T (THEORY.md).
    network = unrolled(cell, pin_forget=pin)
    trace = analysed(with_parameters(network, **{f"{cell}__weight_hh_l0": np.zeros(1)}).run())
    kind = "c" if cell == "lstm" else "h"
    last = trace.gradients[f"{kind}/{STEPS}"]
    assert length(last) > 1e-3
    for step in (0, 7, STEPS - 1):
        # A product of up to 30 rounded numbers; a power of 1 is exact.
        wanted = pin ** (STEPS - step) * last
        assert trace.gradients[f"{kind}/{step}"] == pytest.approx(wanted, rel=0.0 if pin == 1.0 else 1e-13, abs=0.0)


@every_gated
def test_a_pinned_gate_does_not_learn(cell: str) -> None:
    trace = analysed(unrolled(cell, pin_forget=0.8).run())
    for name in (f"{cell}.weight_ih_l0", f"{cell}.weight_hh_l0", f"{cell}.bias_ih_l0", f"{cell}.bias_hh_l0"):
        blocks = np.split(trace.parameter_gradients[name], BLOCKS[cell])
        assert [bool(block.any()) for block in blocks] == [index != 1 for index in range(BLOCKS[cell])]


@every_gated
def test_a_pinned_gate_is_the_pinned_value_at_every_step(cell: str) -> None:
    gates = analysed(unrolled(cell, pin_forget=0.3).run()).values["gates"]
    assert np.array_equal(gates[:, :, 6:12], np.full((STEPS, 64, 6), 0.3))


def test_a_gru_whose_update_gate_is_pinned_open_never_hears_of_its_input() -> None:
    # h_t = h_(t−1) = 0: the gradient passes, and there is nothing to learn from it.
    trace = analysed(unrolled("gru", pin_forget=1.0).run())
    assert not trace.values["h"].any()
    assert trace.outcome.ratio == pytest.approx(1.0, rel=1e-12)


# -- plain recurrent networks ------------------------------------------------------------------------------


def test_an_irnn_whose_units_are_on_carries_the_gradient_unchanged() -> None:
    # ReLU, W_hh = 1, positive inputs (Le et al. 2015): dL/dh_0 = dL/dh_T exactly.
    network = unrolled("rnn", activation="relu", init="identity", inputs=6)
    trace = analysed(with_inputs(network, np.abs(network.batch.inputs)).run())
    assert (trace.values["h/1"] > 0).all()
    assert np.array_equal(trace.gradients["h/0"], trace.gradients[f"h/{STEPS}"])
    assert {stage.factor for stage in trace.stages[:-1]} == {1.0}


def test_a_tanh_rnn_at_rest_is_a_power_of_its_recurrent_matrix() -> None:
    # No input, no bias: h is 0, tanh' is 1, so dL/dh_0 = dL/dh_T W^T.
    network = unrolled("rnn", steps=9)
    trace = analysed(with_inputs(network, np.zeros_like(network.batch.inputs)).run())
    power = np.linalg.matrix_power(network.parameters["rnn.weight_hh_l0"], 9)
    assert not trace.values["h"].any()
    assert trace.gradients["h/0"] == pytest.approx(trace.gradients["h/9"] @ power, rel=1e-10)


@pytest.mark.parametrize(("gain", "kind"), [(0.5, "vanishing"), (1.0, "healthy"), (1.5, "exploding")])
def test_at_rest_an_orthogonal_rnn_has_the_factor_of_its_gain_at_every_step(gain: float, kind: str) -> None:
    network = unrolled("rnn", init="orthogonal", gain=gain)
    trace = analysed(with_inputs(network, np.zeros_like(network.batch.inputs)).run())
    assert [stage.factor for stage in trace.stages[:-1]] == pytest.approx([gain] * STEPS, rel=1e-12)
    assert trace.outcome.signal.kind == kind  # 0.5^30 = 1e-9, 1.5^30 = 2e5


# -- stacks and readouts -----------------------------------------------------------------------------------


@every_cell
def test_the_parameters_of_a_stack_have_pytorchs_names_and_shapes(cell: str) -> None:
    rows = {"rnn": 1, "lstm": 4, "gru": 3, "mgu": 2, "mingru": 2, "lru": 2}[cell] * 6
    state = 12 if cell == "lru" else 6
    shapes = {name: array.shape for name, array in unrolled(cell, layers=2).parameters.items()}
    for layer, inputs in enumerate((3, state)):
        wanted = {"weight_ih": (rows, inputs), "weight_hh": (rows, 6), "nu": (6,), "theta": (6,), "log_gamma": (6,)}
        names = [*MATRICES[cell], *BIASES[cell]]
        here = [name for name in shapes if name.endswith(f"_l{layer}")]
        assert here == [f"{cell}.{name}_l{layer}" for name in names]
        assert [shapes[name] for name in here] == [wanted.get(name, (rows,)) for name in names]
    assert list(shapes.items())[-2:] == [
        ("output.weight", (1, state)),
        ("output.bias", (1,)),
    ]


@every_cell
def test_the_second_layer_of_a_stack_does_what_a_cell_fed_with_the_first_layers_states_does(cell: str) -> None:
    stacked = analysed(shaken(small(cell, layers=2)).run())
    alone = shaken(small(cell, inputs=16 if cell == "lru" else 8, data="gaussian", steps=8, loss=None, activation=None))
    upper = {f"{cell}__{name}_l0": stacked.parameters[f"{cell}.{name}_l1"] for name in (*MATRICES[cell], *BIASES[cell])}
    trace = analysed(with_inputs(with_parameters(alone, **upper), stacked.values["h_l0"][1:]).run())
    assert trace.values["h"] == pytest.approx(stacked.values["h"], rel=1e-12, abs=1e-14)


@every_cell
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("readout", ["last", "all"])
def test_the_contributions_over_time_sum_to_every_shared_gradient(cell: str, layers: int, readout: str) -> None:
    trace = analysed(shaken(small(cell, layers=layers, readout=readout)).run())
    steps = [trace.contributions(time) for time in range(1, 9)]
    assert len(steps[0]) == (len(MATRICES[cell]) + len(BIASES[cell])) * layers
    for name in steps[0]:
        total = sum(step[name] for step in steps)
        assert total == pytest.approx(trace.parameter_gradients[name], rel=1e-10, abs=1e-14), name


@every_cell
def test_read_out_at_every_step_the_loss_is_the_mean_of_the_losses_of_every_length(cell: str) -> None:
    # The network over t steps, read out at the last one, for every t.
    whole = shaken(Experiment(cell=cell, data="gaussian", width=5, steps=6, inputs=2, readout="all"))
    losses = []
    for steps in range(1, 7):
        short = build(whole.experiment.replace(steps=steps, readout="last"))
        trace = analysed(with_inputs(short.with_parameters(whole.parameters), whole.batch.inputs[:steps]).run())
        losses.append(float(np.mean((trace.values["output"] - whole.batch.target[steps - 1]) ** 2)))
    assert analysed(whole.run()).loss == pytest.approx(np.mean(losses), rel=1e-12)


@every_cell
def test_read_out_at_every_step_the_last_state_hears_of_its_own_loss_alone(cell: str) -> None:
    whole = analysed(shaken(Experiment(cell=cell, data="gaussian", width=5, steps=6, inputs=2, readout="all")).run())
    error = whole.values["output"][-1] - whole.target[-1]
    wanted = 2 * error / whole.target.size @ whole.parameters["output.weight"]
    assert whole.gradients["h/6"] == pytest.approx(wanted, rel=1e-12)


# -- the biases of the gates -------------------------------------------------------------------------------


@pytest.mark.parametrize(("bias", "gate"), [(0.0, 0.5), (1.0, 0.731), (2.0, 0.881), (4.0, 0.982)])
@pytest.mark.parametrize(("name", "block"), [("input_bias", 0), ("forget_bias", 1)])
def test_at_rest_a_gate_stands_at_sigma_of_its_bias(name: str, block: int, bias: float, gate: float) -> None:
    found = simulate(Experiment(cell="lstm", steps=1, data="gaussian", width=4, sigma_w=0.0, **{name: bias}))
    opened = found.values["gates/1"][:, 4 * block : 4 * (block + 1)]
    assert opened == pytest.approx(1 / (1 + math.exp(-bias)), rel=1e-14)
    assert opened == pytest.approx(gate, abs=5e-4)  # Jozefowicz et al. 2015, to three digits
