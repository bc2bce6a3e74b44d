"""The arithmetic of the initialisers: samples of one matrix, and the variance of its numbers.

A draw gives a matrix (fan_out, fan_in) in float64; the network casts it, so float32 and float64 experiments start from
the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..core.numerics import Array

#: draw(generator, fan_out, fan_in, gain, scale); scale None is the rule's own.
Draw = Callable[..., Array]
#: variance(fan_out, fan_in, gain, scale) of a weight.
Variance = Callable[[int, int, float, float | None], float]


def rule(std: Callable[[int, int], float], sample: Callable[[np.random.Generator, tuple[int, int]], Array]) -> Draw:
    """A draw of unit variance times gain times the rule's (or the given) standard deviation."""

    def draw(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
        return sample(rng, (fan_out, fan_in)) * (gain * (std(fan_out, fan_in) if scale is None else scale))

    return draw


def spread(std: Callable[[int, int], float], shrink: float = 1.0) -> Variance:
    """The variance of such a draw; shrink is that of the sample itself."""
    return lambda fan_out, fan_in, gain, scale: (
        shrink * (gain * (std(fan_out, fan_in) if scale is None else scale)) ** 2
    )


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.standard_normal(shape)


def uniform(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Of unit variance: the bound is √3."""
    return rng.uniform(-1.0, 1.0, shape) * math.sqrt(3.0)


def bounded(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """In (−1, 1): the scale is the bound."""
    return rng.uniform(-1.0, 1.0, shape)


def truncated(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Standard normal, drawn again where it lies beyond ±2."""
    values = rng.standard_normal(shape)
    while (beyond := np.abs(values) > 2.0).any():
        values[beyond] = rng.standard_normal(int(beyond.sum()))
    return values


#: Where PyTorch's trunc_normal_ cuts, whatever the standard deviation.
_CUT = 2.0


def cut_normal(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    """Normal, drawn again beyond ±2: torch.nn.init.trunc_normal_(w, std=…) with its own a = −2 and b = 2."""
    size = gain * (fan_in_std(fan_out, fan_in) if scale is None else scale)
    values = np.zeros((fan_out, fan_in))
    if size == 0.0:
        return values
    # Draws that are kept: 68 % or more of the normal ones where the cut lies a deviation off or further, else 85 % or
    # more of the uniform ones.
    narrow, missing = size <= _CUT, np.ones((fan_out, fan_in), dtype=bool)
    while count := int(missing.sum()):
        if narrow:
            values[missing] = drawn = rng.standard_normal(count) * size
            missing[missing] = np.abs(drawn) > _CUT
        else:
            values[missing] = drawn = rng.uniform(-_CUT, _CUT, count)
            missing[missing] = rng.uniform(0.0, 1.0, count) > np.exp(-0.5 * (drawn / size) ** 2)
    return values


def cut_variance(fan_out: int, fan_in: int, gain: float, scale: float | None) -> float:
    """σ² (1 − 2aφ(a) / (2Φ(a) − 1)) with a = 2/σ."""
    size = gain * (fan_in_std(fan_out, fan_in) if scale is None else scale)
    if size == 0.0:
        return 0.0
    at = _CUT / size
    if at < 1e-3:  # what is left is even between −2 and 2, and the difference is lost in rounding
        return _CUT**2 / 3
    inside = math.erf(at / math.sqrt(2.0))
    return float(size**2 * (1.0 - 2.0 * at * math.exp(-0.5 * at * at) / math.sqrt(2.0 * math.pi) / inside))


def fan_in_std(fan_out: float, fan_in: float) -> float:
    return 1.0 / math.sqrt(fan_in)


def xavier_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / (fan_in + fan_out))


def he_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / fan_in)


def constant(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    return np.full((fan_out, fan_in), gain * (fan_in_std(fan_out, fan_in) if scale is None else scale))


def zeros(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    return np.zeros((fan_out, fan_in))


def orthogonal(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    """Orthonormal rows or columns, whichever are fewer, times gain: Q of a normal matrix, signs by R's diagonal."""
    tall = rng.standard_normal((max(fan_out, fan_in), min(fan_out, fan_in)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return np.asarray(gain * (q if fan_out >= fan_in else q.T))


def identity(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float, scale: float | None = None) -> Array:
    if fan_out == fan_in:
        return gain * np.eye(fan_out)
    return normal(rng, (fan_out, fan_in)) * (gain * xavier_std(fan_out, fan_in))


# The variance of a standard normal cut at ±2: 1 − 2·2φ(2) / (2Φ(2) − 1).
TRUNCATED_VARIANCE = 0.7737413035760


def truncated_of_one(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """The same of unit variance, as JAX' variance_scaling("truncated_normal") makes it: the cut lies at ±2.27."""
    return truncated(rng, shape) / math.sqrt(TRUNCATED_VARIANCE)
