"""Expectations over a normal number by double exponential quadrature: an oracle for mean-field theory."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np

from gradtui_engine.core.numerics import Array
from tests.engine.oracles import activate, slope

# Where the activations bend, beside 0: the ends of hard_tanh, hard_sigmoid and relu6.
BENDS = (-3.0, -1.0, 0.0, 1.0, 3.0, 6.0)
# Beyond 13 standard deviations the normal density is 1e-37.
FAR = 13.0


def _tanh_sinh() -> tuple[Array, Array]:
    """Nodes and weights on (−1, 1) that crowd at both ends (Takahasi & Mori 1974)."""
    step = 0.018
    t = step * np.arange(-200, 201)
    inner = math.pi / 2 * np.sinh(t)
    return np.tanh(inner), step * math.pi / 2 * np.cosh(t) / np.cosh(inner) ** 2


NODES, WEIGHTS = _tanh_sinh()


def expectation(function: Callable[[Array], Array], q: float) -> float:
    """E f(x) of x ~ N(0, q), piece by piece between the bends, in x itself."""
    scale = math.sqrt(q)
    ends = sorted({-FAR * scale, FAR * scale, *(bend for bend in BENDS if abs(bend) < FAR * scale)})
    total = 0.0
    for low, high in itertools.pairwise(ends):
        half = (high - low) / 2
        # At the very ends rounding would put a node on the bend, or on its other side.
        x = np.clip(low + half * (1 + NODES), np.nextafter(low, high), np.nextafter(high, low))
        density = np.exp(-x * x / (2 * q)) / (scale * math.sqrt(2 * math.pi))
        with np.errstate(over="ignore"):  # 1 / (1 + e^1000) is 0
            values = function(x)
        total += float(np.sum(half * WEIGHTS * density * values))
    return total


def steepness(name: str, x: Array) -> Array:
    """φ'(x): beyond ±300 it has come to its limit, and autograd would overflow on the way to it."""
    return slope(name, x if name in ("sin", "softsign") else np.clip(x, -300.0, 300.0))


@functools.cache
def mean(name: str, q: float) -> float:
    """E φ(x)."""
    return expectation(lambda x: activate(name, x), q)


@functools.cache
def square(name: str, q: float) -> float:
    """E φ(x)²."""
    return expectation(lambda x: activate(name, x) ** 2, q)


@functools.cache
def slope_square(name: str, q: float) -> float:
    """E φ'(x)²."""
    return expectation(lambda x: steepness(name, x) ** 2, q)
