"""What is computed: traces, spectra and readings, each from what is there already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradtui.lessons.lesson import Setup
from gradtui.lessons.reading import Reading
from gradtui.model import needs
from gradtui.model.needs import Computed, Failed, Known, Need, Simulation
from gradtui.model.theory_needs import SpectraOf
from gradtui_engine import Cancelled, Experiment, ExperimentError, Run
from gradtui_engine.core.message import Message
from tests.tui.helpers import computed

A = Experiment(depth=3, width=4, batch=4)
CHANGES = (("activation", "relu"),)
B = A.replace(activation="relu")


def watch(share: float) -> None:
    pass


def test_a_simulation_is_computed_with_its_timeline_and_can_be_stopped() -> None:
    need = Simulation(Experiment(depth=3, width=4, batch=4))
    result = need.compute(lambda share: None)
    assert isinstance(result, Computed)
    assert result.record.experiment == need.experiment
    assert len(result.timeline.phases) == len(result.record.steps)

    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        need.compute(stop)
    assert shares == sorted(shares)
    shares.clear()
    need.compute(shares.append)
    assert (shares == sorted(shares), shares[-1]) == (True, 1.0)


@pytest.mark.parametrize(
    "kind", [Simulation, lambda experiment: SpectraOf(Simulation(experiment))], ids=["a run", "spectra"]
)
def test_what_comes_to_the_same_has_one_result_however_it_was_given(kind: Callable[[Experiment], Need]) -> None:
    written = A.replace(activation="sigmoid", data="digits", inputs=64, loss="cross_entropy")
    assert written != A
    assert kind(written) == kind(A)
    assert {kind(A): "known"}[kind(written)] == "known"
    assert kind(B) != kind(A)
    # A saved run of this one has the updated parameters too.
    assert kind(A.replace(learning_rate=0.1)) != kind(A)


def test_a_trace_that_was_found_has_the_experiment_as_it_was_given_and_is_worked_out_once() -> None:
    written = A.replace(activation="sigmoid")
    found = Simulation(A).compute(watch)
    assert isinstance(found, Computed)
    trace = found.record
    twin = trace.asked_as(written)
    assert (trace.experiment, twin.experiment) == (A, written)
    assert twin.resolved == trace.resolved
    assert twin.stages is trace.stages
    assert twin.outcome is trace.outcome
    assert trace.asked_as(A) is trace


@pytest.mark.parametrize(
    "need",
    [
        SpectraOf(Simulation(A)),
        Reading.of(Setup(A), Setup(A, CHANGES), ("ratio",), ("b.ratio", "ratio")),
    ],
)
def test_a_trace_that_is_there_is_not_made_again(need: Need, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = need.compute(watch)
    known: Known = {Simulation(each): computed(each) for each in (A, B)}

    def simulate(*arguments: object) -> Run:
        raise AssertionError

    monkeypatch.setattr(needs, "simulate", simulate)
    assert str(need.compute(watch, known)) == str(alone)
    with pytest.raises(AssertionError):
        need.compute(watch)


def test_where_the_trace_failed_it_is_tried_again() -> None:
    found = SpectraOf(Simulation(A)).compute(watch, {Simulation(A): Failed("no memory")})
    assert not isinstance(found, Failed)


def test_why_there_is_no_result_can_be_said_in_another_language() -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment(depth=0, batch=0)
    problem = Failed.of(caught.value).problem
    assert isinstance(problem, Message)
    assert problem == "; ".join(map(str, caught.value.problems))
    assert len(caught.value.problems) == 2
    assert isinstance(Failed.of(MemoryError()).problem, Message)
