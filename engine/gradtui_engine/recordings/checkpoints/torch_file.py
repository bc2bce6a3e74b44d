"""What torch.save writes since PyTorch 1.6: a ZIP file of a pickle and the bytes of each storage, none compressed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...core.fields import Rejected
from ...core.message import Message
from ...core.numerics import Array
from .tensor import Dtype, Storage
from .unpickler import unpickled

#: How such a file begins; how a pickle does, and the number of PyTorch's older files, which are one.
ZIP, PICKLE, OLDER = b"PK\x03\x04", b"\x80", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_HEAD = struct.Struct("<4s22xHH")
#: A pickle of 100,000 tensors has 20 MB.
_LARGEST_PICKLE = 256 * 2**20


def is_one(path: Path) -> bool:
    """Whether a ZIP file has a pickle, as torch.save writes it; of one that is cut off nobody knows, and it is said to
    be one. Raises OSError."""
    try:
        return bool(_roots(_entries(path)))
    except Rejected:
        return path.suffix != ".npz"


def _entries(path: Path) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError, MemoryError):
        raise Rejected(Message("is a damaged ZIP file: it may be cut off")) from None


def _roots(entries: Iterable[str]) -> list[str]:
    return [name.removesuffix("data.pkl") for name in entries if name.endswith("/data.pkl") or name == "data.pkl"]


def read(path: Path, raw: Array) -> Any:
    """What was saved, its tensors as windows on the file. Raises Rejected, OSError."""
    entries = _entries(path)
    roots = _roots(entries)
    if len(roots) != 1:
        raise Rejected(Message("is a ZIP file without a data.pkl: not what torch.save writes"))
    root = roots[0]
    if f"{root}constants.pkl" in entries:
        raise Rejected(Message("is a TorchScript program; save model.state_dict() instead"))
    pickle = _bytes(raw, entries[f"{root}data.pkl"])
    if len(pickle) > _LARGEST_PICKLE:
        raise Rejected(Message("has a pickle of {size} MB; allowed: 256", size=len(pickle) >> 20))
    order = entries.get(f"{root}byteorder")
    big_endian = order is not None and _bytes(raw, order).tobytes()[:3] == b"big"
    storages: dict[str, Storage] = {}

    def stored(key: str, count: int, dtype: Dtype | None) -> Storage:
        if key not in storages:
            entry = entries.get(f"{root}data/{key}")
            if entry is None:
                raise Rejected(Message("lacks the storage {key}: it may be cut off", key=repr(key[:40])))
            storages[key] = Storage(_bytes(raw, entry), big_endian)
        held, needed = len(storages[key].raw), count * (dtype.raw.itemsize if dtype is not None else 1)
        if not 0 <= needed <= held:
            raise Rejected(Message("a storage has {held} bytes instead of {needed}", held=held, needed=needed))
        return storages[key]

    return unpickled(pickle.tobytes(), stored)


def _bytes(raw: Array, entry: zipfile.ZipInfo) -> Array:
    """The bytes of an entry, in the file. Raises Rejected where they are compressed or lie outside."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
        raise Rejected(Message("has compressed or encrypted parts: torch.save writes none"))
    start = entry.header_offset
    if not 0 <= start <= len(raw) - _HEAD.size:
        raise Rejected(Message("is a damaged ZIP file: it may be cut off"))
    mark, name, extra = _HEAD.unpack(raw[start : start + _HEAD.size].tobytes())
    start += _HEAD.size + name + extra
    if mark != ZIP or start + entry.file_size > len(raw):
        raise Rejected(Message("is a damaged ZIP file: it may be cut off"))
    return raw[start : start + entry.file_size]
