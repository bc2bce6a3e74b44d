"""A tensor of a checkpoint: where its numbers lie in a file, and the numbers as NumPy has them.

A file is mapped, not read: a tensor is a window on it, and of one that is larger than memory a part can be taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...core.fields import Rejected
from ...core.message import Message
from ...core.numerics import Array

#: A tensor has so many axes at the most, as in PyTorch.
_MOST_AXES = 64
#: A tensor whose elements are all one number of the file (`expand`) says nothing in more elements than this.
_MOST_REPEATED = 2**24
#: Numbers of a part that is looked at at once: 32 MB in float64.
PART = 2**22


def _wide(raw: Array) -> Array:
    """bfloat16 is the upper half of a float32."""
    return (raw.astype(np.uint32) << 16).view(np.float32)


def _eights(exponent: int, bias: int, special: str) -> Callable[[Array], Array]:
    """Floating-point numbers of 8 bits with so many of the exponent, as float32 (Micikevicius et al. 2022).

    special says which codes are no numbers: "ieee" those of the largest exponent (inf, nan), "fn" all ones, "fnuz" −0.
    """
    mantissa = 7 - exponent
    codes = np.arange(256)
    power, rest = (codes >> mantissa) & ((1 << exponent) - 1), codes & ((1 << mantissa) - 1)
    normal = power > 0
    size = np.ldexp(rest / 2.0**mantissa + normal, np.where(normal, power, 1) - bias)
    values = np.where(codes >= 128, -size, size)
    if special == "ieee":
        at_end = power == (1 << exponent) - 1
        values[at_end] = np.where(rest[at_end] > 0, np.nan, np.copysign(np.inf, values[at_end]))
    elif special == "fn":
        values[(codes & 127) == 127] = np.nan
    else:
        values[128] = np.nan
    table = values.astype(np.float32)
    return lambda raw: np.asarray(table[raw])


@dataclass(frozen=True, slots=True)
class Dtype:
    """One type of number: its name in PyTorch, the NumPy type that it lies in, and what makes float32 of it."""

    name: str
    raw: np.dtype[np.generic]
    widened: Callable[[Array], Array] | None = None

    @property
    def is_float(self) -> bool:
        return self.widened is not None or self.raw.kind in "fc"


DTYPES = {
    row.name: row
    for row in (
        *(
            Dtype(name, np.dtype(name))
            for name in (
                "float64", "float32", "float16", "complex64", "complex128", "int64", "int32", "int16", "int8",
                "uint64", "uint32", "uint16", "uint8", "bool",
            )
        ),
        Dtype("bfloat16", np.dtype(np.uint16), _wide),
        Dtype("float8_e4m3fn", np.dtype(np.uint8), _eights(4, 7, "fn")),
        Dtype("float8_e5m2", np.dtype(np.uint8), _eights(5, 15, "ieee")),
        Dtype("float8_e4m3fnuz", np.dtype(np.uint8), _eights(4, 8, "fnuz")),
        Dtype("float8_e5m2fnuz", np.dtype(np.uint8), _eights(5, 16, "fnuz")),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """Bytes of a file that tensors look at."""

    raw: Array
    big_endian: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """shape, strides and offset count elements, as in PyTorch. Made by `tensor`, which checks that all lie inside."""

    dtype: Dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    storage: Storage

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def place(self) -> tuple[object, ...]:
        """Which numbers they are: tensors of one place are tied."""
        return id(self.storage), self.offset, self.shape, self.strides, self.dtype.name

    def values(self) -> Array:
        """The numbers: a view of the file where NumPy has their type, float32 of bfloat16 and 8 bits."""
        if not self.size:
            return np.empty(self.shape, np.float32 if self.dtype.widened else self.dtype.raw)
        width = self.dtype.raw.itemsize
        kind = self.dtype.raw.newbyteorder(">" if self.storage.big_endian else "<")
        last = self.offset + sum((count - 1) * step for count, step in zip(self.shape, self.strides, strict=True))
        window = self.storage.raw[self.offset * width : (last + 1) * width].view(kind)
        strides = tuple(step * width for step in self.strides)
        values = np.lib.stride_tricks.as_strided(window, self.shape, strides, writeable=False)
        return values if self.dtype.widened is None else self.dtype.widened(values)

    def rows(self, start: int, stop: int) -> Tensor:
        """A part along the first axis."""
        beginning = self.offset + start * self.strides[0]
        return replace(self, shape=(stop - start, *self.shape[1:]), offset=beginning)

    def parts(self) -> Iterator[Array]:
        """All numbers as float64 (complex128), in parts of about PART of them along the first axis."""
        kind = np.complex128 if self.dtype.raw.kind == "c" else np.float64
        if not self.shape or self.size <= PART:
            yield self.values().astype(kind)
            return
        step = max(1, PART // (self.size // self.shape[0]))
        for start in range(0, self.shape[0], step):
            yield self.rows(start, min(start + step, self.shape[0])).values().astype(kind)


def tensor(dtype: Dtype, shape: object, strides: object, offset: object, storage: Storage) -> Tensor:
    """A tensor of a storage. Raises Rejected for one that does not lie inside."""
    sizes, steps = _counts(shape), _counts(strides)
    (start,) = _counts((offset,))
    held = len(storage.raw) // dtype.raw.itemsize
    size = math.prod(sizes)
    if len(sizes) != len(steps):
        raise Rejected(Message("a tensor has {count} axes and strides of {other}", count=len(sizes), other=len(steps)))
    last = start + sum((count - 1) * step for count, step in zip(sizes, steps, strict=True))
    if size and last >= held:
        raise Rejected(Message("a tensor ends at element {last} of a storage of {held}", last=last + 1, held=held))
    if size > max(held, _MOST_REPEATED):
        raise Rejected(Message("a tensor has {size} elements of a storage of {held}", size=size, held=held))
    return Tensor(dtype, sizes, steps, start if size else 0, storage)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose rows lie one behind another."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _counts(values: object) -> tuple[int, ...]:
    """Sizes, strides: whole numbers that are not negative. Raises Rejected."""
    is_whole = isinstance(values, tuple | list) and len(values) <= _MOST_AXES
    if not is_whole or not all(type(value) is int and 0 <= value < 2**62 for value in values):  # type: ignore[attr-defined]
        raise Rejected(Message("a tensor's shape, strides or offset are no numbers that a tensor can have"))
    return tuple(values)  # type: ignore[arg-type]
