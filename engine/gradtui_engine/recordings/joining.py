"""What is one recording of several runs and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .run_lines import Log, RunLines


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording: one run of one log, whose steps count from `offset` on."""

    log: Log
    run: RunLines
    offset: int = 0


def joined(logs: Sequence[Log]) -> tuple[Segment, ...]:
    """The segments in their order."""
    runs = [run for run in logs[0].runs if run.count] or logs[0].runs[-1:]
    return tuple(Segment(logs[0], run) for run in runs[-1:])
