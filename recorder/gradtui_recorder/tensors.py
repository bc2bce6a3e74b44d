"""What is read of tensors of every kind without changing them: no copy where none is needed, nothing in place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import torch

#: Of a parameter's elements so many are kept over an update: its relative size is then within 2 %.
UPDATE_ELEMENTS: Final = 4096
#: Mean, smallest and largest are those of a part of the batch with no more numbers than these.
LOOKED_AT: Final = 131_072
#: Numbers below a thousandth of it have squares that single precision has no digits for; where the mean square of all
#: is larger, they add less than 1e-6 of it.
_SMALL: Final = 1e-18
_HALF: Final = (torch.float16, torch.bfloat16)
#: A module's output is looked into so far: deeper, and wider, nothing is an output of a module.
_DEPTH: Final = 4
_WIDTH: Final = 64


def is_plain(value: Any) -> bool:
    """Whether numbers can be read of it: a dense, real or complex tensor with elements, on a device, of no tracer."""
    return (
        isinstance(value, torch.Tensor)
        and (value.is_floating_point() or value.is_complex())
        and value.layout is torch.strided
        and not value.is_meta
        and not value.is_nested
        and type(value).__name__ != "FakeTensor"
        and not torch._C._functorch.is_functorch_wrapped_tensor(value)
        and value.numel() > 0
    )


def first_tensor(output: Any, depth: int = _DEPTH) -> Any:
    """The first tensor that numbers can be read of in a module's output: in tuples, dicts, dataclasses; else None."""
    if isinstance(output, torch.Tensor):
        return output if is_plain(output) else None
    if depth == 0:
        return None
    for part in islice(_parts(output), _WIDTH):
        tensor = first_tensor(part, depth - 1)
        if tensor is not None:
            return tensor
    return None


def _parts(output: Any) -> Iterator[Any]:
    if isinstance(output, Mapping):
        return iter(output.values())
    if isinstance(output, (tuple, list)):
        return iter(output)
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return (getattr(output, field.name, None) for field in dataclasses.fields(output))
    return iter(())


def local(tensor: Any) -> Any:
    """The part of a sharded tensor that this process has: nothing is communicated."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def real(tensor: Any) -> Any:
    """The numbers of a tensor as real ones of at least single precision; (…, 2) of a complex one."""
    if tensor.is_complex():
        return torch.view_as_real(tensor.resolve_conj())
    return tensor.float() if tensor.dtype in _HALF else tensor


def norm(tensor: Any) -> Any:
    """√Σ x² of a dense tensor: a number that is not finite anywhere shows."""
    return _exact(torch.linalg.vector_norm(tensor, dtype=torch.float32 if tensor.dtype in _HALF else None), tensor)


def _exact(value: Any, tensor: Any) -> Any:
    """A norm in single precision, or in double where squares of its numbers are below or beyond single precision.

    There a gradient that is 1e-24 in the first of 30 layers would be 0. In double always it takes 7 to 40 times as
    long. On a device it is left as it is: to look at it would wait for it.
    """
    if value.dtype is not torch.float32 or value.device.type != "cpu":
        return value
    number = value.item()
    if not math.isinf(number) and not number < _SMALL * math.sqrt(tensor.numel()):
        return value
    return torch.linalg.vector_norm(tensor, dtype=torch.complex128 if tensor.is_complex() else torch.float64)


def gradient_values(gradient: Any) -> Any:
    """A gradient's numbers as a dense tensor: of a sparse one those of the rows it has, each row once."""
    gradient = local(gradient)
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def norms(tensors: list[Any]) -> list[Any]:
    """√Σ x² of each, in one go where the kernels can: half precision is summed in single precision."""
    if all(tensor.dtype not in _HALF and not tensor.is_complex() for tensor in tensors):
        values = torch._foreach_norm(tensors) if tensors else ()
        return [_exact(value, tensor) for value, tensor in zip(values, tensors, strict=True)]
    return [norm(tensor) for tensor in tensors]


def elements(parameter: Any) -> Any:
    """At most 2 · UPDATE_ELEMENTS elements of a parameter, spread over it, as a flat view where it can be one.

    Their distance has no divisor in common with the last dimension: else the same columns come again and again, and
    the relative size of the update was off by 12 % instead of 2 % (median).
    """
    values = local(parameter.detach()).reshape(-1)
    count = values.numel()
    if count <= 2 * UPDATE_ELEMENTS:
        return values
    distance = count // UPDATE_ELEMENTS
    while distance > 1 and math.gcd(distance, parameter.shape[-1]) != 1:
        distance -= 1
    return values[::distance][:UPDATE_ELEMENTS]
