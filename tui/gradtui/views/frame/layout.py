"""Places on the screen: a box, and boxes over and beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ...model.panes_of import panes_of
from ...model.state import State
from ...text.spans import Line


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the screen, border included."""

    x: int
    y: int
    width: int
    height: int


class Block(NamedTuple):
    """Lines in their place: as many as the box has rows, each as wide as the box."""

    box: Box
    lines: list[Line]


Boxes = dict[str, Box]
#: By name; no block covers another.
Blocks = dict[str, Block]
#: Where each pane of a view stands in a box. One that is not named is not shown.
Arrange = Callable[[State, Box], Boxes]

#: From here on the panes stand side by side instead of one at a time beside the bars.
WIDE = 100


def styles_in(blocks: Blocks) -> set[str]:
    """The styles that something is drawn in: of blanks nobody sees one."""
    drawn = {style for block in blocks.values() for line in block.lines for text, style in line if text.strip()}
    # Two points in one character: each by its hue.
    return {part.rstrip("0123456789") if "/" in style else part for style in drawn for part in style.split("/") if part}


def block_at(blocks: Blocks, x: int, y: int) -> str | None:
    """The block that a cell of the screen belongs to, a pane's border included; None where none stands."""
    for name, (box, _) in blocks.items():
        if 0 <= x - box.x < box.width and 0 <= y - box.y < box.height:
            return name
    return None


def bars_width(width: int) -> int:
    """Columns of the bars beside other panes."""
    return min(width // 2, 72) if width >= WIDE else width * 9 // 20


def over(room: Box, *rows: tuple[str, int]) -> Boxes:
    """Panes one above the other, each of so many rows."""
    boxes, y = {}, room.y
    for name, height in rows:
        boxes[name] = Box(room.x, y, room.width, height)
        y += height
    return boxes


def beside(room: Box, *names: str) -> Boxes:
    """Panes side by side, of one width."""
    edges = [room.width * index // len(names) for index in range(len(names) + 1)]
    return {
        name: Box(room.x + edges[index], room.y, edges[index + 1] - edges[index], room.height)
        for index, name in enumerate(names)
    }


def single(state: State, room: Box) -> Boxes:
    """The view's first pane alone."""
    return {panes_of(state)[0]: room}
