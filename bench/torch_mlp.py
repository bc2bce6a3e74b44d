"""An MLP in PyTorch, eager, asked for what the engine records: the norm of the gradient at every state and within
every layer, and, where a skip meets a branch, the norm of each one's share and the cosine between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from cases import Extra
from gradtui_engine.run.network import Network
from layout import Layer, layers
from torch_tools import TorchStep, finished, held, norms, parameters_of, ratios, retained, statistics


def step_of(network: Network, extra: Extra) -> TorchStep:
    """The step of a network, ready to be timed."""
    parameters, stack = parameters_of(network), layers(network)
    inputs, target = torch.tensor(network.batch.inputs, requires_grad=True), torch.tensor(network.batch.target)

    def told() -> float:
        inputs.grad = None
        states, inner = [inputs], []
        for layer in stack:
            inner.append(retained(functional.linear(states[-1], parameters[layer.weight], parameters[layer.bias])))
            if layer.norm != "none":
                inner.append(retained(_normalised(layer, inner[-1], parameters)))
            bent = torch.relu(inner[-1])
            states.append(retained(bent if layer.skip is None else bent + states[layer.skip]))
        output = functional.linear(states[-1], parameters["output.weight"], parameters["output.bias"])
        loss = functional.cross_entropy(output, target)
        loss.backward()  # type: ignore[no-untyped-call]
        _tell(stack, states, inner, list(parameters.values()))
        if extra is Extra.STATISTICS:
            statistics(states)
        return loss.item()

    return finished(network, parameters, told, extra)


def _normalised(layer: Layer, pre: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    weight, *bias = (parameters[name] for name in layer.norm_names)
    if layer.norm == "batch":
        return functional.batch_norm(pre, None, None, weight, *bias, training=True)
    if layer.norm == "layer":
        return functional.layer_norm(pre, pre.shape[1:], weight, *bias)
    return functional.rms_norm(pre, pre.shape[1:], weight)


def _tell(stack: list[Layer], states: list[Tensor], inner: list[Tensor], parameters: list[Tensor]) -> list[object]:
    """The factor of every stage and its parts: activation, norm, weight; branch, skip and their cosine."""
    joins = {layer.skip: layer.number for layer in stack if layer.skip is not None}
    branches: Sequence[Tensor] = ()
    if joins:
        # What reaches a state other than over the skip, whose share is the gradient at the skip's end.
        sums, skips = ([held(states[number]) for number in numbers] for numbers in (joins.keys(), joins.values()))
        branches = torch._foreach_sub(sums, skips)
    found = iter(norms([*map(held, states), *map(held, inner), *branches, *map(held, parameters)]))
    at_state, at_inner = list(itertools.islice(found, len(states))), list(itertools.islice(found, len(inner)))
    at_branch = dict(zip(joins, itertools.islice(found, len(joins)), strict=True))
    merges = [_merge(branch, at_state[joins[start]], at_state[start]) for start, branch in at_branch.items()]
    count = len(inner) // len(stack)
    parts = []
    for index in range(len(stack)):
        # From h before to h: the gradient at h or, where a skip arrives too, the branch's share of it; at z, n and h.
        chain = [at_branch.get(index, at_state[index]), *at_inner[index * count : (index + 1) * count]]
        parts.append(ratios([*chain, at_state[index + 1]]))
    return [ratios(at_state), parts, merges, list(found)]


def _merge(branch: float, skip: float, total: float) -> tuple[float, float, float]:
    """The cosine follows from the three norms: cheaper than the engine's inner product, and less exact."""
    return branch / skip, total / skip, (total**2 - branch**2 - skip**2) / (2 * branch * skip)
