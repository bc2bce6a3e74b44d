"""Units behind activations that are functions, not modules: `F.relu(self.layer(x))`.

What comes into a module was put out by another one. On the way back along `grad_fn`, past what leaves units as they
are, a ReLU, tanh or sigmoid may stand: its outputs, which autograd keeps, say which units are off or saturated, and
that is put into the row of the module whose output it was applied to.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from .sample import A, Call, Sample
from .tensors import LOOKED_AT, is_plain, real
from .units import SIGMOID, TANH, is_activation, off, saturated

#: What passes units on: shapes, dropout, pooling, precision. MulBackward0 is how dropout scales what is left.
_PASSED: Final = frozenset((
    "ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", "TransposeBackward0", "PermuteBackward0",
    "TBackward0", "UnsqueezeBackward0", "SqueezeBackward0", "SqueezeBackward1", "ExpandBackward0", "CloneBackward0",
    "AliasBackward0", "SelectBackward0", "SliceBackward0", "CatBackward0", "ToCopyBackward0", "AsStridedBackward0",
    "NativeDropoutBackward0", "FusedDropoutBackward0", "MulBackward0", "DivBackward0", "MaxPool2DWithIndicesBackward0",
    "MaxPool3DWithIndicesBackward0", "AvgPool2DBackward0", "AvgPool3DBackward0", "MeanBackward0", "MeanBackward1",
    "AdaptiveAvgPool2DBackward0", "AdaptiveMaxPool2DBackward0", "NativeBatchNormBackward0",
    "NativeLayerNormBackward0", "NativeGroupNormBackward0", "SqueezeBackward2", "ContiguousBackward0",
    "MkldnnMaxPool2DBackward0", "AmaxBackward0", "MaxBackward0", "MaxBackward1", "SumBackward0", "SumBackward1",
    "StackBackward0", "SplitBackward0", "UnbindBackward0", "IndexBackward0", "IndexSelectBackward0", "GatherBackward0",
    "ConstantPadNdBackward0", "UpsampleNearest2DBackward0", "UpsampleBilinear2DBackward0",
))  # fmt: skip
#: Of dropout, and of a loss scale, one factor alone has a gradient.
_PRODUCTS: Final = frozenset(("MulBackward0", "DivBackward0"))
_HOPS: Final = 12
#: Sums are looked through between a module and its function alone: `tanh(self.input(x) + self.hidden(h))`.
_SUMS: Final = frozenset(("AddBackward0", "SubBackward0"))
#: name → (column, middle of the function's range, how far from it an output is at an end). A clamp at 0 keeps what came
#: into it, of which what is not above 0 is off as well.
_FUNCTIONS: Final = {
    "ReluBackward0": ("off", 0.0, 0.0),
    "ClampBackward1": ("off", 0.0, 0.0),
    "ClampMinBackward0": ("off", 0.0, 0.0),
    "TanhBackward0": ("sat", *TANH),
    "SigmoidBackward0": ("sat", *SIGMOID),
}


class Functions:
    """Which call put out which node of the graph, in this step."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Call] = {}
        self._seen: set[Any] = set()

    def clear(self) -> None:
        """A backward pass is over, or the step: the graph is let go."""
        self._nodes = {}
        self._seen = set()

    def called(self, call: Call, module: Any, inputs: Any, named: Any, tensor: Any, sample: Sample) -> None:
        """A module has been called: looks at what came into it, and keeps what it put out."""
        if is_activation(module):
            self._seen.add(tensor.grad_fn)
        elif any(parameter is not None for parameter in module._parameters.values()):
            for value in (*inputs, *named.values()):
                if isinstance(value, torch.Tensor) and value.grad_fn is not None:
                    self._walk(value.grad_fn, sample)
                    break
            if tensor.grad_fn is not None:
                self._nodes[tensor.grad_fn] = call

    def came_out(self, tensor: Any, sample: Sample) -> None:
        """The model's output."""
        if tensor.grad_fn is not None:
            self._walk(tensor.grad_fn, sample)

    def _walk(self, node: Any, sample: Sample) -> None:
        waiting = [node]
        for _ in range(_HOPS):
            if not waiting:
                return
            node = waiting.pop()
            name = node.name()
            if name in _FUNCTIONS:
                self._measure(node, name, sample)
            elif name in _PASSED and node not in self._nodes:
                waiting.extend(_below(node, name))

    def _measure(self, node: Any, name: str, sample: Sample) -> None:
        if node in self._seen:
            return
        self._seen.add(node)
        call = self._source(node)
        values: Any = _kept(node, name) if call is not None else None
        # Inside of a checkpoint autograd keeps something else instead.
        if call is None or not is_plain(values):
            return
        column, middle, far = _FUNCTIONS[name]
        with torch.no_grad():
            values = real(values.detach())
            share = (
                off(values, call.channels)
                if column == "off"
                else saturated(values.reshape(-1)[:LOOKED_AT], middle, far)
            )
            sample.numbers.put(share, call.row, A[column])

    def _source(self, node: Any) -> Call | None:
        """The call whose output the function was applied to."""
        if node in self._nodes:
            return self._nodes[node]
        waiting = _below(node, "")
        for _ in range(_HOPS):
            if not waiting:
                return None
            below = waiting.pop()
            if below in self._nodes:
                return self._nodes[below]
            name = below.name()
            if name in _SUMS or name in _PASSED:
                waiting.extend(_below(below, name))
        return None


def _kept(node: Any, name: str) -> Any:
    """What autograd keeps of a function: its output, or what a clamp at 0 was given; None of another clamp."""
    if not name.startswith("Clamp"):
        return node._raw_saved_result.data
    is_rectifier = node._saved_min == 0 and getattr(node, "_saved_max", None) is None
    return node._raw_saved_self.data if is_rectifier else None


def _below(node: Any, name: str) -> list[Any]:
    """What a node was made of, the first of it last. A product of two things is a gate, and passes neither on."""
    below = [one for one, _ in reversed(node.next_functions) if one is not None]
    return [] if name in _PRODUCTS and len(below) > 1 else below
