"""What is one kernel in PyTorch, of arrays of an emulated type: worked out in float32 and rounded once.

Arithmetic, tanh and products of matrices (`+ − * / @`, `np.tanh`) are one call of NumPy and round by themselves; here
is what takes several. Gradients are those of PyTorch's derivatives.yaml, which know a result and not what it came
from. A product's sum is float32's, in an order that is each library's own.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ..rules import activation_functions as curves
from .rounded_array import Rounded, exact


def linear(values: Any, weight: Any, bias: Any) -> Any:
    """x Wᵀ + b, the bias added before rounding (F.linear)."""
    product = exact(values) @ exact(weight).T
    product += exact(bias)
    return _as(values, product)


def sigmoid(values: Any) -> Any:
    """σ(x)."""
    out = np.empty_like(exact(values))
    curves.sigmoid(exact(values), out)
    return _as(values, out)


def sigmoid_backward(gradient: Any, result: Any) -> Any:
    """g (1 − y) y: of float16 numbers PyTorch rounds each of the three results, of bfloat16 ones the last."""
    if cast(Rounded, gradient).type.name == "float16":
        return gradient * (1 - result) * result
    sent, given = exact(gradient), exact(result)
    return _as(gradient, sent * (1 - given) * given)


def tanh_backward(gradient: Any, result: Any) -> Any:
    """g (1 − y²)."""
    sent, given = exact(gradient), exact(result)
    return _as(gradient, sent * (1 - given * given))


def softmax(scores: Any) -> Any:
    """e^(s − max) / Σ e^(s − max) over the last axis."""
    shares = np.exp(exact(scores) - exact(scores).max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return _as(scores, shares)


def softmax_backward(gradient: Any, result: Any) -> Any:
    """(g − Σ g y) y over the last axis."""
    sent, given = exact(gradient), exact(result)
    through = sent - (sent * given).sum(axis=-1, keepdims=True)
    through *= given
    return _as(gradient, through)


def _as(like: Any, made: Any) -> Any:
    return type(like).of(made)
