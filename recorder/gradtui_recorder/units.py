"""Shares of units: off for every sample, or at the ends of a saturating function."""

from __future__ import annotations

from typing import Any, Final

from torch import nn

#: Where a unit is off: exactly 0 for every sample.
RECTIFIERS: Final = (nn.ReLU,)
#: The middle of a saturating function's range, and how far from it an output is at an end: 97 % of the way.
TANH: Final = (0.0, 0.97)
SIGMOID: Final = (0.5, 0.485)
SATURATING: Final = {nn.Tanh: TANH, nn.Sigmoid: SIGMOID}

_OF_CHANNELS: Final = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
)
_OF_THE_LAST: Final = (nn.Linear, nn.Bilinear, nn.LayerNorm, nn.Embedding, nn.RNNBase, nn.MultiheadAttention)


def is_activation(module: Any) -> bool:
    """Whether a module is an activation whose own row says what is off or saturated."""
    return isinstance(module, RECTIFIERS) or type(module) in SATURATING


def has_channels(module: Any) -> bool | None:
    """Whether a module's units are channels (batch, channels, …) and not its last dimension; None where it is neither.

    A convolution over time and a linear layer over time steps both give three dimensions.
    """
    if isinstance(module, _OF_CHANNELS):
        return True
    return False if isinstance(module, _OF_THE_LAST) else None


def off(values: Any, channels: bool | None) -> Any:
    """The share of units that are 0 for every sample, of rectified outputs.

    channels: whether units are the second dimension; None: they are where there are four or more.
    """
    if values.ndim < 2:
        return (values <= 0).float().mean()
    if values.ndim > 2 and (values.ndim >= 4 if channels is None else channels):
        others = [0, *range(2, values.ndim)]
    else:
        others = list(range(values.ndim - 1))
    return (values.amax(dim=others) <= 0).float().mean()


def saturated(values: Any, middle: float, far: float) -> Any:
    """The share of outputs that are at an end of the function."""
    return ((values - middle).abs() > far).float().mean()
