"""The tables of cells and of operations. A cell is one file of this room: what exports a row `CELL` is found."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from .. import cells
from ..core.table import Table
from ..program.operations import LAYER_OPERATIONS
from .cell import Cell


def _rows() -> Iterator[Cell]:
    for module in pkgutil.iter_modules(cells.__path__):
        name = f"{cells.__name__}.{module.name}"
        row = getattr(import_module(name), "CELL", None) if name != __name__ else None
        if row is not None:
            yield row


CELLS: Table[Cell] = Table("cell", sorted(_rows(), key=lambda row: row.order))

OPERATIONS = Table(
    "operation", (*LAYER_OPERATIONS, *(operation for row in CELLS.values() for operation in row.operations))
)
