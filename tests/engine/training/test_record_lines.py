"""The record of a training, line by line, beside the traces of the same iterations."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import Experiment
from gradtui_engine.core.numerics import norm
from gradtui_engine.experiment.training import Training
from gradtui_engine.training import record_lines
from gradtui_engine.training.history import TrainingHistory
from gradtui_engine.training.record_lines import Recorder
from gradtui_engine.training.trainer import Trainer

SMALL = Experiment(depth=3, width=8, batch=8, activation="relu", init="he_normal", clip="norm", clip_threshold=0.1)
CELL = Experiment(cell="lstm", data="adding", steps=6, width=4, batch=8)


def recorded(training: Training, path: Path) -> tuple[TrainingHistory, list[dict[str, Any]]]:
    history = TrainingHistory(Trainer(training))
    with Recorder(path, history, "gradtui train --depth 3") as recorder:
        while not history.done:
            history.advance(1)
            recorder.step()
        recorder.end("done")
    return history, [json.loads(line) for line in path.read_text().splitlines()]


def test_a_step_has_what_the_iterations_trace_has(tmp_path: Path) -> None:
    history, lines = recorded(Training(experiment=SMALL, iterations=5), tmp_path / "run.jsonl")
    run, *steps, end = lines
    assert (run["k"], run["schema"], run["command"], end["k"], end["n"]) == (
        "run", 1, "gradtui train --depth 3", "end", 5,
    )  # fmt: skip
    assert [name for name, *_ in run["modules"]] == ["layers.1", "layers.2", "layers.3", "output"]
    assert [step["n"] for step in steps] == list(range(5))
    for step in steps:
        trace = history.at(step["n"]).trace
        assert step["loss"] == trace.loss
        assert step["lr"] == [trace.resolved.learning_rate]
        before = norm(np.array([norm(array) for array in trace.parameter_gradients.values()]))
        after = norm(np.array([norm(array) for array in trace.clipped.values()]))
        assert step["gn"] == pytest.approx([before, after], rel=1e-12)
        for module, call, mean, rms, least, most, off, _, gradient, zero in step["a"][:-1]:
            state = trace.values[f"h/{module + 1}"]
            assert call == 0
            assert [mean, least, most] == pytest.approx([state.mean(), state.min(), state.max()], rel=1e-12)
            assert rms == pytest.approx(float(np.sqrt((state**2).mean())), rel=1e-12)
            assert off == pytest.approx(float((state == 0).all(axis=0).mean()))
            assert gradient == pytest.approx(norm(trace.gradients[f"h/{module + 1}"]), rel=1e-12)
            assert zero == float((trace.gradients[f"h/{module + 1}"] == 0).mean())
        assert step["a"][-1][8] == pytest.approx(norm(trace.gradients["output"]), rel=1e-12)
        for index, gradient, weight, update, _ in step["p"]:
            name = run["params"][index][0]
            assert gradient == pytest.approx(norm(trace.clipped[name]), rel=1e-12)
            assert weight == pytest.approx(norm(trace.parameters[name]), rel=1e-12)
            assert float(update) == pytest.approx(trace.update_ratio(name), rel=1e-12)


def test_of_a_cell_every_time_step_is_a_call_and_the_sequence_has_the_gradients(tmp_path: Path) -> None:
    history, lines = recorded(Training(experiment=CELL, iterations=2), tmp_path / "run.jsonl")
    step, trace = lines[2], history.at(1)
    sizes = {"input_size": 2, "hidden_size": 4, "num_layers": 1}
    assert lines[0]["modules"] == [
        ["lstm", "LSTM", "LSTM", sizes], ["output", "Linear", "Linear", {"in_features": 4, "out_features": 1}],
    ]  # fmt: skip
    assert [(module, call) for module, call, *_ in step["a"]] == [*((0, time) for time in range(6)), (1, 0)]
    (sequence,) = step["seq"]
    (layer,) = sequence["l"]
    assert layer["h"] == pytest.approx([stage.gradient_norm for stage in trace.stages], rel=1e-12)
    assert layer["c"] == pytest.approx([stage.cell_gradient_norm for stage in trace.stages], rel=1e-12)
    assert layer["f"] == pytest.approx(history.columns["gates"][1, 1].tolist())


def test_a_file_that_grows_is_thinned_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_lines, "THINNED", 6000)
    monkeypatch.setattr(record_lines, "MOST", 30000)
    history, lines = recorded(Training(experiment=SMALL, iterations=400), tmp_path / "run.jsonl")
    steps = [line for line in lines if line["k"] == "step"]
    assert lines[-1]["why"] == "size"
    assert (tmp_path / "run.jsonl").stat().st_size < 30000 + 5000
    distances = [later["n"] - earlier["n"] for earlier, later in itertools.pairwise(steps)]
    assert distances[0] == 1
    assert distances[-1] >= 4
    assert distances == sorted(distances)
    # No loss is lost: those between two steps stand in the next one.
    known = {loss[0]: loss[1] for step in steps for loss in [*step["ring"], [step["n"], step["loss"]]]}
    assert known == dict(enumerate(history.columns["loss"][: steps[-1]["n"] + 1].tolist()))


def test_the_file_is_whole_while_it_is_written(tmp_path: Path) -> None:
    history = TrainingHistory(Trainer(Training(experiment=SMALL, iterations=3)))
    path = tmp_path / "run.jsonl"
    recorder = Recorder(path, history, "gradtui train")
    for count in range(1, 4):
        history.advance(1)
        recorder.step()
        assert [json.loads(line)["k"] for line in path.read_text().splitlines()] == ["run", *["step"] * count]
    recorder.close()


def test_a_disk_that_is_full_ends_the_record_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = TrainingHistory(Trainer(Training(experiment=SMALL, iterations=2)))
    recorder = Recorder(tmp_path / "run.jsonl", history, "gradtui train")

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record_lines.os, "write", full)
    history.advance(1)
    recorder.step()
    history.advance(1)
    recorder.step()
    recorder.end("done")
    assert recorder.failure is not None
    assert recorder.failure.errno == 28
    assert history.done
