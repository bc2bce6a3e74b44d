"""Experiments drawn from the tables, for verdicts.py: sane ones, in each of which up to two things are odd."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradtui_engine import Experiment
from gradtui_engine.cells.residual_blocks import BLOCKS
from gradtui_engine.cells.table import CELLS, GATED, LAYERED
from gradtui_engine.core.problems import ExperimentError
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.optimisers import OPTIMISERS

Fields = dict[str, Any]
Rng = np.random.Generator

#: Initialisers that fit an activation of so much gain, and those that fit none.
_FITTING = ("he_normal", "he_uniform"), ("xavier_normal", "xavier_uniform", "lecun_normal", "orthogonal")
_POINTS = ("xor", "moons", "spirals", "circles")
_SEQUENCES = ("digits-rows", "digits-rows", "digits-pixels", "gaussian", "adding", "copy", "parity")
#: How many things are odd, drawn alike often: with these about half of the experiments learn.
_ODD = (0, 1, 2, 2)


def draw(rng: Rng) -> Experiment:
    """One experiment. Equal generators give equal ones; what does not go together is drawn again."""
    while True:
        try:
            experiment = Experiment(**_fields(rng))
        except ExperimentError:
            continue
        if not (experiment.activation == "linear" and experiment.data in _POINTS):  # no line parts them
            return experiment


def _fields(rng: Rng) -> Fields:
    cell = "mlp" if rng.random() < 0.6 else str(rng.choice([name for name in CELLS.names if name != "mlp"]))
    fields: Fields = {"cell": cell, "seed": int(rng.integers(1000))}
    fields |= _layered(rng) if cell in LAYERED else _over_time(rng, cell)
    fields["optimizer"] = str(rng.choice(OPTIMISERS.names))
    # A third of a decade around the default.
    fields["learning_rate"] = _rate(rng, fields, 10 ** rng.normal(0.0, 0.3))
    if rng.random() < 0.3:
        fields["clip"] = str(rng.choice(CLIPPINGS.names))
    if rng.random() < 0.3:
        fields["dtype"] = "float32"
    possible = [change for cells, change in ODDITIES if cells is None or cell in cells]
    for index in rng.choice(len(possible), int(rng.choice(_ODD)), replace=False):
        fields |= possible[index](rng, fields)
    return {name: value for name, value in fields.items() if value is not None}


def _layered(rng: Rng) -> Fields:
    activation = str(rng.choice(ACTIVATIONS.names)) if rng.random() < 0.6 else str(rng.choice(("relu", "tanh")))
    fields: Fields = {
        "depth": round(_log_uniform(rng, 1, 60)),
        "width": int(rng.choice((16, 32, 64, 128))),
        "activation": activation,
        "init": str(rng.choice(_FITTING[ACTIVATIONS[activation].gain != math.sqrt(2)])),
        "data": str(rng.choice(("digits", "digits", "gaussian", *_POINTS))),
    }
    if fields["data"] == "gaussian":
        fields["inputs"] = int(rng.choice((4, 16, 64)))
    elif rng.random() < 0.2:
        fields["loss"] = str(rng.choice(("mse", "bce")))
    if rng.random() < 0.3:
        fields["norm"] = str(rng.choice(NORMALISATIONS.names))
        fields["norm_position"] = str(rng.choice(("before", "after")))
    if rng.random() < 0.35:
        fields["residual"] = str(rng.choice(("add", "scaled", "scaled")))
        fields["residual_block"] = str(rng.choice(BLOCKS.names))
        fields["residual_span"] = int(rng.choice((1, 2)))
        if fields["residual_block"] == "post_norm" and fields.get("norm") == "none":
            del fields["norm"]  # its sum is normalised
    return fields


def _over_time(rng: Rng, cell: str) -> Fields:
    row = CELLS[cell]
    fields: Fields = {
        "width": int(rng.choice((16, 32, 64))),
        "layers": int(rng.choice((1, 1, 1, 2))),
        "init": str(rng.choice(("xavier_normal", "xavier_uniform", "lecun_normal", "orthogonal"))),
        "data": str(
            rng.choice(("digits-rows", "digits-rows", "digits-pixels", "gaussian", "adding", "copy", "parity"))
        ),
        "batch": 32,
        "readout": "all" if rng.random() < 0.2 else "last",
    }
    # Short: what takes thousands of iterations to remember would be called unable to learn.
    longest = {"gaussian": 16, "adding": 16, "copy": 9, "parity": 4}.get(str(fields["data"]))
    if longest:
        fields["steps"] = round(_log_uniform(rng, 2, longest))
    if fields["data"] == "gaussian":
        fields["inputs"] = int(rng.choice((1, 4, 16)))
    if row.activations and rng.random() < 0.3:
        fields["activation"] = str(rng.choice(row.activations))
    if cell in GATED and rng.random() < 0.3:
        fields["forget_bias"] = float(rng.choice((0.0, 1.0, 2.0, 4.0)))
    return fields


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _short(number: float) -> float:
    """Two digits, so that the command can be read."""
    return float(f"{number:.2g}")


def _rate(rng: Rng, fields: Fields, factor: float) -> float:
    return _short(OPTIMISERS[fields["optimizer"]].learning_rate * factor)


def _far(rng: Rng, least: float, most: float) -> float:
    """A factor of so many decades, up or down."""
    return float(10 ** (rng.uniform(least, most) * rng.choice((-1, 1))))


def _scaled_weights(rng: Rng, fields: Fields) -> Fields:
    return {"gain": _short(_far(rng, 0.1, 1.0))}


def _given_scale(rng: Rng, fields: Fields) -> Fields:
    name = str(rng.choice(("normal", "uniform", "constant")))
    return {"init": name, "init_scale": _short(_log_uniform(rng, 1e-3, 2.0))}


def _sigma(rng: Rng, fields: Fields) -> Fields:
    return {"sigma_w": _short(_log_uniform(rng, 0.3, 4.0)), "sigma_b": _short(rng.uniform(0, 0.5))}


def _residual(rng: Rng, fields: Fields) -> Fields:
    scale = float(rng.choice((0.0, _short(_log_uniform(rng, 1e-3, 30.0)))))
    return {"residual": "scaled", "residual_scale": scale}


#: What can be odd: the cells that it is for (None: all), and the fields that it sets.
ODDITIES: tuple[tuple[tuple[str, ...] | None, Callable[[Rng, Fields], Fields]], ...] = (
    (None, lambda rng, fields: {"learning_rate": _rate(rng, fields, _far(rng, 0.5, 4.0))}),
    (None, lambda rng, fields: {"learning_rate": _rate(rng, fields, 10 ** rng.uniform(0.5, 3.0))}),
    (None, lambda rng, fields: {"weight_decay": _short(_log_uniform(rng, 1e-4, 30.0))}),
    (None, lambda rng, fields: {"clip": "norm", "clip_threshold": _short(_log_uniform(rng, 1e-5, 10.0))}),
    (None, _scaled_weights),
    (None, _given_scale),
    (None, _sigma),
    (None, lambda rng, fields: {"init": str(rng.choice(INITIALISERS.names))}),
    (LAYERED, _residual),
    (LAYERED, lambda rng, fields: {"activation": str(rng.choice(ACTIVATIONS.names))}),
    (LAYERED, lambda rng, fields: {"depth": int(rng.integers(20, 61)), "width": int(rng.choice((2, 4, 16, 64)))}),
    (GATED, lambda rng, fields: {"pin_forget": float(rng.choice((0.0, 0.5, 0.9, 1.0)))}),
    (GATED, lambda rng, fields: {"forget_bias": float(rng.integers(-8, 9)), "input_bias": float(rng.integers(-8, 9))}),
)
