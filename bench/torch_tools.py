"""What all of PyTorch's rivals do: hold gradients, take norms, tell statistics, update."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from cases import Extra
from gradtui_engine.experiment.resolved import Resolved
from gradtui_engine.run.network import Network
from layout import Gradients

torch.set_num_threads(1)

#: Computes the loss and all gradients, tells of them, and gives the loss as a float.
Told = Callable[[], float]
#: Gives the loss, the gradients by parameter name, and the parameters after the update if it was asked for.
TorchStep = Callable[[], tuple[float, Gradients, Gradients]]


def parameters_of(network: Network) -> dict[str, Tensor]:
    """The parameters by name, to be learned."""
    return {name: torch.tensor(array, requires_grad=True) for name, array in network.parameters.items()}


def finished(network: Network, parameters: Mapping[str, Tensor], told: Told, extra: Extra) -> TorchStep:
    """The step with everything around it: old gradients forgotten before, the update after it."""
    learned = list(parameters.values())
    updating = _Updating(optimizer_of(network.resolved, learned), learned) if extra is Extra.UPDATE else None

    def step() -> tuple[float, Gradients, Gradients]:
        for each in learned:
            each.grad = None
        if updating is not None:
            updating.restore()
        loss = told()
        gradients = {name: held(each).numpy() for name, each in parameters.items()}
        if updating is None:
            return loss, gradients, {}
        updating.optimizer.step()
        return loss, gradients, {name: each.detach().numpy() for name, each in parameters.items()}

    return step


class _Updating:
    """An optimiser, and the parameters before its update, which it overwrites and the engine's trace still has."""

    def __init__(self, optimizer: Optimizer, parameters: list[Tensor]) -> None:
        self.optimizer = optimizer
        self._parameters, self._before = parameters, [each.detach().clone() for each in parameters]

    @torch.no_grad()
    def restore(self) -> None:
        torch._foreach_copy_(self._parameters, self._before)


def optimizer_of(experiment: Resolved, parameters: list[Tensor]) -> Optimizer:
    """The fastest of PyTorch's implementations: `fused`, but for RMSprop, which has none on a CPU."""
    rate, decay, mu = experiment.learning_rate, experiment.weight_decay, experiment.momentum
    match experiment.optimizer:
        case "rmsprop":
            return RMSprop(parameters, rate, weight_decay=decay)
        case "adam":
            return Adam(parameters, rate, weight_decay=decay, fused=True)
        case "adamw":
            return AdamW(parameters, rate, weight_decay=decay, fused=True)
        case name:
            used = 0.0 if name == "sgd" else mu
            return SGD(parameters, rate, used, weight_decay=decay, nesterov=name == "nesterov", fused=True)


def retained(tensor: Tensor) -> Tensor:
    """The tensor, whose gradient backward will leave on it."""
    tensor.retain_grad()
    return tensor


def held(tensor: Tensor) -> Tensor:
    """The gradient that backward has left on a tensor."""
    assert tensor.grad is not None
    return tensor.grad


def norms(gradients: Sequence[Tensor]) -> list[float]:
    """One `_foreach_norm` and one `tolist`."""
    found: list[float] = torch.stack(list(torch._foreach_norm(gradients))).tolist()
    return found


def ratios(scales: Iterable[float]) -> list[float]:
    """Of each stage: its gradient's norm relative to that of the next."""
    return [one / other for one, other in itertools.pairwise(scales)]


@torch.no_grad()
def statistics(states: list[Tensor], saturation: float | None = None) -> list[list[float]]:
    """Mean, standard deviation, dead share and, of a tanh, saturated share of every state, equal shapes in one go."""
    stacked = torch.stack(states[1:])
    off = stacked == 0 if saturation is None else stacked.abs() == 1
    told = [
        stacked.mean(dim=(1, 2)),
        stacked.std(dim=(1, 2), correction=0),
        off.all(dim=1).mean(dim=1, dtype=stacked.dtype),
    ]
    if saturation is not None:
        told.append((stacked.abs() > saturation).mean(dim=(1, 2), dtype=stacked.dtype))
    first = torch.stack([states[0].mean(), states[0].std(correction=0)])
    return [first.tolist(), *torch.stack(told).tolist()]
