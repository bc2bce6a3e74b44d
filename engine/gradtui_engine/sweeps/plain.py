"""A cell in plain types: what an executor hands to wherever it is computed, and what its hash is made of."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.version import VERSION
from ..data.csv_file import PREFIX
from ..experiment.experiment import Experiment
from ..experiment.training import Training

#: A cell: "experiment" and "training" (None where it is not trained) with the fields that are given, "measures" and
#: "repeats", the seeds.
Plain = Mapping[str, Any]


def experiment_of(plain: Plain, seed: int | None = None) -> Experiment:
    """The experiment of a cell, with a seed of its repeats (else the first one). Raises ExperimentError."""
    fields, seeds = dict(plain["experiment"]), plain["repeats"]
    if seed is not None or seeds:
        fields["seed"] = seeds[0] if seed is None else seed
    return Experiment.from_mapping(fields)


def training_of(plain: Plain, experiment: Experiment) -> Training | None:
    """How an experiment of a cell is trained; None where it is not. Raises ExperimentError."""
    if plain["training"] is None:
        return None
    return Training(experiment=experiment, **plain["training"])


def key_of(plain: Plain) -> str:
    """The hash of what decides a cell: its fields, its file, its measures, its seeds, and the engine's version."""
    file = _file(str(plain["experiment"].get("data") or ""))
    decides = {name: plain[name] for name in ("experiment", "training", "measures", "repeats")}
    text = json.dumps([VERSION, file, decides], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _file(data: str) -> str | None:
    """The hash of a data file; None where there is none, or it cannot be read."""
    if not data.startswith(PREFIX):
        return None
    path = Path(data.removeprefix(PREFIX))
    try:
        status = path.stat()
        return _contents(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        return None


@functools.lru_cache(maxsize=8)
def _contents(path: Path, written: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]
