"""What a file of lines is, at a glance: its beginning, its end, and losses from places evenly spread over it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.message import Message
from ..core.numerics import Array
from .file_log import MOST_LINE, NO_RUN, STEP, FileLog, head_of, parsed
from .header import Header, NewerSchema, number
from .run_lines import End, RunLines, losses_of, take

#: Losses that are looked for, and bytes of the file's end in which its last lines are.
_POINTS, _TAIL = 120, 2**20
#: A file that is smaller is read whole: it takes no longer.
_SMALL = 2**20


@dataclass(frozen=True, eq=False, slots=True)
class Overview:
    """The last run of a file: its header, its first and its last step line, its end, and some of its losses.

    steps and losses are (points,), ascending; last is the last step that is known of, one of a ring or the one before
    the end too (−1: none). time is when it was last written.
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
        steps: list[Mapping[str, Any]] = []
        if size > _SMALL:
            _read(log, _beginning(file, size), runs, steps)
            begun, heads = steps[:1], [*_spread(file, size)]
            # The header alone is whole there: what is at the end may be another run, which begins in between.
            _read(log, _lines(file, size - _TAIL, size, torn=True), runs, steps)
            steps = [*begun, *(heads if len(runs) == 1 else ()), *steps]
        else:
            _read(log, _lines(file, 0, size), runs, steps)
        if not runs:
            raise log.problem(Message("is empty") if not size else NO_RUN)
    finally:
        log.close()
    run = runs[-1]
    points = _losses_of(steps, run.last_ring)
    known = np.array(sorted(points), dtype=np.int64)
    first, final = (steps[0], steps[-1]) if steps else ({}, {})
    last = max(_number_of(final), *points, run.end.step - 1 if run.end is not None else -1, -1)
    return Overview(
        path, run.header, first, final, last, known,
        np.array([points[step] for step in known.tolist()], dtype=float), run.end, size, path.stat().st_mtime,
    )  # fmt: skip


def _losses_of(steps: Iterable[Mapping[str, Any]], last_ring: Sequence[Any]) -> dict[int, float]:
    """The losses by step, NaN for what is no number; of the steps between too, where whole lines were read."""
    points: dict[int, float] = {}
    for line in (*steps, {"ring": last_ring}):
        points |= {int(step): float(loss) for step, loss in losses_of(line.get("ring")) if step >= 0}
        if _number_of(line) >= 0 and line.get("loss") is not None:
            points[_number_of(line)] = number(line["loss"])
    return points


def _number_of(line: Mapping[str, Any]) -> int:
    step = line.get("n")
    return step if isinstance(step, int) and 0 <= step < 2**53 else -1


def _read(log: FileLog, lines: Iterable[bytes], runs: list[RunLines], steps: list[Mapping[str, Any]]) -> None:
    """Put lines to the runs, and to the steps those of the last one."""
    for raw in lines:
        try:
            line = parsed(raw)
            if line.get("k") == "run":
                steps.clear()
            known = runs[-1].last if runs else -1
            take(runs, line, (0, 0))
        except NewerSchema as error:
            raise log.problem(error.message) from None
        except ValueError:
            continue
        if runs and runs[-1].last > known and line.get("k") == "step":
            steps.append(line)


def _beginning(file: int, size: int) -> Iterator[bytes]:
    """The lines up to the first one of a step."""
    for raw in _lines(file, 0, size):
        yield raw
        if raw.startswith(STEP):
            return


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
