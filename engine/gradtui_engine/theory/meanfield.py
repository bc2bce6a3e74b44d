"""Mean-field theory of wide networks at initialisation: variances forward, squared gradient factors backward.

    q_l = σ_w² p_(l−1) + σ_b²              variance of a pre-activation;  p = E[h²]
    χ_l = σ_w² E[φ'(√q_l z)²]              squared gradient factor of layer l;  z standard normal

(Poole et al. 2016; Schoenholz et al. 2017.)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.message import English
from ..core.numerics import Array
from ..rules.activations import ACTIVATIONS

# Gauss–Legendre nodes per piece of the axis. Pieces end at the activation's kinks (Gauss–Hermite, which knows none, is
# off by 1e-3 for hard_tanh) and grow away from 0, so that a sigmoid is resolved up to q = 1e5, where all of its slope
# lies within 0.02 standard deviations. Beyond 12 of them the normal density is 5e-32.
_NODES = 24
_ENDS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.8, 1.6, 3.0, 6.0, 12.0)
#: χ below, at and above 1.
REGIMES: tuple[English, ...] = ("ordered", "critical", "chaotic")
#: What is called critical: a depth scale of so many layers (σ_w is then within ½ % of the edge) and of so many times
#: the network's depth (the gradient's norm then changes by less than e^¼ = 1.28 from end to end).
_LONG, _TIMES = 100.0, 2.0
#: How far q is followed, and how many layers before looking ahead.
_LEAST_Q, _MOST_Q, _LAYERS = 1e-30, 1e30, 200
_LEAST_LOG, _MOST_LOG = math.log(_LEAST_Q), math.log(_MOST_Q)


@dataclass(frozen=True, slots=True)
class Moments:
    """E[φ], E[φ²] and E[φ'²] of a pre-activation N(0, q)."""

    mean: float
    square: float
    slope_square: float


@functools.lru_cache(maxsize=32768)
def moments(activation: str, q: float, slope: float | None = None) -> Moments:
    """The moments of an activation at variance q; q = 0 is the limit, inf and nan give nan."""
    if not math.isfinite(q) or q < 0:
        return Moments(math.nan, math.nan, math.nan)
    if activation in _CLOSED_FORMS:
        return _CLOSED_FORMS[activation](q)
    row = ACTIVATIONS[activation]
    shape = row.slope if slope is None else slope
    scale = math.sqrt(q)
    z, weights = _quadrature(tuple(kink / scale for kink in row.kinks) if scale else ())
    x = scale * z
    value, derivative = np.empty_like(x), np.empty_like(x)
    with np.errstate(all="ignore"):
        row.forward(x, value, 1.0 if shape is None else shape)
        row.derivative(x, value, derivative, 1.0 if shape is None else shape)
    if scale == 0.0 and row.kinks:
        # At a kink in 0 the two sides count half each: the limit q → 0.
        return moments(activation, 1e-200, slope)
    mean, square, slopes = (float(weights @ samples) for samples in (value, value**2, derivative**2))
    return Moments(mean, square, slopes)


@functools.lru_cache(maxsize=32768)
def gate_moments(bias: float, q: float) -> tuple[float, float, float, float, float, float]:
    """E t, E(1 − t), E t², E(1 − t)², E t(1 − t) and E t′² of a gate t = σ(z), z of N(bias, q)."""
    if not math.isfinite(q) or q < 0:
        return (math.nan,) * 6
    z, weights = _quadrature(())
    with np.errstate(all="ignore"):
        x = bias + math.sqrt(q) * z
        gate, kept = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
        products = (gate, kept, gate**2, kept**2, gate * kept, (gate * kept) ** 2)
    first, second, *rest = (float(weights @ product) for product in products)
    return (first, second, rest[0], rest[1], rest[2], rest[3])


#: Where the integrals have a closed form that quadrature cannot follow: a sine of large variance oscillates too fast.
_CLOSED_FORMS: dict[str, Callable[[float], Moments]] = {
    "sin": lambda q: Moments(0.0, -math.expm1(-2 * q) / 2, (1 + math.exp(-2 * q)) / 2),
}


def _quadrature(kinks: tuple[float, ...]) -> tuple[Array, Array]:
    """Nodes and weights of the standard normal, in pieces between the kinks."""
    inner = {kink for kink in kinks if -_ENDS[-1] < kink < _ENDS[-1]}
    ends = sorted({*_ENDS, *(-end for end in _ENDS), *inner})
    nodes, weights = _LEGENDRE
    low, high = np.array(ends[:-1])[:, None], np.array(ends[1:])[:, None]
    half = (high - low) / 2
    z = (low + half * (nodes + 1)).ravel()
    return z, (half * weights).ravel() * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


_LEGENDRE = np.polynomial.legendre.leggauss(_NODES)


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Where depth leads: q* (inf where it diverges, None where every q is a fixed point), and χ.

    depth_scale is 1/|ln χ|: over so many layers the squared gradient changes by a factor of e (inf at χ = 1).
    """

    q_star: float | None
    chi: float
    depth_scale: float


def depth_scale(chi: float) -> float:
    """ξ = 1/|ln χ| (Schoenholz et al. 2017): inf where χ is 1 but for rounding, 0 where nothing passes."""
    return math.inf if abs(chi - 1) < 1e-12 else (1 / abs(math.log(chi)) if chi > 0 else 0.0)


def regime(chi: float, depth: int) -> str:
    """What χ does over a network of this depth: critical where the depth scale ξ is at least 100 layers and at least
    twice the depth, so that next to nothing is lost or gained; else ordered below 1 and chaotic above.
    """
    ordered, critical, chaotic = REGIMES
    if depth_scale(chi) >= max(_LONG, _TIMES * depth):
        return critical
    return ordered if chi < 1 else chaotic


def fixed_point(activation: str, sigma_w: float, sigma_b: float, slope: float | None = None) -> FixedPoint:
    """The fixed point of q ← σ_w² E[φ(√q z)²] + σ_b² that q = 1 leads to, and χ there."""

    def change(log_q: float) -> float:
        """ln of the factor by which one layer changes q."""
        q = math.exp(log_q)
        following = sigma_w**2 * moments(activation, q, slope).square + sigma_b**2
        return math.log(following / q) if following > 0 else -math.inf

    star: float | None
    if sigma_b == 0.0 and _scale_free(activation, sigma_w, slope):
        star, at = None, 1.0
    else:
        star = _follow(change)
        # Growth by σ_b² a layer has no fixed point; it is lost in rounding at 1e14.
        star = math.inf if star > 1e12 else (0.0 if star < 1e-12 else star)
        at = min(max(star, _LEAST_Q), _MOST_Q)
    chi = sigma_w**2 * moments(activation, at, slope).slope_square
    return FixedPoint(star, chi, depth_scale(chi))


def _follow(change: Callable[[float], float]) -> float:
    """Where q goes from 1: 0, q* or inf.

    First by the map itself, which settles in a few dozen layers unless the fixed point is critical; then, from where it
    has come to, by looking ahead in its direction for the first place where it stands still.
    """
    here = 0.0
    for _ in range(_LAYERS):
        step = change(here)
        if abs(step) < 1e-15 or not _LEAST_LOG < here < _MOST_LOG:
            break
        here += step
    if not _LEAST_LOG < here < _MOST_LOG:
        return math.inf if here > 0 else 0.0
    if abs(step) < 1e-15:
        return math.exp(here)
    up = step > 0
    while _LEAST_LOG < here < _MOST_LOG:
        # Small strides where fixed points can lie close to each other, tenfold ones in the tails.
        stride = math.log(1.1) if abs(here) < math.log(1e4) else math.log(10.0)
        there = here + (stride if up else -stride)
        if (change(there) > 0) != up:
            return math.exp(_bisect(change, here, there))
        here = there
    return math.inf if up else 0.0


def _bisect(change: Callable[[float], float], inside: float, outside: float) -> float:
    sign = change(inside) > 0
    # 60 halvings of a stride end at the last bit of ln q.
    for _ in range(60):
        middle = (inside + outside) / 2
        if (change(middle) > 0) == sign:
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


def _scale_free(activation: str, sigma_w: float, slope: float | None) -> bool:
    """Whether every q is a fixed point: a positively homogeneous activation at its critical σ_w (ReLU at √2)."""
    values = [sigma_w**2 * moments(activation, q, slope).square / q for q in (0.1, 1.0, 10.0)]
    return all(abs(value - 1) < 1e-9 for value in values)
