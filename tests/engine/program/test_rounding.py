"""Operations in 16 bits, bit for bit those of PyTorch on the same 16-bit inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradtui_engine import Experiment, build
from gradtui_engine.cells.attention import sinusoids
from gradtui_engine.core.number_types import NUMBER_TYPES
from gradtui_engine.core.numerics import Array
from gradtui_engine.program.bound import Node, Workspace
from gradtui_engine.program.program import Instruction
from gradtui_engine.program.rounded_array import ARRAYS, exact
from gradtui_engine.program.rounding import Emulation
from gradtui_engine.rules.activations import ACTIVATIONS
from gradtui_engine.run.trace import Trace

torch.set_num_threads(1)
TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
every_type = pytest.mark.parametrize("name", TYPES)

Tensor = torch.Tensor


def tensor(array: Array, name: str) -> Tensor:
    return torch.tensor(np.array(array)).to(TYPES[name])


def same(found: Array, wanted: Tensor | None) -> bool:
    """Bit for bit, but for the sign of 0."""
    assert wanted is not None
    return np.array_equal(exact(found), wanted.detach().float().numpy(), equal_nan=True)


def every_number(name: str) -> Array:
    numbers = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(TYPES[name]).float().numpy()
    return numbers[np.isfinite(numbers)]


# -- single results ------------------------------------------------------------------------------------------

BINARY: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (np.add, torch.add),
    "subtract": (np.subtract, torch.sub),
    "multiply": (np.multiply, torch.mul),
    "divide": (np.divide, torch.div),
}


@every_type
@pytest.mark.parametrize("operation", BINARY)
def test_arithmetic_is_rounded_once(name: str, operation: str) -> None:
    ours, theirs = BINARY[operation]
    rng = np.random.default_rng(1)
    one, other = (rng.permutation(every_number(name))[:30_000] for _ in range(2))
    dressed = Emulation(name).dressed
    with np.errstate(all="ignore"):
        made = ours(dressed(one), dressed(other))
    assert type(made) is ARRAYS[name]
    assert same(made, theirs(tensor(one, name), tensor(other, name)))


TORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x * 1, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.01), "elu": functional.elu, "selu": functional.selu,
    "silu": functional.silu, "mish": functional.mish, "softplus": functional.softplus, "softsign": functional.softsign,
    "hard_tanh": functional.hardtanh, "hard_sigmoid": functional.hardsigmoid, "hard_swish": functional.hardswish,
    "relu6": functional.relu6, "sin": torch.sin, "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
}  # fmt: skip
#: How many of 65,536 results PyTorch itself rounds otherwise than float32 and one rounding give: its vectorised
#: functions are not correct to float32's last bit, GELU's 1 + erf cancels on the left, and below float32's smallest
#: normal number its processors' flags decide.
OTHERWISE = {"gelu": 900, "gelu_tanh": 300, "sigmoid": 2, "selu": 1, "silu": 2, "mish": 3, "sin": 2}


@every_type
@pytest.mark.parametrize("activation", TORCH)
def test_every_number_goes_through_an_activation_as_in_pytorch(name: str, activation: str) -> None:
    numbers = every_number(name).reshape(1, -1)
    found = _activated(name, activation, numbers)
    wanted = TORCH[activation](tensor(numbers, name)).float().numpy()
    differing = (found != wanted) & ~(np.isnan(found) & np.isnan(wanted))
    assert differing.sum() <= OTHERWISE.get(activation, 0)


#: The same of gradients, one random number sent back to each. PyTorch's GELU takes Φ and φ from float32's erf and exp,
#: and 1 + tanh of the approximate one cancels on the left; softplus' ends 1 later than exp overflows in float32.
OTHERWISE_BACK = {
    "gelu": 200, "gelu_tanh": 400, "sigmoid": 1, "elu": 2, "selu": 3, "silu": 2, "mish": 3, "softplus": 7,
}  # fmt: skip


@every_type
@pytest.mark.parametrize("activation", [*TORCH, "prelu"])
def test_every_number_sends_a_gradient_back_as_in_pytorch(name: str, activation: str) -> None:
    numbers = every_number(name)
    # PyTorch's z³ of GELU's approximation is inf from 1e13 on, and inf · 0 is NaN; a tail beside full vectors of 32
    # numbers is rounded more often.
    numbers = numbers[np.abs(numbers) < 1e12] if activation == "gelu_tanh" else numbers
    numbers = numbers[: len(numbers) // 32 * 32].reshape(1, -1)
    sent = NUMBER_TYPES[name].cast(np.random.default_rng(1).normal(size=numbers.shape).astype(np.float32))
    found = np.empty_like(numbers)
    _activated(name, activation, numbers, sent, found)
    given = tensor(numbers, name).requires_grad_()
    slope = torch.tensor([0.01]).to(TYPES[name])
    result = functional.prelu(given, slope) if activation == "prelu" else TORCH[activation](given)
    result.backward(tensor(sent, name))  # type: ignore[no-untyped-call]
    assert given.grad is not None
    wanted = given.grad.float().numpy()
    differing = (found != wanted) & ~(np.isnan(found) & np.isnan(wanted))
    assert differing.sum() <= OTHERWISE_BACK.get(activation, 0)


@every_type
def test_the_slope_of_a_prelu_gets_the_sum_of_rounded_products(name: str) -> None:
    network = build(Experiment(depth=1, width=32, batch=32, activation="prelu", dtype=name))
    instruction = next(each for each in network.program.instructions if each.operation == "activation")
    rng = np.random.default_rng(4)
    values, sent = (NUMBER_TYPES[name].cast(rng.normal(size=(32, 32)).astype(np.float32)) for _ in range(2))
    (source,), (target,), (slope,) = instruction.inputs, instruction.outputs, instruction.parameters
    gradients, of_slope = {source: np.empty_like(values), target: sent}, {slope: np.empty(1, np.float32)}
    node = Node(
        instruction, {source: values, target: np.empty_like(values)}, gradients, network.parameters, of_slope,
        network.batch.target, Workspace(),
    )  # fmt: skip
    row = network.layout.table["activation"]
    row.forward(node)
    row.backward(node)
    theirs = torch.tensor(np.array(network.parameters[slope])).to(TYPES[name]).requires_grad_()
    functional.prelu(tensor(values, name), theirs).backward(tensor(sent, name))  # type: ignore[no-untyped-call]
    assert same(of_slope[slope], theirs.grad)


def _activated(
    name: str, activation: str, numbers: Array, sent: Array | None = None, found: Array | None = None
) -> Array:
    """What the operation of an MLP makes of these numbers; and of what is sent back, in `found`."""
    width = numbers.shape[1]
    experiment = Experiment(
        depth=1, width=4, inputs=4, data="gaussian", batch=2, activation=activation, dtype=name, slope=0.01
    )  # fmt: skip
    network = build(experiment)
    position, instruction = next(
        (index, each) for index, each in enumerate(network.program.instructions) if each.operation == "activation"
    )
    out = np.empty((1, width), np.float32)
    values = {instruction.inputs[0]: numbers, instruction.outputs[0]: out}
    gradients = {} if sent is None or found is None else {instruction.inputs[0]: found, instruction.outputs[0]: sent}
    of_parameters = {each: np.empty_like(network.parameters[each]) for each in instruction.parameters}
    node = Node(
        instruction, values, gradients, network.parameters, of_parameters, network.batch.target, Workspace()
    )  # fmt: skip
    with np.errstate(all="ignore"):
        network.layout.operations[position].forward(node)
        if gradients:
            network.layout.operations[position].backward(node)
    return out


def test_every_activation_is_looked_at() -> None:
    assert {*TORCH} | {"prelu"} == {*ACTIVATIONS}


# -- the instructions of networks ------------------------------------------------------------------------------


def whole_numbers(trace: Trace, name: str, spread: int) -> Array:
    """Whole numbers in the place of an array: their sums of products are exact in float32, whatever their order."""
    shape = trace.values[name].shape if name in trace.values else trace.parameters[name].shape
    rng = np.random.default_rng(len(name))
    return rng.integers(-spread, spread + 1, shape).astype(np.float32)


def instructions(trace: Trace, operation: str) -> list[Instruction]:
    return [each for each in trace.program.instructions if each.operation == operation]


def backward(trace: Trace, instruction: Instruction) -> Node:
    """The instruction's backward pass in this trace, as the run has it."""
    node = trace._node(instruction)
    with np.errstate(all="ignore"):
        trace.layout.table[instruction.operation].backward(node)
    return node


@every_type
def test_a_product_with_bias_is_summed_in_float32_and_rounded_once(name: str) -> None:
    trace = build(Experiment(depth=2, width=24, batch=12, dtype=name)).run()
    for instruction in instructions(trace, "linear"):
        values = {each: whole_numbers(trace, each, 9) for each in instruction.inputs}
        weight, bias = instruction.parameters
        # A bias of quarters: rounding before it is added would show.
        parameters = {weight: whole_numbers(trace, weight, 9) / 4, bias: whole_numbers(trace, bias, 99) / 4}
        target = instruction.outputs[0]
        sent = whole_numbers(trace, target, 5)
        out = np.empty_like(sent)
        gradients = {target: sent, **{each: np.empty_like(array) for each, array in values.items()}}
        of_parameters = {each: np.empty_like(array) for each, array in parameters.items()}
        node = Node(
            instruction, values | {target: out}, gradients, parameters, of_parameters, trace.target,
            Workspace(),
        )  # fmt: skip
        row = trace.layout.table["linear"]
        row.forward(node)
        row.backward(node)
        inputs = [tensor(array, name).requires_grad_() for array in (*values.values(), *parameters.values())]
        result = functional.linear(*inputs)
        result.backward(tensor(sent, name))  # type: ignore[no-untyped-call]
        assert same(out, result)
        found = [gradients[instruction.inputs[0]], *of_parameters.values()]
        assert all(same(array, each.grad) for array, each in zip(found, inputs, strict=True))


NORMS: dict[str, Callable[[Tensor, list[Tensor]], Tensor]] = {
    "layer": lambda x, p: functional.layer_norm(x, x.shape[-1:], *p),
    "batch": lambda x, p: functional.batch_norm(x, None, None, *p, training=True),
    "rms": lambda x, p: functional.rms_norm(x, x.shape[-1:], *p),
}


@every_type
@pytest.mark.parametrize("norm", NORMS)
def test_a_norm_is_float32s_between_16_bits_as_under_autocast(name: str, norm: str) -> None:
    # A seed at which no sum of 32 numbers, in float32 and in an order that is each program's own, lies at a tie.
    trace = build(Experiment(depth=3, width=32, batch=16, activation="tanh", norm=norm, dtype=name, seed=3)).run()
    for instruction in instructions(trace, "norm"):
        values = tensor(trace.values[instruction.inputs[0]], name).requires_grad_()
        parameters = [torch.tensor(np.array(trace.parameters[each])) for each in instruction.parameters]
        result = NORMS[norm](values.float(), parameters).to(TYPES[name])
        assert same(trace.values[instruction.outputs[0]], result)
        node = backward(trace, instruction)
        result.backward(torch.tensor(exact(node.output_gradients[0])).to(TYPES[name]))  # type: ignore[no-untyped-call]
        assert same(node.input_gradients[0], values.grad)  # type: ignore[arg-type]


@every_type
@pytest.mark.parametrize("scale", ["none", 128.0, "dynamic"])
@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "bce"])
def test_a_loss_is_float32s_and_its_scaled_gradient_is_rounded(name: str, scale: float | str, loss: str) -> None:
    trace = build(Experiment(depth=2, width=16, batch=16, dtype=name, loss=loss, loss_scale=scale)).run()
    output = tensor(trace.values["output"], name).requires_grad_()
    calls: dict[str, Callable[..., Tensor]] = {
        "cross_entropy": functional.cross_entropy, "mse": functional.mse_loss,
        "bce": functional.binary_cross_entropy_with_logits,
    }  # fmt: skip
    value = calls[loss](output.float(), torch.tensor(np.array(trace.target)))
    (value * trace.loss_scale).backward()  # type: ignore[no-untyped-call]
    # The loss itself is a sum in float32, whose order is each program's own.
    assert abs(trace.loss - value.item()) < 1e-6 * value.item()
    assert same(trace.gradients["output"] * trace.loss_scale, output.grad)


@every_type
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "silu", "elu", "softsign", "hard_swish"])
def test_activations_and_skips_go_back_as_in_pytorch(name: str, activation: str) -> None:
    experiment = Experiment(
        depth=4, width=64, batch=32, activation=activation, residual="scaled", residual_scale=0.3, dtype=name
    )  # fmt: skip
    trace = build(experiment).run()
    for operation in ("activation", "residual"):
        for instruction in instructions(trace, operation):
            inputs = [tensor(trace.values[each], name).requires_grad_() for each in instruction.inputs]
            result = TORCH[activation](inputs[0]) if operation == "activation" else inputs[1] + inputs[0] * 0.3
            assert same(trace.values[instruction.outputs[0]], result)
            node = backward(trace, instruction)
            result.backward(torch.tensor(np.array(exact(node.output_gradients[0]))).to(TYPES[name]))  # type: ignore[no-untyped-call]
            assert all(
                same(found, each.grad)  # type: ignore[arg-type]
                for found, each in zip(node.input_gradients, inputs, strict=True)
            )


@every_type
@pytest.mark.parametrize("kind", ["inverted", "alpha"])
def test_dropout_multiplies_by_the_rounded_share(name: str, kind: str) -> None:
    trace = build(
        Experiment(depth=2, width=64, batch=32, activation="selu", dropout=0.3, dropout_kind=kind, dtype=name)
    ).run()
    for instruction in instructions(trace, "dropout"):
        values, mask = (tensor(trace.values[each], name) for each in instruction.inputs)
        if kind == "inverted":
            wanted = values * mask.clone().div_(0.7)
        else:
            alpha = 1.7580993408473766
            a = 1 / float(np.sqrt((alpha * alpha * 0.3 + 1) * 0.7))
            shift = mask.clone().add_(-1).mul_(alpha * a).add_(alpha * a * 0.3)
            wanted = (values * mask.clone().mul_(a)).add_(shift)
        assert same(trace.values[instruction.outputs[0]], wanted)


@every_type
@pytest.mark.parametrize("fields", [
    {"depth": 3, "norm": "layer", "residual": "add", "dropout": 0.2},
    {"depth": 3, "activation": "prelu", "init": "lsuv"},
    {"cell": "lstm", "layers": 2, "steps": 4, "data": "gaussian"}, {"cell": "gru", "steps": 4, "data": "gaussian"},
    {"cell": "mgu", "steps": 4, "data": "gaussian"}, {"cell": "rnn", "steps": 4, "data": "gaussian", "readout": "all"},
])  # fmt: skip
@pytest.mark.parametrize("scale", ["none", 1024.0])
def test_every_number_that_a_run_writes_is_one_of_the_type(
    name: str, fields: dict[str, Any], scale: float | str
) -> None:
    trace = build(Experiment(**({"width": 12, "batch": 6, "dtype": name, "loss_scale": scale} | fields))).run()
    cast = NUMBER_TYPES[name].cast
    float32s = {"loss", *(each for each in trace.values if each.startswith(("mean", "variance")))}
    for each, array in trace.values.items():
        assert each in float32s or np.array_equal(cast(array), array), each
    for each, array in trace.gradients.items():
        assert np.array_equal(cast(array * trace.loss_scale), array * trace.loss_scale), each
    for each, array in trace.parameter_gradients.items():
        assert ".norm." in each or np.array_equal(cast(array * trace.loss_scale), array * trace.loss_scale), each
    # What the trace does not keep is computed again as it was.
    for instruction in trace.program.instructions[:-1]:
        for each in instruction.inputs:
            if each in trace.norms_in_run:
                assert np.isclose(np.linalg.norm(trace.gradient(each)), trace.norms_in_run[each], rtol=1e-5)


# -- where skips meet, and attention -----------------------------------------------------------------------------


def bound_to(
    name: str, experiment: Experiment, operation: str, matrix: float = 1.0
) -> tuple[Node, list[Tensor], list[Tensor]]:
    """An instruction of a network with random numbers, its inputs and its parameters as tensors; run both ways."""
    network = build(experiment)
    instruction = next(each for each in network.program.instructions if each.operation == operation)
    rng = np.random.default_rng(len(operation))

    def drawn(shape: tuple[int, ...]) -> Array:
        # Small multiples of a power of two, so that sums of a few products are exact in float32.
        return rng.integers(-12, 13, shape).astype(np.float32) / 8

    shapes = {each: network.program.slots[each].shape for each in (*instruction.inputs, *instruction.outputs)}
    arrays = {each: drawn(shape) for each, shape in shapes.items()}
    gradients = {each: drawn(shape) for each, shape in shapes.items()}
    parameters = {each: drawn(network.parameters[each].shape) * matrix for each in instruction.parameters}
    of_parameters = {each: np.empty_like(array) for each, array in parameters.items()}
    node = Node(instruction, arrays, gradients, parameters, of_parameters, network.batch.target, Workspace())
    inputs = [tensor(arrays[each], name).requires_grad_() for each in instruction.inputs]
    leaves = [tensor(array, name).requires_grad_() for array in parameters.values()]
    sent = np.array(gradients[instruction.outputs[0]])
    row = network.layout.table[operation]
    with np.errstate(all="ignore"):
        row.forward(node)
        row.backward(node)
    assert np.array_equal(exact(node.output_gradients[0]), sent)
    return node, inputs, leaves


def agree(name: str, node: Node, result: Tensor, inputs: list[Tensor], leaves: list[Tensor]) -> bool:
    """Whether result and gradients are PyTorch's."""
    result.backward(tensor(node.output_gradients[0], name).reshape(result.shape))  # type: ignore[no-untyped-call]
    found = [node.outputs[0], *node.input_gradients, *node.parameter_gradients]
    wanted = [result, *(each.grad for each in (*inputs, *leaves))]
    return all(
        array is not None and given is not None and same(array, given.reshape(array.shape))
        for array, given in zip(found, wanted, strict=True)
    )


def few_differ(found: Array | None, wanted: Tensor | None) -> bool:
    """Of sums of any numbers: where float32's lies at a tie, its order decides the last bit of 11 or 8."""
    assert found is not None
    assert wanted is not None
    exactly, theirs = exact(found), wanted.detach().float().numpy()
    return bool(np.mean(exactly != theirs) < 2e-3 and np.allclose(exactly, theirs, rtol=2e-2, atol=1e-5))


@every_type
def test_a_highway_layer_is_gate_and_mixture_in_pytorchs_operations(name: str) -> None:
    experiment = Experiment(depth=2, width=32, batch=256, inputs=32, data="gaussian", residual="highway", dtype=name)
    node, inputs, leaves = bound_to(name, experiment, "highway")
    branch, skip, gate = inputs
    assert agree(name, node, gate * branch + (1 - gate) * skip, inputs, leaves)
    node, inputs, leaves = bound_to(name, experiment, "gate", 1 / 4)
    result = torch.sigmoid(functional.linear(inputs[0], *leaves))
    assert same(node.outputs[0], result)
    result.backward(tensor(node.output_gradients[0], name))  # type: ignore[no-untyped-call]
    for array, leaf in zip([*node.input_gradients, *node.parameter_gradients], [*inputs, *leaves], strict=True):
        assert few_differ(array, leaf.grad)


@every_type
@pytest.mark.parametrize("residual", ["rezero", "layer_scale"])
def test_a_learned_scale_is_multiplied_and_rounded_before_the_sum(name: str, residual: str) -> None:
    experiment = Experiment(depth=2, width=32, batch=16, inputs=32, data="gaussian", residual=residual, dtype=name)
    node, inputs, leaves = bound_to(name, experiment, residual)
    branch, skip = inputs
    assert agree(name, node, skip + leaves[0] * branch, inputs, leaves)


@every_type
def test_attention_is_two_products_and_a_softmax_that_is_rounded_once(name: str) -> None:
    width, heads = 32, 2
    experiment = Experiment(
        cell="transformer", depth=1, width=width, heads=heads, batch=64, steps=32, data="recall", dtype=name
    )  # fmt: skip
    node, inputs, _ = bound_to(name, experiment, "attention")
    tokens, batch, _ = inputs[0].shape
    q, k, v = (
        each.reshape(tokens, batch, heads, width // heads).permute(1, 2, 0, 3) for each in inputs[0].chunk(3, dim=-1)
    )  # fmt: skip
    weights = torch.softmax(q @ k.mT * (1 / np.sqrt(width // heads)), dim=-1)
    found = exact(node.outputs[1]).transpose(2, 0, 1, 3)
    assert few_differ(found, weights)
    result = (weights @ v).permute(2, 0, 1, 3).reshape(tokens, batch, width)
    result.backward(tensor(node.output_gradients[0], name))  # type: ignore[no-untyped-call]
    assert few_differ(node.outputs[0], result)
    assert few_differ(node.input_gradients[0], inputs[0].grad)


@every_type
@pytest.mark.parametrize("position", ["sinusoidal", "learned"])
def test_positions_are_rounded_before_they_are_added_and_tokens_are_averaged_as_in_pytorch(
    name: str, position: str
) -> None:
    experiment = Experiment(
        cell="transformer", depth=1, width=32, batch=16, steps=12, data="recall", readout="mean", position=position,
        dtype=name,
    )  # fmt: skip
    node, inputs, leaves = bound_to(name, experiment, "position")
    place = leaves[0] if leaves else tensor(sinusoids(12, 32), name)
    assert agree(name, node, inputs[0] + place[:, None], inputs, leaves)
    node, inputs, leaves = bound_to(name, experiment, "read_out")
    assert agree(name, node, inputs[0].mean(dim=0), inputs, leaves)
