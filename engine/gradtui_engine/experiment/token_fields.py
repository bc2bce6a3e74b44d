"""Fields of an Experiment: attention among tokens."""

from __future__ import annotations

from dataclasses import dataclass

from ..cells.attention import POSITIONS
from ..cells.table import ATTENDING
from ..core.fields import Integer, Number
from ..core.table import choice_of
from .field_option import field_option
from .layer_fields import LayerFields


@dataclass(frozen=True, kw_only=True)
class TokenFields(LayerFields):
    """Heads, the block's MLP, and what tells tokens their place."""

    heads: int | None = field_option(
        None, "attention heads, which divide the width; without it 4, or what divides it", Integer(1, 1_024), ATTENDING
    )
    mlp_width: int | None = field_option(
        None, "hidden units of a block's MLP; without it 4 × width", Integer(1, 262_144), ATTENDING
    )
    position: str = field_option("sinusoidal", "what tells tokens their place", choice_of(lambda: POSITIONS), ATTENDING)
    query_gain: float = field_option(
        1.0,
        "factor on the weights of queries and keys; 0: every token attends to all alike",
        Number(0.0, 1e6),
        ATTENDING,
    )
