"""The one time axis that all panes over time share: which column shows which stage."""

from __future__ import annotations

import bisect
import functools
import math
from dataclasses import dataclass

from ...text.language import tr
from ...text.spans import Line, Span, runs, width_of

#: Cells on the left for labels, and on the right for names and numbers: fewer where each step has a column then, which
#: the 64 of most networks have at 80 columns.
MARGIN = 6
RIGHT, LEAST_RIGHT = 12, 7
#: Where backpropagation is truncated: the gradient of the steps to the right does not come through.
WALL = "┃"
#: What a wall stands in front of: nothing, and the line of a reference.
_BEHIND_WALL = " ─"
#: A step is at most so many columns wide, or a short sequence looks like blocks, not like time.
_WIDEST = 6


def walled(cell: Span) -> Span:
    """A cell in the column of a wall, which leaves bars and numbers as they are."""
    return (WALL, "strong") if cell[0] in _BEHIND_WALL else cell


@dataclass(frozen=True)
class TimeAxis:
    """columns[i] is the stage that column i shows: one alone, or the first of `stride` neighbours.

    right is the room behind the columns, for names and numbers.
    """

    columns: tuple[int, ...]
    stride: int
    right: int

    @classmethod
    @functools.lru_cache(maxsize=16)
    def of(cls, stages: int, width: int) -> TimeAxis:
        """All stages over the whole width, their columns differing by one; where they do not fit, as many a column."""
        room = max(8, width - MARGIN - RIGHT)
        if room < stages <= width - MARGIN - LEAST_RIGHT:
            room = stages
        # A sample would pretend: neighbouring columns are neighbouring groups.
        stride = math.ceil(stages / room)
        groups = math.ceil(stages / stride)
        used = min(room, groups * _WIDEST)
        columns = tuple(column * groups // used * stride for column in range(used))
        return cls(columns, stride, max(0, width - MARGIN - used))

    def shown_for(self, selected: int) -> int:
        """The stage that is shown for the selected one: itself, or the first of its column."""
        return selected - selected % self.stride

    def span(self, selected: int) -> tuple[int, int]:
        """The columns, first and one past the last, that show the selected stage: those of a stage are neighbours."""
        marked = self.shown_for(selected)
        return bisect.bisect_left(self.columns, marked), bisect.bisect_right(self.columns, marked)

    def among(self, stages: frozenset[int]) -> frozenset[int]:
        """The columns' stages whose columns show one of these."""
        if not stages:
            return stages
        return frozenset(first for first in self.columns if stages.intersection(range(first, first + self.stride)))

    @functools.cached_property
    def _shown(self) -> tuple[int, ...]:
        return tuple(sorted(set(self.columns)))

    def stage_at(self, column: int) -> int | None:
        """The stage under a column of the pane (a mouse click), None beside the axis."""
        index = column - MARGIN
        return self.columns[index] if 0 <= index < len(self.columns) else None

    # -- the numbers under it ------------------------------------------------------------------------------------

    def ruler(self, selected: int, values: Line | None = None, walls: frozenset[int] = frozenset()) -> Line:
        """The axis' numbers, with the cursor's on top of them, and the values there: ▴40  ∂c 2.1e-3. Behind them how
        many stages a column has. The walls of truncation stand where there is no number.

        The mark stays under its column: near the right end the values stand before it, or around it.
        """
        several: Line = [(f" {tr('{count} a column', count=self.stride)}", "dim")] if self.stride > 1 else []
        # What stands at the cursor may go on into the margin.
        cells: list[Span] = [(" ", "label")] * (len(self.columns) + (0 if several else self.right))
        stages = self._shown
        for index in range(5):
            stage = stages[round(index * (len(stages) - 1) / 4)]
            self._write(cells, self.columns.index(stage), str(stage))
        here, first = self._at_cursor(selected, values or [], len(cells))
        # Its mark tells the cursor's number from what stands before it; a value has none.
        _clear(cells, first, first + len(here), 0 if here[0][0].startswith("▴") else 1)
        cells[first : first + len(here)] = here
        if walls:
            self._wall(cells, self.among(walls))
        while len(cells) > len(self.columns) and cells[-1][0] == " ":
            cells.pop()
        return [("t".rjust(MARGIN - 1) + " ", "label"), *runs(cells), *several]

    def _wall(self, cells: list[Span], cut: frozenset[int]) -> None:
        """Where there is air on both sides: a number beside a wall would be read as one with a stroke."""
        free = [glyph == " " for glyph, _ in cells]
        for place, stage in enumerate(self.columns):
            if stage in cut and all(free[max(0, place - 1) : place + 2]):
                cells[place] = (WALL, "strong")

    def _at_cursor(self, selected: int, values: Line, room: int) -> tuple[list[Span], int]:
        """The mark with its number, and the values where they fit, as cells; and the first one's place."""
        place = self.span(selected)[0]
        for shown in (values, []):
            for count in (0, len(shown), *range(1, len(shown))):
                before: Line = [span for value in shown[:count] for span in (value, ("  ", "label"))]
                after: Line = [span for value in shown[count:] for span in (("  ", "label"), value)]
                # With nothing behind it the number stands before its mark.
                marks = [f"▴{selected}"] if after else [f"▴{selected}", f"{selected}▴"]
                for mark in marks:
                    line: Line = [*before, (mark, "cursor"), *after]
                    start = place - width_of(before) - mark.index("▴")
                    if start >= 0 and start + width_of(line) <= room:
                        # A text is one cell with its whole width empty behind it: its glyphs may be two cells wide.
                        filled = [((text, style), width_of([(text, style)])) for text, style in line]
                        return [each for span, size in filled for each in (span, *[("", span[1])] * (size - 1))], start
        return [("▴", "cursor")], place

    def _write(self, cells: list[Span], start: int, label: str) -> None:
        start = min(start, max(0, len(self.columns) - len(label)))
        if all(glyph == " " for glyph, _ in cells[max(0, start - 1) : start + len(label) + 1]):
            cells[start : start + len(label)] = [(glyph, "label") for glyph in label]


def _clear(cells: list[Span], start: int, end: int, air: int) -> None:
    """Blank whole numbers that the cursor's would cut, or would stand beside; so many cells before them stay free, and
    one behind: 0.318 16 would be read as one thing.
    """
    left, right = max(start - air, 0), min(end + 1, len(cells))
    while left > 0 and cells[left - 1][0] != " ":
        left -= 1
    while right < len(cells) and cells[right][0] != " ":
        right += 1
    cells[left:right] = [(" ", "label")] * (right - left)
