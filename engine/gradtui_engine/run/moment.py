"""The Moment: what an iteration of a training has that parameters and batch do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.numerics import Array
from ..rules.optimisers import State


@dataclass(frozen=True, eq=False)
class Moment:
    """Iteration k of a training, and what earlier iterations have left behind. (Its learning rate is that of the
    network's `resolved`.)

    optimiser is the optimiser's state before the update, by parameter name in each of its parts; running are
    BatchNorm's running statistics before the batch, by PyTorch's names. Their arrays are read, never written.
    """

    iteration: int
    optimiser: State
    running: Mapping[str, Array] = field(default_factory=dict)
    #: What the loss's gradient is multiplied by.
    loss_scale: float = 1.0
