"""Exports of Train over recorded trainings: what was recorded, step by step, as CSV, JSON and arrays."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from gradtui.share.exports import FORMATS, Material
from gradtui_engine.recordings.recording import Recording
from tests.recordings import lstm_lines, mlp_lines, recorded
from tests.tui.helpers import strict_json

LAYERS, STEPS, EVERY = 4, 6, 10


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A loss that is lost at the last step, and a gradient of 1e-3 behind the second module."""
    at = {(None, "acts.1"): {"grad": 1e-3}}
    lines = mlp_lines(LAYERS, STEPS, every=EVERY, at=at)
    lines[-2]["loss"] = "nan"
    return recorded(lines)


def exported(name: str, *recordings: Recording) -> bytes:
    """What a format writes of one recording, or of A and B."""
    snapshots = dict(zip("ab", (recording.snapshot() for recording in recordings), strict=False))
    file = io.BytesIO()
    FORMATS[name].write(Material(recordings[0].at(0), recorded=snapshots), file)
    return file.getvalue()


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode())))


def test_the_table_has_a_row_for_each_recorded_step_and_names_modules(recording: Recording) -> None:
    found = rows(exported("csv", recording))
    assert [int(row["step"]) for row in found] == [EVERY * k for k in range(STEPS)]
    assert "iteration" not in found[0]
    assert "accuracy" not in found[0]
    assert float(found[2]["gradient_norm_layers.1"]) == pytest.approx(1e-3)
    assert float(found[0]["loss"]) == 2.0
    assert found[-1]["loss"] == "nan"


def test_of_two_recordings_a_first_column_tells_them_apart(recording: Recording) -> None:
    other = recorded(mlp_lines(2, 3))
    found = rows(exported("csv", recording, other))
    assert [row["side"] for row in found] == ["a"] * STEPS + ["b"] * 3
    assert found[-1]["gradient_norm_layers.3"] == "", "B has no such module"


def test_the_document_is_strict_and_has_the_training_s_own_steps_and_every_loss(recording: Recording) -> None:
    document: dict[str, Any] = strict_json(exported("json", recording).decode())
    assert document["steps"] == [EVERY * k for k in range(STEPS)]
    assert document["loss"][-1] == "nan"
    assert document["losses"]["steps"] == list(range(EVERY * (STEPS - 1) + 1))[: len(document["losses"]["steps"])]
    assert len(document["losses"]["steps"]) > STEPS, "the losses between the recorded steps are there too"
    assert [stage["place"] for stage in document["stages"]] == [f"layers.{layer}" for layer in range(LAYERS)]
    assert document["stages"][1]["gradient_norm"] == pytest.approx([1e-3] * STEPS)
    assert "factor" not in document["stages"][-1]
    assert document["parameters"]["layers.0.weight"]["update_ratio"] == pytest.approx([1e-3] * STEPS)


def test_of_a_race_b_is_beside_it(recording: Recording) -> None:
    other = recorded(mlp_lines(2, 3))
    document = json.loads(exported("json", recording, other))
    assert len(document["loss"]) == STEPS
    assert len(document["b"]["loss"]) == 3


def test_the_arrays_are_those_of_the_snapshot(recording: Recording) -> None:
    arrays = np.load(io.BytesIO(exported("npz", recording)), allow_pickle=False)
    snapshot = recording.snapshot()
    np.testing.assert_array_equal(arrays["steps"], snapshot.steps)
    np.testing.assert_array_equal(arrays["loss"], snapshot.columns["loss"])
    np.testing.assert_array_equal(arrays["gradient_norm"], snapshot.summary["gradient_norm"])
    both = np.load(io.BytesIO(exported("npz", recording, recording)), allow_pickle=False)
    assert {name.partition("/")[0] for name in both.files} == {"a", "b"}


def test_over_time_a_stage_is_a_time_step() -> None:
    recording = recorded(lstm_lines(3, times=5))
    file = io.BytesIO()
    FORMATS["csv"].write(Material(recording.at(0, axis="lstm"), recorded={"a": recording.snapshot("lstm")}), file)
    (first, *_) = rows(file.getvalue())
    assert float(first["gradient_norm_5"]) == 1.0
    assert float(first["cell_gradient_norm_0"]) == pytest.approx(0.8**5)
