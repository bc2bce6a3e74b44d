"""Records out of files: what gradtui saves, it can open again."""

from __future__ import annotations

from pathlib import Path

from .json_reading import read_json
from .npz_reading import read_npz
from .record import Record


def read(path: Path) -> tuple[Record, ...]:
    """The record of a RUN.json or RUN.npz, or A's and B's of an export of Compare. Raises ExperimentError."""
    return read_json(path) if path.suffix.lower() == ".json" else read_npz(path)
