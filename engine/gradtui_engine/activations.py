"""The table of activations: value, derivative, and what each does to a gradient.

A row's functions write into a buffer that the caller owns, so that one pass over memory serves both the
recorded and the unrecorded step. To add an activation, add its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .numerics import Array
from .table import Table


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation a = f(z).

    forward(z, out) writes f(z); derivative(z, a, out) writes f'(z), given a = f(z) as well; `out` is another
    array than z and a. derivative_bounds are the infimum and supremum of f'; gain is the factor on the
    weights' standard deviation that PyTorch's `calculate_gain` gives; kinks are where f' jumps (there f'
    takes the value of the row, which is PyTorch's); saturation is the pair of outputs beyond which the unit
    counts as saturated.
    """

    name: str
    symbol: str
    formula: str
    derivative_formula: str
    forward: Callable[[Array, Array], None]
    derivative: Callable[[Array, Array, Array], None]
    derivative_bounds: tuple[float, float]
    gain: float
    note: str
    kinks: tuple[float, ...] = ()
    saturation: tuple[float, float] | None = None


def sigmoid(z: Array, out: Array) -> None:
    """1 / (1 + exp(−z)), to full relative precision also where it is tiny. out may be z.

    exp may overflow to inf, which is right: 1/inf = 0.
    """
    np.negative(z, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)


def _sigmoid_derivative(z: Array, a: Array, out: Array) -> None:
    np.subtract(1, a, out=out)
    out *= a


def _tanh(z: Array, out: Array) -> None:
    np.tanh(z, out=out)


def _tanh_derivative(z: Array, a: Array, out: Array) -> None:
    np.multiply(a, a, out=out)
    np.subtract(1, out, out=out)


def _linear(z: Array, out: Array) -> None:
    out[...] = z


def _linear_derivative(z: Array, a: Array, out: Array) -> None:
    out.fill(1)


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, 0, out=out)


def _relu_derivative(z: Array, a: Array, out: Array) -> None:
    np.greater(z, 0, out=out)


# |a| > 0.97 is where tanh counts as saturated (Karpathy, makemore part 3); sigmoid is (1 + tanh(z/2)) / 2, so
# the same pre-activations, doubled, are saturated beyond (1 ± 0.97) / 2.
TANH_SATURATION = (-0.97, 0.97)
SIGMOID_SATURATION = (0.015, 0.985)

ACTIVATIONS = Table(
    "activation",
    (
        Activation(
            "linear",
            "id",
            "a = z",
            "f′(z) = 1",
            _linear,
            _linear_derivative,
            (1.0, 1.0),
            1.0,
            "Passes every gradient unchanged, and makes any depth a single matrix.",
        ),
        Activation(
            "sigmoid",
            "σ",
            "a = 1 / (1 + e^−z)",
            "f′(z) = a (1 − a) ≤ ¼",
            sigmoid,
            _sigmoid_derivative,
            (0.0, 0.25),
            1.0,
            "f′ is at most ¼: the gradient shrinks at least fourfold a layer unless the weights make up for it.",
            saturation=SIGMOID_SATURATION,
        ),
        Activation(
            "tanh",
            "tanh",
            "a = tanh z",
            "f′(z) = 1 − a² ≤ 1",
            _tanh,
            _tanh_derivative,
            (0.0, 1.0),
            5 / 3,
            "f′ is 1 at zero, so small signals pass; it still falls to 0 where the unit saturates.",
            saturation=TANH_SATURATION,
        ),
        Activation(
            "relu",
            "relu",
            "a = max(0, z)",
            "f′(z) = 1 if z > 0 else 0",
            _relu,
            _relu_derivative,
            (0.0, 1.0),
            math.sqrt(2),
            "f′ is 1 where the unit is on, but half the units are off: the norm's factor is √½ until He "
            "initialisation doubles the variance.",
            kinks=(0.0,),
        ),
    ),
)
