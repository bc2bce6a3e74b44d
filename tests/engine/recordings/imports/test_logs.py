"""Logs of other tools become recordings: every number at its step, and what is not in them is said."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import ExperimentError
from gradtui_engine.recordings.imports import log as logs
from gradtui_engine.recordings.imports.importers import imported, is_run_folder
from gradtui_engine.recordings.recording import Recording, open_recording
from tests import recordings
from tests.engine.recordings.checkpoints.files import written


def opened(path: Path) -> Recording:
    recording = open_recording([path])
    assert recording.complete
    return recording


def of(folder: Path, text: str, name: str = "log.csv") -> Recording:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return opened(path)


def refusal(path: Path) -> str:
    with pytest.raises(ExperimentError) as error:
        open_recording([path])
    return str(error.value)


def notes(recording: Recording) -> str:
    return "\n".join(note.text for note in recording.notes)


def same(values: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(np.asarray(values, float), expected)


# -- trainer_state.json ------------------------------------------------------------------------------------


def trainer_state(**other: Any) -> str:
    """As TrainerState.save_to_json writes it: NaN and Infinity are bare."""
    history = [
        {"epoch": 0.1, "grad_norm": 1.5, "learning_rate": 5e-5, "loss": 2.5, "step": 10},
        {"epoch": 0.2, "grad_norm": math.inf, "learning_rate": 4e-5, "loss": 2.25, "step": 20},
        {"epoch": 0.2, "eval_loss": 2.4, "eval_runtime": 0.1, "step": 20},
        {"epoch": 0.3, "grad_norm": math.nan, "learning_rate": 3e-5, "loss": math.nan, "step": 30},
        {"epoch": 0.3, "eval_loss": math.nan, "eval_runtime": 0.1, "step": 30},
        {"epoch": 0.3, "step": 30, "total_flos": 1.0, "train_loss": 2.3, "train_runtime": 9.0},
    ]
    document = {"best_metric": None, "epoch": 0.3, "global_step": 30, "log_history": history, "logging_steps": 10}
    return json.dumps(document | other, indent=2, sort_keys=True)


def test_trainer_state(tmp_path: Path) -> None:
    text = trainer_state()
    assert "NaN" in text
    assert "Infinity" in text
    recording = of(tmp_path, text, "trainer_state.json")
    columns = recording.columns
    same(columns.steps, [10, 20, 30])
    same(columns.loss, [2.5, 2.25, math.nan])
    assert columns.is_nan["loss"].tolist() == [False, False, True]
    same(columns.gradient_before, [1.5, math.inf, math.nan])
    assert columns.is_nan["gradient_before"].tolist() == [False, False, True]
    same(columns.learning_rates[:, 0], [5e-5, 4e-5, 3e-5])
    assert recording.ended is not None
    assert "logging_nan_inf_filter" in notes(recording)
    assert "every 10 steps" in notes(recording)
    assert "lowest 2.400 at step 20" in notes(recording)
    assert "dated, not located" in notes(recording)


def test_trainer_state_by_another_name_and_in_its_folder(tmp_path: Path) -> None:
    of(tmp_path, trainer_state(), "copy.txt")
    (tmp_path / "checkpoint-30").mkdir()
    (tmp_path / "checkpoint-30/trainer_state.json").write_text(trainer_state())
    assert opened(tmp_path / "checkpoint-30").count == 3


@pytest.mark.parametrize(
    "text", [trainer_state()[:-40], trainer_state(log_history=[]), '{"log_history": ' + "[" * 10**5]
)
def test_trainer_states_that_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(text)
    assert str(path) in refusal(path)


# -- tables ------------------------------------------------------------------------------------------------

LIGHTNING = """\
epoch,lr-Adam,step,train_loss_epoch,train_loss_step,val_loss
,0.1,0,,,
0,,0,,2.5,
0,,1,,2.25,
0,,1,,,3.0
0,,1,2.375,,
,0.01,2,,,
1,,2,,nan,
1,,3,,inf,
1,,3,,,nan
"""


def test_lightnings_sparse_rows_are_joined_by_their_step(tmp_path: Path) -> None:
    recording = of(tmp_path, LIGHTNING, "metrics.csv")
    columns = recording.columns
    same(columns.steps, [0, 1, 2, 3])
    same(columns.loss, [2.5, 2.25, math.nan, math.inf])
    # A cell without anything is no nan.
    assert columns.is_nan["loss"].tolist() == [False, False, True, False]
    same(columns.learning_rates[:, 0], [0.1, 0.1, 0.01, 0.01])
    assert "loss: train_loss_step" in notes(recording)
    assert "train_loss_epoch" in notes(recording)
    assert "3.000 at step 1" in notes(recording)


def test_the_folder_of_a_lightning_run(tmp_path: Path) -> None:
    (tmp_path / "version_0").mkdir()
    of(tmp_path / "version_0", LIGHTNING, "metrics.csv")
    assert opened(tmp_path / "version_0").count == 4
    assert is_run_folder(tmp_path / "version_0")
    # A folder of recordings is one, whatever else lies in it.
    recordings.written(recordings.mlp_lines(), tmp_path / "version_0/run.jsonl")
    assert not is_run_folder(tmp_path / "version_0")
    assert not is_run_folder(tmp_path)


def test_keras_counts_epochs(tmp_path: Path) -> None:
    text = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.1,2.3,0.1,2.2\n1,0.2,2.0,0.2,2.1\n2,0.3,1.9,0.2,2.3\n"
    recording = of(tmp_path, text)
    same(recording.columns.steps, [0, 1, 2])
    same(recording.columns.loss, [2.3, 2.0, 1.9])
    assert "a row for each epoch" in notes(recording)


def test_other_ways_to_write_a_table(tmp_path: Path) -> None:
    semicolons = of(tmp_path, "iter;loss;lr\n1;2,5;0,1\n2;2,25;0,1\n3;2,125;0,1\n")
    same(semicolons.columns.loss, [2.5, 2.25, 2.125])
    tabs = of(tmp_path, "# a run\nstep\ttrain/loss\tgrad_norm\n100\t1e-3\t2\n200\t5e-4\t1\n", "log.tsv")
    same(tabs.columns.steps, [100, 200])
    same(tabs.columns.gradient_before, [2, 1])
    tensors = of(tmp_path, "step,loss\n1,tensor(2.5000)\n2,\"tensor(2.2500, device='cuda:0')\"\n")
    same(tensors.columns.loss, [2.5, 2.25])


def test_a_step_that_begins_anew_each_epoch(tmp_path: Path) -> None:
    recording = of(tmp_path, "epoch,batch,loss\n0,0,3\n0,1,2\n1,0,1\n1,1,0.5\n")
    same(recording.columns.steps, [0, 1, 2, 3])
    assert "batch begins anew" in notes(recording)


def test_a_header_within_and_a_line_that_is_being_written(tmp_path: Path) -> None:
    recording = of(tmp_path, "step,loss,lr\n1,3,0.1\n2,2,0.1\nstep,loss,lr\n3,1,0.1\n4,0.")
    same(recording.columns.loss, [3, 2, 1])
    assert "2 lines were left out" in notes(recording)


def test_json_lines(tmp_path: Path) -> None:
    lines = [{"step": k, "loss": 2.0 / (k + 1), "note": "x", "lr": 0.1} for k in range(5)] + [
        {"step": 5, "loss": "nan"}
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 6, "lo'
    recording = of(tmp_path, text, "log.jsonl")
    same(recording.columns.steps, range(6))  # type: ignore[arg-type]
    assert recording.columns.is_nan["loss"][5]
    assert "1 lines could not be read" in notes(recording)


def test_times_are_seconds_since_1970_and_no_others(tmp_path: Path) -> None:
    same(of(tmp_path, "step,loss,timestamp\n1,2,1700000000\n2,1,1700000060\n").columns.times, [1.7e9, 1.70000006e9])
    assert np.isnan(of(tmp_path, "step,loss,time\n1,2,0.5\n2,1,1.5\n").columns.times).all()


def test_a_long_log_has_every_loss_in_rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_LINES", 10)
    rows = "".join(f"{k},{'nan' if k == 57 else 1 + k / 1000}\n" for k in range(100))
    recording = of(tmp_path, "step,loss\n" + rows)
    steps, losses = recording.columns.every_loss
    same(steps, range(100))  # type: ignore[arg-type]
    assert recording.count == 12
    same(losses[:57], [1 + k / 1000 for k in range(57)])
    assert math.isnan(losses[57])


# -- what is none ------------------------------------------------------------------------------------------


def test_a_table_without_a_loss_says_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("sepal,species\n1.2,a\n1.3,b\n")
    assert "sepal" in refusal(path)
    path = path.rename(tmp_path / "iris.txt")
    assert imported([path]) is None


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\x01", b"hello", b"{}", b"[1, 2]", b"import torch\n\nloss = 3\n", b"\xff" * 99]
)
def test_other_files_are_none(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(raw)
    assert imported([path]) is None


def test_a_recording_of_ours_is_none(tmp_path: Path) -> None:
    path = recordings.written(recordings.mlp_lines(), tmp_path / "run.jsonl")
    assert open_recording([path]).count == 4
    assert imported([tmp_path]) is None
    # Neither is one that begins with something else.
    text = path.read_text()
    path.write_text("{}\n" + text)
    assert imported([path]) is None


def test_a_checkpoint_alone_is_looked_at_elsewhere(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", {"l.weight": np.ones((2, 2))})
    assert "gradtui model" in refusal(path)


def test_names_reach_no_terminal_with_control_characters(tmp_path: Path) -> None:
    recording = of(tmp_path, "step,loss\x1b[2J,b\n1,2,3\n2,1,3\n")
    assert "\x1b" not in notes(recording)


# -- two checkpoints ---------------------------------------------------------------------------------------


def test_two_checkpoints_are_two_events(tmp_path: Path) -> None:
    same_rows = np.ones((3, 4))
    before = {"a.weight": np.full((2, 2), 1.5), "b.weight": same_rows, "b.bias": np.zeros(3)}
    after = {"a.weight": np.full((2, 2), math.nan), "b.weight": 2 * same_rows, "b.bias": np.zeros(3)}
    paths = [written(tmp_path / f"{name}.safetensors", arrays) for name, arrays in (("a", before), ("b", after))]
    recording = open_recording(paths)
    assert recording.count == 2
    assert [row.name for row in recording.header.parameters] == ["a.weight", "b.weight", "b.bias"]
    norms = recording.columns.parameters["weight"]
    np.testing.assert_allclose(norms, [[3, math.sqrt(12), 0], [math.nan, 2 * math.sqrt(12), 0]], rtol=5e-5)
    assert recording.columns.parameters_nan["weight"].tolist() == [[False] * 3, [True, False, False]]
    assert "b.bias" in notes(recording)


def test_a_log_is_read_as_a_whole_training(tmp_path: Path) -> None:
    """It is not followed while it grows: what is asked of a whole training is asked of what there is."""
    recording = of(tmp_path, "step,loss\n1,2\n5,1\n")
    assert recording.ended is not None
    assert recording.ended.step == 6
