"""Self-attention (Vaswani et al. 2017), the position of tokens, and how they are read out: their arithmetic.

    A = softmax(Q Kᵀ / √d)          of each sample and head, (tokens, tokens): row i is what token i attends to
    C = A V                         the heads side by side, (tokens, batch, width)

q, k and v lie side by side in one array, (tokens, batch, 3·width), as PyTorch's `in_proj` writes them; d is
width/heads. A is kept as (heads, tokens, batch, tokens). All products are batched over samples and heads: matmul of
views whose rows have a stride, so that nothing is copied.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..core.message import English
from ..core.names import NO_ALIASES, Aliases
from ..core.numerics import Array
from ..core.table import Table
from ..program import kernels
from ..program.bound import Node
from ..program.operations import Operation
from ..program.rounded_array import Rounded


@dataclass(frozen=True, slots=True)
class Position:
    """One way of telling tokens their place: what is added to the embedded tokens."""

    name: str
    formula: str
    source: str
    note: English
    learned: bool = False
    aliases: Aliases = NO_ALIASES


POSITIONS = Table(
    "position",
    (
        Position(
            "sinusoidal", "h_0 = x Wᵀ + b + p_t,  p = sin, cos(t / 10000^(2i/width))", "Vaswani et al. 2017",
            "A sine and a cosine a pair of units, slower from pair to pair; nothing is learned.",
            aliases=Aliases(("sin", "sine", "fixed", "absolute"), ("rotary", "rope", "alibi", "relative")),
        ),
        Position(
            "learned", "h_0 = x Wᵀ + b + p_t,  p learned, from 0", "Gehring et al. 2017; Devlin et al. 2019",
            "A bias of its own for each token, which starts at 0: at iteration 0 tokens have no place.", learned=True,
            aliases=Aliases(("embedding", "trainable"),),
        ),
        Position(
            "none", "h_0 = x Wᵀ + b", "–", "The tokens are a set: in any order they come to the same.",
            aliases=Aliases(("off", "no", "nope")),
        ),
    ),
)  # fmt: skip


@functools.lru_cache(maxsize=8)
def sinusoids(tokens: int, width: int) -> Array:
    """p, (tokens, width): sin(t ω_i) in units 2i and cos(t ω_i) in 2i + 1, ω_i = 10000^(−2i/width), t from 0.

    Read-only, in float64 (Vaswani et al. 2017).
    """
    units = np.arange(width)
    angles = np.arange(tokens)[:, None] * np.power(10000.0, -(units // 2 * 2) / width)
    positions = np.where(units % 2 == 0, np.sin(angles), np.cos(angles))
    positions.flags.writeable = False
    return positions


def _placed(values: Array) -> Array:
    return sinusoids(values.shape[0], values.shape[2]).astype(values.dtype)


def _position_forward(node: Node) -> None:
    (values,), (out,) = node.inputs, node.outputs
    place = node.parameters[0] if node.parameters else _placed(values)
    np.add(values, place[:, None], out=out)


def _position_backward(node: Node) -> None:
    (gradient,), wanted = node.output_gradients, node.input_gradients[0]
    if node.parameters:
        np.add.reduce(gradient, axis=1, out=node.parameter_gradients[0])
    if wanted is not None:
        wanted[...] = gradient


def heads_of(array: Array, heads: int) -> Array:
    """(tokens, batch, width) as (batch, heads, tokens, width/heads): a view."""
    tokens, batch, width = array.shape
    return array.reshape(tokens, batch, heads, width // heads).transpose(1, 2, 0, 3)


def _split(projections: Array, heads: int) -> tuple[Array, Array, Array]:
    """q, k and v of all samples and heads, (batch, heads, tokens, width/heads) each: views."""
    width = projections.shape[-1] // 3
    tokens, batch, _ = projections.shape
    parts = projections.reshape(tokens, batch, 3, heads, width // heads).transpose(2, 1, 3, 0, 4)
    return parts[0], parts[1], parts[2]


def _by_sample(weights: Array) -> Array:
    """A, (heads, tokens, batch, tokens), as (batch, heads, tokens, tokens): a view."""
    return weights.transpose(2, 0, 1, 3)


def _attention_forward(node: Node) -> None:
    context, weights = node.outputs
    heads = weights.shape[0]
    query, key, value = _split(node.inputs[0], heads)
    scores = _by_sample(weights)
    np.matmul(query, key.swapaxes(-1, -2), out=scores)
    weights *= weights.dtype.type(1 / math.sqrt(query.shape[-1]))
    softmax(weights)
    np.matmul(scores, value, out=heads_of(context, heads))


def softmax(scores: Array) -> None:
    """Over the last axis, in place; shifted by the largest, so that it cannot overflow."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)


def _attention_backward(node: Node) -> None:
    wanted = node.input_gradients[0]
    if wanted is None:
        return
    weights = node.outputs[1]
    heads = weights.shape[0]
    query, key, value = _split(node.inputs[0], heads)
    to_query, to_key, to_value = _split(wanted, heads)
    attention, gradient = _by_sample(weights), heads_of(node.output_gradients[0], heads)
    np.matmul(attention.swapaxes(-1, -2), gradient, out=to_value)
    delta = node.workspace.buffer("scores", weights.shape, weights.dtype)
    to_scores = _by_sample(delta)
    np.matmul(gradient, value.swapaxes(-1, -2), out=to_scores)
    # The softmax's Jacobian: ∂L/∂S = A ⊙ (G − Σ_j A G).
    delta -= np.einsum("htbs,htbs->htb", delta, weights)[..., None]
    delta *= weights
    delta *= delta.dtype.type(1 / math.sqrt(query.shape[-1]))
    np.matmul(to_scores, key, out=to_query)
    np.matmul(to_scores.swapaxes(-1, -2), query, out=to_key)


def _rounded_forward(node: Node) -> None:
    """In 16 bits, PyTorch's operations one by one: softmax(q @ k.mT * (1 / √d)) @ v."""
    context, weights = node.outputs
    query, key, value = _split(node.inputs[0], weights.shape[0])
    scores = _by_sample(weights)
    scores[...] = kernels.softmax((query @ key.swapaxes(-1, -2)) * _share(query))
    np.matmul(scores, value, heads_of(context, weights.shape[0]))


def _rounded_backward(node: Node) -> None:
    wanted = node.input_gradients[0]
    if wanted is None:
        return
    heads = node.outputs[1].shape[0]
    query, key, value = _split(node.inputs[0], heads)
    to_query, to_key, to_value = _split(wanted, heads)
    attention, gradient = _by_sample(node.outputs[1]), heads_of(node.output_gradients[0], heads)
    np.matmul(attention.swapaxes(-1, -2), gradient, to_value)
    to_scores = kernels.softmax_backward(gradient @ value.swapaxes(-1, -2), attention) * _share(query)
    np.matmul(to_scores, key, to_query)
    np.matmul(to_scores.swapaxes(-1, -2), query, to_key)


def _share(query: Array) -> Any:
    return query.dtype.type(1 / math.sqrt(query.shape[-1]))


def _rounded_position(node: Node) -> None:
    """p is rounded before it is added, as a buffer of the model is."""
    (values,), (out,) = node.inputs, node.outputs
    place = node.parameters[0] if node.parameters else cast(Rounded, out).of(_placed(values))
    np.add(values, place[:, None], out)


def _read_forward(node: Node) -> None:
    (values,), (out,) = node.inputs, node.outputs
    if node.choice == "mean":
        np.add.reduce(values, axis=0, out=out)
        out *= out.dtype.type(1 / len(values))
    else:
        out[...] = values[-1]


def _read_backward(node: Node) -> None:
    (gradient,), wanted = node.output_gradients, node.input_gradients[0]
    if wanted is None:
        return
    if node.choice == "mean":
        wanted[...] = gradient * gradient.dtype.type(1 / len(wanted))
    else:
        wanted[:-1] = 0
        wanted[-1] = gradient


OPERATIONS = (
    Operation(
        "position",
        "h_0 = e + p_t",
        "∂L/∂e = ∂L/∂h_0,  ∂L/∂p_t = Σ over the batch of ∂L/∂h_0",
        _position_forward,
        _position_backward,
        rounded=(_rounded_position, _position_backward),
    ),
    Operation(
        "attention",
        "C = A V,  A = softmax(Q Kᵀ / √d)",
        "∂L/∂V = Aᵀ G,  ∂L/∂S = A ⊙ (D − Σ_j A D),  D = G Vᵀ,  ∂L/∂Q = ∂L/∂S K / √d,  ∂L/∂K = ∂L/∂Sᵀ Q / √d",
        _attention_forward,
        _attention_backward,
        rounded=(_rounded_forward, _rounded_backward),
    ),
    Operation(
        "read_out",
        "r = h of the last token, or the mean of all",
        "∂L/∂h = ∂L/∂r at the last token, or ∂L/∂r / T at each",
        _read_forward,
        _read_backward,
    ),
)
