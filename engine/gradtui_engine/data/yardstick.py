"""A loss of numbers in the target's own units: 0.31 of a standard deviation, 12.4 in the units of `price`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..rules.losses import LOSSES
from .target_scales import Scale
from .understood import Understood


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a loss is as a distance from the target of a file: its column, how that is scaled (None: as it stands)."""

    target: str
    scale: Scale | None
    distance: Callable[[float], float]

    @classmethod
    def of(cls, about: Understood | None, loss: str | None) -> Yardstick | None:
        """None of classes, of data that are no file, and of a loss that is no distance."""
        distance = LOSSES[loss].distance if loss is not None else None
        if about is None or about.classes or distance is None:
            return None
        return cls(about.target, about.scale, distance)

    def scaled(self, loss: float) -> float:
        """How far answers are off, as the network has them: the root of the mean square."""
        return self.distance(loss)

    def own(self, loss: float) -> float:
        """The same in the target's own units."""
        return self.distance(loss) * (self.scale.unit if self.scale is not None else 1.0)
