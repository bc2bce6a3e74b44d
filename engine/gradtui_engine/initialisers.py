"""The table of initialisers: the variance of a weight from the matrix's fans.

A row draws a matrix (fan_out, fan_in) in float64; the network casts it, so float32 and float64 experiments
start from the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .numerics import Array
from .table import Table

Draw = Callable[[np.random.Generator, int, int, float], Array]


@dataclass(frozen=True, slots=True)
class Initialiser:
    """One initialiser: draw(generator, fan_out, fan_in, gain) → (fan_out, fan_in)."""

    name: str
    formula: str
    draw: Draw
    source: str
    note: str


def _normal(std: Callable[[int, int], float]) -> Draw:
    return lambda rng, fan_out, fan_in, gain: rng.standard_normal((fan_out, fan_in)) * (gain * std(fan_out, fan_in))


def _uniform(std: Callable[[int, int], float]) -> Draw:
    """The uniform twin has the same variance: bound = √3 · std."""

    def draw(rng: np.random.Generator, fan_out: int, fan_in: int, gain: float) -> Array:
        return rng.uniform(-1.0, 1.0, (fan_out, fan_in)) * (gain * math.sqrt(3.0) * std(fan_out, fan_in))

    return draw


def _fan_in_std(fan_out: int, fan_in: int) -> float:
    return 1.0 / math.sqrt(fan_in)


def _xavier_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / (fan_in + fan_out))


def _he_std(fan_out: int, fan_in: int) -> float:
    return math.sqrt(2.0 / fan_in)


INITIALISERS = Table(
    "init",
    (
        Initialiser(
            "normal",
            "W ~ N(0, gain² / fan_in)",
            _normal(_fan_in_std),
            "LeCun et al. 1998",
            "Keeps the variance of a linear layer's output; σ_w of the mean-field papers is the gain.",
        ),
        Initialiser(
            "xavier_normal",
            "W ~ N(0, 2 gain² / (fan_in + fan_out))",
            _normal(_xavier_std),
            "Glorot & Bengio 2010",
            "A compromise between forward and backward variance; made for tanh, too small for ReLU.",
        ),
        Initialiser(
            "xavier_uniform",
            "W ~ U(±gain √(6 / (fan_in + fan_out)))",
            _uniform(_xavier_std),
            "Glorot & Bengio 2010",
            "The uniform twin of xavier_normal: the same variance.",
        ),
        Initialiser(
            "he_normal",
            "W ~ N(0, 2 gain² / fan_in)",
            _normal(_he_std),
            "He et al. 2015",
            "Doubles the variance because ReLU switches half of the units off.",
        ),
        Initialiser(
            "he_uniform",
            "W ~ U(±gain √(6 / fan_in))",
            _uniform(_he_std),
            "He et al. 2015",
            "The uniform twin of he_normal: the same variance.",
        ),
        Initialiser(
            "zeros",
            "W = 0",
            lambda rng, fan_out, fan_in, gain: np.zeros((fan_out, fan_in)),
            "–",
            "Every unit is the same and no gradient passes: the network cannot begin to learn.",
        ),
    ),
)
