"""Shares of units: off for every sample, or at the ends of a saturating function."""

from __future__ import annotations

from typing import Any


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
