"""wandb's own file, written by hand: a LevelDB log of protocol buffers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradtui_engine import ExperimentError
from gradtui_engine.recordings.recording import Recording, open_recording

BLOCK = 32768


def varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def message(field: int, raw: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def history(row: dict[str, Any], step: int, nested: bool) -> bytes:
    """Record.history: each item's key as one text, or as parts."""
    items = b""
    for name, value in row.items():
        names = b"".join(message(2, part.encode()) for part in name.split("/")) if nested else message(1, name.encode())
        items += message(1, names + message(16, json.dumps(value).encode()))
    return message(2, items + message(2, varint(1 << 3) + varint(step)))


def log(records: Sequence[bytes], masked: bool) -> bytes:
    raw = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    for record in records:
        first = True
        while True:
            left = BLOCK - len(raw) % BLOCK
            if left < 7:
                raw += bytes(left)
                continue
            part, record = record[: left - 7], record[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[first, not record]
            crc = zlib.crc32(bytes([kind]) + part)
            crc = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF if masked else crc
            raw += struct.pack("<IHB", crc, len(part), kind) + part
            first = False
            if not record:
                break
    return raw


def opened(folder: Path, raw: bytes) -> Recording:
    path = folder / "run-abc.wandb"
    path.write_bytes(raw)
    return open_recording([path])


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_the_history_and_the_norms_of_histograms(tmp_path: Path, masked: bool, nested: bool) -> None:
    rng = np.random.default_rng(0)
    weights = {f"layer.{place}.weight": rng.standard_normal(500) * place for place in (10, 2)}
    records = [message(17, b"a run")]
    for step in range(30):
        row: dict[str, Any] = {"_step": step, "_timestamp": 1.7e9 + step, "lr": 0.1, "train/loss": 2 * 0.9**step}
        row["config"] = "x" * 3000
        if step % 10 == 0:
            for name, values in weights.items():
                counts, edges = np.histogram(values, 64)
                parts = {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}
                packed = {"min": edges[0], "size": edges[1] - edges[0], "count": 64}
                if nested:
                    row |= {f"parameters/{name}/{part}": value for part, value in parts.items()}
                else:
                    row[f"parameters/{name}"] = parts
                row[f"gradients/{name}"] = {"_type": "histogram", "values": parts["values"], "packedBins": packed}
        records.append(history(row, step, nested))
    raw = log(records, masked)
    assert len(raw) > 2 * BLOCK
    recording = opened(tmp_path, raw)
    columns = recording.columns
    assert columns.steps.tolist() == [*range(30)]
    np.testing.assert_allclose(columns.loss, [2 * 0.9**step for step in range(30)], rtol=5e-5)
    assert columns.learning_rates[:, 0].tolist() == [0.1] * 30
    assert [row.name for row in recording.header.parameters] == ["layer.2.weight", "layer.10.weight"]
    for index, name in enumerate(("layer.2.weight", "layer.10.weight")):
        for column in ("weight", "grad"):
            values = columns.parameters[column][:, index]
            assert np.flatnonzero(~np.isnan(values)).tolist() == [0, 10, 20]
            np.testing.assert_allclose(values[::10], np.linalg.norm(weights[name]), rtol=0.05)
    assert open_recording([tmp_path]).count == 30
    assert "64 bins" in recording.notes[0].text


def test_what_is_still_being_written_and_what_is_damaged(tmp_path: Path) -> None:
    rows = [history({"_step": step, "loss": 1.0}, step, True) for step in range(9)]
    raw = log(rows, True)
    assert opened(tmp_path, raw[:-5]).count == 8
    damaged = bytearray(raw)
    damaged[60] ^= 1
    with pytest.raises(ExperimentError, match="damaged"):
        opened(tmp_path, bytes(damaged))
    with pytest.raises(ExperimentError, match="without a loss"):
        opened(tmp_path, log([history({"_step": 0, "accuracy": 1.0}, 0, True)], True))
    assert opened(tmp_path, raw + bytes(100)).count == 9
