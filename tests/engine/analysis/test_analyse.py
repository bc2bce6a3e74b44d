"""The analysis: whole, frozen, picklable, apart from its trace; and the run, which is both."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment, Run, Trace, analyse, build, simulate
from gradtui_engine.analysis.diagnosis import diagnose
from gradtui_engine.analysis.stage_numbers import STAGE_NUMBERS
from gradtui_engine.cells.table import CELLS
from tests.engine.helpers import shaken, small

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def reached(thing: Any) -> list[Any]:
    """Every object that can be reached from a thing, classes and modules left out."""
    seen: dict[int, Any] = {}
    todo = [thing]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen[id(each)] = each
        todo += gc.get_referents(each)
    return list(seen.values())


@every_cell
def test_an_analysis_holds_no_array_and_nothing_of_its_trace(cell: str) -> None:
    trace = build(small(cell, clip="norm", optimizer="adam")).run()
    objects = reached(analyse(trace))
    assert len(objects) > 100
    assert not [each for each in objects if isinstance(each, np.ndarray | Trace) or each is trace.program]


@every_cell
def test_an_analysis_is_the_same_after_a_round_through_pickle(cell: str) -> None:
    found = analyse(build(small(cell, layers=2 if CELLS[cell].over_time else 1)).run())
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert again.outcome.signal.message == found.outcome.signal.message


def test_an_analysis_does_not_change() -> None:
    found = analyse(build(small("mlp")).run())
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.outcome = None  # type: ignore[misc, assignment]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.stages[0].gradient_norm = 0.0  # type: ignore[misc]


@every_cell
def test_a_trace_goes_when_its_run_goes(cell: str) -> None:
    """Not only when the garbage collector comes: a trace may take a GiB."""
    run = simulate(small(cell))
    gone = weakref.ref(run.trace)
    gc.disable()
    try:
        del run
        assert gone() is None
    finally:
        gc.enable()


@every_cell
def test_the_outcome_alone_is_that_of_the_whole_analysis(cell: str) -> None:
    for changes in ({}, {"init": "zeros"}, {"gain": 1e30, "dtype": "float32"}):
        trace = build(small(cell, **changes)).run()
        assert repr(diagnose(trace)) == repr(analyse(trace).outcome)


@every_cell
def test_without_the_parameters_all_other_numbers_are_the_same(cell: str) -> None:
    trace = build(small(cell)).run()
    whole, part = analyse(trace), analyse(trace, parameters=False)
    assert part.parameter_numbers == {}
    of_parameters = {"parameter_gradient_norm", "update_ratio"}
    for stage, other in zip(whole.stages, part.stages, strict=True):
        assert other.parameters == {}
        assert other.numbers == {name: value for name, value in stage.numbers.items() if name not in of_parameters}
    assert (part.decay, part.outcome.signal) == (whole.decay, whole.outcome.signal)
    assert part.outcome.first_step is None  # which asks what the parameters get


@every_cell
def test_a_run_knows_the_numbers_that_its_cell_has_and_no_others(cell: str) -> None:
    run = simulate(small(cell))
    known = {name for stage in run.stages for name in stage.numbers}
    assert known <= {name for name, row in STAGE_NUMBERS.items() if row.in_cell(CELLS[cell])}
    assert known >= {name for name, row in STAGE_NUMBERS.items() if row.in_cell(CELLS[cell]) and not row.part} - {
        "predicted_factor",
        # Of types that round to 0: see test_the_zeros_of_a_16_bit_gradient_are_counted.
        "gradient_zeros",
    }


@every_cell
def test_a_run_is_a_record_of_three_tiers(cell: str) -> None:
    run = simulate(small(cell))
    trace = run.trace
    assert run.source.experiment == trace.experiment
    last = len(run.stages) - 1
    # No copy; of tokens each is a row.
    state = trace.values[trace.program.stages[last]]
    assert np.shares_memory(run.arrays.state(last), state)
    np.testing.assert_array_equal(run.arrays.state(last), state.reshape(-1, state.shape[-1]))
    for name in ("cell_state", "gates"):
        array = getattr(run.arrays, name)(last)
        assert (array is None) == ((name[0] == "c" and not CELLS[cell].has_cell_state) or not CELLS[cell].gated)
    assert [each.z.shape[0] for each in run.arrays.pre_activations(last)]
    assert run.arrays.pre_activations(0) == ()
    assert run.listed.gradient(trace.program.stages[0]) is trace.gradients[trace.program.stages[0]]
    assert run.listed.values["loss"] == run.loss


@every_cell
def test_a_run_is_a_history_of_one(cell: str) -> None:
    run = simulate(small(cell))
    history = run.history
    assert history.count == 1
    assert history.at(0) is run
    with pytest.raises(IndexError):
        history.at(1)
    assert history.summary["loss"].tolist() == [run.loss]
    assert history.summary["gradient_norm"].tolist() == [[stage.gradient_norm for stage in run.stages]]
    assert np.isnan(history.summary["factor"][0, -1])
    assert ("cell_gradient_norm" in history.summary) == CELLS[cell].has_cell_state


def test_a_run_of_a_trace_is_the_simulation() -> None:
    experiment = Experiment(depth=3, width=4, batch=2)
    assert Run.of(build(experiment).run()).analysis == simulate(experiment).analysis
    assert shaken(experiment).run().loss != simulate(experiment).loss
