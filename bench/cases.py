"""The table of cases: what is measured, and the goals it is held to. Adding a case is adding a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One experiment to measure.

    experiment holds the fields of `Experiment`; over_limit is the most that recording may take relative to
    the bare matrix products; torch_over is the least by which PyTorch must take longer. None: no goal.
    """

    name: str
    experiment: Mapping[str, str | int | float]
    over_limit: float | None = None
    torch_over: float | None = None


# relu with he_normal keeps every number normal at any depth: subnormal ones would slow all contestants alike.
_MLP: dict[str, str | int | float] = {
    "cell": "mlp",
    "depth": 50,
    "activation": "relu",
    "init": "he_normal",
    "data": "digits",
}
_LSTM: dict[str, str | int | float] = {"cell": "lstm", "width": 64, "batch": 32, "data": "digits-pixels"}

CASES = (
    Case("mlp-50x256-float32", {**_MLP, "width": 256, "batch": 256, "dtype": "float32"}, over_limit=1.3),
    Case("mlp-50x64-float32", {**_MLP, "width": 64, "batch": 64, "dtype": "float32"}, torch_over=2.0),
    Case("mlp-50x64-float64", {**_MLP, "width": 64, "batch": 64, "dtype": "float64"}, torch_over=2.0),
    Case("lstm-64x64-float32", {**_LSTM, "dtype": "float32"}, over_limit=2.0, torch_over=2.0),
    Case("lstm-64x64-float64", {**_LSTM, "dtype": "float64"}, over_limit=2.0, torch_over=2.0),
)
