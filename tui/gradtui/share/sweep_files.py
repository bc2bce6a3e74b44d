"""The planes of a sweep as files: tables, one document, arrays; B's beside A's."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.sweeps.document import columns_of, document, rows_of

from ..model.sweep_cells import SweepCells

Planes = Mapping[str, SweepCells]


def table(planes: Planes) -> str:
    """A row for each cell that is there, as `gradtui sweep --csv` writes it; of two planes the side comes first."""
    several = len(planes) > 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    first = next(iter(planes.values()))
    writer.writerow([*(["side"] if several else []), *columns_of(first.sweep)])
    for side, plane in planes.items():
        for row in rows_of(plane.sweep, plane.cells.values()):
            writer.writerow([*([side] if several else []), *row])
    return out.getvalue()


def whole(planes: Planes) -> dict[str, Any]:
    """One document, as `gradtui sweep --json` prints it; of two planes one each, under a and b."""
    documents = {side: document(plane.sweep, plane.cells.values()) for side, plane in planes.items()}
    return documents["a"] if len(documents) == 1 else documents


def arrays(planes: Planes) -> dict[str, Array]:
    """x and y, and (rows, columns) of each measure, NaN where there is no number; of two planes under a/ and b/."""
    named: dict[str, Array] = {}
    for side, plane in planes.items():
        start = f"{side}/" if len(planes) > 1 else ""
        named[f"{start}x"] = np.array(plane.sweep.x.values)
        if plane.sweep.y is not None:
            named[f"{start}y"] = np.array(plane.sweep.y.values)
        for measure in plane.sweep.measures:
            if not plane.sweep.expressions[measure].is_name:
                named[f"{start}{measure.replace('/', 'over')}"] = plane.numbers(measure)
    return named
