"""A network over time in plain PyTorch: its layers written by hand, everything else torch.nn's, trained beside ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from gradtui_engine import Network
from tests.engine.oracles import length

#: (time, batch, inputs), the parameters of the layer by name, the state before → (the states over time, the last one).
Layer = Callable[[torch.Tensor, Mapping[str, torch.Tensor], Any], tuple[torch.Tensor, Any]]
LOSSES: dict[str, Callable[..., torch.Tensor]] = {
    "mse": nn.functional.mse_loss, "cross_entropy": nn.functional.cross_entropy
}  # fmt: skip
#: Rounding alone: 64 steps of sums of 100 products, each 1e-16.
TOLERANCE = 1e-8


def loss_of(network: Network, parameters: Mapping[str, torch.Tensor], layer: Layer, truncate: int | None) -> Any:
    """The loss of a forward pass, and the states of the last layer; `truncate` steps at a time, each detached."""
    resolved, inputs = network.resolved, torch.tensor(network.batch.inputs)
    size = truncate or len(inputs)
    state: list[Any] = [None] * resolved.layers
    chunks = []
    for start in range(0, len(inputs), size):
        sequence = inputs[start : start + size]
        for number in range(resolved.layers):
            ending = f"_l{number}"
            own = {
                name.removesuffix(ending).partition(".")[2]: array
                for name, array in parameters.items()
                if name.startswith(f"{resolved.cell}.") and name.endswith(ending)
            }
            sequence, after = layer(sequence, own, state[number])
            state[number] = [each.detach() for each in after] if isinstance(after, tuple) else after.detach()
        chunks.append(sequence)
    states = torch.cat(chunks)
    read = states if resolved.readout == "all" else states[-1]
    output = read @ parameters["output.weight"].T + parameters["output.bias"]
    target = torch.tensor(network.batch.target)
    if resolved.loss == "cross_entropy":
        target = target.reshape(-1)
        output = output.reshape(len(target), -1)
    return LOSSES[str(resolved.loss)](output, target), states


def trained_alike(network: Network, layer: Layer, truncate: int | None = None, updates: int = 3) -> None:
    """States, loss, gradients and a few updates, each beside PyTorch's."""
    parameters = {name: torch.tensor(array, requires_grad=True) for name, array in network.parameters.items()}
    resolved = network.resolved
    made = torch.optim.Adam if resolved.optimizer == "adam" else torch.optim.SGD
    optimiser = made([*parameters.values()], lr=resolved.learning_rate)
    for _ in range(updates if resolved.optimizer == "sgd" else 1):
        trace = network.run()
        optimiser.zero_grad()
        loss, states = loss_of(network, parameters, layer, truncate)
        loss.backward()
        assert abs(trace.loss - loss.item()) <= TOLERANCE * abs(loss.item())
        ours = trace.values["h"][1:]
        assert length(ours - states.detach().numpy()) <= TOLERANCE * length(ours)
        for name, parameter in parameters.items():
            gradient = parameter.grad.numpy() if parameter.grad is not None else 0 * parameter.detach().numpy()
            apart = length(trace.parameter_gradients[name] - gradient)
            assert apart <= TOLERANCE * length(gradient), name
        optimiser.step()
        network = network.updated(trace)
        for name, parameter in parameters.items():
            apart = length(network.parameters[name] - parameter.detach().numpy())
            assert apart <= TOLERANCE * length(network.parameters[name]), name
