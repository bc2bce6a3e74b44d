"""A large recording while it is still being read: all losses first, lines evenly spread, the others in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradtui_engine.recordings import reading
from gradtui_engine.recordings.recording import open_recording
from tests.recordings import mlp_lines, written

COUNT = 64


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of 64 events, of which four are read first, four at a time; at event k the first stage's gradient is 10^-k."""
    monkeypatch.setattr(reading, "_BATCH", 4)
    monkeypatch.setattr(reading, "_FIRST", 4)
    at = {(n, "acts.0"): {"grad": 10.0**-n} for n in range(COUNT)}
    return written(mlp_lines(layers=2, steps=COUNT, at=at), tmp_path / "run.jsonl")


def test_every_loss_is_known_first_and_lines_are_spread(file: Path) -> None:
    recording = open_recording([file])
    recording.refresh(0.0)
    assert recording.count == COUNT
    assert not recording.complete
    columns = recording.columns
    assert not np.isnan(columns.loss).any()
    known = np.flatnonzero(~np.isnan(columns.activations["grad"][:, 0])).tolist()
    assert known == [0, 16, 32, 48]
    assert np.isnan(columns.parameters["weight"][1]).all()
    assert columns.every_loss[0].tolist() == [*range(COUNT)]


def test_before_all_is_read_a_snapshot_shows_the_line_before(file: Path) -> None:
    recording = open_recording([file])
    recording.refresh(0.0)
    snapshot = recording.snapshot()
    shown = [16.0 * (event // 16) for event in range(COUNT)]
    assert not snapshot.complete
    assert snapshot.columns["gradient"][:, 0] == pytest.approx([-value for value in shown], abs=1e-12)
    before = snapshot.columns["gradient"].copy()
    recording.refresh()
    assert (snapshot.columns["gradient"] == before).all()
    whole = recording.snapshot()
    assert whole.complete
    assert whole.columns["gradient"][:, 0] == pytest.approx([-float(event) for event in range(COUNT)], abs=1e-12)


def test_an_events_record_is_read_when_it_is_asked_for(file: Path) -> None:
    recording = open_recording([file])
    assert recording.at(37).stages[0].gradient_norm == pytest.approx(1e-37)
    assert not recording.complete
    recording.refresh()
    assert recording.complete
    assert not recording.refresh()


def test_in_slices_of_time_it_comes_to_the_same(file: Path) -> None:
    slices, whole = open_recording([file]), open_recording([file])
    whole.refresh()
    while not slices.complete:
        assert slices.refresh(0.0)
    for one, other in ((slices.columns.activations, whole.columns.activations), (slices.summary, whole.summary)):
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name])
