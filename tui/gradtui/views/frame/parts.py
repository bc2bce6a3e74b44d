"""What a pane keeps where there is no room for everything: whole parts, the most important ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...text.spans import Line, width_of


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that stay or go together; the lower the rank, the longer they stay.

    A part with a `draw` is drawn in what the others leave, from `least` lines on.
    """

    rank: int
    lines: tuple[Line, ...] = ()
    least: int = 0
    draw: Callable[[int], list[Line]] | None = None

    @property
    def size(self) -> int:
        return self.least if self.draw is not None else len(self.lines)


def kept(parts: Iterable[Part], height: int) -> list[Line]:
    """The parts that fit, in the order in which they were given. At most one of them is drawn."""
    given = [part for part in parts if part.size]
    room, chosen = height, set()
    for place in sorted(range(len(given)), key=lambda place: given[place].rank):
        if given[place].size <= room:
            room -= given[place].size
            chosen.add(place)
    lines: list[Line] = []
    for place in sorted(chosen):
        part = given[place]
        lines += part.draw(part.least + room) if part.draw is not None else part.lines
    return lines


def fitting(rank: int, width: int, *variants: Line) -> Part:
    """A line in the first of its variants that fits; no line where none does: numbers are never cut."""
    return Part(rank, next(((line,) for line in variants if line and width_of(line) <= width), ()))
