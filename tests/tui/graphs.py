"""A graph as it stands in the text of a pane: its canvas, and where its labels are."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The dots of a braille character by column and row, from Unicode's own numbers: 1 2 3 7, 4 5 6 8.
_NUMBERED = ((0, 1, 2, 6), (3, 4, 5, 7))


@dataclass(frozen=True)
class Found:
    """rows are the canvas, the top one first; x holds the column of each tick by its label, y the row."""

    rows: list[str]
    x: dict[str, int]
    y: dict[str, int]

    def places(self, glyph: str) -> list[tuple[int, int]]:
        """(column, row) of every cell with this glyph."""
        return [(text.index(glyph), row) for row, text in enumerate(self.rows) if glyph in text]


def graph_in(lines: list[str], left: int = 0, right: int | None = None) -> Found:
    """The first graph in these columns of the lines."""
    lines = [line[left:right] for line in lines]
    axis = next(number for number, line in enumerate(lines) if "└" in line)
    margin = lines[axis].index("└") + 1
    start = axis
    while start and lines[start - 1][margin - 1 : margin] in ("│", "┤"):
        start -= 1
    end = len(lines[axis].rstrip())
    y = {line[: margin - 1].strip(): row for row, line in enumerate(lines[start:axis]) if line[margin - 1] == "┤"}
    labels = [(match[0], match.start() + len(match[0]) // 2) for match in re.finditer(r"\S+", lines[axis + 1])]
    ticks = [column for column, glyph in enumerate(lines[axis]) if glyph == "┬"]
    x = {label: min(ticks, key=lambda tick: abs(tick - middle)) - margin for label, middle in labels}
    return Found([line[margin:] if right is None else line[margin:end] for line in lines[start:axis]], x, y)


def dots_of(cells: list[list[tuple[str, str]]], style: str = "") -> set[tuple[int, int]]:
    """(column, row) of every dot that is set, (0, 0) the upper left one; of one style alone where that is given."""
    found = set()
    for row, line in enumerate(cells):
        for column, (text, of) in enumerate(line):
            bits = ord(text) - 0x2800 if text and 0x2800 <= ord(text[0]) < 0x2900 and style in ("", of) else 0
            for across, numbers in enumerate(_NUMBERED):
                for down, number in enumerate(numbers):
                    if bits >> number & 1:
                        found.add((column * 2 + across, row * 4 + down))
    return found
