"""A cell: computed from plain types, whatever happens."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import pytest

from gradtui_engine import Experiment, Sweep, Training, simulate, train
from gradtui_engine.core.message import Message
from gradtui_engine.sweeps import cell as cells
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import Cell, compute, middle

from .plans import SMALL, TRAINED


def cell_of(sweep: Sweep, i: int = 0, j: int = 0, **more: Any) -> Cell:
    result = compute({**sweep.plain(i, j), **more})
    # As a store and every executor hand it on.
    result = pickle.loads(pickle.dumps(json.loads(json.dumps(result, allow_nan=False))))
    return Cell.of(i, j, sweep.measures, result)


def test_a_cell_is_what_the_experiment_comes_to() -> None:
    run, cell = simulate(SMALL.experiment_at(1, 1)), cell_of(SMALL, 1, 1)
    expected = {"ratio": run.outcome.ratio, "kind": run.outcome.signal.kind, "gradient@first": None}
    assert {**cell.values, "gradient@first": None} == expected
    assert cell.values["gradient@first"] == run.stages[1].gradient_norm
    assert (cell.reason, cell.failed, cell.lasting) == ("", False, True)
    assert cell.seconds > 0


def test_a_trained_cell_is_what_its_training_comes_to_over_the_seeds() -> None:
    cell = cell_of(TRAINED, 1, 0)
    ends = []
    for seed in TRAINED.repeats:
        training = TRAINED.training_at(1, 0)
        assert training is not None
        history = train(training.replace(seed=seed))
        assert history.outcome is not None
        ends.append(history.outcome.numbers["end"])
        last = history.at(history.count - 1)
        assert cell.repeats["ratio[last]"][TRAINED.repeats.index(seed)] == last.outcome.ratio
    assert cell.repeats["loss"] == tuple(ends)
    assert cell.values["loss"] == sum(ends) / 2
    assert cell.repeats["ratio"] == tuple(
        simulate(TRAINED.experiment_at(1, 0).replace(seed=seed)).outcome.ratio for seed in TRAINED.repeats
    )


def test_the_middle_of_the_seeds() -> None:
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert middle([3.0, 1.0]) == 2.0
    assert middle([1.0, None, 3.0, None, 2.0]) == 2.0
    assert middle([None, None]) is None
    assert middle([math.inf, 1.0, 2.0]) == 2.0
    assert middle([math.inf, math.inf]) == math.inf
    assert middle([math.nan, 1.0, 2.0]) == 2.0  # one that has no number is as bad as can be
    assert math.isnan(float(middle([math.nan, math.nan, 1.0]) or 0))
    assert middle(["healthy", "dead", "dead"]) == "dead"
    assert middle(["healthy", "dead"]) == "healthy"


def test_an_overflow_is_a_number_that_is_not_finite_with_the_place_where_it_began() -> None:
    sweep = Sweep(
        base=Experiment(depth=60, width=16, activation="linear", init_scale=1e8, data="gaussian"),
        x=Axis.parse("gain=1,2"), measures=("loss", "ratio", "kind"),
    )  # fmt: skip
    cell = cell_of(sweep)
    loss = cell.values["loss"]
    assert isinstance(loss, float)
    assert not math.isfinite(loss)
    assert cell.values["kind"] == "non_finite"
    assert "layer" in cell.reason
    assert isinstance(cell.reason, Message)
    assert cell.reason.values
    assert cell.lasting


def test_a_training_that_diverges_ends_early_and_says_when() -> None:
    sweep = Sweep(
        base=Experiment(depth=3, width=16, activation="linear", learning_rate=100.0),
        x=Axis.parse("gain=1,2"), measures=("loss", "trains", "diverged_at"), training=Training(iterations=10**6),
    )  # fmt: skip
    cell = cell_of(sweep)
    assert cell.values["trains"] == 0
    at = cell.values["diverged_at"]
    assert isinstance(at, float)
    assert at < 100
    assert f"diverged at iteration {at:.0f}" in cell.reason


def test_what_a_training_has_not_come_to_is_none_with_a_reason() -> None:
    sweep = TRAINED.replace(measures=("accuracy", "iterations_to@1e-9"), repeats=())
    cell = cell_of(sweep)
    assert cell.values["iterations_to@1e-9"] is None
    assert cell.values["accuracy"] is not None
    assert "iterations_to" in cell.reason
    assert not cell.failed


@pytest.mark.parametrize(
    ("sweep", "says", "lasting"),
    [
        (Sweep(x=Axis.parse("batch=64,4000")), "batch: 4000 given", True),
        (Sweep(base=Experiment(cell="rnn"), x=Axis.parse("activation=tanh,gelu")), "gelu", True),
        (Sweep(base=Experiment(data="csv:/nowhere.csv"), x=Axis.parse("gain=1,2")), "/nowhere.csv", True),
        (Sweep(x=Axis.parse("width=8,65536")), "GiB of trace", True),
        (Sweep(x=Axis.parse("depth=2,9"), measures=("gradient@5", "ratio")), "", True),
    ],
)
def test_a_cell_that_cannot_be_says_why_and_never_raises(sweep: Sweep, says: str, lasting: bool) -> None:
    cell = cell_of(sweep, 1)
    assert says in cell.reason
    assert cell.failed == bool(says)
    assert cell.lasting == lasting


def test_a_place_that_a_cell_does_not_have_is_the_one_number_that_is_missing() -> None:
    sweep = Sweep(x=Axis.parse("depth=2,9"), measures=("gradient@5", "ratio"))
    cell = cell_of(sweep, 0)
    assert cell.values["gradient@5"] is None
    assert cell.values["ratio"] is not None
    assert "gradient@5: there are stages 0 to 2" in cell.reason


def test_the_memory_of_a_cell_is_looked_at_before_anything_is_allocated() -> None:
    cell = cell_of(SMALL, 0, 1, memory=1000)
    assert cell.failed
    assert "GiB of trace" in cell.reason


@pytest.mark.parametrize(
    ("error", "says", "lasting"),
    [
        (MemoryError(), "not enough memory", False),
        (OSError(5, "broken disk"), "broken disk", False),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero", True),
        (RecursionError("deep"), "RecursionError: deep", True),
    ],
)
def test_whatever_is_raised_is_a_reason(
    error: Exception, says: str, lasting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def simulate(*_: object) -> None:
        raise error

    monkeypatch.setattr(cells, "simulate", simulate)
    cell = cell_of(SMALL)
    assert cell.failed
    assert says in cell.reason
    assert cell.lasting == lasting


def test_a_cell_of_a_training_costs_little_more_than_the_training() -> None:
    """Nothing is kept for who looks back, and what a validation every 25 iterations would cost is not paid."""
    sweep = TRAINED.replace(measures=("accuracy",), repeats=(), training=Training(iterations=30, validate_every=1))
    made: list[Any] = []

    class Watched(cells.TrainingHistory):
        def __init__(self, trainer: Any) -> None:
            super().__init__(trainer)
            made.append(trainer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "TrainingHistory", Watched)
        cell_of(sweep)
    (trainer,) = made
    assert trainer.checkpoints.iterations == (0,)
    assert [row.iteration for row in trainer.validations] == [0, 30]
    assert "std" not in trainer.columns.read()
