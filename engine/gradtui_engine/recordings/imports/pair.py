"""Two checkpoints of one training as the lines of two events: the norms of the weights, and what changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradtui_recorder.schema import A_COLUMNS, P_COLUMNS, SCHEMA, written

from ..checkpoints.changes import Change, changes, remarks_of
from ..checkpoints.checkpoint import Checkpoint, open_checkpoint

LACKS = (
    "two checkpoints, events 0 and 1: weights alone, before and after many updates; losses, activations, gradients and "
    "single updates are not in them"
)


def lines_of_pair(a: Path, b: Path) -> Iterator[dict[str, Any]]:
    """The lines of such a recording. Raises ExperimentError where one of them cannot be read."""
    return _lines(open_checkpoint(a), open_checkpoint(b))


def _lines(a: Checkpoint, b: Checkpoint) -> Iterator[dict[str, Any]]:
    found = changes(a, b)
    rows = [row for row in found.rows if row.kind != "buffer"]
    modules = dict.fromkeys(row.name.rpartition(".")[0] for row in rows)
    yield {
        "k": "run", "schema": SCHEMA, "id": "", "torch": None, "time": None, "rank": [0, 1], "compiled": False,
        "modules": [[name, "", "", {}] for name in modules],
        "params": [[row.name, list(row.shape), a.tensors[row.name].dtype.name, True, None] for row in rows],
        "tied": [list(names) for names in a.tied], "symmetric": [], "opt": [],
        "fields": {"a": list(A_COLUMNS), "p": list(P_COLUMNS)},
    }  # fmt: skip
    notes = [LACKS, *(str(remark.message) for remark in remarks_of(found))]
    for text in (*notes, *map(str, dict.fromkeys((*a.notes, *b.notes)))):
        yield {"k": "note", "n": None, "text": text, "module": None}
    for n, norms in enumerate(([row.before for row in rows], [_after(row) for row in rows])):
        yield {
            "k": "step", "n": n, "t": None, "dt": None, "own": None, "loss": None, "ring": [], "a": [],
            "p": [[index, None, written(norm), None, None] for index, norm in enumerate(norms)],
        }  # fmt: skip
    yield {"k": "end", "n": 2, "why": "closed", "own": None, "wall": None}


def _after(row: Change) -> float:
    return math.nan if row.non_finite and math.isfinite(row.after) else row.after
