"""What `train --record` writes, read again, beside the training itself: the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradtui_engine import Experiment
from gradtui_engine.core.numerics import norm
from gradtui_engine.experiment.training import Training
from gradtui_engine.recordings.recording import Recording, open_recording
from gradtui_engine.training.history import TrainingHistory
from gradtui_engine.training.record_lines import Recorder
from gradtui_engine.training.trainer import Trainer

MLP = Experiment(depth=3, width=8, batch=8, activation="relu", init="he_normal", clip="norm", clip_threshold=0.1)
CELL = Experiment(cell="lstm", data="adding", steps=6, width=4, batch=8)
#: A spread of rms and mean loses a digit or two where the mean is large beside it; and a training keeps its statistics
#: in float32, whose numbers are 6e-8 apart.
CLOSE, OF_STATISTICS = 1e-9, 1e-6


def recorded(experiment: Experiment, path: Path, iterations: int = 6) -> tuple[TrainingHistory, Recording]:
    history = TrainingHistory(Trainer(Training(experiment=experiment, iterations=iterations)))
    with Recorder(path, history, "gradtui train") as recorder:
        while not history.done:
            history.advance(1)
            recorder.step()
        recorder.end("done")
    recording = open_recording([path])
    recording.refresh()
    return history, recording


def test_of_a_network_of_layers(tmp_path: Path) -> None:
    history, recording = recorded(MLP, tmp_path / "run.jsonl")
    trained, read = history.snapshot(), recording.snapshot()
    assert read.count == trained.count == 6
    assert read.parameters == trained.parameters
    assert read.places == ("layers.1", "layers.2", "layers.3", "output")
    for name in ("loss", "learning_rate", "update_ratio"):
        np.testing.assert_array_equal(read.columns[name], trained.columns[name])
    for name in ("gradient", "std", "saturated", "dead"):
        # The recording has no input, and knows its output, too.
        rtol = CLOSE if name == "gradient" else OF_STATISTICS
        np.testing.assert_allclose(read.columns[name][:, :-1], trained.columns[name][:, 1:], rtol=rtol)
    for k in (0, 5):
        iteration, record = history.at(k), recording.at(k)
        assert record.loss == iteration.loss
        assert [stage.gradient_norm for stage in record.stages[:-1]] == pytest.approx(
            [stage.gradient_norm for stage in iteration.stages[1:]], rel=CLOSE
        )
        for name, numbers in iteration.parameter_numbers.items():
            mine = record.parameter_numbers[name]
            assert (mine.norm, mine.gradient_norm) == pytest.approx((numbers.norm, numbers.clipped_norm), rel=CLOSE)
            assert mine.update_ratio == pytest.approx(numbers.update_ratio, rel=CLOSE)
        gradients = iteration.trace.parameter_gradients
        before = norm(np.array([norm(gradient) for gradient in gradients.values()]))
        assert recording.columns.gradient_before[k] == pytest.approx(before, rel=CLOSE)
    assert recording.header.given == history.training.experiment.given()
    assert recording.header.guess == pytest.approx(history.guess)
    assert recording.still_symmetric == ()
    assert recording.notes == ()


def test_of_a_cell_over_time(tmp_path: Path) -> None:
    history, recording = recorded(CELL, tmp_path / "run.jsonl")
    trained, read = history.snapshot(), recording.snapshot("lstm")
    assert recording.axes == ("", "lstm")
    assert (read.axis, trained.axis) == ("time", "time")
    for name, rtol in {"gradient": CLOSE, "cell_gradient": CLOSE, "gates": OF_STATISTICS}.items():
        np.testing.assert_allclose(read.columns[name], trained.columns[name], rtol=rtol)
    iteration, record = history.at(3), recording.at(3, axis="lstm")
    for mine, stage in zip(record.stages, iteration.stages, strict=True):
        assert mine.place == stage.place
        assert mine.gradient_norm == pytest.approx(stage.gradient_norm, rel=CLOSE)
        assert mine.cell_gradient_norm == pytest.approx(stage.cell_gradient_norm, rel=CLOSE)
    for mine, stage in zip(record.stages[1:], iteration.stages[1:], strict=True):
        assert mine.activation_mean == pytest.approx(stage.activation_mean, rel=CLOSE, abs=CLOSE)
        assert mine.activation_std == pytest.approx(stage.activation_std, rel=CLOSE)
    assert [stage.place for stage in recording.stages] == ["lstm", "output"]


def test_every_loss_is_there_where_lines_were_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradtui_engine.training.record_lines.THINNED", 6000)
    history, recording = recorded(MLP, tmp_path / "run.jsonl", iterations=60)
    assert recording.count < 60
    steps, losses = recording.columns.every_loss
    assert steps.tolist() == [*range(60)]
    assert losses.tolist() == history.columns["loss"].tolist()
