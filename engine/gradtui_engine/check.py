"""The gradient check: the recorded gradient against central differences of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .network import Network
from .numerics import Array, Purpose, generator


@dataclass(frozen=True, slots=True)
class DirectionalCheck:
    """Slope of the loss along one random direction: by the gradient, and by (L(θ+εv) − L(θ−εv)) / 2ε."""

    analytic: float
    numeric: float

    @property
    def error(self) -> float:
        """|analytic − numeric| relative to the larger of the two (0 where both are 0)."""
        scale = max(abs(self.analytic), abs(self.numeric))
        return abs(self.analytic - self.numeric) / scale if scale else 0.0


def directional_check(
    network: Network, gradient: Mapping[str, Array], step: float = 1e-5, seed: int = 0
) -> DirectionalCheck:
    """Check `gradient` (by parameter name) along a direction through all of these parameters at once.

    The direction is the sign of the gradient times a random amount between ½ and 1, so that no parts cancel
    and every number of every parameter counts. The truncation error is O(step²): halving the step divides it by 4. Only
    meaningful in float64.
    """
    rng = generator(seed, Purpose.CHECK)
    direction = {name: np.sign(array) * rng.uniform(0.5, 1.0, array.shape) for name, array in gradient.items()}
    length = np.sqrt(sum(float(np.vdot(each, each)) for each in direction.values())) or 1.0
    analytic = sum(float(np.vdot(gradient[name], each)) for name, each in direction.items()) / length

    def loss(sign: float) -> float:
        moved = dict(network.parameters)
        for name, each in direction.items():
            moved[name] = moved[name] + (sign * step / length) * each
        return Network(network.experiment, network.program, moved, network.batch).run().loss

    return DirectionalCheck(analytic, (loss(1.0) - loss(-1.0)) / (2 * step))
