"""PyTorch's rivals of a training, eager: batches of the same stream, the same optimiser, and the same numbers kept.

Kept are the loss, the share of right answers, the norm of the gradient at every hidden state (and cell state), and
‖update‖ / ‖parameter‖ of every parameter. For the last the parameters before the step are copied, as any optimiser but
SGD needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import LSTM, Parameter, functional

from gradtui_engine.run.network import Network
from gradtui_engine.training.stream import Stream
from layout import cell_names, layers
from torch_recurrent import cell_of, unrolled
from torch_tools import held, norms, optimizer_of, parameters_of, retained

#: inputs → the output, and the states whose gradients are asked for.
Forward = Callable[[Tensor], tuple[Tensor, list[Tensor]]]
#: Loss, share of right answers, gradient norms of the states, update / weight of the parameters.
Row = tuple[float, float, list[float], list[float]]


class TorchTrainer:
    """A network that is trained as the engine's `Trainer` does it; `rows` are the numbers of every iteration."""

    def __init__(self, network: Network, stream: Stream, norms: bool) -> None:
        self.parameters: Mapping[str, Tensor] = {
            name: Parameter(tensor) for name, tensor in parameters_of(network).items()
        }
        self.rows: list[Row] = []
        self._learned = list(self.parameters.values())
        self._optimizer = optimizer_of(network.resolved, self._learned)
        make = _mlp if network.resolved.cell == "mlp" else _lstm if norms else _whole_lstm
        self._forward: Forward = make(network, self.parameters)
        self._norms, self._batches = norms, _batches(stream)

    def advance(self) -> None:
        """One iteration."""
        inputs, target = next(self._batches)
        self._optimizer.zero_grad()
        if self._norms:
            inputs.requires_grad_()
        output, states = self._forward(inputs)
        loss = functional.cross_entropy(output, target)
        loss.backward()  # type: ignore[no-untyped-call]
        if not self._norms:
            self._optimizer.step()
            self.rows.append((loss.item(), 0.0, [], []))
            return
        gradients = norms(list(map(held, states)))
        with torch.no_grad():
            before = torch._foreach_add(self._learned, 0.0)
            self._optimizer.step()
            updates = torch._foreach_sub(self._learned, before)
            found = norms([*updates, *before])
        count = len(self._learned)
        ratios = [one / other if other else float("inf") for one, other in zip(found, found[count:], strict=False)]
        right = (output.detach().argmax(-1) == target).sum().item() / len(target)
        self.rows.append((loss.item(), right, gradients, ratios))


def _batches(stream: Stream) -> Iterator[tuple[Tensor, Tensor]]:
    """The stream's batches, taken from tensors: an index is cheaper than the stream's own copy and check."""
    assert stream.samples is not None
    inputs, target = torch.tensor(stream.samples.inputs), torch.tensor(stream.samples.target)
    axis, k = inputs.ndim - 2, 0
    while True:
        rows = torch.from_numpy(stream.rows(k))
        yield inputs.index_select(axis, rows), target.index_select(0, rows)
        k += 1


def _mlp(network: Network, parameters: Mapping[str, Tensor]) -> Forward:
    weights = [(parameters[layer.weight], parameters[layer.bias]) for layer in layers(network)]
    last = parameters["output.weight"], parameters["output.bias"]

    def forward(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        states = [inputs]
        for weight, bias in weights:
            state = torch.relu(functional.linear(states[-1], weight, bias))
            states.append(retained(state) if inputs.requires_grad else state)
        return functional.linear(states[-1], *last), states

    return forward


def _lstm(network: Network, parameters: Mapping[str, Tensor]) -> Forward:
    cell = cell_of(network, parameters, 0)
    last = parameters["output.weight"], parameters["output.bias"]
    shape = (network.batch.size, network.resolved.width)
    starts = [torch.zeros(shape, dtype=last[0].dtype, requires_grad=True) for _ in range(2)]

    def forward(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        hidden, cells = unrolled(cell, inputs.unbind(), starts)
        return functional.linear(hidden[-1], *last), [*hidden, *cells]

    return forward


def _whole_lstm(network: Network, parameters: Mapping[str, Tensor]) -> Forward:
    """All time steps in one call: the fastest way, which shows no state's gradient."""
    names = cell_names(network, 0)
    last = parameters["output.weight"], parameters["output.bias"]
    module = LSTM(parameters[names[0]].shape[1], network.resolved.width)
    for name, key in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), names, strict=True):
        setattr(module, name, parameters[key])

    def forward(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        states, _ = module(inputs)
        return functional.linear(states[-1], *last), []

    return forward
