"""Read back what stands in a picture of the screen, by nothing but where its texts are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from rich.cells import cell_len

NAME = "{http://www.w3.org/2000/svg}"
#: 0.602 and 1.164 em of 20: DejaVu Sans Mono's advance, and the height of its full block.
CELL, LINE = 20 * 0.602, 20 * 1.164


class Placed(NamedTuple):
    """A run of text: where it begins, what browsers are told of its width (0: nothing)."""

    x: float
    y: float
    length: float
    text: str


def placed(svg: str) -> Iterator[Placed]:
    """Every run of the screen's cells."""
    (cells,) = (each for each in ElementTree.fromstring(svg) if each.get("class") == "cells")
    for row in cells.iter(f"{NAME}text"):
        for run in row.iter(f"{NAME}tspan"):
            yield Placed(
                float(run.get("x", "nan")), float(row.get("y", "nan")), float(run.get("textLength", 0)), run.text or ""
            )


def lines_of(svg: str) -> tuple[str, ...]:
    """The lines of the terminal in a picture, as text."""
    rows: dict[int, str] = {}
    for run in placed(svg):
        line = int(run.y // LINE)
        before = rows.get(line, "")
        rows[line] = before + " " * (round(run.x / CELL) - cell_len(before)) + run.text
    return tuple(rows.get(line, "") for line in range(max(rows) + 1))
