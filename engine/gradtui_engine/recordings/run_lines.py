"""The runs that a log holds: of each its header, where its step lines are, and the numbers at their heads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..core.numerics import Array
from .clean import cleaned
from .growing import Growing
from .header import Header, header_of, number

#: No number of a step is larger: beyond it float64 would not tell two neighbours apart.
MOST_STEPS = 2**53
#: What stands at the head of a step line, before anything long: its name there, and in `Columns`.
HEADS = {"t": "times", "dt": "dt", "own": "own", "loss": "loss"}


@dataclass(frozen=True, slots=True)
class Note:
    """What the recorder, or who reads, has to say: at which step, and of which module; None where of the whole."""

    step: int | None
    text: str
    module: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The last line: why there are no more, after how many steps; seconds that recording took, and the whole."""

    step: int
    why: str
    own: float = math.nan
    wall: float = math.nan
    #: Whether there were backward passes after which no optimizer stepped.
    is_waiting: bool = False


@dataclass(eq=False)
class RunLines:
    """One "run" line and what follows it: of each step line its number, its head, and where it is in the log."""

    header: Header
    count: int = 0
    steps: Growing = field(default_factory=lambda: Growing((), np.int64, 0))
    places: Growing = field(default_factory=lambda: Growing((2,), np.int64, 0))
    heads: Mapping[str, Growing] = field(default_factory=lambda: {name: Growing() for name in HEADS.values()})
    notes: list[Note] = field(default_factory=list)
    end: End | None = None
    #: The losses that stand in the end line: of the steps after the last step line.
    last_ring: Sequence[Any] = ()

    #: The number of the last step line; −1 before the first.
    last: int = -1
    _new: list[tuple[int, tuple[int, int], tuple[Any, ...]]] = field(default_factory=list)

    def append(self, step: int, head: Mapping[str, Any], place: tuple[int, int]) -> None:
        """A step line, which counts from the next `settle` on."""
        self._new.append((step, place, tuple([head.get(key) for key in HEADS])))
        self.last = step

    def settle(self) -> None:
        """Put what was appended into the arrays, all at once."""
        if not self._new:
            return
        first, count = self.count, self.count + len(self._new)
        for growing in (self.steps, self.places, *self.heads.values()):
            growing.reserve(count)
        steps, places, heads = zip(*self._new, strict=True)
        self.steps.array[first:count] = steps
        self.places.array[first:count] = places
        for name, values in zip(HEADS.values(), _table(heads).T, strict=True):
            self.heads[name].array[first:count] = values
        self._new, self.count = [], count


class Log(Protocol):
    """One file's lines, or lines from elsewhere."""

    name: str
    runs: list[RunLines]
    #: Lines that could not be read.
    passed_over: int

    def read(self, until: float) -> bool:
        """Read on, until that time of `time.monotonic()`; whether there was anything new. Raises ExperimentError."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all that is there has been read."""
        ...

    @property
    def is_cut(self) -> bool:
        """Whether there is more behind the last whole line."""
        ...

    @property
    def share(self) -> float:
        """How much of what is there has been read, from 0 to 1."""
        ...

    @property
    def began_anew(self) -> int:
        """How many times the file was replaced, or shortened, since it was opened."""
        ...

    def line(self, place: Sequence[int]) -> tuple[Mapping[str, Any], bool]:
        """A whole line, and whether a number in it may be "nan". Raises ValueError where it is none."""
        ...


def _table(rows: Sequence[tuple[Any, ...]]) -> Array:
    """Rows of numbers; NaN where one is none."""
    try:
        table = np.array(rows, dtype=float)
        if table.ndim == 2:
            return table
    except (ValueError, TypeError, OverflowError):
        pass
    return np.array([[number(value) for value in row] for row in rows])


def take(runs: list[RunLines], line: Mapping[str, Any], place: tuple[int, int]) -> bool:
    """Add a line (of a step its head is enough) to the runs; False where it cannot be. Raises NewerSchema."""
    kind = line.get("k")
    if kind == "run":
        runs.append(RunLines(header_of(line)))
        return True
    if not isinstance(kind, str) or not runs:
        return False
    run = runs[-1]
    if kind == "step":
        step = _step(line)
        if step is None or not run.last < step < MOST_STEPS:
            return False
        run.append(step, line, place)
    elif kind == "note":
        module = line.get("module")
        run.notes.append(Note(_step(line), cleaned(line.get("text"), 1000), cleaned(module) if module else None))
    elif kind == "end":
        step = _step(line)
        why, own, wall = cleaned(line.get("why")), number(line.get("own")), number(line.get("wall"))
        run.end = End(run.last + 1 if step is None else step, why, own, wall, number(line.get("mb")) > 0)
        ring = line.get("ring")
        run.last_ring = ring if isinstance(ring, list) else ()
    return True  # another kind is of a newer recorder, and nothing is wrong with it


def _step(line: Mapping[str, Any]) -> int | None:
    step = line.get("n")
    return step if isinstance(step, int) and not isinstance(step, bool) else None


class MemoryLog:
    """Lines that are there already."""

    def __init__(self, lines: Iterable[Mapping[str, Any]], name: str = "") -> None:
        self.name = name
        self._lines = list(lines)
        self.runs: list[RunLines] = []
        self.passed_over = 0
        self.complete = False
        self.share = 1.0
        self.began_anew = 0
        self.is_cut = False

    def read(self, until: float) -> bool:
        if self.complete:
            return False
        for index, line in enumerate(self._lines):
            self.passed_over += not take(self.runs, line, (index, 0))
        for run in self.runs:
            run.settle()
        self.complete = True
        return True

    def line(self, place: Sequence[int]) -> tuple[Mapping[str, Any], bool]:
        return self._lines[int(place[0])], True


def losses_of(ring: Any, offset: int = 0) -> Array:
    """[[n, loss]] as an array (steps, 2), NaN included; pairs that are none are left out. n counts from offset on."""
    pairs = _pairs(ring)
    pairs[:, 0] += offset
    return pairs


def _pairs(ring: Any) -> Array:
    if not isinstance(ring, list) or not ring:
        return np.empty((0, 2))
    try:
        pairs = np.array(ring, dtype=float)
        if pairs.ndim == 2 and pairs.shape[1] == 2:
            return pairs
    except (ValueError, TypeError, OverflowError):
        pass
    pairs = np.array(
        [
            (float(pair[0]), number(pair[1]))
            for pair in ring
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int) and abs(pair[0]) < MOST_STEPS
        ]
    )
    return pairs.reshape(-1, 2)
