"""Steps of cells in 16 bits, forward and backward, bit for bit those of PyTorch's cells, or of cells by hand.

Matrices have one number in each column, a power of two, so that no sum depends on its order; a width of 32 fills the
processor's vectors, outside of which PyTorch rounds some kernels' inner results, too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from gradtui_engine import Experiment, build
from gradtui_engine.core.number_types import NUMBER_TYPES
from gradtui_engine.core.numerics import Array
from gradtui_engine.program.bound import Node, Workspace
from gradtui_engine.program.rounded_array import exact

torch.set_num_threads(1)
TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
every_type = pytest.mark.parametrize("name", TYPES)
Tensor = torch.Tensor
#: (projection, states, W_hh and other shared parameters) → the new states.
Step = Callable[[Tensor, list[Tensor], list[Tensor]], tuple[Tensor, ...]]
WIDTH, ROWS = 32, 300
#: σ of float16's −9/2048 and −21/2048 lies at a tie in float32, where the last bit of PyTorch's exp or NumPy's decides:
#: of 63,488 numbers these two give another one, here those below; a sample that has none of them must be equal.
AT_TIES = {"float16": (0.498779296875, 0.49755859375), "bfloat16": ()}


def of_pytorch(made: type[nn.RNNCellBase], blocks: int, **options: str) -> Step:
    """A cell of torch.nn whose W_ih is the identity: what it is given is the projection."""

    def step(projection: Tensor, states: list[Tensor], shared: list[Tensor]) -> tuple[Tensor, ...]:
        cell = made(blocks * WIDTH, WIDTH, **options)  # type: ignore[arg-type]
        names = {
            "weight_ih": torch.eye(blocks * WIDTH).to(projection.dtype),
            "bias_ih": torch.zeros(blocks * WIDTH).to(projection.dtype),
            "weight_hh": shared[0],
            "bias_hh": shared[1],
        }
        state = tuple(states) if len(states) > 1 else states[0]
        result = torch.func.functional_call(cell, names, (projection, state))
        return result if isinstance(result, tuple) else (result,)

    return step


def mgu(projection: Tensor, states: list[Tensor], shared: list[Tensor]) -> tuple[Tensor, ...]:
    (h,), (u_f, u_n), (p_f, p_n) = states, shared[0].chunk(2), projection.chunk(2, dim=1)
    f = torch.sigmoid(p_f + h @ u_f.T)
    return ((1 - f) * h + f * torch.tanh(p_n + (f * h) @ u_n.T),)


def mingru(projection: Tensor, states: list[Tensor], shared: list[Tensor]) -> tuple[Tensor, ...]:
    z, n = projection.chunk(2, dim=1)
    z = torch.sigmoid(z)
    return ((1 - z) * states[0] + z * n,)


def lru(projection: Tensor, states: list[Tensor], shared: list[Tensor]) -> tuple[Tensor, ...]:
    """λ h + p in pairs of reals: torch.complex has no 16 bits in its gradients."""
    nu, theta = shared
    size, phase = torch.exp(-torch.exp(nu)), torch.exp(theta)
    real, imaginary = size * torch.cos(phase), size * torch.sin(phase)
    (a, b), (p, q) = states[0].chunk(2, dim=1), projection.chunk(2, dim=1)
    return (torch.cat([real * a - imaginary * b + p, real * b + imaginary * a + q], dim=1),)


STEPS: dict[str, Step] = {
    "rnn tanh": of_pytorch(nn.RNNCell, 1), "rnn relu": of_pytorch(nn.RNNCell, 1, nonlinearity="relu"),
    "lstm": of_pytorch(nn.LSTMCell, 4), "gru": of_pytorch(nn.GRUCell, 3), "mgu": mgu, "mingru": mingru, "lru": lru,
}  # fmt: skip


def numbers(rng: np.random.Generator, name: str, shape: tuple[int, ...], scale: float = 1.0) -> Array:
    return NUMBER_TYPES[name].cast(rng.normal(0, scale, shape).astype(np.float32))


def sparse(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A matrix with one power of two in each column, of either sign."""
    matrix = np.zeros(shape, np.float32)
    for column in range(shape[1]):
        matrix[rng.integers(shape[0]), column] = rng.choice([-1.0, -0.5, 0.5, 1.0])
    return matrix


def tensor(array: Array, name: str) -> Tensor:
    return torch.tensor(np.array(exact(array))).to(TYPES[name])


def differing(found: Array, wanted: Tensor | None) -> set[int]:
    """The samples in which a number is not the same, but for the sign of 0."""
    assert wanted is not None
    return set(np.nonzero((exact(found) != wanted.detach().float().numpy()).any(axis=1))[0].tolist())


@every_type
@pytest.mark.parametrize("step", STEPS)
def test_a_step_rounds_each_result_as_pytorch_does(name: str, step: str) -> None:
    cell, _, activation = step.partition(" ")
    fields = {"activation": activation} if activation else {}
    network = build(
        Experiment(cell=cell, width=WIDTH, batch=ROWS, inputs=2, steps=2, data="gaussian", dtype=name, **fields)  # type: ignore[arg-type]
    )
    row = network.layout.table[f"{cell}_step"]
    instruction = next(each for each in network.program.instructions if each.operation == row.name)
    rng = np.random.default_rng(sum(map(ord, step)))

    def slots(names: tuple[str, ...]) -> dict[str, Array]:
        return {each: numbers(rng, name, network.program.slots[each].shape) for each in names}

    values, targets = slots(instruction.inputs), slots(instruction.outputs)
    # Exact sums: states are sixteenths, of which a few add up.
    for each in instruction.inputs[1:]:
        values[each] = rng.integers(-16, 17, values[each].shape).astype(np.float32) / 16
    shared = {
        each: sparse(rng, network.parameters[each].shape)  # type: ignore[arg-type]
        if network.parameters[each].ndim == 2
        else numbers(rng, name, network.parameters[each].shape)
        for each in instruction.shared
    }
    states = list(instruction.outputs[: len(instruction.inputs) - 1])
    inputs = [tensor(array, name).requires_grad_() for array in values.values()]
    wanted = STEPS[step](inputs[0], inputs[1:], [tensor(array, name) for array in shared.values()])
    sent = slots(tuple(states))
    gradients = {each: np.array(sent.get(each, array)) for each, array in targets.items()}
    gradients |= {each: np.empty_like(array) for each, array in values.items()}
    node = Node(instruction, values | targets, gradients, shared, {}, network.batch.target, Workspace())
    row.forward(node)
    otherwise: set[int] = set().union(
        *(differing(targets[each], result) for each, result in zip(states, wanted, strict=True))
    )
    torch.autograd.backward(wanted, [tensor(sent[each], name) for each in states])
    row.backward(node)
    for each, given in zip(values, inputs, strict=True):
        otherwise |= differing(gradients[each], given.grad)
    gates = [targets[each] for each in instruction.outputs if each.startswith("gates")]
    at_ties = [np.isin(array, AT_TIES[name]).any(axis=1).nonzero()[0] for array in gates]
    assert len(otherwise) < ROWS / 50
    assert otherwise <= set(np.concatenate(at_ties).tolist() if at_ties else ())
