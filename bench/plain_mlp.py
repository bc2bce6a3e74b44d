"""A training step of an MLP as a competent person writes it in NumPy: it keeps only what backpropagation needs.

It computes the loss and the gradients of all parameters (not of the input) and measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.run.network import Network
from layout import Gradients, Layer, layers

#: Gives the loss and the gradients by parameter name.
PlainStep = Callable[[], tuple[float, Gradients]]
#: The normalised values and the scale, which is 1/σ; None without a norm.
Kept = tuple[Array, Array] | None


def step_of(network: Network) -> PlainStep:
    """The step of a network, ready to be timed."""
    parameters, stack = network.parameters, layers(network)
    inputs, target = network.batch.inputs, network.batch.target
    weight_out, bias_out = parameters["output.weight"], parameters["output.bias"]

    def step() -> tuple[float, Gradients]:
        states, bent, kept = [inputs], [], []
        for layer in stack:
            pre = states[-1] @ parameters[layer.weight].T + parameters[layer.bias]
            pre, memory = _normalise(layer, pre, *(parameters[name] for name in layer.norm_names))
            kept.append(memory)
            bent.append(np.maximum(pre, 0))
            states.append(bent[-1] if layer.skip is None else bent[-1] + states[layer.skip])
        loss, delta = cross_entropy(states[-1] @ weight_out.T + bias_out, target)
        gradients = {"output.weight": delta.T @ states[-1], "output.bias": delta.sum(axis=0)}
        delta = delta @ weight_out
        waiting: dict[int, Array] = {}
        for index in range(len(stack) - 1, -1, -1):
            layer = stack[index]
            if layer.skip is not None:
                waiting[layer.skip] = delta
            delta = delta * (bent[index] > 0)
            memory = kept[index]
            if memory is not None:
                delta = _normalise_backward(layer, delta, *memory, parameters[layer.norm_names[0]], gradients)
            gradients[layer.weight] = delta.T @ states[index]
            gradients[layer.bias] = delta.sum(axis=0)
            if index:
                delta = delta @ parameters[layer.weight]
                if index in waiting:
                    delta += waiting.pop(index)
        return loss, gradients

    return step


def _normalise(layer: Layer, pre: Array, weight: Array | None = None, bias: Array | None = None) -> tuple[Array, Kept]:
    if weight is None:
        return pre, None
    axis = 0 if layer.norm == "batch" else 1
    eps = 1e-5
    if layer.norm == "rms":
        eps = float(np.finfo(pre.dtype).eps)
    else:
        pre = pre - pre.mean(axis=axis, keepdims=True)
    scale = 1 / np.sqrt(np.square(pre).mean(axis=axis, keepdims=True) + pre.dtype.type(eps))
    normal = pre * scale
    out = normal * weight
    return out if bias is None else out + bias, (normal, scale)


def _normalise_backward(
    layer: Layer, delta: Array, normal: Array, scale: Array, weight: Array, gradients: dict[str, Array]
) -> Array:
    gradients.update(zip(layer.norm_names, ((delta * normal).sum(axis=0), delta.sum(axis=0)), strict=False))
    axis = 0 if layer.norm == "batch" else 1
    inner = delta * weight
    found = inner - normal * (inner * normal).mean(axis=axis, keepdims=True)
    if layer.norm != "rms":
        found -= inner.mean(axis=axis, keepdims=True)
    found *= scale
    return np.asarray(found)


def cross_entropy(output: Array, target: Array) -> tuple[float, Array]:
    """The mean loss over the batch and its gradient."""
    rows = np.arange(len(target))
    shifted = output - output.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    loss = float((np.log(sums[:, 0]) - shifted[rows, target]).mean())
    shares = powers / sums
    shares[rows, target] -= 1
    return loss, shares / len(target)
