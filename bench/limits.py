"""The limit: the matrix products that one iteration cannot do without, and nothing else.

Same shapes and dtype as the network's, every operand and every result an array of its own (as in a trace: the
states and gradients of 50 layers do not stay in the cache), results into memory allocated beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.run.network import Network
from layout import cell_names

Product = tuple[Array, Array, Array]
Limits = dict[str, Callable[[], None]]


class Maker:
    """Makes products of standard normal operands, with a result array for each."""

    def __init__(self, network: Network) -> None:
        self._dtype = np.dtype(network.experiment.dtype)
        self._rng = np.random.default_rng(0)

    def array(self, *shape: int) -> Array:
        return self._rng.standard_normal(shape, dtype=np.float32).astype(self._dtype)

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


def limits(network: Network) -> Limits:
    """The limit by memory layout: an MLP has one; a recurrent cell has two, since they differ in speed."""
    if network.experiment.cell == "mlp":
        return {"limit": _multiplying(_mlp(Maker(network), network))}
    return {
        "limit, batch first": _multiplying(_recurrent(Maker(network), network, units_first=False)),
        "limit, units first": _multiplying(_recurrent(Maker(network), network, units_first=True)),
    }


def _mlp(make: Maker, network: Network) -> list[Product]:
    batch = network.batch.size
    weights = [array.shape for array in network.parameters.values() if array.ndim == 2]
    found = [make.linear(batch, inputs, outputs) for outputs, inputs in weights]
    # Forward through all the layers, then backward: the order in which a step touches memory.
    forward = [layer[0] for layer in found]
    return forward + [product for layer in reversed(found) for product in layer[1:]]


def _recurrent(make: Maker, network: Network, units_first: bool) -> Iterator[Product]:
    steps, batch, _ = network.batch.inputs.shape
    width = network.experiment.resolved.width
    for layer in range(network.experiment.layers):
        weight_ih, weight_hh, *_ = cell_names(network, layer)
        rows, inputs = network.parameters[weight_ih].shape
        # One product over all steps each: the input projection and the gradients of both weights.
        yield from make.linear(steps * batch, inputs, rows, data_gradient=layer > 0)
        yield make.product(make.array(rows, steps * batch), make.array(steps * batch, width))
        weight = make.array(*network.parameters[weight_hh].shape)
        for _ in range(steps):
            if units_first:
                yield make.product(weight, make.array(width, batch))
                yield make.product(weight.T, make.array(rows, batch))
            else:
                yield make.product(make.array(batch, width), weight.T)
                yield make.product(make.array(batch, rows), weight)
    yield from make.linear(batch, width, network.batch.outputs)


def _multiplying(products: Iterable[Product]) -> Callable[[], None]:
    fixed = list(products)

    def run() -> None:
        for one, other, out in fixed:
            np.matmul(one, other, out=out)

    return run
