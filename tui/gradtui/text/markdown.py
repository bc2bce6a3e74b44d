"""Markdown as lines of spans: paragraphs, lists, bold and code, broken for Latin and Chinese text alike."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

from .glyphs import render
from .spans import NOT_FIRST, NOT_LAST, Line, Span, runs

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@functools.cache
def reader() -> MarkdownIt:
    """The Markdown parser. It is imported where it is first needed: that takes 60 ms, which a start has no use for."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})


_STYLES = {"strong_open": "strong", "em_open": "label", "code_inline": "formula"}
#: A line end of the source, which is a space between words and nothing between Chinese characters.
_SOFT = "\v"


def prose(source: str, width: int, style: str = "text", spaced: bool = False) -> list[Line]:
    """A Markdown text in lines of at most `width` cells; spaced: an empty line between its blocks."""
    lines: list[Line] = []
    for lead, spans in _blocks(source, style):
        if lines and spaced:
            lines.append([])
        room = max(width - cell_len(lead), 1)
        for number, line in enumerate(wrap_spans(spans, room)):
            head = [(lead if number == 0 else " " * cell_len(lead), style)] if lead else []
            lines.append([*head, *line])
    return lines


def _blocks(source: str, style: str) -> Iterator[tuple[str, list[Span]]]:
    """(what leads it, its spans) of every paragraph and list item."""
    counters: list[int | None] = []
    lead = ""
    for token in reader().parse(source):
        if token.type == "ordered_list_open":
            counters.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            counters.append(None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            counters.pop()
        elif token.type == "list_item_open":
            number = counters[-1]
            lead = "  " * (len(counters) - 1) + ("• " if number is None else f"{number}. ")
            counters[-1] = None if number is None else number + 1
        elif token.type == "inline":
            yield lead, _inline(token.children or [], style)
            # A second paragraph of an item stands under its first.
            lead = " " * cell_len(lead)
        elif token.type in ("fence", "code_block"):
            for line in token.content.splitlines():
                yield lead, [(line, "formula")]
        if not counters:
            lead = ""


def _inline(tokens: list[Token], style: str) -> list[Span]:
    styles, spans = [style], list[Span]()
    for token in tokens:
        if token.type.endswith("_open"):
            styles.append(_STYLES.get(token.type, styles[-1]))
        elif token.type.endswith("_close"):
            styles.pop()
        elif token.type == "softbreak":
            spans.append((_SOFT, styles[-1]))
        elif token.type == "hardbreak":
            spans.append(("\n", styles[-1]))
        elif token.content:
            spans.append((token.content, _STYLES.get(token.type, styles[-1])))
    return spans


def wrap_spans(spans: list[Span], width: int) -> list[Line]:
    """Spans in lines of at most `width` cells, broken at spaces and between wide characters, styles kept."""
    lines: list[Line] = [[]]
    used = 0
    for word, breaks in _words(spans):
        size = _width(word)
        gap = lines[-1] and word[0][0] == " "
        if breaks or (lines[-1] and used + size > width):
            lines.append([])
            used, gap = 0, False
        piece = word if gap else _stripped(word)
        for part in _cut(piece, width):
            if lines[-1] and used + _width(part) > width:
                lines.append([])
                used = 0
            lines[-1] += part
            used += _width(part)
    return [runs(line) for line in lines]


def _words(spans: list[Span]) -> Iterator[tuple[Line, bool]]:
    """Pieces that stay together, each character a span, led by a space at most; and whether a line break precedes."""
    word: Line = []
    breaks = False
    space = before = ""
    for character, style in ((letter, style) for text, style in spans for letter in text):
        if character.isspace():
            if word:
                yield word, breaks
                word, breaks = [], False
            breaks = breaks or character == "\n"
            space = space if space and space != _SOFT else character
            continue
        if space == _SOFT and _is_wide(before) and _is_wide(character):
            word = []
        elif space:
            word = [(" ", style)] if before and not breaks else []
        elif word and _may_break(before, character):
            yield word, breaks
            word, breaks = [], False
        word.append((character, style))
        before, space = character, ""
    if word:
        yield word, breaks


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space parts."""
    if after in NOT_FIRST or before in NOT_LAST:
        return False
    return _is_wide(before) or _is_wide(after)


@functools.cache
def _is_wide(character: str) -> bool:
    return bool(character) and cell_len(character) > 1


def _width(line: Line) -> int:
    """Cells as they are drawn: σ is five where the terminal has ASCII alone."""
    return cell_len(render("".join(text for text, _ in line)))


def _stripped(word: Line) -> Line:
    return word[1:] if word[0][0] == " " else word


def _cut(word: Line, width: int) -> Iterator[Line]:
    """A word that is wider than a line, in pieces that fit."""
    if _width(word) <= width:
        yield word
        return
    piece: Line = []
    for letter in word:
        if piece and _width([*piece, letter]) > width:
            yield piece
            piece = []
        piece.append(letter)
    yield piece
