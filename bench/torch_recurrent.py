"""A recurrent network in PyTorch, eager, asked for what the engine records: the gradient at every state of every layer.

PyTorch's cells do not show their gates, so it is spared the parts of an LSTM's and a GRU's factors and the gates'
saturation, which the engine does tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.nn import GRUCell, LSTMCell, Parameter, RNNCell, RNNCellBase, functional

from cases import Extra
from gradtui_engine.run.network import Network
from layout import cell_names
from torch_tools import TorchStep, finished, held, norms, parameters_of, ratios, retained, statistics

#: h_0 … h_T, of an LSTM also c_0 … c_T.
States = list[list[Tensor]]

_CELLS: Mapping[str, type[RNNCellBase]] = {"rnn": RNNCell, "gru": GRUCell, "lstm": LSTMCell}
# Beyond it the engine counts a tanh as saturated.
_SATURATED = 0.97


def step_of(network: Network, extra: Extra) -> TorchStep:
    """The step of a network, ready to be timed."""
    experiment = network.experiment
    parameters = {name: Parameter(each) for name, each in parameters_of(network).items()}
    cells = [cell_of(network, parameters, layer) for layer in range(experiment.layers)]
    inputs, target = torch.tensor(network.batch.inputs), torch.tensor(network.batch.target)
    shape = (network.batch.size, experiment.resolved.width)
    carried = 2 if experiment.cell == "lstm" else 1
    starts = [[torch.zeros(shape, dtype=inputs.dtype, requires_grad=True) for _ in range(carried)] for _ in cells]

    def told() -> float:
        source: Iterable[Tensor] = inputs.unbind()
        known: list[States] = []
        for cell, start in zip(cells, starts, strict=True):
            known.append(unrolled(cell, source, start))
            source = known[-1][0][1:]
        last = known[-1][0]
        output = functional.linear(last[-1], parameters["output.weight"], parameters["output.bias"])
        loss = functional.cross_entropy(output, target)
        loss.backward()  # type: ignore[no-untyped-call]
        _tell(known, parameters)
        if extra is Extra.STATISTICS:
            statistics(last, _SATURATED if experiment.cell == "rnn" else None)
        return loss.item()

    return finished(network, parameters, told, extra)


def cell_of(network: Network, parameters: Mapping[str, Tensor], layer: int) -> RNNCellBase:
    """PyTorch's cell with the network's parameters."""
    names = cell_names(network, layer)
    cell = _CELLS[network.experiment.cell](parameters[names[0]].shape[1], network.experiment.resolved.width)  # type: ignore[call-arg]
    for attribute, name in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), names, strict=True):
        setattr(cell, attribute, parameters[name])
    return cell


def unrolled(cell: RNNCellBase, source: Iterable[Tensor], start: list[Tensor]) -> States:
    """The states of a cell, whose gradients backward will leave on them."""
    states: States = [[each] for each in start]
    for each in start:
        each.grad = None
    single = len(states) == 1
    for each in source:
        if single:
            states[0].append(retained(cell(each, states[0][-1])))
        else:
            for known, new in zip(states, cell(each, (states[0][-1], states[1][-1])), strict=True):
                known.append(retained(new))
    return states


def _tell(known: list[States], parameters: Mapping[str, Tensor]) -> list[list[float]]:
    """The factor of every step, of h and c of every layer, and the norm of every parameter's gradient."""
    chains = [chain for states in known for chain in states]
    found = norms([held(each) for each in (*(state for chain in chains for state in chain), *parameters.values())])
    length = len(chains[0])
    return [ratios(found[index * length : (index + 1) * length]) for index in range(len(chains))]
