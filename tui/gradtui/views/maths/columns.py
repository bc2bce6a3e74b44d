"""Lines beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from ...text.spans import Line, fit

#: Cells between two columns.
GAP = 2


def side_by_side(columns: Sequence[tuple[Line, int]]) -> Line:
    """The lines, each in its column of so many cells."""
    line: Line = []
    for number, (text, width) in enumerate(columns):
        line += [(" " * GAP, "text")] if number else []
        line += fit(text, width)
    return line
