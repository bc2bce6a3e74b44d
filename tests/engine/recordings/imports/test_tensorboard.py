"""Event files that the real writers wrote; damaged ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard.writer import SummaryWriter

from gradtui_engine import ExperimentError
from gradtui_engine.recordings.imports.event_file import masked_crcs
from gradtui_engine.recordings.recording import Recording, open_recording


def imported(path: Path) -> Recording:
    return open_recording([path])


def notes(recording: Recording) -> str:
    return "\n".join(note.text for note in recording.notes)


def test_the_checksum() -> None:
    """RFC 3720: the CRC-32C of "123456789" is E3069283; of 32 zeros 8A9136AA."""

    def masked(crc: int) -> int:
        return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    assert masked_crcs([b"123456789", bytes(32), b""]) == [masked(0xE3069283), masked(0x8A9136AA), masked(0)]


def test_what_torch_writes(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(0, 300, 3):
            writer.add_scalar("Loss/train", 2 * 0.99**step if step != 150 else math.nan, step)
            writer.add_scalar("grad_norm", math.inf if step == 153 else step, step, new_style=True)
            writer.add_scalar("lr", 0.1, step, new_style=True, double_precision=True)
            writer.add_scalar("Loss/val", 3.0, step)
            writer.add_histogram("weights", torch.ones(9), step)
            writer.add_text("words", "loss", step)
    (file,) = tmp_path.iterdir()
    for path in (tmp_path, file):
        recording = imported(path)
        columns = recording.columns
        assert columns.steps.tolist() == [*range(0, 300, 3)]
        expected = [2 * 0.99**step if step != 150 else math.nan for step in range(0, 300, 3)]
        # Lines have five digits.
        np.testing.assert_allclose(columns.loss, expected, rtol=5e-5)
        assert columns.is_nan["loss"].nonzero()[0].tolist() == [50]
        assert columns.gradient_before[51] == math.inf
        assert columns.gradient_before[52] == 156
        assert columns.learning_rates[:, 0].tolist() == [0.1] * 100
        assert abs(columns.times[0] - file.stat().st_mtime) < 60
        assert "loss: Loss/train" in notes(recording)
        assert "3.000 at step 297" in notes(recording)


TENSORS = {
    "float content": TensorProto(dtype=1, tensor_content=np.float32(2.5).tobytes()),
    "double content": TensorProto(dtype=2, tensor_content=np.float64(2.5).tobytes()),
    "half content": TensorProto(dtype=19, tensor_content=np.float16(2.5).tobytes()),
    "float_val": TensorProto(dtype=1, float_val=[2.5]),
    "double_val": TensorProto(dtype=2, double_val=[2.5]),
}


@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_of_one_number(tmp_path: Path, kind: str) -> None:
    assert with_value(tmp_path, Summary.Value(tag="loss", tensor=TENSORS[kind])).columns.loss.tolist() == [2.5] * 2


@pytest.mark.parametrize("value", [7, -7, 2**40])
def test_whole_numbers(tmp_path: Path, value: int) -> None:
    tensor = TensorProto(dtype=9, int64_val=[value])
    assert (
        with_value(tmp_path, Summary.Value(tag="loss", tensor=tensor)).columns.loss.tolist()
        == [float(f"{value:.5g}")] * 2
    )


def with_value(folder: Path, value: Summary.Value) -> Recording:
    writer = EventFileWriter(str(folder))
    for step in range(2):
        writer.add_event(Event(step=step, wall_time=1.7e9, summary=Summary(value=[value])))
    writer.close()
    return imported(folder)


def test_a_tensor_of_several_numbers_is_no_scalar(tmp_path: Path) -> None:
    tensor = TensorProto(dtype=1, float_val=[1, 2])
    with pytest.raises(ExperimentError, match="no scalars"):
        with_value(tmp_path, Summary.Value(tag="loss", tensor=tensor))


def test_a_run_that_was_taken_up_again(tmp_path: Path) -> None:
    for place, (first, last, level) in enumerate(((0, 50, 1.0), (30, 60, 2.0))):
        with SummaryWriter(str(tmp_path), filename_suffix=f".{place}") as writer:
            for step in range(first, last):
                writer.add_scalar("loss", level, step)
    files = sorted(tmp_path.iterdir())
    files[0].rename(tmp_path / "events.out.tfevents.1")
    files[1].rename(tmp_path / "events.out.tfevents.2")
    columns = imported(tmp_path).columns
    assert columns.steps.tolist() == [*range(60)]
    assert columns.loss.tolist() == [1.0] * 30 + [2.0] * 30


def test_folders_of_one_run_and_of_several(tmp_path: Path) -> None:
    for name in ("train", "validation"):
        with SummaryWriter(str(tmp_path / "run" / name)) as writer:
            for step in range(3):
                writer.add_scalar("epoch_loss", 1.0 if name == "train" else 9.0, step)
    recording = imported(tmp_path / "run")
    assert recording.columns.loss.tolist() == [1.0] * 3
    assert "9.000" in notes(recording)
    assert imported(tmp_path).count == 3
    with SummaryWriter(str(tmp_path / "other")) as writer:
        writer.add_scalar("loss", 1.0, 0)
    with pytest.raises(ExperimentError, match="several runs: other, run"):
        open_recording([tmp_path])


def test_a_file_that_is_still_being_written_and_damaged_ones(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "a")) as writer:
        for step in range(20):
            writer.add_scalar("loss", 1.0, step)
    (file,) = (tmp_path / "a").iterdir()
    raw = file.read_bytes()
    file.write_bytes(raw[:-10])
    recording = imported(file)
    assert recording.columns.steps.tolist() == [*range(19)]
    assert "ends within a record" in notes(recording)
    for place in (len(raw) // 2, len(raw) // 2 + 7, len(raw) // 2 + 20, len(raw) - 2):
        damaged = bytearray(raw)
        damaged[place] ^= 0x41
        file.write_bytes(damaged)
        with pytest.raises(ExperimentError, match="damaged at byte"):
            open_recording([file])
