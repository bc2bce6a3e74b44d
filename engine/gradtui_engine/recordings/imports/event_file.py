"""TensorBoard's event files: their records, with a checksum each, and of the protocol buffers in them the scalars.

record = length (8 bytes), checksum of it (4), data, checksum of the data (4); all little-endian. The checksum is the
CRC-32C (Castagnoli), turned by 15 bits and moved by a constant. The fields are those of tensorflow's event.proto,
summary.proto and tensor.proto.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.fields import Rejected
from ...core.message import Message
from ...core.numerics import Array

_HEAD, _FOOT = 12, 4
_TURNED = 0xA282EAD8


def _table() -> Array:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, (values >> 1) ^ np.uint32(0x82F63B78), values >> 1)
    return values


_CRC = _table()


def masked_crcs(parts: Sequence[bytes]) -> list[int]:
    """The checksums of byte strings; those of one length are worked out together, byte by byte."""
    sums = [0] * len(parts)
    by_length: dict[int, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        by_length[len(part)].append(place)
    for length, places in by_length.items():
        block = np.frombuffer(b"".join(parts[place] for place in places), np.uint8).reshape(len(places), length)
        crc = np.full(len(places), 0xFFFFFFFF, dtype=np.uint32)
        for column in block.T:
            crc = _CRC[(crc ^ column) & 0xFF] ^ (crc >> 8)
        crc = ~crc
        masked = ((crc >> 15) | (crc << 17)) + np.uint32(_TURNED)
        for place, value in zip(places, masked.tolist(), strict=True):
            sums[place] = value
    return sums


def turned(crc: int) -> int:
    """A checksum as such files have it: so that one of a text that holds checksums is none of them."""
    return (((crc >> 15) | (crc << 17)) + _TURNED) & 0xFFFFFFFF


def is_one(head: bytes) -> bool:
    """Whether a file that begins so (12 bytes) is one: a length with its checksum."""
    return len(head) >= _HEAD and masked_crcs([head[:8]])[0] == int.from_bytes(head[8:12], "little")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number that was logged."""

    tag: str
    step: int
    time: float
    value: float


def scalars(raw: memoryview) -> tuple[list[Scalar], str]:
    """All scalars of a file in its order, and what is to be said of its end. Raises Rejected for a damaged one."""
    records, note = _records(raw)
    rows: list[Scalar] = []
    held: list[int] = []
    for place, (start, end) in enumerate(records):
        try:
            found = list(_of_event(raw, start, end))
        except (IndexError, struct.error, UnicodeDecodeError, ValueError, OverflowError):
            raise Rejected(Message("is damaged at byte {place}", place=start)) from None
        if found:
            held.append(place)
            rows += found
    # Of records without a scalar (graphs, pictures) nothing is taken, and nothing checked.
    parts = [bytes(raw[slice(*records[place])]) for place in held]
    for place, crc in zip(held, masked_crcs(parts), strict=True):
        end = records[place][1]
        if crc != int.from_bytes(raw[end : end + _FOOT], "little"):
            raise Rejected(Message("is damaged at byte {place}", place=records[place][0]))
    return rows, note


def _records(raw: memoryview) -> tuple[list[tuple[int, int]], str]:
    """Where the data of each record begins and ends."""
    records, place = [], 0
    while place + _HEAD <= len(raw):
        length = int.from_bytes(raw[place : place + 8], "little")
        start = place + _HEAD
        if start + length + _FOOT > len(raw):
            if not is_one(bytes(raw[place:start])):
                raise Rejected(Message("is damaged at byte {place}", place=place))
            break
        records.append((start, start + length))
        place = start + length + _FOOT
    heads = [bytes(raw[start - _HEAD : start - 4]) for start, _ in records]
    for (start, _), crc in zip(records, masked_crcs(heads), strict=True):
        if crc != int.from_bytes(raw[start - 4 : start], "little"):
            raise Rejected(Message("is damaged at byte {place}", place=start - _HEAD))
    return records, "" if place == len(raw) else "the file ends within a record: it is still being written, or cut off"


# -- protocol buffers --------------------------------------------------------------------------------------


def fields(raw: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(number, start, end, whole) of each field of a message; whole is the value of a varint, −1 of other fields.

    Raises ValueError."""
    while start < end:
        key, start = _varint(raw, start, end)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, after = _varint(raw, start, end)
            yield number, start, after, value
        else:
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                if wire != 2:
                    raise ValueError(wire)
                size, start = _varint(raw, start, end)
            after = start + size
            if after > end:
                raise ValueError(size)
            yield number, start, after, -1
        start = after


def _varint(raw: memoryview, start: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while start < end and shift < 70:
        byte = raw[start]
        value |= (byte & 127) << shift
        start, shift = start + 1, shift + 7
        if byte < 128:
            return value, start
    raise ValueError("no number")


def _of_event(raw: memoryview, start: int, end: int) -> Iterator[Scalar]:
    time, step, summaries = 0.0, 0, []
    for number, first, last, whole in fields(raw, start, end):
        if number == 1:
            (time,) = struct.unpack_from("<d", raw, first)
        elif number == 2:
            step = whole - (1 << 64) if whole >> 63 else whole
        elif number == 5:
            summaries.append((first, last))
    for first, last in summaries:
        for number, one, other, _ in fields(raw, first, last):
            if number == 1:
                tag, value = _of_value(raw, one, other)
                if value is not None and step >= 0:
                    yield Scalar(tag, step, time, value)


def _of_value(raw: memoryview, start: int, end: int) -> tuple[str, float | None]:
    """Tag and number of a Summary.Value; None where it is no scalar."""
    tag, value = "", None
    for number, first, last, _ in fields(raw, start, end):
        if number == 1:
            tag = bytes(raw[first:last]).decode("utf-8", "replace")
        elif number == 2:
            (value,) = struct.unpack_from("<f", raw, first)
        elif number == 8:
            value = _of_tensor(raw, first, last)
    return tag, value


#: DataType of tensor.proto → the NumPy type of `tensor_content`.
_KINDS = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
#: float_val and double_val of a TensorProto → how one number is packed.
_VALUES = {5: "<f", 6: "<d"}


def _of_tensor(raw: memoryview, start: int, end: int) -> float | None:
    """The number of a tensor that has one; None of others."""
    kind, values = 0, list[float]()
    for number, first, last, whole in fields(raw, start, end):
        if number == 1:
            kind = whole
        elif number == 4 and kind in _KINDS:
            content = np.frombuffer(raw[first:last], _KINDS[kind]) if (last - first) <= 8 else ()
            values += [float(each) for each in content]
        elif number in _VALUES and last - first <= 8:
            values += [each for (each,) in struct.iter_unpack(_VALUES[number], raw[first:last])]
        elif number in (7, 10):
            # int_val, int64_val: packed, or one at a time.
            value = whole if whole >= 0 else _varint(raw, first, last)[0]
            values.append(float(value - (1 << 64) if value >> 63 else value))
    return values[0] if len(values) == 1 else None
