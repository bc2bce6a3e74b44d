"""The runs of a folder: found, looked at, and judged."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gradtui_engine import ExperimentError, Problem
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import in_one
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.recordings.clean import cleaned
from gradtui_engine.recordings.file_log import is_ours
from gradtui_engine.recordings.grouping import grouped
from gradtui_engine.recordings.overview import overview
from gradtui_engine.recordings.recording import Recording, open_recording

from .needs import NO_MEMORY
from .run_list import RunList, RunRow

#: Folders within folders that are looked into: a run has one of its own, or one in an experiment's.
_DEEP = 2
_ENDING = ".jsonl"
#: The name of a recording that nobody has given one.
_USUAL = "gradtui-run"


def runs_in(folder: Path) -> RunList:
    """The runs of a folder and of the folders in it, the one that was written last first. Raises ExperimentError where
    it cannot be read, or has none.
    """
    try:
        files = [path for path in sorted(_files(folder, _DEEP)) if is_ours(path)]
    except OSError as error:
        message = Message("cannot be read: {reason}", reason=error.strerror or str(error))
        raise ExperimentError([Problem(str(folder), message)]) from None
    now = time.time()
    groups = grouped(files)
    names = _names([cleaned(str(paths[0].relative_to(folder)).removesuffix(_ENDING)) for paths in groups])
    rows = [_row(name, paths, now) for name, paths in zip(names, groups, strict=True)]
    if not rows:
        message = Message("no recordings here: no *{ending} in it, nor in the folders in it", ending=_ENDING)
        raise ExperimentError([Problem(str(folder), message)])
    return RunList(cleaned(str(folder)), tuple(sorted(rows, key=lambda row: row.age)))


def _files(folder: Path, deep: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_ENDING) and entry.is_file():
                yield Path(entry.path)
            elif deep and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                try:
                    yield from _files(Path(entry.path), deep - 1)
                except OSError:
                    continue  # one that may not be read hides no other


def _names(paths: list[str]) -> list[str]:
    """What each run is called: its path, or its folder's where the file has the name that every recording has."""
    brief = [path.removesuffix(f"/{_USUAL}") for path in paths]
    return brief if len(set(brief)) == len(paths) else paths


def _row(name: str, paths: list[Path], now: float) -> RunRow:
    size, written = 0, 0.0
    for path in paths:
        try:
            told = path.stat()
        except OSError:
            continue  # it has gone meanwhile: who looks at it says so
        size, written = size + told.st_size, max(written, told.st_mtime)
    return RunRow(name, tuple(map(str, paths)), size, max(now - written, 0.0))


def looked_at(run: RunRow) -> RunRow:
    """How far it has come, and the course of its loss: at a glance, however large its files are."""
    try:
        seen = [overview(Path(file)) for file in run.files]
    except ExperimentError as error:
        return replace(run, problem=in_one(error.problems))
    except OSError as error:  # it has gone meanwhile
        message = Message("cannot be read: {reason}", reason=error.strerror or str(error))
        return replace(run, problem=message)
    least = min(each.header.rank for each in seen)
    last, losses = -1, list[float]()
    # Of ranks the first one tells; what was resumed goes on behind what was there.
    for part in (each for each in seen if each.header.rank == least):
        begins = int(part.steps[0]) if len(part.steps) else part.last
        last = part.last + (last + 1 if begins <= last else 0)
        losses += part.losses.tolist()
    return replace(run, steps=last if last >= 0 else None, losses=tuple(losses))


def _class_of(recording: Recording, module: str) -> str:
    return next((row.kind for row in recording.header.modules if row.name == module), "")


def judged(run: RunRow) -> RunRow:
    """What is wrong with it first of all."""
    if run.problem:
        return run
    try:
        recording = open_recording([Path(file) for file in run.files])
        recording.refresh()
        diagnosis = diagnose(recording, experiments=False)
    except ExperimentError as error:
        return replace(run, problem=in_one(error.problems))
    except MemoryError:
        return replace(run, problem=NO_MEMORY)
    first = next((finding for finding in diagnosis.findings if finding.is_fault), None)
    kind, layer = ("", "") if first is None else (first.kind, first.layer or "")
    if layer.isdecimal():  # of a Sequential: a number alone reads as none of a name
        layer = " ".join(filter(None, (_class_of(recording, layer), layer)))
    verdict = "" if diagnosis.is_empty and first is None else diagnosis.verdict
    return replace(run, verdict=verdict, kind=kind, layer=layer)
