"""Fields of an Experiment: how weights and biases start."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..cells.table import CELLS, GATED, RINGED, TIMED, UPDATED
from ..core.fields import Integer, Number
from ..core.message import Message
from ..core.table import choice_among, choice_of
from ..rules.initialisers import INITIALISERS, OUTPUT_RULES, RECURRENT_RULES
from . import other_names
from .field_option import field_option
from .network_fields import NetworkFields

AUTO = "auto"


def _offset_by(field: str) -> tuple[str, ...]:
    """The cells to one of whose biases this field is added."""
    return tuple(name for name, cell in CELLS.items() if field in [offset.field for offset in cell.offsets])


#: The cells whose state is read by a matrix of its own.
_RECURRENT = tuple(name for name, cell in CELLS.items() if "weight_hh" in cell.shared)


def _opening() -> str:
    """The sign with which each cell's gate has it: gru +z, mgu −f …"""
    offsets = ((name, CELLS[name].path_offset) for name in UPDATED)
    return ", ".join(f"{name} {'−' if each.sign < 0 else '+'}{each.letter}" for name, each in offsets if each)


def _path_gates() -> str:
    """The gate of each cell's direct path: lstm f, gru z …"""
    paths = ((name, CELLS[name].path) for name in GATED)
    return ", ".join(f"{name} {path.gate}" for name, path in paths if path is not None)


@dataclass(frozen=True, kw_only=True)
class WeightFields(NetworkFields):
    """How parameters start."""

    init: str = field_option("xavier_normal", "initialiser of the weight matrices", choice_of(lambda: INITIALISERS))
    gain: float | str = field_option(
        1.0, "factor on the initialiser's standard deviation; auto takes the activation's", Number(0.0, 1e30, AUTO)
    )
    init_scale: float | None = field_option(
        None, "standard deviation (normal), bound (uniform) or value (constant) itself", Number(0.0, 1e30)
    )
    sigma_w: float | None = field_option(
        None, "weights N(0, σ_w² / fan_in) in every layer, instead of init", Number(0.0, 1e30)
    )
    sigma_b: float | None = field_option(None, "biases N(0, σ_b²) in every layer", Number(0.0, 1e30))
    init_recurrent: str | None = field_option(
        None,
        "initialiser of W_hh alone; without it init, or what its set says",
        choice_of(lambda: RECURRENT_RULES),
        _RECURRENT,
    )
    gain_recurrent: float | None = field_option(
        None, "factor on the standard deviation of W_hh alone; without it gain", Number(0.0, 1e30), _RECURRENT
    )
    init_output: str | None = field_option(
        None, "initialiser of the output layer's weights alone; without it init", choice_of(lambda: OUTPUT_RULES)
    )
    gain_output: float | None = field_option(
        None, "factor on the standard deviation of the output layer's weights alone; without it gain", Number(0.0, 1e30)
    )
    forget_bias: float | None = field_option(
        None,
        "added to the forget gate's bias; without it 1 (Jozefowicz et al. 2015), with torch_default and flax_default 0",
        Number(-1e3, 1e3),
        _offset_by("forget_bias"),
    )
    input_bias: float = field_option(0.0, "added to the input gate's bias", Number(-1e3, 1e3), _offset_by("input_bias"))
    update_bias: float = field_option(
        0.0,
        Message("added to the bias of the direct path's gate so that more opens it: {gates}", gates=_opening()),
        Number(-1e3, 1e3),
        _offset_by("update_bias"),
    )
    gate_init: str = field_option(
        "constant",
        "how gates' biases start: all alike, or ln U(1, T_max − 1), −ln of it for an LSTM's input gate (chrono)",
        choice_among(other_names.GATE_INITS),
        TIMED,
    )
    chrono_steps: int | None = field_option(
        None, "T_max of chrono: the longest that a unit is to remember; without it the time steps",
        Integer(2, 1_000_000), TIMED,
    )  # fmt: skip
    r_min: float = field_option(
        0.9, "the least |λ| that a unit starts with; |λ|² is uniform", Number(0.0, 0.999999), RINGED
    )
    r_max: float = field_option(0.999, "the largest |λ| that a unit starts with", Number(1e-6, 0.999999), RINGED)
    max_phase: float = field_option(
        2 * math.pi, "the largest phase of λ that a unit starts with, in radians", Number(1e-6, 2 * math.pi), RINGED
    )
    pin_forget: float | None = field_option(
        None,
        Message("pins the gate of the direct path to a value: {gates}", gates=_path_gates()),
        Number(0.0, 1.0),
        GATED,
    )
