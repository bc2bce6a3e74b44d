"""A checkpoint: the weights of a model by name, out of one file or several, mapped into memory and not copied."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.fields import Rejected, given
from ...core.message import Message, joined
from ...core.numerics import Array
from ...core.problems import ExperimentError, Problem
from ..clean import printable
from . import safetensors_file, torch_file
from .state import model_of, unwrapped
from .tensor import Tensor

#: Names of a model's file in a folder, as Hugging Face writes them, in the order in which they are looked for.
_IN_FOLDER = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    "adapter_model.safetensors", "adapter_model.bin",
)  # fmt: skip
_INDEX = ".index.json"
_LARGEST_INDEX = 64 * 2**20
_LONGEST_NAME = 300
#: Enough to tell what a file is.
_HEAD = 16


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a model by name, in the order of the file; notes say what of the file was passed over."""

    file: str
    tensors: Mapping[str, Tensor]
    notes: tuple[Message, ...] = ()

    @property
    def tied(self) -> tuple[tuple[str, ...], ...]:
        """Names of one and the same numbers."""
        names: dict[object, list[str]] = defaultdict(list)
        for name, tensor in self.tensors.items():
            if tensor.size:
                names[tensor.place].append(name)
        return tuple(tuple(group) for group in names.values() if len(group) > 1)


def is_checkpoint(path: Path) -> bool:
    """Whether a file is one, by its content; what torch wrote in an older way is one that says so. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(torch_file.ZIP):
        return torch_file.is_one(path)
    return any(begins(head) for begins, _ in _FORMATS) or path.name.endswith(_INDEX)


def open_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint of a file, of an index of several (…index.json), or of a folder that has one.

    Raises ExperimentError with what is wrong with the file. Nothing that stands in it is executed.
    """
    file = str(path)
    try:
        return _opened(_file_of(path), file)
    except Rejected as error:
        raise ExperimentError([Problem(file, error.message)]) from None
    except OSError as error:
        message = Message("cannot be read: {reason}", reason=error.strerror or str(error))
        raise ExperimentError([Problem(file, message)]) from None
    except ValueError as error:  # a NUL in the name
        raise ExperimentError([Problem(given(file), Message("cannot be read: {reason}", reason=str(error)))]) from None


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        if path.exists() and not path.is_file():  # to open a pipe would wait for who writes into it
            raise Rejected(Message("is not a file"))
        return path
    files = [path / name for name in _IN_FOLDER if (path / name).is_file()]
    if not files:
        files = sorted(path.glob("*.safetensors"))
        if len(files) != 1:
            allowed = ", ".join(_IN_FOLDER[:4])
            raise Rejected(Message("is a folder without one of {allowed}", allowed=allowed))
    return files[0]


def _opened(path: Path, file: str) -> Checkpoint:
    if path.name.endswith(_INDEX):
        tensors, notes = _of_index(path)
    else:
        tensors, notes = _of_file(path)
    if not tensors:
        raise Rejected(joined([Message("has no tensors that could be a model's"), *notes]))
    # Whoever wrote the file may have put anything into a name.
    shown = {printable(name[:_LONGEST_NAME]): one for name, one in tensors.items()}
    return Checkpoint(file, shown, tuple(dict.fromkeys(notes)))


def _of_index(path: Path) -> tuple[dict[str, Tensor], list[Message]]:
    """The tensors of all files that an index names, which stand beside it."""
    if path.stat().st_size > _LARGEST_INDEX:
        raise Rejected(Message("is no index of a checkpoint in several files"))
    try:
        named = json.loads(path.read_bytes())["weight_map"]
        files = list(dict.fromkeys(named.values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Rejected(Message("is no index of a checkpoint in several files")) from None
    tensors: dict[str, Tensor] = {}
    notes: list[Message] = []
    for name in files:
        if not isinstance(name, str) or not name or Path(name).name != name or name.endswith(_INDEX):
            raise Rejected(Message("names {file}, which is no file beside it", file=given(name)))
        try:
            more, about = _of_file(path.with_name(name))
        except OSError as error:
            reason = error.strerror or str(error)
            raise Rejected(Message("needs {file} beside it: {reason}", file=given(name), reason=reason)) from None
        tensors |= more
        notes += about
    return tensors, notes


def _of_file(path: Path) -> tuple[dict[str, Tensor], list[Message]]:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for begins, read in _FORMATS:
        if begins(head):
            return read(path, np.memmap(path, dtype=np.uint8, mode="r"))
    raise Rejected(Message("is neither what torch.save writes nor safetensors"))


def _of_torch(path: Path, raw: Array) -> tuple[dict[str, Tensor], list[Message]]:
    return model_of(torch_file.read(path, raw))


def _of_safetensors(path: Path, raw: Array) -> tuple[dict[str, Tensor], list[Message]]:
    read = safetensors_file.read(raw)
    strange = {name: kind for name, kind in read.items() if isinstance(kind, str)}
    notes = []
    if strange:
        kinds = ", ".join(dict.fromkeys(map(given, strange.values())))
        notes.append(
            Message("{count} tensors are of a type that cannot be read here: {kinds}", count=len(strange), kinds=kinds)
        )
    return unwrapped({name: one for name, one in read.items() if isinstance(one, Tensor)}), notes


def _of_older(path: Path, raw: Array) -> Any:
    raise Rejected(
        Message(
            "is written in the way of PyTorch before 1.6; write it again: "
            "torch.save(torch.load(FILE, weights_only=True), FILE)"
        )
    )


def _of_pickle(path: Path, raw: Array) -> Any:
    raise Rejected(Message("is a pickle: what torch.save and safetensors write is read, nothing else is executed"))


_Read = Callable[[Path, Array], tuple[dict[str, Tensor], list[Message]]]
#: How a file begins → what reads it.
_FORMATS: tuple[tuple[Callable[[bytes], bool], _Read], ...] = (
    (lambda head: head.startswith(torch_file.ZIP), _of_torch),
    (lambda head: head.startswith(torch_file.OLDER[:_HEAD]), _of_older),
    (lambda head: head.startswith(torch_file.PICKLE), _of_pickle),
    (safetensors_file.is_one, _of_safetensors),
)  # fmt: skip
