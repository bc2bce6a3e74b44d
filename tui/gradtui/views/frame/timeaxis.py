"""The one time axis that all panes over time share: which column shows which stage."""

from __future__ import annotations

import bisect
import functools
from dataclasses import dataclass

from ...text.spans import Line, runs

#: Cells on the left for labels, and on the right for the selected step's number.
MARGIN = 6
RIGHT = 12
#: A step is at most so many columns wide, or a short sequence looks like blocks, not like time.
_WIDEST = 6


@dataclass(frozen=True)
class TimeAxis:
    """columns[i] is the stage that column i shows."""

    columns: tuple[int, ...]

    @classmethod
    @functools.lru_cache(maxsize=16)
    def of(cls, stages: int, width: int) -> TimeAxis:
        """All stages over the whole width, their columns differing by one; or, where they do not fit, some of them."""
        room = max(8, width - MARGIN - RIGHT)
        used = min(room, stages * _WIDEST)
        if used >= stages:
            return cls(tuple(column * stages // used for column in range(used)))
        return cls(tuple(round((stages - 1) * column / (room - 1)) for column in range(room)))

    def nearest(self, selected: int) -> int:
        """The stage that is shown for the selected one: itself, or the nearest that has a column."""
        return min(self._shown, key=lambda stage: abs(stage - selected))

    def span(self, selected: int) -> tuple[int, int]:
        """The columns, first and one past the last, that show the selected stage: those of a stage are neighbours."""
        marked = self.nearest(selected)
        return bisect.bisect_left(self.columns, marked), bisect.bisect_right(self.columns, marked)

    @functools.cached_property
    def _shown(self) -> tuple[int, ...]:
        return tuple(sorted(set(self.columns)))

    def stage_at(self, column: int) -> int | None:
        """The stage under a column of the pane (a mouse click), None beside the axis."""
        index = column - MARGIN
        return self.columns[index] if 0 <= index < len(self.columns) else None

    def ruler(self, selected: int) -> Line:
        """The axis' numbers, with the cursor's on top of them."""
        text = [" "] * len(self.columns)
        stages = self._shown
        wanted = [stages[round(index * (len(stages) - 1) / 4)] for index in range(5)]
        for stage in wanted:
            self._write(text, stage, str(stage))
        style = ["label"] * len(text)
        shown = self.nearest(selected)
        start = self._write(text, shown, f"▴{selected}", force=True)
        for index in range(start, min(start + 1 + len(str(selected)), len(text))):
            style[index] = "cursor"
        return [("t".rjust(MARGIN - 1) + " ", "label"), *runs(zip(text, style, strict=True))]

    def _write(self, text: list[str], stage: int, label: str, force: bool = False) -> int:
        start = min(self.columns.index(stage), max(0, len(text) - len(label)))
        around = text[max(0, start - 1) : start + len(label) + 1]
        if force or all(cell == " " for cell in around):
            if force:
                self._clear(text, start, len(label))
            text[start : start + len(label)] = list(label)
        return start

    @staticmethod
    def _clear(text: list[str], start: int, size: int) -> None:
        """Blank whole numbers that the cursor's would cut."""
        left, right = start, start + size
        while left > 0 and text[left - 1] != " ":
            left -= 1
        while right < len(text) and text[right] != " ":
            right += 1
        text[left:right] = [" "] * (right - left)
