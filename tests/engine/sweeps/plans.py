"""Sweeps that take moments, and what the tests of them share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gradtui_engine import Experiment, Sweep, Training
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.cell import Cell, compute

#: 3 × 2 cells of a few milliseconds.
SMALL = Sweep(
    base=Experiment(width=6, data="gaussian", inputs=4, batch=8, activation="tanh"),
    x=Axis.parse("sigma_w=0.5:2.5:3"),
    y=Axis.parse("depth=3,6"),
    measures=("ratio", "kind", "gradient@first"),
)
TRAINED = SMALL.replace(
    base=SMALL.base.replace(data="digits", inputs=None, batch=16),
    training=Training(iterations=4),
    measures=("loss", "accuracy", "trains", "ratio", "ratio[last]"),
    repeats=(3, 5),
)


def by_place(cells: Iterable[Cell]) -> dict[tuple[int, int], Cell]:
    """The cells by place; each must come once."""
    found: dict[tuple[int, int], Cell] = {}
    for cell in cells:
        assert (cell.i, cell.j) not in found
        found[cell.i, cell.j] = cell
    return found


def contents(cells: Iterable[Cell]) -> dict[tuple[int, int], Any]:
    """What must be the same to the bit, whoever computed it."""
    return {place: (repr(cell.values), repr(cell.repeats), cell.reason) for place, cell in by_place(cells).items()}


# -- what workers are asked in place of `compute`; top level, as a worker imports it ------------------------------


def dies_in_the_corner(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A cell that kills its worker, as a system without memory does."""
    if plain["experiment"] | {"depth": 6, "sigma_w": 0.5} == plain["experiment"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(plain)


def dies_once(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Every cell kills its worker the first time: a file of each is left behind in $GRADTUI_TEST."""
    fields = plain["experiment"]
    mark = Path(os.environ["GRADTUI_TEST"]) / str(fields["sigma_w"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(plain)
