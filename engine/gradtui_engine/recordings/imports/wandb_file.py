"""A run of wandb in its own file (run-….wandb, as WANDB_MODE=offline leaves it), read without wandb.

The file is a LevelDB log, blocks of 32 kB with records of checksum (4 bytes), length (2), kind (1) and data, behind
seven bytes of its own; a record is a protocol buffer, wandb_internal.Record, of whose fields the history is read. Of
what `wandb.watch` logs, histograms of 64 bins, norms are worked out from the bins' middles: ‖w‖² ≈ Σ count · middle².
"""

from __future__ import annotations

import json
import math
import mmap
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...core.fields import Rejected
from ...core.message import Message
from ..clean import cleaned
from .event_file import fields, turned
from .hugging_face import number
from .log import LACKS, Log
from .names import chosen
from .table_file import log_of_columns

MARK = b":W&B"
_BLOCK, _OWN = 32768, 7
_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _LAST = 1, 2, 4
#: Fields: Record.history, HistoryRecord.item and .step, HistoryItem.key, .nested_key, .value_json, HistoryStep.num.
_HISTORY, _ITEM, _STEP, _KEY, _NESTED, _JSON, _NUM = 2, 1, 2, 1, 2, 16, 1
_WATCHED = {"gradients": "norms", "parameters": "weights"}
_LACKS = (
    "a log of numbers by the step, with norms of parameters and of their gradients: activations and updates are not "
    "in it; "
    "norms of parameters and their gradients are from wandb's histograms of 64 bins, within 5 %; what is not finite is "
    "in no bin, and under a GradScaler the gradients are scaled"
)

Row = dict[str, Any]


def is_one(head: bytes) -> bool:
    return head.startswith(MARK)


def log_of(path: Path) -> Log:
    """What the history of a run says. Raises Rejected where it is damaged, or has no loss."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        rows = list(_rows(mapped))
    names = dict.fromkeys(name for row in rows for name, value in row.items() if number(value) is not None)
    columns = {cleaned(name): [number(row.get(name)) for row in rows] for name in names}
    found = chosen({name: sum(value is not None for value in values) for name, values in columns.items()})
    norms: dict[str, dict[str, dict[int, float]]] = {"norms": {}, "weights": {}}
    for place, row in enumerate(rows):
        step = number(row.get("_step"))
        for name, bins in _histograms(row).items():
            kind, _, parameter = name.partition("/")
            norm = _norm(bins)
            if kind in _WATCHED and parameter and norm is not None:
                series = norms[_WATCHED[kind]].setdefault(cleaned(parameter), {})
                series[place if step is None else int(step)] = norm
    if not columns or (found.loss is None and found.gradient is None and not any(norms.values())):
        raise Rejected(Message("is a run of wandb without a loss in its history"))
    log = log_of_columns(columns, found, [], lacks=_LACKS if any(norms.values()) else LACKS)
    # In the file they come in any order.
    log.norms, log.weights = (dict(sorted(norms[kind].items(), key=_natural)) for kind in ("norms", "weights"))
    return log


def _natural(item: tuple[str, object]) -> list[tuple[int, str]]:
    """layer.2 before layer.10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", item[0])]


def _norm(histogram: Mapping[str, Any]) -> float | None:
    """The norm of what a histogram counts; None where it is none."""
    counts, edges, packed = (histogram.get(name) for name in ("values", "bins", "packedBins"))
    if isinstance(packed, dict) and isinstance(counts, list):
        least, size = number(packed.get("min")), number(packed.get("size"))
        edges = None if least is None or size is None else [least + size * k for k in range(len(counts) + 1)]
    if not isinstance(counts, list) or not isinstance(edges, list) or len(edges) != len(counts) + 1:
        return None
    try:
        squares = sum(
            float(count) * ((float(low) + float(high)) / 2) ** 2
            for count, low, high in zip(counts, edges, edges[1:], strict=False)
        )
    except (TypeError, ValueError, OverflowError):
        return None
    return math.sqrt(squares) if 0 <= squares < math.inf else None


def _histograms(row: Row) -> dict[str, dict[str, Any]]:
    """The histograms of a row, whose parts stand in it one by one or as one value."""
    parts: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value.get("_type") == "histogram":
            parts[name] = value
            continue
        for part in ("values", "bins", "_type", "packedBins"):
            before, mark, after = name.partition(f"/{part}")
            if mark and not after:
                parts.setdefault(before, {})[part] = value
            elif mark and part == "packedBins":
                parts.setdefault(before, {}).setdefault(part, {})[after.lstrip("/")] = value
    return {name: bins for name, bins in parts.items() if bins.get("_type") == "histogram"}


# -- the file ----------------------------------------------------------------------------------------------


def _rows(raw: mmap.mmap) -> Iterator[Row]:
    """Name → value of each line of the history."""
    for record in _records(raw):
        view = memoryview(record)
        try:
            for field, start, end, _ in fields(view, 0, len(view)):
                if field == _HISTORY:
                    yield _row(view, start, end)
        except (ValueError, IndexError, UnicodeDecodeError, RecursionError):
            raise Rejected(Message("is a run of wandb that is damaged")) from None


def _row(view: memoryview, start: int, end: int) -> Row:
    row: Row = {}
    for field, first, last, _ in fields(view, start, end):
        if field == _ITEM:
            names, text = list[str](), b"null"
            for part, low, high, _ in fields(view, first, last):
                if part in (_KEY, _NESTED):
                    names.append(bytes(view[low:high]).decode())
                elif part == _JSON:
                    text = bytes(view[low:high])
            row["/".join(filter(None, names))] = json.loads(text)
        elif field == _STEP:
            step = next((whole for part, _, _, whole in fields(view, first, last) if part == _NUM), 0)
            row.setdefault("_step", step)
    return row


def _records(raw: mmap.mmap) -> Iterator[bytes]:
    """Records, put together where they go over blocks; one that is still being written is left out."""
    place, parts = _OWN, list[bytes]()
    while place + _HEAD.size <= len(raw):
        left = _BLOCK - place % _BLOCK
        if left < _HEAD.size:
            place += left
            continue
        crc, length, kind = _HEAD.unpack_from(raw, place)
        start, end = place + _HEAD.size, place + _HEAD.size + length
        if end > len(raw):
            return
        if length == 0 and kind == 0:  # the rest of a block that was left empty
            place += left
            continue
        found = zlib.crc32(raw[start - 1 : end])
        if crc not in (found, turned(found)):
            raise Rejected(Message("is damaged at byte {place}", place=place))
        parts = [raw[start:end]] if kind in (_FULL, _FIRST) else [*parts, raw[start:end]]
        if kind in (_FULL, _LAST):
            yield b"".join(parts)
            parts = []
        place = end
