"""The tables of cells and of operations. A cell is one file of this room: what exports a row `CELL` is found."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module

from .. import cells
from ..core.table import Table
from ..program.operations import LAYER_OPERATIONS, WALL
from .cell import Cell


def _rows() -> Iterator[Cell]:
    for module in pkgutil.iter_modules(cells.__path__):
        name = f"{cells.__name__}.{module.name}"
        row = getattr(import_module(name), "CELL", None) if name != __name__ else None
        if row is not None:
            yield row


CELLS: Table[Cell] = Table("cell", sorted(_rows(), key=lambda row: row.order))


def _those(fits: Callable[[Cell], bool]) -> tuple[str, ...]:
    return tuple(name for name, cell in CELLS.items() if fits(cell))


#: The cells that options and remedies are for, by name.
LAYERED = _those(lambda cell: not cell.over_time)
#: Of the layered ones those whose layer is a matrix and an activation, and those with attention among tokens.
PLAIN = _those(lambda cell: not cell.reads_sequences)
ATTENDING = _those(lambda cell: cell.tokens)
SEQUENTIAL = _those(lambda cell: cell.reads_sequences)
OVER_TIME = _those(lambda cell: cell.over_time)
GATED = _those(lambda cell: cell.gated)
UNGATED = _those(lambda cell: cell.over_time and not cell.gated)
#: Those whose direct path a larger forget bias opens, those where a larger update bias does, and the other gated ones.
BIASED = _those(lambda cell: cell.opened_by == "forget_bias")
UPDATED = _those(lambda cell: cell.opened_by == "update_bias")
UNBIASED = tuple(name for name in GATED if name not in (*BIASED, *UPDATED))
#: Those that chrono initialisation is for.
TIMED = _those(lambda cell: bool(cell.chrono))
#: Those whose eigenvalues start on a ring.
RINGED = _those(lambda cell: cell.ring)
CHOOSING = _those(lambda cell: cell.chooses_activation)

OPERATIONS = Table(
    "operation", (*LAYER_OPERATIONS, WALL, *(operation for row in CELLS.values() for operation in row.operations))
)
