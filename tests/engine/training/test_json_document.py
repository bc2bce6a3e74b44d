"""The document of a training: what the history has, in strict JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment
from gradtui_engine.experiment.training import Training
from gradtui_engine.training.history import TrainingHistory, train
from gradtui_engine.training.json_document import document

SMALL = Experiment(depth=3, width=8, batch=8)
CELL = Experiment(cell="lstm", data="adding", steps=6, width=4, batch=8)


def read(history: TrainingHistory, other: TrainingHistory | None = None) -> Any:
    return json.loads(json.dumps(document(history, other), allow_nan=False))


@pytest.mark.parametrize("experiment", [SMALL, CELL])
def test_every_list_has_a_number_for_every_iteration(experiment: Experiment) -> None:
    history = train(Training(experiment=experiment, iterations=5, validate_every=2))
    found, columns = read(history), history.columns
    assert found["schema"] == 2
    assert found["loss"] == columns["loss"].tolist()
    assert found["learning_rate"] == columns["learning_rate"].tolist()
    assert [row["iteration"] for row in found["validation"]] == [0, 2, 4, 5]
    assert [stage["index"] for stage in found["stages"]] == list(range(columns["gradient"].shape[1]))
    for stage in found["stages"]:
        np.testing.assert_allclose(np.log10(stage["gradient_norm"]), columns["gradient"][:, stage["index"]], rtol=1e-12)
        assert {len(values) for name, values in stage.items() if name != "index"} == {5}
    assert "factor" not in found["stages"][-1]
    below, above = (np.array(found["stages"][index]["gradient_norm"]) for index in (1, 2))
    np.testing.assert_allclose(found["stages"][1]["factor"], below / above, rtol=1e-12)
    assert list(found["parameters"]) == list(history.trainer.network.parameters)
    assert (found["outcome"]["iteration"], found["outcome"]["iterations"]) == (4, 5)
    assert found["outcome"]["message"] in found["texts"]
    assert found["experiment"]["width"] == experiment.width
    assert Experiment.from_mapping(found["given"]) == experiment


def test_gates_are_those_of_the_cell_and_accuracy_that_of_classes() -> None:
    cell, layers = (train(Training(experiment=experiment, iterations=3)) for experiment in (CELL, SMALL))
    found = read(cell)
    assert list(found["gates"]) == ["input gate", "forget gate", "candidate", "output gate"]
    np.testing.assert_array_equal(np.array(found["gates"]["forget gate"], "f4"), cell.columns["gates"][:, 1])
    assert found["accuracy"] is None
    assert "cell_gradient_norm" in found["stages"][0]
    assert "gates" not in read(layers)
    assert len(read(layers)["accuracy"]) == 3


def test_what_diverged_says_where_and_its_numbers_are_words() -> None:
    wild = SMALL.replace(activation="relu", init="he_normal", learning_rate=1e30)
    found = read(train(Training(experiment=wild, iterations=50)), train(Training(experiment=SMALL, iterations=2)))
    outcome = found["outcome"]
    assert (outcome["kind"], outcome["severity"], outcome["iteration"]) == (
        "diverged",
        "critical",
        len(found["loss"]) - 1,
    )
    assert outcome["site"]
    assert {"inf", "nan"} & {str(loss) for loss in found["loss"]}
    assert found["b"]["outcome"]["kind"] != "diverged"
    assert found["b"].keys() == found.keys() - {"b"}
