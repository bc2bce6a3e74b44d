"""Two checkpoints of one training as the lines of two events: the norms of the weights, and what changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from ..checkpoints.changes import Change, changes, remarks_of
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint
from .lines import Line, end_line, note_line, run_line, step_line

LACKS = (
    "two checkpoints, events 0 and 1: weights alone, before and after many updates; losses, activations, gradients and "
    "single updates are not in them"
)


def lines_of_pair(a: Path, b: Path) -> Iterator[Line]:
    """The lines of such a recording. Raises ExperimentError where one of them cannot be read."""
    return _lines(open_checkpoint(a), open_checkpoint(b))


def _lines(a: Checkpoint, b: Checkpoint) -> Iterator[Line]:
    found = changes(a, b)
    rows = [row for row in found.rows if row.kind != "buffer"]
    modules = dict.fromkeys(row.name.rpartition(".")[0] for row in rows)
    yield run_line([(row.name, row.shape, a.tensors[row.name].dtype.name) for row in rows], modules, a.tied)
    notes = [LACKS, *(str(remark.message) for remark in remarks_of(found))]
    yield from map(note_line, (*notes, *map(str, dict.fromkeys((*a.notes, *b.notes)))))
    for n, norms in enumerate(([row.before for row in rows], [_after(row) for row in rows])):
        yield step_line(n, [(index, None, norm) for index, norm in enumerate(norms)])
    yield end_line(2)


def _after(row: Change) -> float:
    return math.nan if row.non_finite and math.isfinite(row.after) else row.after
