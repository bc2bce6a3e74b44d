"""Shares of units: off for every sample, or at the ends of a saturating function."""

from __future__ import annotations

from typing import Any, Final

from torch import nn

#: Where a unit is off: exactly 0 for every sample.
RECTIFIERS: Final = (nn.ReLU,)
#: The ends of a saturating function, and how far from their middle an output is at one: 97 % of the way.
SATURATING: Final = {nn.Tanh: (0.0, 0.97), nn.Sigmoid: (0.5, 0.485)}


def is_activation(module: Any) -> bool:
    """Whether a module is an activation whose own row says what is off or saturated."""
    return isinstance(module, RECTIFIERS) or type(module) in SATURATING


def _over_samples(values: Any) -> list[int]:
    """The dimensions that are no units: units are the channels of pictures (batch, channels, …), else the last one."""
    return [0, *range(2, values.ndim)] if values.ndim >= 4 else list(range(values.ndim - 1))


def off(values: Any) -> Any:
    """The share of units that are 0 for every sample, of rectified outputs."""
    if values.ndim < 2:
        return (values <= 0).float().mean()
    return (values.amax(dim=_over_samples(values)) <= 0).float().mean()


def saturated(values: Any, middle: float, far: float) -> Any:
    """The share of outputs that are at an end of the function."""
    return ((values - middle).abs() > far).float().mean()
