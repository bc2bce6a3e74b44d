"""The LSTM: PyTorch's layout and equations, and what the gates do to the gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradtui_engine import Experiment, Network, build, simulate
from gradtui_engine.core.numerics import Array
from tests.engine.helpers import analysed, shaken, with_parameters
from tests.engine.oracles import difference, length, slope

WIDTH, BATCH = 5, 4
EPS = float(np.finfo(float).eps)
# σ(±1000) is exactly 1 and 0 in float64: a gate nailed open or shut.
OPEN, SHUT = 1e3, -1e3


def experiment(steps: int = 12, **changes: float) -> Experiment:
    return Experiment(cell="lstm", data="gaussian", width=WIDTH, batch=BATCH, steps=steps, inputs=3, seed=5, **changes)


def gates(inner: float, forget: float, candidate: float, out: float) -> Array:
    """A bias in PyTorch's gate order."""
    return np.repeat([inner, forget, candidate, out], WIDTH).astype(float)


def pinned(bias: Array, steps: int = 12) -> Network:
    """An LSTM whose gates are what the bias makes them, whatever goes in."""
    zeros = {"lstm__weight_ih_l0": np.zeros(1), "lstm__weight_hh_l0": np.zeros(1)}
    return with_parameters(build(experiment(steps)), lstm__bias_ih_l0=bias, **zeros)


def logit(share: float) -> float:
    return math.log(share / (1 - share))


# -- layout ------------------------------------------------------------------------------------------------


def test_the_parameters_have_pytorchs_names_shapes_and_order() -> None:
    shapes = {name: array.shape for name, array in build(experiment()).parameters.items()}
    assert list(shapes.items()) == [
        ("lstm.weight_ih_l0", (4 * WIDTH, 3)),
        ("lstm.weight_hh_l0", (4 * WIDTH, WIDTH)),
        ("lstm.bias_ih_l0", (4 * WIDTH,)),
        ("lstm.bias_hh_l0", (4 * WIDTH,)),
        ("output.weight", (1, WIDTH)),
        ("output.bias", (1,)),
    ]


@pytest.mark.parametrize("value", [0.0, 1.0, -2.5])
def test_the_forget_bias_is_added_once_in_the_forget_gates_block_and_nowhere_else(value: float) -> None:
    parameters = build(experiment(forget_bias=value)).parameters
    total = parameters["lstm.bias_ih_l0"] + parameters["lstm.bias_hh_l0"]
    assert total.tolist() == gates(0.0, value, 0.0, 0.0).tolist()
    assert not parameters["output.bias"].any()


def test_the_gates_are_recorded_in_the_order_input_forget_candidate_output() -> None:
    levels = (0.2, 0.6, -0.5, 0.9)
    bias = gates(logit(0.2), logit(0.6), math.atanh(-0.5), logit(0.9))
    trace = analysed(pinned(bias, steps=3).run())
    for time in (1, 2, 3):
        found = trace.values[f"gates/{time}"]
        assert found.shape == (BATCH, 4 * WIDTH)
        assert found == pytest.approx(np.broadcast_to(gates(*levels), found.shape), rel=8 * EPS)


def test_both_biases_are_added() -> None:
    one = analysed(with_parameters(build(experiment()), lstm__bias_ih_l0=gates(0.1, 0.2, 0.3, 0.4)).run())
    other = analysed(
        with_parameters(
            build(experiment()), lstm__bias_ih_l0=np.zeros(1), lstm__bias_hh_l0=gates(0.1, 0.2, 0.3, 0.4)
        ).run()
    )
    assert one.values["h"].tobytes() == other.values["h"].tobytes()


def test_the_state_starts_at_zero() -> None:
    trace = simulate(experiment())
    assert not trace.values["h/0"].any()
    assert not trace.values["c/0"].any()


def test_the_output_layer_reads_the_last_hidden_state() -> None:
    trace = analysed(shaken(experiment()).run())
    weight, bias = trace.parameters["output.weight"], trace.parameters["output.bias"]
    assert trace.values["output"] == pytest.approx(trace.values["h/12"] @ weight.T + bias, rel=8 * EPS)


# -- the forward pass by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize("forget", [0.0, 0.5, 0.9, 1.0])
def test_with_constant_gates_the_cell_state_is_a_geometric_sum(forget: float) -> None:
    inner, candidate, out = 0.3, 0.4, 0.7
    raw = {0.0: SHUT, 1.0: OPEN}.get(forget) if forget in (0.0, 1.0) else logit(forget)
    trace = analysed(pinned(gates(logit(inner), raw, math.atanh(candidate), logit(out))).run())
    for time in range(13):
        cell = inner * candidate * math.fsum(forget**k for k in range(time))
        assert trace.values[f"c/{time}"] == pytest.approx(cell, rel=100 * EPS)  # 12 steps of a few ulp
        assert trace.values[f"h/{time}"] == pytest.approx(out * math.tanh(cell), rel=100 * EPS)


# -- what the gates do to the gradient ----------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 12, 300])
def test_with_the_forget_gate_open_and_the_input_gate_shut_the_cell_gradient_is_carried_unchanged(
    steps: int,
) -> None:
    trace = analysed(pinned(gates(SHUT, OPEN, 0.3, 0.4), steps).run())
    last = trace.gradients[f"c/{steps}"]
    assert last.any()
    for time in range(steps):
        assert trace.gradients[f"c/{time}"].tobytes() == last.tobytes()
        assert not trace.gradients[f"h/{time}"].any()


@pytest.mark.parametrize("forget", [0.1, 0.5, 0.731, 0.982])
def test_with_the_forget_gate_held_at_f_the_cell_gradient_decays_as_a_power_of_f(forget: float) -> None:
    steps = 40
    trace = analysed(pinned(gates(SHUT, logit(forget), 0.3, 0.4), steps).run())
    last = trace.gradients[f"c/{steps}"]
    for time in range(steps + 1):
        # One rounding a step, and the gate itself a few ulp off, to the power of the steps.
        wanted = pytest.approx(forget ** (steps - time) * last, rel=8 * EPS * (steps + 1), abs=0.0)
        assert trace.gradients[f"c/{time}"] == wanted


def test_with_the_forget_gate_shut_nothing_passes_but_through_the_hidden_state() -> None:
    # The weights are zero, so that the hidden state is not read either.
    trace = analysed(pinned(gates(0.5, SHUT, 0.3, 0.4)).run())
    assert trace.gradients["c/12"].any()
    assert not trace.gradients["c/11"].any()


def test_with_the_output_gate_shut_no_gradient_enters_the_cell() -> None:
    trace = analysed(pinned(gates(0.5, OPEN, 0.3, SHUT)).run())
    assert trace.gradients["h/12"].any()
    assert not trace.gradients["c"].any()


def test_the_last_cell_states_gradient_comes_through_the_last_hidden_state_alone() -> None:
    trace = analysed(shaken(experiment()).run())
    out = trace.values["gates/12"][:, 3 * WIDTH :]
    wanted = trace.gradients["h/12"] * out * slope("tanh", trace.values["c/12"])
    assert trace.gradients["c/12"] == pytest.approx(wanted, rel=20 * EPS, abs=0.0)


def test_a_higher_forget_bias_carries_more_of_the_gradient_through_time() -> None:
    # Jozefowicz et al. 2015: 0.5, 0.731, 0.881, 0.982 of the direct path survive a step.
    carried = []
    for bias in (0.0, 1.0, 2.0, 4.0):
        trace = simulate(experiment(40, forget_bias=bias))
        carried.append(length(trace.gradients["c/0"]) / length(trace.gradients["c/40"]))
    assert carried == sorted(carried)
    assert carried[-1] > 1e3 * carried[0]


# -- shared weights -----------------------------------------------------------------------------------------


def test_the_contributions_over_time_sum_to_each_shared_parameters_gradient() -> None:
    trace = analysed(shaken(experiment()).run())
    steps = [trace.contributions(time) for time in range(1, 13)]
    shared = [name for name in trace.parameters if name.startswith("lstm.")]
    assert [list(each) for each in steps] == [shared] * 12
    for name in shared:
        total = sum(each[name] for each in steps)
        assert difference(total, trace.parameter_gradients[name]) < 100 * EPS, name  # 12 terms, another order


def test_a_contribution_is_the_gradient_of_the_parameter_as_that_step_alone_sees_it() -> None:
    trace = analysed(shaken(experiment()).run())
    for time in (1, 7, 12):
        pre = trace.gradients[f"projection/{time}"]
        found = trace.contributions(time)
        inputs, hidden = trace.input[time - 1], trace.values[f"h/{time - 1}"]
        wanted = {
            "lstm.weight_ih_l0": np.einsum("bu,bi->ui", pre, inputs),
            "lstm.weight_hh_l0": np.einsum("bu,bi->ui", pre, hidden),
            "lstm.bias_ih_l0": np.einsum("bu->u", pre),
            "lstm.bias_hh_l0": np.einsum("bu->u", pre),
        }
        for name, array in wanted.items():
            assert difference(found[name], array) < 20 * EPS, (time, name)


def test_the_first_steps_recurrent_weight_gets_nothing_since_the_state_before_it_is_zero() -> None:
    assert not simulate(experiment()).contributions(1)["lstm.weight_hh_l0"].any()


def test_both_biases_get_the_same_gradient() -> None:
    gradients = simulate(experiment()).parameter_gradients
    assert gradients["lstm.bias_ih_l0"].tobytes() == gradients["lstm.bias_hh_l0"].tobytes()
