"""The screen as a vector graphic: every run of text at the place of its first cell, whatever font draws it.

A run is text of one style without a blank at either end, as renderers treat those differently (librsvg drops them), and
without two blanks in a row. A character of double width is a run of its own: fonts draw it 1 em wide, a terminal in two
cells of 0.6. What browsers are told as `textLength` is the cells' width, and never squeezes a character. Blocks and
braille dots are drawn as shapes: between two blocks every renderer leaves a seam, and few fonts of one width have
braille. Their text is there to be copied.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import blend_rgb
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

Row = Iterable[Segment]

#: Font size, and what DejaVu Sans Mono, Menlo and Liberation Mono make of it: a character is 0.602 em wide, and a full
#: block 1.164 em high, so that bars and frames have no gaps.
SIZE = 20
CELL, LINE = 12.04, 23.28
#: Braille's first character; its dots, by the bits of its number, in two columns of four; and their size.
_FIRST_BRAILLE = 0x2800
_PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_DOT = 3.2
#: From the top of a row to the line that letters stand on: the ascent of those fonts.
_ASCENT = 18.56
#: Around the cells: the title's bar, the other sides, and the line that is the window's frame.
_BAR, _SIDE, _FRAME = 40, 8, 1
FONTS = (
    "'DejaVu Sans Mono', Menlo, 'Cascadia Mono', 'Liberation Mono', Consolas, 'Noto Sans Mono CJK SC', "
    "'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', monospace"
)

#: What frames, bars, shades and dots are drawn with: stretched to their cells, so that they meet. Letters are not.
_DRAWN = r"\u2500-\u259f\u2800-\u28ff"
#: The part of its cell that a block fills: left, top, right, bottom.
_BLOCKS = (
    {"█": (0.0, 0.0, 1.0, 1.0), "▀": (0.0, 0.0, 1.0, 0.5), "▐": (0.5, 0.0, 1.0, 1.0)}
    | {block: (0.0, 1 - eighths / 8, 1.0, 1.0) for eighths, block in enumerate("▁▂▃▄▅▆▇", 1)}
    | {block: (0.0, 0.0, eighths / 8, 1.0) for eighths, block in enumerate("▏▎▍▌▋▊▉", 1)}
)
_PIECE = re.compile(rf"[{_DRAWN}]+|[^{_DRAWN} \xa0]+(?:[ \xa0][^{_DRAWN} \xa0]+)*")


class Ink(NamedTuple):
    """What a style comes to: colours as #rrggbb, and what is drawn otherwise than plain text."""

    colour: str
    ground: str
    bold: bool
    italic: bool
    line: str


class Usual(NamedTuple):
    """The colours that need not be said: of the ground, and of letters."""

    ground: str
    ink: str


class Run(NamedTuple):
    """Text at a column, in so many cells."""

    column: int
    cells: int
    text: str
    ink: Ink


def svg(rows: Sequence[Row], columns: int, title: str) -> str:
    """The rows of a screen in a window with that title, as an SVG document; its colours are those of the rows."""
    drawn = [runs_of(row) for row in rows]
    usual = usual_of(drawn)
    body = "\n".join(line for y, row in enumerate(drawn) for line in _row(y, row, usual))
    return window(body, (columns, len(rows)), title, usual)


def usual_of(rows: Iterable[Iterable[Run]]) -> Usual:
    """The colours that are said once: those of most cells, and of most letters."""
    grounds, inks = Counter[str](), Counter[str]()
    for row in rows:
        for run in row:
            grounds[run.ink.ground] += run.cells
            inks[run.ink.colour] += sum(map(str.isalpha, run.text))
    ground = grounds.most_common(1)[0][0] if grounds else _hex(DEFAULT_TERMINAL_THEME.background_color)
    ink = inks.most_common(1)[0][0] if inks else _hex(DEFAULT_TERMINAL_THEME.foreground_color)
    return Usual(ground, ink)


def window(body: str, size: tuple[int, int], title: str, usual: Usual, style: str = "") -> str:
    """The document: a window's frame around the elements of so many columns and rows; style is CSS."""
    ground, ink = usual
    width, height = size[0] * CELL + 2 * _SIDE, size[1] * LINE + _BAR + _SIDE
    whole = f"{brief(width + 2 * _FRAME)} {brief(height + 2 * _FRAME)}"
    middle = brief(_FRAME + width / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole}">\n'
        f"<title>{escape(title)}</title>\n{f'<style>{style}</style>' if style else ''}"
        f'<rect x="{_FRAME}" y="{_FRAME}" width="{brief(width)}" height="{brief(height)}" rx="8" fill="{ground}" '
        f'stroke="#888888" stroke-opacity="0.6"/>\n'
        '<circle cx="26" cy="22" r="7" fill="#ff5f57"/><circle cx="48" cy="22" r="7" fill="#febc2e"/>'
        '<circle cx="70" cy="22" r="7" fill="#28c840"/>\n'
        f'<text x="{middle}" y="28" text-anchor="middle" font-family="Helvetica, Arial, sans-serif" font-size="17" '
        f'font-weight="bold" fill="{ink}">{escape(title)}</text>\n'
        f'<g class="cells" transform="translate({_FRAME + _SIDE} {_FRAME + _BAR})" font-family="{FONTS}" '
        f'font-size="{SIZE}" shape-rendering="crispEdges" fill="{ink}">\n{body}\n</g>\n</svg>\n'
    )


def rectangles(y: int, runs: Sequence[Run], usual: Usual) -> Iterator[str]:
    """What a row's cells stand on, and its blocks."""
    for column, cells, colour in _grounds(runs):
        if colour != usual.ground:
            yield _rectangle(column, y, column + cells, y + 1, colour)
    for run in runs:
        yield from _solid(y, run)
        if dots := "".join(_dots(y, run)):
            yield f'<path d="{dots}" stroke="{run.ink.colour}" stroke-width="{_DOT}" stroke-linecap="round"/>'


def texts(y: int, runs: Iterable[Run], usual: Usual) -> Iterator[str]:
    """A row's runs, an element each, without those that rectangles draw."""
    top = brief(y * LINE + _ASCENT)
    for run in runs:
        if run.text.strip() and not _shape(run):
            yield _span(run, usual.ink).replace("<tspan", f'<text y="{top}"').replace("</tspan>", "</text>")


def _row(y: int, runs: Sequence[Run], usual: Usual) -> Iterator[str]:
    """A row's elements: what its cells stand on, then its text, each run at its own x."""
    yield from rectangles(y, runs, usual)
    spans = [_span(run, usual.ink) for run in runs if not run.text.isspace()]
    if spans:
        # The blanks between are not drawn, as the next run says where it is; but a person who copies the row has them.
        yield f'<text y="{brief(y * LINE + _ASCENT)}">{" ".join(spans)}</text>'


def _is_braille(character: str) -> bool:
    return _FIRST_BRAILLE <= ord(character) < _FIRST_BRAILLE + 256


def _shape(run: Run) -> bool:
    """Whether shapes draw all of it."""
    return all(character in _BLOCKS or _is_braille(character) for character in run.text)


def _dots(y: int, run: Run) -> Iterator[str]:
    """A line of no length for each dot of a run's braille: its ends are round."""
    for column, character in enumerate(run.text, run.column):
        if not _is_braille(character):
            continue
        dots = ord(character) - _FIRST_BRAILLE
        for number, (right, down) in enumerate(_PLACES):
            if dots >> number & 1:
                x, top = (column + (1 + 2 * right) / 4) * CELL, (y + (1 + 2 * down) / 8) * LINE
                yield f"M{brief(x)} {brief(top)}h0"


def _rectangle(left: float, top: float, right: float, bottom: float, colour: str) -> str:
    x, y, width, height = left * CELL, top * LINE, (right - left) * CELL, (bottom - top) * LINE
    return f'<rect x="{brief(x)}" y="{brief(y)}" width="{brief(width)}" height="{brief(height)}" fill="{colour}"/>'


def _solid(y: int, run: Run) -> Iterator[str]:
    """Rectangles of the blocks in a run, one for equal blocks side by side where they touch."""
    column = run.column
    for block, same in itertools.groupby(run.text):
        count = sum(1 for _ in same)
        if part := _BLOCKS.get(block):
            left, top, right, bottom = part
            apart = count if right - left < 1 else 1
            cells = count // apart
            for start in range(column, column + apart):
                yield _rectangle(start + left, y + top, start + cells - 1 + right, y + bottom, run.ink.colour)
        column += count * max(1, cell_len(block))


def _span(run: Run, ink: str) -> str:
    said = [f'x="{brief(run.column * CELL)}"']
    if run.cells > 1 and cell_len(run.text[0]) == 1:
        said.append(f'textLength="{brief(run.cells * CELL)}"')
        if "\u2500" <= run.text[0] <= "\u28ff":
            said.append('lengthAdjust="spacingAndGlyphs"')
    if _shape(run):
        said.append('fill-opacity="0"')
    elif run.ink.colour != ink:
        said.append(f'fill="{run.ink.colour}"')
    if run.ink.bold:
        said.append('font-weight="bold"')
    if run.ink.italic:
        said.append('font-style="italic"')
    if run.ink.line:
        said.append(f'text-decoration="{run.ink.line}"')
    return f"<tspan {' '.join(said)}>{escape(run.text)}</tspan>"


# -- from segments to runs ----------------------------------------------------------------------------------


def runs_of(row: Row) -> list[Run]:
    """The row's cells as runs; blanks are runs of their own, as they may stand on a colour."""
    runs, column, text, ink = list[Run](), 0, "", None
    for segment in row:
        if segment.control:
            continue
        now = _ink(segment.style or Style.null())
        if now != ink and text:
            column += _add(runs, column, text, ink)
            text = ""
        text, ink = text + segment.text, now
    if text:
        _add(runs, column, text, ink)
    return runs


def _add(runs: list[Run], start: int, text: str, ink: Ink | None) -> int:
    """Put text of one style behind the runs; the cells that it takes."""
    assert ink is not None
    column, place = start, 0
    for match in _PIECE.finditer(text):
        if match.start() > place:
            runs.append(Run(column, match.start() - place, text[place : match.start()], ink))
            column += match.start() - place
        for piece in _pieces(match[0]):
            cells = cell_len(piece)
            runs.append(Run(column, cells, piece, ink))
            column += cells
        place = match.end()
    if place < len(text):
        runs.append(Run(column, len(text) - place, text[place:], ink))
        column += len(text) - place
    return column - start


def _pieces(text: str) -> Iterator[str]:
    """Each character of double width alone, and what stands between them."""
    narrow, wide = "", ""
    for character in text:
        cells = cell_len(character)
        if cells == 0 and wide:  # an accent upon it
            wide += character
            continue
        yield from [wide] * bool(wide)
        wide = ""
        if cells == 2:
            yield from _trimmed(narrow)
            narrow, wide = "", character
        else:
            narrow += character
    yield from [wide] * bool(wide)
    yield from _trimmed(narrow)


def _trimmed(text: str) -> Iterator[str]:
    """The text, and the blank before it or behind it as a run of its own."""
    words = text.strip()
    if not words:
        yield from [text] * bool(text)
        return
    before, _, behind = text.partition(words)
    yield from (part for part in (before, words, behind) if part)


def _grounds(runs: Iterable[Run]) -> Iterator[tuple[int, int, str]]:
    """Column, cells and colour of what runs stand on, neighbours of one colour together."""
    column, cells, colour = 0, 0, ""
    for run in runs:
        if run.ink.ground == colour:
            cells += run.cells
            continue
        if cells:
            yield column, cells, colour
        column, cells, colour = run.column, run.cells, run.ink.ground
    if cells:
        yield column, cells, colour


def _ink(style: Style) -> Ink:
    theme = DEFAULT_TERMINAL_THEME
    plain, blank = theme.foreground_color, theme.background_color
    colour = plain if style.color is None else style.color.get_truecolor(theme)
    ground = blank if style.bgcolor is None else style.bgcolor.get_truecolor(theme, foreground=False)
    if style.reverse:
        colour, ground = ground, colour
    if style.dim:
        colour = blend_rgb(colour, ground, 0.4)
    line = "underline" if style.underline else ("line-through" if style.strike else "")
    return Ink(_hex(colour), _hex(ground), bool(style.bold), bool(style.italic), line)


def _hex(colour: tuple[int, int, int]) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def brief(value: float) -> str:
    """A coordinate, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
