"""The loss scale of a training, as PyTorch's GradScaler has it (Micikevicius et al. 2018).

The loss's gradient is multiplied by it, so that what is small does not round to 0 on its way back, and the parameters'
gradients are divided by it before they are clipped and used. A dynamic scale is halved where one of them is not finite,
and that step is left out; it is doubled after 2,000 steps in a row without.
"""

from __future__ import annotations

from dataclasses import dataclass

#: GradScaler's backoff_factor, growth_factor and growth_interval.
BACKOFF, GROWTH, INTERVAL = 0.5, 2.0, 2000


@dataclass(frozen=True, slots=True)
class LossScale:
    """The factor, and how many steps in a row it has not been too large."""

    factor: float = 1.0
    steps: int = 0

    def after(self, finite: bool) -> LossScale:
        """The scale of the next step, where every gradient of this one was finite, or not."""
        if not finite:
            return LossScale(self.factor * BACKOFF)
        if self.steps + 1 == INTERVAL:
            return LossScale(self.factor * GROWTH)
        return LossScale(self.factor, self.steps + 1)
