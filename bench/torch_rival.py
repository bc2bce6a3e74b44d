"""PyTorch, eager, asked for what the engine records: retain_grad on every state, then all norms as floats.

The norms of all tensors are one `_foreach_norm` and one `tolist`. `LSTMCell` does not show its gates, so PyTorch
is spared the parts of an LSTM's factors and the gates' saturation, which the engine does tell.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from gradtui_engine.network import Network
from gradtui_engine.numerics import Array

torch.set_num_threads(1)

#: Gives the loss and the gradient of the first parameter.
TorchStep = Callable[[], tuple[float, Array]]


class Rival(Protocol):
    """Prepares the step for a network; statistics asks for the activation statistics too."""

    def __call__(self, network: Network, *, statistics: bool) -> TorchStep: ...


def _mlp(network: Network, *, statistics: bool) -> TorchStep:
    parameters = _parameters(network)
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    inputs = torch.tensor(network.batch.inputs, requires_grad=True)
    target = torch.tensor(network.batch.target)
    assert network.experiment.activation == "relu"

    def step() -> tuple[float, Array]:
        _forget_gradients([inputs, *parameters])
        states, pre_activations = [inputs], []
        for weight, bias in layers[:-1]:
            pre_activations.append(_retained(functional.linear(states[-1], weight, bias)))
            states.append(_retained(torch.relu(pre_activations[-1])))
        loss = functional.cross_entropy(functional.linear(states[-1], *layers[-1]), target)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = _gradient_norms([*states, *pre_activations, *parameters])
        _layer_factors(norms[: len(states)], norms[len(states) : 2 * len(states) - 1])
        if statistics:
            _statistics(states)
        return loss.item(), _gradient(parameters[0])

    return step


def _lstm(network: Network, *, statistics: bool) -> TorchStep:
    parameters = _parameters(network)
    weight_out, bias_out = parameters[4:]
    width, batch = network.experiment.width, network.batch.size
    cell = torch.nn.LSTMCell(network.batch.inputs.shape[-1], width, dtype=weight_out.dtype)
    cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh = (torch.nn.Parameter(each) for each in parameters[:4])
    owned = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh, weight_out, bias_out]
    start = [torch.zeros(batch, width, dtype=weight_out.dtype, requires_grad=True) for _ in range(2)]
    inputs, target = torch.tensor(network.batch.inputs), torch.tensor(network.batch.target)

    def step() -> tuple[float, Array]:
        _forget_gradients([*start, *owned])
        hiddens, cells = [start[0]], [start[1]]
        for each in inputs.unbind():
            hidden, state = cell(each, (hiddens[-1], cells[-1]))
            hiddens.append(_retained(hidden))
            cells.append(_retained(state))
        loss = functional.cross_entropy(functional.linear(hiddens[-1], weight_out, bias_out), target)
        loss.backward()  # type: ignore[no-untyped-call]
        norms = _gradient_norms([*hiddens, *cells, *owned])
        _factors(norms[: len(hiddens)])
        _factors(norms[len(hiddens) : 2 * len(hiddens)])
        if statistics:
            _statistics(hiddens)
        return loss.item(), _gradient(owned[0])

    return step


def _parameters(network: Network) -> list[Tensor]:
    return [torch.tensor(array, requires_grad=True) for array in network.parameters.values()]


def _retained(tensor: Tensor) -> Tensor:
    tensor.retain_grad()
    return tensor


def _forget_gradients(tensors: list[Tensor]) -> None:
    for tensor in tensors:
        tensor.grad = None


def _gradient(tensor: Tensor) -> Array:
    return _held(tensor).numpy()


def _held(tensor: Tensor) -> Tensor:
    """The gradient that backward has left on a tensor."""
    assert tensor.grad is not None
    return tensor.grad


def _gradient_norms(tensors: list[Tensor]) -> list[float]:
    return torch.stack(list(torch._foreach_norm([_held(each) for each in tensors]))).tolist()


def _factors(norms: list[float]) -> list[float]:
    """Of each stage: its gradient's norm relative to that of the next."""
    return [one / other for one, other in itertools.pairwise(norms)]


def _layer_factors(states: list[float], pre_activations: list[float]) -> tuple[list[float], list[float], list[float]]:
    """The factor of each layer and its parts, activation and weight."""
    activation = [one / other for one, other in zip(pre_activations, states[1:], strict=True)]
    weight = [one / other for one, other in zip(states, pre_activations, strict=False)]
    return _factors(states), activation, weight


@torch.no_grad()
def _statistics(states: list[Tensor]) -> list[list[float]]:
    """Mean, standard deviation and dead share of every state, those of equal shape in one go."""
    stacked = torch.stack(states[1:])
    dead = (stacked == 0).all(dim=1).mean(dim=1, dtype=stacked.dtype)
    found = torch.stack([stacked.mean(dim=(1, 2)), stacked.std(dim=(1, 2), correction=0), dead])
    first = torch.stack([states[0].mean(), states[0].std(correction=0)])
    return [first.tolist(), *found.tolist()]


#: By cell.
RIVALS: Mapping[str, Rival] = {"mlp": _mlp, "lstm": _lstm}
