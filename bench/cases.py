"""The table of cases: what is measured, and the goals it is held to. Adding a case is adding a row."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float


class Extra(enum.StrEnum):
    """What is asked for beyond the loss and all that is told of the gradients; the text is part of the row's name."""

    NOTHING = ""
    STATISTICS = " + statistics"
    UPDATE = " + update"


@dataclass(frozen=True, slots=True)
class Case:
    """One experiment to measure.

    experiment holds the fields of `Experiment`; over_limit is the most that recording may take relative to the bare
    matrix products; torch_over is the least by which PyTorch must take longer. None: no goal, and not measured unless
    everything is. extras lists what the recorded step is measured with, one row for each.
    """

    name: str
    experiment: Mapping[str, Value]
    over_limit: float | None = None
    torch_over: float | None = None
    extras: tuple[Extra, ...] = (Extra.NOTHING,)


# Where nothing else is said, relu with he_normal keeps every number normal at any depth, and so do orthogonal
# weights over time: subnormal numbers would slow all contestants alike.
_MLP: dict[str, Value] = {"cell": "mlp", "depth": 50, "activation": "relu", "init": "he_normal", "data": "digits"}
_TIME: dict[str, Value] = {"init": "orthogonal", "data": "digits-pixels"}
_WIDE_LIMIT, _NARROW_LIMIT, _TORCH = 1.5, 2.0, 2.0


def _wide_mlp(suffix: str, over_limit: float = _WIDE_LIMIT, **fields: Value) -> Case:
    size = {"width": 256, "batch": 256, "dtype": "float32"}
    return Case(f"mlp-256{suffix}", {**_MLP, **size, **fields}, over_limit=over_limit)


def _narrow_mlp(suffix: str, **fields: Value) -> Case:
    size = {"width": 64, "batch": 64, "dtype": "float32"}
    extras = (Extra.NOTHING, Extra.STATISTICS)
    return Case(f"mlp-64{suffix}", {**_MLP, **size, **fields}, torch_over=_TORCH, extras=extras)


def _wide_cell(name: str, **fields: Value) -> Case:
    size = {"width": 256, "batch": 64, "dtype": "float32"}
    return Case(f"{name}-256", {**_TIME, **size, **fields}, over_limit=_WIDE_LIMIT)


def _narrow_cell(name: str, suffix: str = "", over_limit: float | None = None, **fields: Value) -> Case:
    size = {"width": 64, "batch": 32, "dtype": "float32"}
    extras = (Extra.NOTHING, Extra.STATISTICS)
    return Case(f"{name}-64{suffix}", {**_TIME, **size, **fields}, over_limit, _TORCH, extras)


def _updates(optimizer: str) -> tuple[Case, Case]:
    """The step and every parameter after its update."""
    wide, narrow = (make(f"-{optimizer}", optimizer=optimizer) for make in (_wide_mlp, _narrow_mlp))
    return (
        Case(wide.name, wide.experiment, over_limit=wide.over_limit, extras=(Extra.UPDATE,)),
        Case(narrow.name, narrow.experiment, torch_over=narrow.torch_over, extras=(Extra.UPDATE,)),
    )


# A skip adds the branch's variance in every layer: with a small gain h stays of order 1.
_SKIPS: tuple[tuple[str, dict[str, Value]], ...] = (
    ("-residual", {"residual": "add", "gain": 0.1}),
    ("-residual2", {"residual": "add", "gain": 0.1, "residual_span": 2}),
)
_NORMS = ("batch", "layer", "rms")
_CELLS: tuple[tuple[str, dict[str, Value]], ...] = (
    ("rnn", {"cell": "rnn", "activation": "tanh"}),
    ("gru", {"cell": "gru"}),
    ("lstm2", {"cell": "lstm", "layers": 2}),
)
_LSTM: dict[str, Value] = {"cell": "lstm", "init": "xavier_normal"}

CASES: tuple[Case, ...] = (
    _wide_mlp("", over_limit=1.3),
    _narrow_mlp(""),
    _narrow_mlp("-float64", dtype="float64"),
    _narrow_cell("lstm", over_limit=_NARROW_LIMIT, **_LSTM),
    _narrow_cell("lstm", "-float64", over_limit=_NARROW_LIMIT, **(_LSTM | {"dtype": "float64"})),
    *(_wide_mlp(f"-{name}", norm=name) for name in _NORMS),
    *(_narrow_mlp(f"-{name}", norm=name) for name in _NORMS),
    *(_wide_mlp(suffix, **fields) for suffix, fields in _SKIPS),
    *(_narrow_mlp(suffix, **fields) for suffix, fields in _SKIPS),
    *(_wide_cell(name, **fields) for name, fields in _CELLS),
    *(_narrow_cell(name, **fields) for name, fields in _CELLS),
    *(case for name in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw") for case in _updates(name)),
)
