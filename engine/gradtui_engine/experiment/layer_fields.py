"""Fields of an Experiment: what a layer has beside its weights and its activation, and where a cell is read."""

from __future__ import annotations

from dataclasses import dataclass

from ..cells.residual_blocks import BLOCKS, HIGHWAY_BIAS, RESIDUALS
from ..cells.table import CELLS, LAYERED, OVER_TIME, PLAIN, SEQUENTIAL
from ..core.fields import Integer, Number
from ..core.message import Message
from ..core.table import choice_among, choice_of
from ..program.dropout import DROPOUTS
from ..program.normalisation import NORMALISATIONS
from . import other_names
from .field_option import field_option
from .weight_fields import WeightFields


def _defaults(name: str) -> str:
    """What each layered cell takes for a field that follows from it: none (mlp) …"""
    return ", ".join(f"{getattr(CELLS[cell], name)} ({cell})" for cell in LAYERED)


@dataclass(frozen=True, kw_only=True)
class LayerFields(WeightFields):
    """Dropout, readout, truncation, normalisation and skips."""

    dropout: float = field_option(
        0.0, "share p dropped: after each hidden layer's activation, between stacked cells", Number(0.0, 1.0)
    )
    dropout_kind: str = field_option("inverted", "what is dropped becomes", choice_of(lambda: DROPOUTS))
    output_activation: str = field_option(
        "none", "activation of the output layer, before the loss", choice_among(other_names.OUTPUT_ACTIVATIONS)
    )
    readout: str = field_option(
        "last",
        "loss on the last time step or token, on every one, or on the mean of the tokens",
        choice_among(other_names.READOUTS),
        SEQUENTIAL,
    )
    truncate: int | None = field_option(
        None,
        "steps, counted from the first, after each of which the gradient is cut (truncated backpropagation through "
        "time); without it never",
        Integer(1, 10_000),
        OVER_TIME,
    )
    norm: str | None = field_option(
        None,
        Message(
            "normalisation in every hidden layer; without it {defaults}, "
            "layer where deepnorm or post_norm normalise the sum",
            defaults=_defaults("default_norm"),
        ),
        choice_of(lambda: NORMALISATIONS),
        LAYERED,
    )
    norm_position: str = field_option(
        "before",
        "before or after the activation",
        choice_among(other_names.POSITIONS),
        PLAIN,
    )
    residual: str | None = field_option(
        None,
        Message(
            "skip connections wherever shapes match; without it {defaults}", defaults=_defaults("default_residual")
        ),
        choice_of(lambda: RESIDUALS),
        LAYERED,
    )
    residual_scale: float | None = field_option(
        None,
        "number of the join: β of scaled (without it 1/√depth), where rezero's α (0) and layer_scale's γ (0.1) start, "
        "α of deepnorm ((2 depth)^¼)",
        Number(0.0, 1e3),
        LAYERED,
    )
    residual_span: int = field_option(1, "layers that a skip spans", Integer(1, 2), PLAIN)
    residual_block: str | None = field_option(
        None,
        "where norm and activation stand in a block; without it post (transformer pre), with deepnorm post_norm",
        choice_of(lambda: BLOCKS),
        LAYERED,
    )
    highway_bias: float = field_option(
        HIGHWAY_BIAS, "where the biases of highway's gates t start: σ(−2) = 0.12", Number(-1e3, 1e3), LAYERED
    )
