"""Checkpoints without PyTorch: safetensors, written by hand."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.recordings.checkpoints.checkpoint import Checkpoint, open_checkpoint

_TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64"}


def written(path: Path, arrays: Mapping[str, Array]) -> Path:
    header, body = {}, b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        offsets = [len(body), len(body) + len(raw)]
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": array.shape, "data_offsets": offsets}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def opened(folder: Path, arrays: Mapping[str, Array], name: str = "a") -> Checkpoint:
    return open_checkpoint(written(folder / f"{name}.safetensors", arrays))
