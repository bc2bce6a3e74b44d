"""What is one recording of several runs and files: those of ranks beside each other, resumed ones behind each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradtui_recorder.schema import P_COLUMNS

from .header import Header
from .rows import Shape, rows_of
from .run_lines import Log, RunLines

#: A run goes on where an earlier one stopped if its first weights are so much nearer to the earlier's last than to its
#: first: of a training that has hardly moved any it cannot be told, and then it is another one.
_NEARER = 0.5
#: Weights that differ by less are equal: they are written with five digits.
_EQUAL = 1e-4


@dataclass(frozen=True, slots=True)
class Part:
    """One run in one log."""

    log: Log
    run: RunLines


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording: one run, whose steps count from `offset` on, and the same of its other ranks."""

    part: Part
    others: tuple[Part, ...] = ()
    offset: int = 0

    @property
    def run(self) -> RunLines:
        return self.part.run

    def places(self, index: int) -> list[tuple[Part, Sequence[int]]]:
        """Where the lines of one step stand, the first rank's first; another rank may not have written its one yet."""
        step = self.run.steps.array[index]
        found = [(self.part, self.run.places.array[index])]
        for other in self.others:
            steps = other.run.steps.array[: other.run.count]
            place = int(np.searchsorted(steps, step))
            if place < len(steps) and steps[place] == step:
                found.append((other, other.run.places.array[place]))
        return found


@dataclass(frozen=True, slots=True)
class Joined:
    """The segments of a recording in their order, and how many earlier runs of its files are no part of it."""

    segments: tuple[Segment, ...]
    earlier: int = 0


class Joiner:
    """Decides; what it has read to decide it remembers."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = logs
        self._weights: dict[tuple[int, int], Mapping[str, float]] = {}

    def joined(self) -> Joined:
        by_rank: dict[int, list[Part]] = {}
        for log in self._logs:
            for run in log.runs:
                by_rank.setdefault(run.header.rank, []).append(Part(log, run))
        for parts in by_rank.values():
            parts.sort(key=lambda part: _time(part.run))
        main, *others = (by_rank[rank] for rank in sorted(by_rank))
        begun = [part for part in main if part.run.count] or main[-1:]
        chain = [begun[-1]]
        for part in reversed(begun[:-1]):
            if not self._goes_on(part, chain[0]):
                break
            chain.insert(0, part)
        segments: list[Segment] = []
        for part in chain:
            beside = tuple(near for parts in others if (near := _nearest(part, parts)) is not None)
            segments.append(Segment(part, beside, _offset(segments[-1], part.run) if segments else 0))
        return Joined(tuple(segments), len(begun) - len(chain))

    def _goes_on(self, earlier: Part, later: Part) -> bool:
        if earlier.run.header.shapes != later.run.header.shapes:
            return False
        first, last, new = (
            self._weights_at(part, index) for part, index in ((earlier, 0), (earlier, -1), (later, 0))
        )  # fmt: skip
        if not new:
            return later.run.count > 0 and int(later.run.steps.array[0]) > earlier.run.last
        return goes_on(first, last, new)

    def _weights_at(self, part: Part, index: int) -> Mapping[str, float]:
        index %= part.run.count
        key = (id(part.run), index)
        if key not in self._weights:
            try:
                line, _ = part.log.line(part.run.places.array[index])
            except (ValueError, OSError):
                line = {}
            self._weights[key] = weights_of(line, part.run.header)
        return self._weights[key]


def goes_on(first: Mapping[str, float], last: Mapping[str, float], new: Mapping[str, float]) -> bool:
    """Whether a run whose first weights' norms are `new` goes on where one stopped whose norms were these."""
    begun, ended = _distance(new, first), _distance(new, last)
    return begun > _EQUAL and ended < _NEARER * begun


def weights_of(line: Mapping[str, Any], header: Header) -> Mapping[str, float]:
    """The norm of each parameter in a step line."""
    shape = Shape.of(header.columns.get("p", P_COLUMNS), P_COLUMNS, 1)
    if shape is None:
        return {}
    column = dict(shape.kept).get("weight")
    names = [row.name for row in header.parameters]
    rows = rows_of(line.get("p"), shape) if column is not None else ()
    return {
        names[int(row[shape.keys[0]])]: float(row[column])
        for row in rows
        if 0 <= row[shape.keys[0]] < len(names) and math.isfinite(row[column])
    }


def _distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The root mean square of the relative differences; inf where there is nothing to compare."""
    both = one.keys() & other.keys()
    if not both:
        return math.inf
    squares = [((one[name] - other[name]) / (abs(one[name]) + abs(other[name]) or 1.0)) ** 2 for name in both]
    return math.sqrt(sum(squares) / len(squares))


def _time(run: RunLines) -> float:
    """When it began; where that is not known, as it stands."""
    return run.header.time if math.isfinite(run.header.time) else math.inf


def _nearest(part: Part, others: Sequence[Part]) -> Part | None:
    """The run of another rank that began with this one."""
    same = [other for other in others if other.run.header.ranks == part.run.header.ranks]
    return min(same, key=lambda other: abs(_time(other.run) - _time(part.run)), default=None)


def _offset(before: Segment, run: RunLines) -> int:
    """What the steps of a run count from, which goes on behind another: the recorder counts them from 0 again."""
    last, first = before.offset + before.run.last, int(run.steps.array[0])
    return 0 if first > last else last + 1
