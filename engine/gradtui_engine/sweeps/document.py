"""A sweep as one strict JSON document, and as rows of a table: what `gradtui sweep --json` and `--csv` write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..analysis.json_document import strict
from ..core.spelt import told
from .axis import Axis
from .cell import Cell, Number
from .sweep import Sweep

#: Of documents that hold a sweep; those of one iteration have 1, of a training 2.
SCHEMA = 3


def document(sweep: Sweep, cells: Iterable[Cell]) -> dict[str, Any]:
    """The axes and the cells that there are, row by row; a number that is not finite is "inf", "-inf" or "nan".

    plan is what `Sweep.from_mapping` reads again. cells: `x` and `y` are the values of the axes, `repeats` each seed's
    numbers, in the order of the seeds; null is a number that there is not, and `reason` says why.
    """
    ordered = in_order(cells)
    columns, rows = sweep.shape
    contents: dict[str, Any] = strict(
        {
            "schema": SCHEMA,
            "plan": sweep.to_mapping(),
            "experiment": sweep.base.to_document(),
            "training": None if sweep.training is None else sweep.training.to_document(),
            "x": _axis(sweep.x),
            "y": None if sweep.y is None else _axis(sweep.y),
            "measures": list(sweep.measures),
            "repeats": list(sweep.repeats),
            "complete": len(ordered) == columns * rows,
            "cells": [_cell(sweep, cell) for cell in ordered],
        }
    )
    # Why there is no number, in parts: who reads the document may read another language.
    contents["texts"] = told([cell.reason for cell in ordered])
    return contents


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Row by row, and in each from the first column on."""
    return sorted(cells, key=lambda cell: (cell.j, cell.i))


def _axis(axis: Axis) -> dict[str, Any]:
    return {"fields": list(axis.fields), "values": list(axis.values), "log": axis.log}


def _cell(sweep: Sweep, cell: Cell) -> dict[str, Any]:
    return {
        "column": cell.i,
        "row": cell.j,
        "x": sweep.x.values[cell.i],
        "y": None if sweep.y is None else sweep.y.values[cell.j],
        "values": dict(cell.values),
        **({"repeats": {name: list(numbers) for name, numbers in cell.repeats.items()}} if sweep.repeats else {}),
        "reason": cell.reason,
        "seconds": cell.seconds,
    }


def columns_of(sweep: Sweep) -> list[str]:
    """The names of a table's columns: the axes' fields, the seed where there are several, the measures, why a number is
    missing, and how long the cell took."""
    axes = [*sweep.x.fields, *(sweep.y.fields if sweep.y is not None else ())]
    return [*axes, *(["seed"] if sweep.repeats else []), *sweep.measures, "reason", "seconds"]


def rows_of(sweep: Sweep, cells: Iterable[Cell]) -> Iterator[list[str]]:
    """A row for each cell, or for each seed of one, in full precision; what there is not is left empty."""
    for cell in in_order(cells):
        place = [_text(value) for value in sweep.changes(cell.i, cell.j).values()]
        end = [str(cell.reason), _text(cell.seconds)]
        if not sweep.repeats:
            yield [*place, *(_text(cell.values.get(name)) for name in sweep.measures), *end]
            continue
        for index, seed in enumerate(sweep.repeats):
            numbers = (cell.repeats.get(name, ()) for name in sweep.measures)
            seeded = [_text(each[index]) if index < len(each) else "" for each in numbers]
            yield [*place, str(seed), *seeded, *end]


def _text(value: Number) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)
