"""What is written for a frame: the cells that differ from those on the terminal, in as few bytes as they take.

Textual 8.2.8 writes every changed row from the widget's left edge on, each run of one style with all of its codes and a
reset: 12 to 18 KB a frame at 120×40, of which 2 to 4 KB change something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

#: A gap of up to so many bytes is written again where the pen is right: moving over it costs three bytes at least.
_BRIDGED = 3
_MOST_STYLES = 4096
#: Cells in one pen: row, first column, a glyph for each, "" for a wide one's second.
Run = tuple[int, int, list[str]]
#: A stretch of one row: the row and its first cell of the screen, and what stands there.
Stretch = tuple[int, int, list[Segment]]
_END_OF_LINK = "\x1b]8;;\x1b\\"
_SGR = re.compile(r"\x1b\[([\d;]*)m")


class Rows(NamedTuple):
    """An update of rows that nothing covers, from top to bottom."""

    rows: list[Stretch]


#: What Textual's compositor hands on, or rows of our own.
Update = CompositorUpdate | Rows


@dataclass(frozen=True, slots=True)
class Pen:
    """A style as the terminal's codes: colours, the other attributes, and a link's opening. Made once for each."""

    foreground: str = ""
    background: str = ""
    attributes: str = ""
    link: str = ""


@lru_cache(maxsize=4096)
def pen_of(style: Style | None, colours: ColorSystem | None) -> Pen:
    """The pen of a style; equal codes have the same pen, so that pens are compared by identity."""
    codes = "" if style is None else style.render("x", color_system=colours)
    match = _SGR.search(codes)
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    numbers = iter(match[1].split(";") if match and match[1] else [])
    for number in numbers:
        part = parts[_PART_OF_TENS.get(int(number) // 10, 2)]
        part.append(number)
        if number in ("38", "48"):  # 5 and a number, or 2 and red, green, blue
            part.append(kind := next(numbers))
            part += [next(numbers) for _ in range({"5": 1, "2": 3}[kind])]
    link = codes[: codes.index("\x1b\\") + 2] if codes.startswith("\x1b]8;") else ""
    foreground, background, attributes = (";".join(part) for part in parts)
    return _same(Pen(foreground, background, attributes, link))


#: 30–39 and 90–97 colour the glyph (0), 40–49 and 100–107 what is behind it (1), all others do something else (2).
_PART_OF_TENS = {3: 0, 9: 0, 4: 1, 10: 1}


@lru_cache(maxsize=4096)
def _same(pen: Pen) -> Pen:
    return pen


@lru_cache(maxsize=65536)
def change_of_pen(old: Pen | None, new: Pen) -> str:
    """What changes one pen to another; None: nothing is known of the old one."""
    link = new.link or _END_OF_LINK if (old.link if old else "") != new.link else ""
    if old is None or old.attributes != new.attributes:
        parts = ["0", new.attributes, new.foreground, new.background]
    else:
        parts = [new.foreground or "39"] if old.foreground != new.foreground else []
        parts += [new.background or "49"] if old.background != new.background else []
    codes = ";".join(part for part in parts if part)
    return link + (f"\x1b[{codes}m" if codes else "")


@lru_cache(maxsize=16384)
def cells_of(text: str) -> list[str]:
    """Text as cells: a wide character is followed by an empty cell, a combining one belongs to the cell before it."""
    if text.isascii():
        return list(text)
    cells: list[str] = []
    for character in text:
        width = get_character_cell_size(character)
        if width:
            cells += [character, ""][:width]
        elif cells:
            cells[-1 if cells[-1] else -2] += character
    return cells


class Picture:
    """The cells that the terminal shows, as far as they are known."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._glyphs: list[list[str | None]] = []
        self._pens: list[list[Pen | None]] = []
        #: What is to be written, by the pen's identity.
        self._runs: dict[int, tuple[Pen, list[Run]]] = {}
        #: The pens of styles by the style's identity, which holds while it is kept here: its hash is dear.
        self._known: dict[int, tuple[Style | None, Pen]] = {}
        self._colours: ColorSystem | None = None

    def forget(self) -> None:
        """The terminal may show anything: all that comes is written."""
        self._size = (0, 0)

    def changes(self, update: Update, size: tuple[int, int], colours: ColorSystem | None) -> str:
        """What to write so that the terminal, of so many columns and rows, shows the update; empty where it does."""
        if size != self._size:
            width, height = self._size = size
            self._glyphs = [[None] * width for _ in range(height)]
            self._pens = [[None] * width for _ in range(height)]
        if colours is not self._colours or len(self._known) > _MOST_STYLES:
            self._known, self._colours = {}, colours
        self._runs = {}
        for y, x, low, high, segments in _stretches(update, size):
            self._stretch(y, x, low, high, segments)
        return "".join(self._written(size[0]))

    def _written(self, width: int) -> Iterator[str]:
        """All that differs, pen by pen: a move costs four bytes, another colour of 24 bits about twenty."""
        before: Pen | None = None
        row, column = -1, -1
        for pen, runs in self._runs.values():
            for y, x, cells in runs:
                if pen is before and y == row and self._bridges(y, column, x, pen):
                    yield "".join(cast(list[str], self._glyphs[y][column:x]))
                elif (row, column) != (y, x):
                    yield move(row, column, y, x)
                if pen is not before:
                    yield change_of_pen(before, pen)
                    before = pen
                yield "".join(cells)
                # Behind the last column a terminal may be in either of two places.
                row, column = (y, x + len(cells)) if x + len(cells) < width else (-1, -1)
        if before is not None:
            yield (_END_OF_LINK if before.link else "") + "\x1b[0m"

    def _bridges(self, y: int, start: int, end: int, pen: Pen) -> bool:
        """Whether the cells of a gap are as cheap to write again as to move over: ASCII in this pen, or one glyph."""
        if not 0 < end - start <= _BRIDGED or self._pens[y][start:end].count(pen) != end - start:
            return False
        glyphs = self._glyphs[y][start:end]
        return all(glyphs) and sum(len(glyph.encode()) for glyph in glyphs if glyph) <= _BRIDGED

    def _stretch(self, y: int, x: int, low: int, high: int, segments: Iterable[Segment]) -> None:
        """Segments from cell x of row y on, of which the cells low … high − 1 are to be shown."""
        glyphs, pens, known = self._glyphs[y], self._pens[y], self._known
        for text, style, control in segments:
            if x >= high:
                return
            if control:
                continue
            known_pen = known.get(id(style))
            if known_pen is None:
                known_pen = known[id(style)] = style, pen_of(style, self._colours)
            cells, pen = cells_of(text), known_pen[1]
            end = x + len(cells)
            # Whole runs are compared first: most have not changed, and that is one comparison in C.
            if glyphs[x:end] == cells and pens[x:end].count(pen) == len(cells):
                x = end
                continue
            first, last = max(x, low), min(end, high)
            shown = cells[first - x : last - x]
            changed = [
                column
                for column, glyph, old, was in zip(
                    range(first, last), shown, glyphs[first:last], pens[first:last], strict=False
                )
                if glyph != old or was is not pen
            ]
            if changed and "" not in shown and "" not in glyphs[max(changed[0] - 1, 0) : changed[-1] + 2]:
                self._narrow(y, x, cells, changed, pen)
            elif changed:
                # A wide character changes its neighbours: each cell is compared in its turn.
                for column in range(first, last):
                    if glyphs[column] != cells[column - x] or pens[column] is not pen:
                        self._cell(y, column, cells[column - x], pen)
            x = end

    def _narrow(self, y: int, x: int, cells: list[str], changed: list[int], pen: Pen) -> None:
        """Note cells that differ where nothing is wide, now or before: the common case, without a call for each."""
        glyphs, pens, runs = self._glyphs[y], self._pens[y], self._runs_of(pen)
        start = before = changed[0]
        for column in (*changed[1:], -1):
            if column == before + 1:
                before = column
                continue
            part = cells[start - x : before + 1 - x]
            glyphs[start : before + 1], pens[start : before + 1] = part, [pen] * len(part)
            _add(runs, y, start, part)
            start = before = column

    def _runs_of(self, pen: Pen) -> list[Run]:
        # By identity, as pens are compared: a hash of four strings for each cell is dear.
        runs = self._runs.get(id(pen))
        if runs is None:
            runs = self._runs[id(pen)] = pen, []
        return runs[1]

    def _cell(self, y: int, x: int, glyph: str, pen: Pen) -> None:
        """Note one cell that differs."""
        glyphs, pens = self._glyphs[y], self._pens[y]
        if not glyph:
            # The second half of a wide character: it is written with the first.
            glyphs[x], pens[x] = glyph, pen
            if x and (first := glyphs[x - 1]):
                self._cell(y, x - 1, first, pen)
            return
        cells = [glyph, ""] if get_character_cell_size(glyph[0]) == 2 and x + 1 < len(glyphs) else [glyph]
        end = x + len(cells)
        # Half of a wide character is overwritten: the terminal blanks the other.
        if x and glyphs[x] == "":
            glyphs[x - 1] = None
        if end < len(glyphs) and glyphs[end] == "":
            glyphs[end] = None
        glyphs[x:end], pens[x:end] = cells, [pen] * len(cells)
        _add(self._runs_of(pen), y, x, cells)


def _add(runs: list[Run], y: int, x: int, cells: list[str]) -> None:
    """To the last run, where they follow it at once."""
    if runs and runs[-1][0] == y and runs[-1][1] + len(runs[-1][2]) == x:
        runs[-1][2].extend(cells)
    else:
        runs.append((y, x, cells))


@lru_cache(maxsize=16384)
def move(row: int, column: int, y: int, x: int) -> str:
    """The fewest bytes from one cell to another; row −1: nobody knows where the cursor is."""
    absolute = f"\x1b[{y + 1};{x + 1}H"
    if row < 0:
        return absolute
    return min(absolute, _steps(y - row, "A", "B") + _across(x - column), key=len)


def _steps(count: int, back: str, on: str) -> str:
    if not count:
        return ""
    return f"\x1b[{abs(count) if abs(count) > 1 else ''}{back if count < 0 else on}"


def _across(count: int) -> str:
    """A backspace is one byte; nothing else may be, as a terminal's line discipline would change it."""
    return "\b" * -count if -3 <= count < 0 else _steps(count, "D", "C")


class Changes(CompositorUpdate):
    """Another update, of which only the changes are written."""

    def __init__(self, update: Update, picture: Picture, size: tuple[int, int]) -> None:
        self._update, self._picture, self._size = update, picture, size

    def render_segments(self, console: Console) -> str:
        """Called when it is written, and only then: the picture changes with the terminal."""
        return self._picture.changes(self._update, self._size, COLOR_SYSTEMS.get(console.color_system or ""))


def understood(update: object) -> bool:
    """Whether the update's cells can be told one by one."""
    return type(update) in (ChopsUpdate, LayoutUpdate)


def _stretches(update: Update, size: tuple[int, int]) -> Iterator[tuple[int, int, int, int, Iterable[Segment]]]:
    """(row, first cell, least cell to show, one past the last, segments) of all that an update shows."""
    width, height = size
    if isinstance(update, Rows):
        for y, x, segments in update.rows:
            if 0 <= y < height:
                yield y, x, 0, width, segments
    elif isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips if 0 <= y < height else ():
                yield y, x, 0, width, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, low, high in update.spans:
            if not 0 <= y < height:
                continue
            for end, (x, part) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if part is not None and x <= high and end > low:
                    yield y, x, max(low, 0), min(end, high, width), part
