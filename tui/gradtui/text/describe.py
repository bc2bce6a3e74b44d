"""What a field is called, and what its names mean, from the engine's own tables: a formula (or description), a note."""

from __future__ import annotations

from typing import NamedTuple

from gradtui_engine.cells.attention import POSITIONS
from gradtui_engine.cells.residual_blocks import BLOCKS, RESIDUALS
from gradtui_engine.cells.table import CELLS
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV, DATA_SETS
from gradtui_engine.experiment.experiment import options
from gradtui_engine.program.normalisation import NORMALISATIONS
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.rules.clipping import CLIPPINGS
from gradtui_engine.rules.initialisers import INITIALISERS
from gradtui_engine.rules.losses import LOSSES
from gradtui_engine.rules.optimisers import OPTIMISERS

from .language import FieldName, tr_in

#: What every field is called. The same words stand for other things elsewhere (layers on an axis), so that they have a
#: context of their own in the catalogues.
FIELD_NAMES: dict[str, FieldName] = {
    "cell": "cell",
    "depth": "depth",
    "width": "width",
    "layers": "layers",
    "activation": "activation",
    "slope": "slope",
    "init": "init",
    "gain": "gain",
    "init_scale": "init scale",
    "sigma_w": "sigma w",
    "sigma_b": "sigma b",
    "init_recurrent": "init recurrent",
    "gain_recurrent": "gain recurrent",
    "init_output": "init output",
    "gain_output": "gain output",
    "forget_bias": "forget bias",
    "input_bias": "input bias",
    "update_bias": "update bias",
    "gate_init": "gate init",
    "chrono_steps": "chrono steps",
    "r_min": "r min",
    "r_max": "r max",
    "max_phase": "max phase",
    "pin_forget": "pin forget",
    "dropout": "dropout",
    "dropout_kind": "dropout kind",
    "norm": "norm",
    "norm_position": "norm position",
    "residual": "residual",
    "residual_scale": "residual scale",
    "residual_span": "residual span",
    "residual_block": "residual block",
    "highway_bias": "highway bias",
    "heads": "heads",
    "mlp_width": "MLP width",
    "position": "position",
    "query_gain": "query gain",
    "data": "data",
    "target": "target",
    "drop": "drop",
    "header": "header",
    "separator": "separator",
    "missing": "missing",
    "window": "window",
    "batch": "batch",
    "steps": "steps",
    "inputs": "inputs",
    "output_activation": "output activation",
    "readout": "readout",
    "truncate": "truncate",
    "loss": "loss",
    "target_scale": "target scale",
    "clip": "clip",
    "clip_threshold": "clip threshold",
    "optimizer": "optimizer",
    "learning_rate": "learning rate",
    "learning_rate_1": "learning rate 1",
    "learning_rate_2": "learning rate 2",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "seed": "seed",
    "dtype": "dtype",
    "loss_scale": "loss scale",
    "master_weights": "master weights",
}


#: What the fields of a training are called.
TRAINING_NAMES: dict[str, FieldName] = {
    "iterations": "iterations",
    "batches": "batches",
    "schedule": "schedule",
    "warmup": "warm-up",
    "step_every": "step every",
    "step_factor": "step factor",
    "hold_out": "held-out share",
    "validate_every": "validate every",
    "turns": "turns",
}


class About(NamedTuple):
    """Formula and note, in English."""

    formula: str = ""
    note: str = ""


_RULES = {row.name: About(row.formula, row.note) for row in INITIALISERS.values()}
_TABLES: dict[str, dict[str, About]] = {
    "activation": {row.name: About(row.formula, row.note) for row in ACTIVATIONS.values()},
    "init": _RULES,
    "init_recurrent": _RULES,
    "init_output": _RULES,
    "cell": {row.name: About(row.formula, row.note) for row in CELLS.values()},
    "data": {row.name: About(row.description, row.note) for row in DATA_SETS.values()},
    "norm": {row.name: About(row.formula, row.note) for row in NORMALISATIONS.values()},
    "residual": {row.name: About(row.formula, row.note) for row in RESIDUALS.values()},
    "residual_block": {row.name: About(row.formula, row.note) for row in BLOCKS.values()},
    "position": {row.name: About(row.formula, row.note) for row in POSITIONS.values()},
    "loss": {row.name: About(row.formula, row.note) for row in LOSSES.values()},
    "clip": {row.name: About(row.formula, row.note) for row in CLIPPINGS.values()},
    "optimizer": {row.name: About(row.formula, row.note) for row in OPTIMISERS.values()},
    "field": {name: About(option.help) for name, option in options().items()},
}


def about(field: str, name: str) -> About:
    """What is known of a name; nothing for a name that no table has."""
    return _TABLES.get(field, {}).get(CSV if name.startswith(PREFIX) else name, About())


def label(field: str) -> str:
    """A field as the command line calls it, in words: forget bias; in another language both: 遗忘偏置 forget bias."""
    words, said = FIELD_NAMES[field], field_name(field)
    return words if said == words else f"{said} {words}"


def field_name(field: str) -> str:
    """What a field is called in the current language."""
    return tr_in("field", (FIELD_NAMES | TRAINING_NAMES)[field])
