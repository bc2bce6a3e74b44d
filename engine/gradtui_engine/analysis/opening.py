"""Records out of files: what gradtui saves, it can open again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from .json_reading import is_training, read_json
from .npz_reading import read_npz
from .record import Record


def read(path: Path) -> tuple[Record, ...]:
    """The record of a file, or A's and B's of an export of Compare: by its ending. Raises ExperimentError."""
    if path.suffix.lower() == ".json":
        return read_json(path)
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    missing = Message("cannot be read: {reason}", reason=os.strerror(errno.ENOENT))
    if path.suffix.lower() == ".jsonl" and path.exists():
        message = is_training("train --record", "run --save")
        raise ExperimentError([Problem(str(path), message)])
    message = Message("is neither RUN.npz nor RUN.json") if path.exists() else missing
    raise ExperimentError([Problem(str(path), message)])
