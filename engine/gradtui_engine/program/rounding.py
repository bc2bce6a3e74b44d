"""Emulated types: float32 arrays in which every result is rounded, and operations that round as PyTorch's do.

An operation that is one kernel in PyTorch computes in float32 and rounds what it writes: so does it here (`kernel`). Of
any other one each call of NumPy stands for an operation of PyTorch, or its row has two functions of their own that are
PyTorch's operations one by one (`Operation.rounded`); its arrays are `Rounded`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from ..core.number_types import NUMBER_TYPES
from ..core.numerics import Array
from . import kernels
from .bound import Node, Workspace
from .operations import Operation, Run
from .rounded_array import ARRAYS, Rounded, exact


class _Dressed(Workspace):
    """A workspace whose scratch buffers are rounded, too; everything else is the other one's."""

    def __init__(self, of: Workspace, kind: type[Rounded]) -> None:
        super().__init__()
        self.__dict__ |= of.__dict__
        self._kind = kind

    def buffer(self, name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
        return super().buffer(name, shape, dtype).view(self._kind)


def _softsign_forward(node: Node) -> None:
    """x / (1 + |x|), in three operations."""
    (values,), (out,) = node.inputs, node.outputs
    np.divide(values, np.abs(values) + 1, out)


def _softsign_backward(node: Node) -> None:
    """By x and by 1 + |x| apart, as autograd has it."""
    (values,), (gradient,), wanted = node.inputs, node.output_gradients, node.input_gradients[0]
    if wanted is not None:
        below = np.abs(values) + 1
        np.add(gradient / below, -gradient * (values / below / below) * np.sign(values), wanted)


def _sin_backward(node: Node) -> None:
    """g · cos z, and cos z is an operation."""
    wanted = node.input_gradients[0]
    if wanted is not None:
        np.multiply(node.output_gradients[0], np.cos(node.inputs[0]), wanted)


def _prelu_backward(node: Node) -> None:
    """The slope's gradient is a sum of products that are rounded each."""
    (values,), (gradient,), wanted = node.inputs, node.output_gradients, node.input_gradients[0]
    slope, of_slope = node.parameters[0], node.parameter_gradients[0]
    of_slope[...] = exact(gradient * np.minimum(values, 0)).sum()
    if wanted is not None:
        np.copyto(wanted, np.where(values > 0, gradient, gradient * slope))


#: Activations that are several operations in PyTorch, forward (None: one) and backward.
COMPOSED: Mapping[str, tuple[Run | None, Run]] = {
    "softsign": (_softsign_forward, _softsign_backward),
    "sin": (None, _sin_backward),
    "prelu": (None, _prelu_backward),
}


@dataclasses.dataclass(frozen=True)
class Emulation:
    """How the operations of a program round: to the type of this name. Norms and losses are float32's in between, with
    float32 parameters, as under PyTorch's autocast.
    """

    name: str

    @property
    def array(self) -> type[Rounded]:
        return ARRAYS[self.name]

    def dressed(self, array: Array) -> Array:
        """The array as one of the type."""
        return array.view(self.array)

    def rounded(self, array: Array) -> Array:
        """A rounded copy."""
        copy = np.array(array)
        self.round(copy)
        return copy

    def round(self, array: Array) -> None:
        """Round in place."""
        rounding = NUMBER_TYPES[self.name].round
        assert rounding is not None
        rounding(array)

    def operation(self, row: Operation) -> Operation:
        """The operation with every result rounded."""
        if row.name == "loss":
            return dataclasses.replace(row, backward=self._loss_backward(row.backward))
        if row.name == "norm":
            forward, backward = self._norm(row.forward, True), self._norm(row.backward, False)
            return dataclasses.replace(row, forward=forward, backward=backward)
        if row.name in ("activation", "output_activation"):
            return self._activation(row)
        forward, backward = row.rounded or (row.forward, row.backward)
        if row.kernel:
            return dataclasses.replace(row, forward=self._kernel(forward, True), backward=self._kernel(backward, False))
        if row.rounded is not None:
            return dataclasses.replace(row, forward=self._dressing(forward), backward=self._dressing(backward))
        return dataclasses.replace(row, forward=self._stepwise(forward, True), backward=self._stepwise(backward, False))

    def _activation(self, row: Operation) -> Operation:
        """A kernel, but for the functions that PyTorch computes in several."""
        steps = {
            name: (self._stepwise(forward or row.forward, True), self._stepwise(backward, False))
            for name, (forward, backward) in COMPOSED.items()
        }
        whole = self._kernel(row.forward, True), self._kernel(row.backward, False)
        steps_back = {"sigmoid": self._sigmoid_backward}

        def forward(node: Node) -> None:
            steps.get(node.choice, whole)[0](node)

        def backward(node: Node) -> None:
            steps_back.get(node.choice, steps.get(node.choice, whole)[1])(node)

        return dataclasses.replace(row, forward=forward, backward=backward)

    def _sigmoid_backward(self, node: Node) -> None:
        wanted = node.input_gradients[0]
        if wanted is not None:
            gradient, out = self.dressed(node.output_gradients[0]), self.dressed(node.outputs[0])
            wanted[...] = kernels.sigmoid_backward(gradient, out)

    def _kernel(self, run: Run, forward: bool) -> Run:
        """The operation computed in float32, and what it writes rounded."""

        def rounded(node: Node) -> None:
            if not node.prepared:
                self._cast(node)
            run(node)
            for array in node.outputs if forward else (*node.input_gradients, *node.parameter_gradients):
                if array is not None and array.size:
                    self.round(array)

        return rounded

    def _stepwise(self, run: Run, forward: bool) -> Run:
        """The operation with every call of NumPy rounded, and what it has written in other ways, too."""
        dressing = self._dressing(run)

        def rounded(node: Node) -> None:
            dressing(node)
            for array in node.outputs if forward else (*node.input_gradients, *node.parameter_gradients):
                if array is not None and array.size:
                    self.round(exact(array))

        return rounded

    def _dressing(self, run: Run) -> Run:
        """The operation on arrays that round what is written into them."""

        def rounded(node: Node) -> None:
            if not node.prepared:
                self._cast(node)
                self._dress(node)
            run(node)

        return rounded

    def _norm(self, run: Run, forward: bool) -> Run:
        """Autocast's: in float32 with float32 parameters; what it hands on in either direction is rounded."""

        def rounded(node: Node) -> None:
            run(node)
            for array in node.outputs[:1] if forward else node.input_gradients:
                if array is not None:
                    self.round(array)

        return rounded

    def _loss_backward(self, run: Run) -> Run:
        """The gradient of a float32 loss times the loss scale, rounded where it enters the network."""

        def rounded(node: Node) -> None:
            run(node)
            (wanted,) = node.input_gradients
            if wanted is not None:
                np.multiply(wanted, wanted.dtype.type(node.constant), wanted)
                self.round(wanted)

        return rounded

    def _cast(self, node: Node) -> None:
        """Let a node read rounded copies of its parameters, which `Workspace.refresh` makes anew."""
        node.prepared = True
        node.parameters = [node.workspace.cast(array, self.round) for array in node.parameters]
        node.shared = [node.workspace.cast(array, self.round) for array in node.shared]

    def _dress(self, node: Node) -> None:
        for name in ("inputs", "outputs", "reads", "read_gradients", "output_gradients", "parameter_gradients"):
            arrays = getattr(node, name)
            setattr(node, name, [self.dressed(each) if each.dtype == np.float32 else each for each in arrays])
        node.input_gradients = [None if array is None else self.dressed(array) for array in node.input_gradients]
        node.parameters = list(map(self.dressed, node.parameters))
        node.shared = list(map(self.dressed, node.shared))
        node.workspace = _Dressed(node.workspace, self.array)
