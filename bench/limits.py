"""The limit: the matrix products that one iteration cannot do without, and nothing else.

Same shapes and dtype as the network's, every operand and every result an array of its own (as in a trace: the
states and gradients of 50 layers do not stay in the cache), results into memory allocated beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from gradtui_engine.network import Network
from gradtui_engine.numerics import Array

Product = tuple[Array, Array, Array]
Limits = dict[str, Callable[[], None]]


class Maker:
    """Makes products of standard normal operands, with a result array for each."""

    def __init__(self, network: Network) -> None:
        self._dtype = np.dtype(network.experiment.dtype)
        self._rng = np.random.default_rng(0)

    def array(self, *shape: int) -> Array:
        return self._rng.standard_normal(shape, dtype=np.float64).astype(self._dtype)

    def product(self, one: Array, other: Array) -> Product:
        if one.shape[1] == 1:
            # NumPy's matmul does not give an inner dimension of 1 to the BLAS: with a zero beside it (2048, 1) by
            # (1, 256) takes 0.11 instead of 0.64 ms, and a limit should be one.
            one, other = np.pad(one, ((0, 0), (0, 1))), np.pad(other, ((0, 1), (0, 0)))
        return one, other, np.empty((one.shape[0], other.shape[1]), self._dtype)

    def linear(self, batch: int, inputs: int, outputs: int, data_gradient: bool = True) -> list[Product]:
        """z = h Wᵀ, ∂L/∂W = δᵀ h and ∂L/∂h = δ W of one linear layer."""
        state, weight, delta = (
            self.array(batch, inputs),
            self.array(outputs, inputs),
            self.array(batch, outputs),
        )
        backward = [self.product(delta, weight)] if data_gradient else []
        return [self.product(state, weight.T), self.product(delta.T, state), *backward]


def _mlp(network: Network) -> Limits:
    make = Maker(network)
    batch = network.batch.size
    weights = [array.shape for array in network.parameters.values() if array.ndim == 2]
    layers = [make.linear(batch, inputs, outputs) for outputs, inputs in weights]
    # Forward through all the layers, then backward: the order in which a step touches memory.
    forward = [layer[0] for layer in layers]
    backward = [product for layer in reversed(layers) for product in layer[1:]]
    return {"limit": _multiplying(forward + backward)}


def _lstm(network: Network) -> Limits:
    make = Maker(network)
    steps, batch, inputs = network.batch.inputs.shape
    width = network.experiment.width
    readout = make.linear(batch, width, network.batch.outputs)
    # One product over all steps each: the input projection and the gradients of both weights.
    whole = make.linear(steps * batch, inputs, 4 * width, data_gradient=False)
    recurrent_gradient = make.product(make.array(4 * width, steps * batch), make.array(steps * batch, width))
    weight = make.array(4 * width, width)
    batch_first = [make.product(make.array(batch, width), weight.T) for _ in range(steps)]
    batch_first += [make.product(make.array(batch, 4 * width), weight) for _ in range(steps)]
    units_first = [make.product(weight, make.array(width, batch)) for _ in range(steps)]
    units_first += [make.product(weight.T, make.array(4 * width, batch)) for _ in range(steps)]
    common = [*whole, recurrent_gradient, *readout]
    return {
        "limit, batch first": _multiplying([*common, *batch_first]),
        "limit, units first": _multiplying([*common, *units_first]),
    }


def _multiplying(products: Iterable[Product]) -> Callable[[], None]:
    fixed = list(products)

    def run() -> None:
        for one, other, out in fixed:
            np.matmul(one, other, out=out)

    return run


#: By cell; a recurrent cell has one limit per memory layout, since they differ in speed.
LIMITS: Mapping[str, Callable[[Network], Limits]] = {"mlp": _mlp, "lstm": _lstm}
