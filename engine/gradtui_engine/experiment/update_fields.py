"""Fields of an Experiment: clipping and the update, the seed, and the type of every number."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.fields import Integer, Number, Scale
from ..core.number_types import NUMBER_TYPES
from ..core.table import choice_among, choice_of
from ..rules.clipping import CLIPPINGS
from ..rules.optimisers import OPTIMISERS
from . import other_names
from .data_fields import DataFields
from .field_option import field_option
from .resolved import DYNAMIC


@dataclass(frozen=True, kw_only=True)
class UpdateFields(DataFields):
    """The update, the seed and the type."""

    clip: str = field_option("none", "gradient clipping", choice_of(lambda: CLIPPINGS))
    clip_threshold: float | None = field_option(
        None, "threshold of the clipping; without it the rule's own", Number(0.0, 1e30)
    )
    optimizer: str | None = field_option(
        None, "optimiser of the update; without it plain sgd", choice_of(lambda: OPTIMISERS)
    )
    learning_rate: float | None = field_option(
        None, "step size η of the update; without it the optimiser's own", Number(0.0, 1e30)
    )
    learning_rate_1: float | None = field_option(
        None, "step size of the first layer; without it that of all", Number(0.0, 1e30)
    )
    learning_rate_2: float | None = field_option(
        None, "step size of the second layer, of one hidden layer the output; without it that of all", Number(0.0, 1e30)
    )
    momentum: float = field_option(0.9, "μ of momentum and nesterov", Number(0.0, 1.0))
    weight_decay: float | None = field_option(
        None, "λ, added to the gradient as λθ; without it 0 (adamw 0.01)", Number(0.0, 1e30)
    )
    seed: int = field_option(0, "decides data, batch and weights", Integer(0, 2**63 - 1))
    dtype: str = field_option(
        "float64", "floating-point type of every array; 16-bit ones are emulated", choice_of(lambda: NUMBER_TYPES)
    )
    loss_scale: float | str = field_option(
        "none",
        "16 bits: factor on the loss's gradient, taken back before the update",
        Scale(2.0**-24, 2.0**24, DYNAMIC),
    )
    master_weights: str = field_option(
        "yes", "16 bits: weights and updates in float32, rounded for each pass", choice_among(other_names.YES_OR_NO)
    )
