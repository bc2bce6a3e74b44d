"""The trace: read-only, bit-equal when computed again, complete, and in order."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given

from gradtui_engine import Experiment, Phase, Trace, build, simulate
from gradtui_engine.cells.table import CELLS, OPERATIONS
from gradtui_engine.core.numerics import Array
from tests.engine.helpers import drawn, fingerprint, fresh_python, shaken, small
from tests.engine.oracles import gradients_of, length, slope
from tests.engine.strategies import init_names, small_experiments
from tests.examples import spread

EPS = float(np.finfo(float).eps)

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def every_array(trace: Trace) -> dict[str, Array]:
    """Every array that the trace hands out, by a name of its own."""
    found = {"input": trace.input, "target": trace.target}
    found |= {f"value {name}": array for name, array in trace.values.items()}
    found |= {f"gradient {name}": array for name, array in trace.gradients.items()}
    found |= {f"parameter {name}": array for name, array in trace.parameters.items()}
    return found | {f"of {name}": array for name, array in trace.parameter_gradients.items()}


# -- data --------------------------------------------------------------------------------------------------


@every_cell
def test_every_array_is_read_only(cell: str) -> None:
    trace = simulate(small(cell))
    writeable = [name for name, array in every_array(trace).items() if array.flags.writeable]
    assert not writeable
    with pytest.raises(ValueError, match="read-only"):
        trace.values["h/1"][...] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        trace.values = {}  # type: ignore[misc]


@every_cell
def test_every_array_has_the_experiments_dtype_but_for_class_numbers(cell: str) -> None:
    for dtype in ("float64", "float32"):
        trace = simulate(small(cell, dtype=dtype))
        arrays = every_array(trace)
        assert arrays.pop("target").dtype == np.int64
        assert {array.dtype for array in arrays.values()} == {np.dtype(dtype)}


@every_cell
def test_looking_at_a_trace_does_not_change_it(cell: str) -> None:
    trace = simulate(small(cell))
    before = fingerprint(trace)
    assert trace.outcome
    assert [stage.activation for stage in trace.stages]
    assert [stage.parameters for stage in trace.stages]
    for each in trace.program.instructions:
        for slot in each.inputs:
            trace.gradient(slot)
    for name in trace.parameters:
        trace.updated(name)
    assert fingerprint(trace) == before


# -- replay ------------------------------------------------------------------------------------------------


@every_cell
def test_a_network_runs_again_bit_by_bit_and_is_not_changed_by_running(cell: str) -> None:
    network = shaken(small(cell))
    before = {name: array.tobytes() for name, array in network.parameters.items()}
    first, second = network.run(), network.run()
    assert fingerprint(first) == fingerprint(second)
    assert {name: array.tobytes() for name, array in network.parameters.items()} == before
    assert not np.shares_memory(first.values["h/1"], second.values["h/1"])


@drawn(40)
@given(small_experiments())
def test_equal_experiments_give_bit_equal_traces(experiment: Experiment) -> None:
    twin = Experiment(**experiment.to_mapping())
    assert twin == experiment
    assert fingerprint(simulate(twin)) == fingerprint(simulate(experiment))


@pytest.mark.parametrize("field", ["gain", "forget_bias", "learning_rate"])
def test_equal_experiments_give_bit_equal_traces_also_where_zero_has_a_sign(field: str) -> None:
    plus, minus = (small("lstm", **{field: zero}) for zero in (0.0, -0.0))
    assert plus == minus
    assert fingerprint(simulate(plus)) == fingerprint(simulate(minus))


@pytest.mark.parametrize(("cell", "init"), [(cell, init) for cell in CELLS for init in init_names(cell)])
def test_the_parameters_of_equal_experiments_are_equal_in_every_initialiser(cell: str, init: str) -> None:
    one, other = (build(small(cell, init=init)).parameters for _ in range(2))
    assert {name: array.tobytes() for name, array in one.items()} == {
        name: array.tobytes() for name, array in other.items()
    }


@spread("cell", CELLS.names, 2)
def test_a_fresh_process_computes_the_same_bits(cell: str) -> None:
    experiment = small(cell)
    code = (
        "from gradtui_engine import Experiment, simulate\n"
        "from tests.engine.helpers import fingerprint\n"
        f"print(fingerprint(simulate(Experiment.from_toml({experiment.to_toml()!r}))))"
    )
    assert fresh_python(code) == fingerprint(simulate(experiment))


@every_cell
@pytest.mark.parametrize("field", ["seed", "width", "batch", "gain"])
def test_another_experiment_gives_another_trace(cell: str, field: str) -> None:
    experiment = small(cell)
    other = experiment.replace(**{field: getattr(experiment, field) + 1})
    assert fingerprint(simulate(other)) != fingerprint(simulate(experiment))


# -- gradients ---------------------------------------------------------------------------------------------


def test_the_gradient_of_a_pre_activation_is_computed_again_as_dh_times_the_slope() -> None:
    trace = shaken(small("mlp")).run()
    for layer in range(1, 5):
        wanted = trace.gradients[f"h/{layer}"] * slope("tanh", trace.values[f"z/{layer}"])
        # 1 − tanh² loses digits where the unit saturates: eps over the slope, which is above 1e-3 here.
        assert trace.gradient(f"z/{layer}") == pytest.approx(wanted, rel=1e3 * EPS, abs=0.0)


@every_cell
def test_a_gradient_that_is_not_kept_has_the_norm_that_was_measured_in_the_run(cell: str) -> None:
    trace = shaken(small(cell)).run()
    slots = {slot for each in trace.program.instructions[1:] for slot in each.inputs}
    assert slots >= {"output", *trace.program.stages[1:]}
    for slot in slots:
        array = trace.gradient(slot)
        assert not array.flags.writeable
        # The same numbers, summed in another order: one rounding per number.
        assert trace.gradient_norm(slot) == pytest.approx(length(array), rel=array.size * EPS, abs=0.0), slot


@every_cell
def test_the_gradient_of_the_input_is_autograds(cell: str) -> None:
    trace = shaken(small(cell)).run()
    wanted = gradients_of(trace).inputs
    found = trace.gradient(trace.program.input)
    assert found == pytest.approx(wanted, rel=1e-10, abs=1e-10 * length(wanted))  # as in test_autograd_oracle


def test_the_gradient_of_a_slot_that_no_gradient_reaches_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="gates/3"):
        simulate(small("lstm")).gradient("gates/3")


@pytest.mark.parametrize("time", [0, 9, -1])
def test_the_contributions_of_a_time_step_that_does_not_exist_are_refused(time: int) -> None:
    with pytest.raises(IndexError):
        simulate(small("lstm")).contributions(time)


@every_cell
def test_the_update_is_plain_gradient_descent(cell: str) -> None:
    trace = simulate(small(cell, learning_rate=0.25))
    for name, array in trace.parameters.items():
        wanted = array - 0.25 * trace.parameter_gradients[name]
        assert np.array_equal(trace.updated(name), wanted), name


@every_cell
def test_a_small_update_lowers_the_loss_by_the_squared_norm_of_the_gradient(cell: str) -> None:
    trace = simulate(small(cell, learning_rate=1e-5))
    network = build(small(cell)).with_parameters({name: trace.updated(name) for name in trace.parameters})
    fall = 1e-5 * math.fsum(length(array) ** 2 for array in trace.parameter_gradients.values())
    # First order in η; the second-order term is η/2 times the curvature along the gradient, of order 1 to 30 (LRU).
    assert trace.loss - network.run().loss == pytest.approx(fall, rel=1e-3)


# -- steps -------------------------------------------------------------------------------------------------


@every_cell
def test_the_phases_come_in_order_forward_loss_backward_update(cell: str) -> None:
    trace = simulate(small(cell))
    count = len(trace.program.instructions)
    phases = [step.phase for step in trace.steps]
    assert phases == ([Phase.FORWARD] * (count - 1) + [Phase.LOSS] + [Phase.BACKWARD] * count + [Phase.UPDATE])
    assert [step.index for step in trace.steps] == list(range(len(phases)))


@every_cell
def test_backward_visits_the_operations_of_forward_in_reverse(cell: str) -> None:
    steps = simulate(small(cell)).steps[:-1]
    half = len(steps) // 2
    there = [(step.instruction, step.site, step.operation, step.stage) for step in steps[:half]]
    back = [(step.instruction, step.site, step.operation, step.stage) for step in steps[half:]]
    assert there == back[::-1]
    assert [number for number, *_ in there] == list(range(half))


@every_cell
def test_every_stage_is_completed_once_on_the_way_back_the_last_first(cell: str) -> None:
    trace = simulate(small(cell))
    completed = [step.completes for step in trace.steps if step.completes is not None]
    assert completed == list(range(len(trace.stages)))[::-1]
    assert all(step.phase is Phase.BACKWARD for step in trace.steps if step.completes is not None)


@every_cell
def test_forward_visits_the_stages_in_order(cell: str) -> None:
    steps = simulate(small(cell)).steps
    stages = [step.stage for step in steps if step.phase is Phase.FORWARD and step.stage is not None]
    assert stages == sorted(stages)
    assert set(stages) == set(range(1, len(simulate(small(cell)).stages)))


@every_cell
def test_a_step_has_the_formula_of_its_operation_in_its_direction(cell: str) -> None:
    for step in simulate(small(cell)).steps:
        if step.phase is Phase.UPDATE:
            assert step.formula == "θ ← θ + update"
        else:
            row = OPERATIONS[step.operation]
            assert step.formula == (row.backward_formula if step.phase is Phase.BACKWARD else row.formula)
