"""The table of losses: the value and its gradient with respect to the network's output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .numerics import Array
from .table import Table


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss: forward(output, target) → scalar; backward(output, target, out) writes dL/d output.

    output is (batch, outputs); the mean over the batch is part of the loss, so gradients carry the 1/batch.
    """

    name: str
    formula: str
    backward_formula: str
    forward: Callable[[Array, Array], float]
    backward: Callable[[Array, Array, Array], None]
    note: str


def _cross_entropy(output: Array, target: Array) -> float:
    """mean over the batch of log Σ_j exp(o_j) − o_target, shifted by the largest output against overflow."""
    shifted = output - output.max(axis=1, keepdims=True)
    picked = shifted[np.arange(len(target)), target]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - picked))


def _cross_entropy_backward(output: Array, target: Array, out: Array) -> None:
    np.subtract(output, output.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    out[np.arange(len(target)), target] -= 1
    out /= len(target)


def _mse(output: Array, target: Array) -> float:
    return float(np.mean((output - target) ** 2))


def _mse_backward(output: Array, target: Array, out: Array) -> None:
    np.subtract(output, target, out=out)
    out *= 2.0 / output.size


LOSSES = Table(
    "loss",
    (
        Loss(
            "cross_entropy",
            "L = mean over the batch of −log softmax(o)[target]",
            "∂L/∂o = (softmax(o) − onehot(target)) / batch",
            _cross_entropy,
            _cross_entropy_backward,
            "For classes. Its gradient at the output is never larger than √2 / √batch.",
        ),
        Loss(
            "mse",
            "L = mean of (o − target)²",
            "∂L/∂o = 2 (o − target) / (batch × outputs)",
            _mse,
            _mse_backward,
            "For numbers. Its gradient grows with the error, without a bound.",
        ),
    ),
)
