"""TensorBoard: one event file, or the folder of a run."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...core.fields import Rejected
from ...core.message import Message
from ..clean import cleaned
from .event_file import Scalar, scalars
from .log import LACKS, Log
from .names import Chosen, chosen, words_of

#: So deep a folder is looked into.
_DEEPEST = 2
_MOST_NAMES = 8
#: Folders of one run beside each other, as Keras makes them.
_PARTS = {"train", "training", "validation", "val", "valid", "eval", "test"}
_MARK = "tfevents"


def files_of(folder: Path) -> list[Path]:
    """The event files of a run's folder, in the order in which they were written. Raises Rejected where there are
    several runs in it."""
    own = sorted(path for path in folder.iterdir() if _MARK in path.name and path.is_file())
    below = {path: files for path in sorted(folder.iterdir()) if path.is_dir() and (files := _all_files(path, 1))}
    if own or all({*words_of(path.name)} & _PARTS for path in below):
        return own + [file for files in below.values() for file in files]
    if len(below) == 1:
        return files_of(next(iter(below)))
    names = ", ".join(path.name for path in list(below)[:_MOST_NAMES])
    raise Rejected(Message("holds several runs: {names}; give one of them", names=names))


def _all_files(folder: Path, depth: int) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if _MARK in path.name and path.is_file())
    if depth < _DEEPEST:
        for path in sorted(folder.iterdir()):
            files += _all_files(path, depth + 1) if path.is_dir() else []
    return files


def log_of(files: Iterable[Path], folder: Path) -> Log:
    """What the scalars of a run say. Raises Rejected, OSError."""
    rows: dict[str, list[Scalar]] = {}
    notes: dict[str, None] = {}
    for path in files:
        found, note = _scalars(path)
        if note:
            notes[note] = None
        parts = path.parent.relative_to(folder).parts if path.parent != folder else ()
        before = "/".join((*parts, ""))
        mine: dict[str, list[Scalar]] = {}
        for scalar in found:
            mine.setdefault(cleaned(before + scalar.tag), []).append(scalar)
        for tag, values in mine.items():
            # A run that was taken up again begins where it was saved: what came behind is not its own.
            kept = [each for each in rows.get(tag, ()) if each.step < values[0].step]
            rows[tag] = kept + values
    if not rows:
        raise Rejected(Message("has no scalars"))
    picked = chosen({tag: len(values) for tag, values in rows.items()})
    if picked.loss is None and picked.gradient is None:
        names = ", ".join(list(rows)[:_MOST_NAMES])
        raise Rejected(
            Message("has no scalar that is a loss or a gradient's norm by its name; its tags: {names}", names=names)
        )
    return _log(rows, picked, list(notes))


def _log(rows: dict[str, list[Scalar]], picked: Chosen, notes: list[str]) -> Log:
    def series(tag: str | None) -> dict[int, float]:
        return {each.step: each.value for each in rows[tag]} if tag is not None else {}

    log = Log(
        series(picked.loss), series(picked.gradient), [series(tag) for tag in picked.rates], series(picked.scale),
        held_out=series(picked.held_out),
        notes=[LACKS, "taken by their names – " + "; ".join(replace(picked, step=None, epoch=None).used), *notes],
    )  # fmt: skip
    main = picked.loss or picked.gradient
    log.times = {each.step: each.time for each in rows[main]} if main is not None else {}
    if picked.others:
        log.notes.append(f"other losses, which are not used: {', '.join(picked.others[:_MOST_NAMES])}")
    return log


def _scalars(path: Path) -> tuple[list[Scalar], str]:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return [], ""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as raw:
            return scalars(raw)
