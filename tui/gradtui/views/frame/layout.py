"""Places on the screen: a box, and boxes over and beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...model.panes_of import panes_of
from ...model.state import State


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the screen, border included."""

    x: int
    y: int
    width: int
    height: int


Boxes = dict[str, Box]
#: Where each pane of a view stands in a box. One that is not named is not shown.
Arrange = Callable[[State, Box], Boxes]

#: From here on the panes stand side by side instead of one at a time beside the bars.
WIDE = 100


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
