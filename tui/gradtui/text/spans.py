"""Lines of styled text, before any terminal."""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Callable, Iterable

from rich.cells import cell_len, set_cell_size

from . import glyphs

Span = tuple[str, str]
Line = list[Span]


def text_of(line: Line) -> str:
    return "".join([text for text, _ in line])


#: Text of which every character takes one cell (a test asks Rich): most lines are, and this is one look in C.
_NARROW = re.compile(
    r"[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u03ff\u2010-\u2027\u2030-\u205e\u2070-\u209c\u2190-\u2199"
    r"\u2200-\u22ff\u2500-\u25fc]*"
).fullmatch


def width_of(line: Line) -> int:
    """Cells that the line takes, in the glyphs that it will be drawn with."""
    if glyphs.current() == glyphs.BLOCK and _NARROW(text := text_of(line)):
        return len(text)
    return sum([_cells(text) for text, _ in line])


def _cells(text: str) -> int:
    """Most spans are plain ASCII, which is as wide as it is long in every set of glyphs."""
    return len(text) if text.isascii() and text.isprintable() else _cells_of(text, glyphs.current())


@functools.lru_cache(maxsize=16384)
def _cells_of(text: str, glyph_set: str) -> int:
    return cell_len(glyphs.render(text))


def fit(line: Line, width: int, style: str = "text") -> Line:
    """The line in exactly `width` cells, in the terminal's glyphs: padded, or cut with an ellipsis."""
    if glyphs.current() != glyphs.BLOCK:
        line = [(glyphs.render(text), span_style) for text, span_style in line]
    size = width_of(line)
    if size <= width:
        return [*line, (" " * (width - size), style)] if size < width else list(line)
    kept: Line = []
    ellipsis = "…" if glyphs.current() == glyphs.BLOCK else "~"
    room = width - 1
    for text, span_style in line:
        size = _cells(text)
        if size > room:
            kept += [(set_cell_size(text, room), span_style), (ellipsis, span_style)]
            break
        kept.append((text, span_style))
        room -= size
    return kept


def cut_left(name: str, width: int) -> str:
    """A module's name in at most `width` cells, cut from the left, at a dot where one is near: …layers.11.mlp.fc2.

    What tells modules of one model apart stands at the end of their names.
    """
    if _cells(name) <= width:
        return name
    ellipsis = "…" if glyphs.current() == glyphs.BLOCK else "~"
    start = next((place for place in range(1, len(name)) if _cells(name[place:]) < width), len(name))
    dot = name.find(".", start - 1)
    whole = name[dot + 1 :] if dot >= 0 else ""
    # Half of a name that begins whole says more than all of the room with a piece of a word in front.
    return (ellipsis + (whole if _cells(whole) >= width // 2 else name[start:])) if width > 0 else ""


def padded(text: str, width: int) -> str:
    """The text with spaces up to so many cells, as it will be drawn: what str.ljust is for text of double width."""
    return text + " " * (width - _cells(text))


def first_fit(width: int, *lines: Line) -> Line:
    """The first of the lines that fits in `width` cells, else the last: names shorten, numbers do not."""
    return next((line for line in lines if width_of(line) <= width), lines[-1])


def first_title(width: int, *titles: str) -> str:
    """The first of the titles that fits, as `first_fit`."""
    return text_of(fit(first_fit(width, *([(title, "")] for title in titles)), width)).rstrip()


def page(lines: Iterable[Line], width: int, height: int) -> list[Line]:
    """Exactly height lines of exactly width cells."""
    shown = [fit(line, width) for line in lines][:height]
    return shown + [fit([], width) for _ in range(height - len(shown))]


def spread(left: Line, right: Line, width: int) -> Line:
    """Left and right text in one line; the left one is cut first."""
    room = width - width_of(right)
    if room < 8:
        return fit(left, width)
    return [*fit(left, room - 1), (" ", "text"), *fit(right, width_of(right))]


#: What keeps two formulas in one line apart; where they do not fit, the second one gets a line of its own.
GAP = "      "


def wrap(text: str, width: int, style: str = "text") -> list[Line]:
    """Words in lines of at most `width` cells. Parts that GAP separates stay together where they fit."""
    shown = glyphs.render(text)
    cells: Callable[[str], int] = len if _NARROW(shown) else cell_len
    lines: list[str] = []
    used = 0
    for part in shown.split(GAP):
        whole = " ".join(part.split())
        size = cells(whole)
        if lines and used + len(GAP) + size <= width:
            lines[-1] += GAP + whole
            used += len(GAP) + size
        elif size <= width:
            lines.append(whole)
            used = size
        else:
            lines.append("")
            used = 0
            for word, space in _words(whole):
                size = cells(word)
                if used and used + space + size > width:
                    lines.append("")
                    used = 0
                space = space if used else 0
                lines[-1] += " " * space + word
                used += space + size
    return [[(line, style)] for line in lines]


#: Chinese may be broken between any two characters, but no line begins with one of these, nor ends with one of those
#: (W3C, Requirements for Chinese Text Layout §3.1).
NOT_FIRST = "，。、；：？！）」』》】〉”’…—·,.;:?!)%"
NOT_LAST = "（「『《【〈“‘("
_WORD = re.compile(rf"[{NOT_LAST}]*(?:[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+)[{NOT_FIRST}]*")


def _words(text: str) -> list[tuple[str, int]]:
    """What may stand alone on a line, each with the spaces that stood before it (0 or 1)."""
    return [(match[0], int(match.start() > 0 and text[match.start() - 1].isspace())) for match in _WORD.finditer(text)]


_STYLE = operator.itemgetter(1)


def runs(cells: Iterable[Span]) -> Line:
    """Neighbouring cells of one style merged into one span: fewer bytes on a slow line."""
    return [("".join([text for text, _ in same]), style) for style, same in itertools.groupby(cells, _STYLE)]
