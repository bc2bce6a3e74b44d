"""Safetensors: the length of a header, a header in JSON with each tensor's type, shape and place, and the bytes."""

from __future__ import annotations

import json
import math
from typing import Any

from ...core.fields import Rejected, given
from ...core.message import Message
from ...core.numerics import Array
from .tensor import DTYPES, Storage, Tensor, contiguous, tensor

#: The format allows no longer header.
_LONGEST_HEADER = 100_000_000
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip


def is_one(head: bytes) -> bool:
    """Whether a file begins so: a length that a header can have, and a brace."""
    return len(head) > 8 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= _LONGEST_HEADER


def read(raw: Array) -> dict[str, Tensor | str]:
    """Tensors by name, as windows on the file; of one whose type cannot be read, the type. Raises Rejected."""
    length = int.from_bytes(raw[:8].tobytes(), "little")
    if 8 + length > len(raw):
        raise Rejected(Message("has a header of {length} bytes and ends before: it may be cut off", length=length))
    header = _header(raw[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    whole = raw[8 + length :]
    try:
        rows = sorted(
            (row["data_offsets"][0], row["data_offsets"][1], name, row["dtype"], row["shape"])
            for name, row in header.items()
        )
    except (KeyError, TypeError, IndexError):
        raise Rejected(Message("has a header that is none of safetensors")) from None
    read: dict[str, Tensor | str] = {}
    last = 0
    for start, end, name, kind, shape in rows:
        # As the format has it: without holes, without overlaps.
        if type(start) is not int or type(end) is not int or start != last or not start <= end <= len(whole):
            raise Rejected(Message("the bytes of {name} do not lie where they should", name=given(name)))
        last = end
        dtype = DTYPES.get(_TYPES.get(kind, "")) if type(kind) is str else None
        if dtype is None:
            read[name] = str(kind)[:20]
            continue
        sizes = tuple(shape) if isinstance(shape, list) else ()
        one = tensor(dtype, sizes, contiguous(sizes) if _are_sizes(sizes) else (), 0, Storage(whole[start:end]))
        if one.size * dtype.raw.itemsize != end - start:
            raise Rejected(Message("the bytes of {name} do not lie where they should", name=given(name)))
        read[name] = one
    return {name: read[name] for name in header}


def _are_sizes(shape: tuple[Any, ...]) -> bool:
    return len(shape) <= 64 and all(type(size) is int and 0 <= size < 2**62 for size in shape) and _fits(shape)


def _fits(shape: tuple[int, ...]) -> bool:
    return math.prod(shape) < 2**62


def _header(raw: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a name comes twice")
        return made

    try:
        header = json.loads(raw, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Rejected(Message("has a header that is none of safetensors")) from None
    if not isinstance(header, dict):
        raise Rejected(Message("has a header that is none of safetensors"))
    return header
