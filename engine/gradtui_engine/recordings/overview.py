"""What a file of lines is, at a glance: its beginning, its end, and losses from places evenly spread over it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from .file_log import MOST_LINE, FileLog, head_of, parsed
from .header import Header, NewerSchema, number
from .run_lines import End, RunLines, take

#: Losses that are looked for, and bytes of the file's end in which its last lines are.
_POINTS, _TAIL = 120, 2**20
#: A file that is smaller is read whole: it takes no longer.
_SMALL = 2**20


@dataclass(frozen=True, eq=False, slots=True)
class Overview:
    """The last run of a file: its header, its first and its last step line, its end, and some of its losses.

    steps and losses are (points,), ascending; last is the last step (−1: none). time is when it was last written.
    """

    path: Path
    header: Header
    first: Mapping[str, Any]
    final: Mapping[str, Any]
    last: int
    steps: Array
    losses: Array
    ended: End | None
    size: int
    time: float


def overview(path: Path) -> Overview:
    """Of one file, in a few milliseconds, however large it is. Raises ExperimentError."""
    log = FileLog(path)
    try:
        file = log.file
        size = os.fstat(file).st_size
        runs: list[RunLines] = []
        first: Mapping[str, Any] = {}
        for raw in _lines(file, 0, size):
            first = _taken(log, runs, raw)
            if runs and runs[-1].count:
                break
        if not runs:
            raise log.problem(Message("is empty") if not size else Message("has no line of a run"))
        final = first
        heads = [*_spread(file, size)] if size > _SMALL else []
        for raw in _lines(file, max(size - _TAIL, 0) if size > _SMALL else 0, size, size > _SMALL):
            try:
                line = parsed(raw)
            except ValueError:
                continue
            if line.get("k") == "step":
                heads.append(line)
                final = line
            elif line.get("k") == "run":
                heads, first = [], {}  # what is before is another run's
            if line.get("k") == "run" and size <= _SMALL:
                runs = []
            _take(log, runs, line)
            first = first or (line if line.get("k") == "step" else {})
    finally:
        log.close()
    points = {
        step: loss
        for head in heads
        if isinstance(step := head.get("n"), int) and 0 <= step < 2**53 and (loss := number(head.get("loss"))) == loss
    }
    steps = np.array(sorted(points), dtype=np.int64)
    run = runs[-1]
    return Overview(
        path, run.header, first, final, number_of(final), steps, np.array([points[step] for step in steps.tolist()]),
        run.end, size, path.stat().st_mtime,
    )  # fmt: skip


def number_of(line: Mapping[str, Any]) -> int:
    step = line.get("n")
    return step if isinstance(step, int) and 0 <= step < 2**53 else -1


def _taken(log: FileLog, runs: list[RunLines], raw: bytes) -> Mapping[str, Any]:
    try:
        line = parsed(raw)
    except ValueError:
        return {}
    _take(log, runs, line)
    return line


def _take(log: FileLog, runs: list[RunLines], line: Mapping[str, Any]) -> None:
    try:
        take(runs, line, (0, 0))
    except NewerSchema as error:
        raise log.problem(error.message) from None


def _lines(file: int, start: int, end: int, torn: bool = False) -> Iterator[bytes]:
    """The whole lines between two places; torn: the first one begins before."""
    rest, position = b"", start
    while position < end and len(rest) <= MOST_LINE:
        chunk = os.pread(file, min(_TAIL, end - position), position)
        if not chunk:
            return
        position += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines[1:] if torn else lines
        torn = torn and not lines


def _spread(file: int, size: int) -> Iterator[Mapping[str, Any]]:
    """The heads of step lines from places evenly spread over a file."""
    for place in range(0, size, max(size // _POINTS, 1)):
        raw = os.pread(file, 2**16, place)
        start = raw.find(b"\n") + 1 if place else 0
        for _ in range(2):  # the header may be the first, and has no loss
            end = raw.find(b"\n", start)
            try:
                head = head_of(raw[start : end if end >= 0 else None])
            except ValueError:
                break
            if head.get("k") == "step":
                yield head
                break
            start = end + 1
