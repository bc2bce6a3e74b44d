"""The JSON document: the keys of the contract, strict also where numbers are not finite."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from hypothesis import given

from gradtui_engine import Experiment, Trace, simulate
from gradtui_engine.analysis.json_document import document, strict
from gradtui_engine.cells.table import CELLS
from gradtui_engine.experiment.experiment import options
from tests.engine.helpers import drawn, small
from tests.engine.strategies import small_experiments

PARTS = {
    "mlp": ["activation", "weight"],
    "lstm": ["cell", "direct", "gates", "cosine"],
    "gru": ["whole", "direct", "gates", "cosine"],
    "mgu": ["whole", "direct", "gates", "cosine"],
    "lru": ["whole"],
    "mingru": ["whole", "direct", "gates", "cosine"],
    "rnn": ["whole"],
    "transformer": ["skip", "attention", "mlp", "cosine", "cosine_skip_mlp", "cosine_attention_mlp"],
}


def broken(cell: str) -> Experiment:
    """An experiment with numbers in its document that are not finite: an overflow, or factors of 0/0."""
    if cell == "mlp":
        return Experiment(depth=60, width=8, batch=4, activation="linear", gain=1e30, dtype="float32")
    return small(cell, init="zeros")


every_cell = pytest.mark.parametrize("cell", CELLS.names)


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is not JSON")


def printed(trace: Trace) -> dict[str, Any]:
    """The document as a strict reader gets it."""
    text = json.dumps(document(trace), allow_nan=False)
    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


@every_cell
def test_the_document_has_the_keys_of_the_contract(cell: str) -> None:
    trace = simulate(small(cell))
    found = printed(trace)
    assert found.keys() >= {"schema", "experiment", "loss", "axis", "outcome", "stages"}
    assert found["schema"] == 1
    assert found["axis"] == CELLS[cell].axis
    assert found["outcome"].keys() >= {"kind", "site", "message"}
    for index, stage in enumerate(found["stages"]):
        wanted = {"index", "gradient_norm", "gradient_rms", "factor", "factors", "activation"}
        assert stage.keys() >= wanted | ({"cell_gradient_norm"} if cell == "lstm" else set())
        assert ("cell_gradient_norm" in stage) == (cell == "lstm")
        assert stage["index"] == index
        assert stage["activation"].keys() == {"mean", "std", "saturated", "dead"}
        assert list(stage["factors"]) == (PARTS[cell] if index < len(found["stages"]) - 1 else [])


@every_cell
def test_the_document_has_the_traces_numbers(cell: str) -> None:
    trace = simulate(small(cell))
    found = printed(trace)
    assert found["loss"] == trace.loss
    outcome = {
        "kind": trace.outcome.signal.kind,
        "site": trace.outcome.signal.site,
        "message": trace.outcome.signal.message,
    }
    assert found["outcome"].items() >= outcome.items()
    for row, stage in zip(found["stages"], trace.stages, strict=True):
        assert row["gradient_norm"] == stage.gradient_norm
        assert row["gradient_rms"] == stage.gradient_rms
        assert row["factor"] == stage.factor
        assert row["factors"] == stage.factors
        assert row.get("cell_gradient_norm") == stage.cell_gradient_norm
        assert row["activation"]["mean"] == stage.activation.mean
        assert row["activation"]["dead"] == stage.activation.dead


@every_cell
def test_the_factor_is_null_for_the_last_stage_and_a_number_for_every_other(cell: str) -> None:
    *rest, last = printed(simulate(small(cell)))["stages"]
    assert last["factor"] is None
    assert all(isinstance(stage["factor"], float) for stage in rest)


@every_cell
def test_the_documents_experiment_is_resolved_and_makes_the_experiment_again(cell: str) -> None:
    trace = simulate(small(cell))
    fields = printed(trace)["experiment"]
    assert None not in (fields["data"], fields["batch"], fields["inputs"])
    assert fields["steps"] == (8 if CELLS[cell].reads_sequences else None)
    again = simulate(Experiment.from_mapping(fields))
    assert printed(again)["stages"] == printed(trace)["stages"]
    # An update was not asked for, and its numbers are there nevertheless.
    assert replace(again.resolved, asks_for_update=False) == trace.resolved


@drawn(30)
@given(small_experiments())
def test_a_document_says_what_was_given_and_makes_the_experiment_again(experiment: Experiment) -> None:
    found = printed(simulate(experiment))
    assert Experiment.from_mapping(found["given"]) == experiment
    assert found["given"].items() <= found["experiment"].items()
    assert list(found["experiment"]) == list(options())


@every_cell
def test_a_document_of_numbers_that_are_not_finite_is_strict_json(cell: str) -> None:
    found = printed(simulate(broken(cell)))
    numbers = [stage["factor"] for stage in found["stages"][:-1]]
    assert "nan" in numbers


def test_a_loss_that_is_not_finite_is_a_string() -> None:
    trace = simulate(broken("mlp"))
    assert not math.isfinite(trace.loss)
    assert printed(trace)["loss"] == str(trace.loss)


def test_every_number_that_is_not_finite_is_spelled_at_any_depth() -> None:
    given = {"a": [math.inf, (-math.inf, {"b": math.nan})], "c": 1.5, "d": None, "e": "nan", "f": True, "g": 3}
    wanted = {"a": ["inf", ["-inf", {"b": "nan"}]], "c": 1.5, "d": None, "e": "nan", "f": True, "g": 3}
    assert strict(given) == wanted
