"""How a table is written, found out by trying: what parts its columns, what quotes a cell, what is a comment."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .cells import is_missing, is_number
from .dates import is_date
from .reading import CALLED, SEPARATORS

#: The signs of a line that is none of the table's.
_COMMENT = ("#", "%", "//")
#: Lines that are looked at to find out how a table is written.
_SAMPLE = 300
_QUOTED_ONCE = re.compile(r"(?:^|[,;\t| ])\s*'[^'\n]*'\s*(?=[,;\t| ]|$)", re.MULTILINE)
_TOKENS = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")

#: The number of a line in the file, from 1, and its cells.
Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Written:
    """How a table is written: the name of its separator, and the quote ("" for none)."""

    separator: str
    quote: str = '"'


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut into rows; comments are what stood in front of them, without the sign."""

    written: Written
    rows: list[Row]
    comments: list[Row]
    #: The names of an ARFF file's attributes, in order.
    attributes: tuple[str, ...] = ()


def cut(text: str, separator: str | None = None) -> Cut:
    """The rows of a table, without blank and comment lines. Raises csv.Error where a quote is never closed.

    separator: its name, where it is given.
    """
    text, start, comments, named = _without_head(text)
    if named is not None:
        separator = separator or named
    attributes, text, start = _attributes(text, start)
    sample = _sample(text)
    written = _found(sample, separator, quote="'" if attributes and "'" in sample else None)
    try:
        rows = _rows(text, written)
    except csv.Error:
        # Perhaps quotes are part of the texts: 6" pipe.
        plain = replace(written, quote="")
        rows = _rows(text, plain)
        if len(rows) < 3 or len({len(row) for _, row in rows}) > 1 or len(rows[0][1]) < 2:
            raise
        written = plain
    signs = {sign for sign in _COMMENT if any(row[0].startswith(sign) for _, row in comments)}
    most = _usual([row for _, row in rows[:_SAMPLE]])
    kept = [
        (line + start, row)
        for line, row in rows
        if not (row[0].startswith(_COMMENT) and (len(row) != most or row[0].startswith(tuple(signs))))
    ]
    head = [(line, _cells(row[0], written)) for line, row in comments]
    return Cut(written, kept, head, attributes)


def _without_head(text: str) -> tuple[str, int, list[Row], str | None]:
    """The text without its leading blank and comment lines, how many these are, and a separator that Excel named."""
    comments: list[Row] = []
    start, named = 0, None
    place = 0
    for line in io.StringIO(text, newline=""):
        content = line.strip()
        excel = re.fullmatch(r"sep=(.)", line.strip("\r\n \"'")) if start == 0 else None
        if excel is not None:
            named = CALLED.get(excel[1])
        elif content.startswith(_COMMENT):
            comments.append((start + 1, [content]))
        elif content:
            break
        start += 1
        place += len(line)
    return text[place:], start, comments, named


def _attributes(text: str, start: int) -> tuple[tuple[str, ...], str, int]:
    """An ARFF file's names of columns, and its data alone; anything else as it is."""
    if not text[:9].lower().startswith("@relation"):
        return (), text, start
    names: list[str] = []
    place = 0
    for count, line in enumerate(io.StringIO(text, newline=""), start=1):
        place += len(line)
        found = re.match(r"@attribute\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))", line.strip(), re.IGNORECASE)
        if found is not None:
            names.append(next(filter(None, found.groups()), ""))
        elif line.strip().lower() == "@data":
            return tuple(names), text[place:], start + count
    return (), text, start


def _sample(text: str) -> str:
    lines = []
    for line in io.StringIO(text, newline=""):
        lines.append(line)
        if len(lines) == _SAMPLE:
            break
    return "".join(lines)


# -- finding out -------------------------------------------------------------------------------------------


def _found(sample: str, separator: str | None, quote: str | None = None) -> Written:
    """How the sample is written: as most of its rows have one number of columns, whose cells are something.

    quote: its quotes, where they are known.
    """
    quotes = [quote or '"']
    if quote is None and '"' not in sample and len(_QUOTED_ONCE.findall(sample)) > 1:
        quotes.append("'")
    names = [separator] if separator is not None else list(SEPARATORS)
    best, most = Written(separator or "comma"), 0.0
    for mark in quotes:
        for name in names:
            written = Written(name, mark)
            share = _share(sample, written)
            # A hundredth more is no reason to prefer the less usual one.
            if share > most + 0.01:
                best, most = written, share
    return best


def _share(sample: str, written: Written) -> float:
    """How well a sample is cut so, 0 to 1: rows of the usual number of columns, times cells that look like one."""
    # The sample may end within quotes: no error yet.
    rows = [row for _, row in _rows(sample, written, strict=False)]
    columns = _usual(rows)
    usual = [row for row in rows if len(row) == columns]
    if columns < 2 or not usual:
        return 0.0
    others = "".join(sign for name, sign in SEPARATORS.items() if name not in (written.separator, "space"))
    worth = [_worth(cell, others) for row in usual for cell in row]
    return len(usual) / len(rows) * sum(worth) / len(worth)


def _usual(rows: Sequence[Sequence[str]]) -> int:
    """How many columns most rows have, of several the largest number; rows of one column do not count."""
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda columns: (columns > 1, counts[columns], columns), default=0)


def _worth(cell: str, others: str) -> float:
    """How much a cell looks like one cell, 0 to 1."""
    if is_missing(cell) or is_number(cell) or is_date(cell):
        return 1.0
    parts = cell.split()
    if len(parts) > 1 and all(map(is_number, parts)):
        return 0.0
    if any(sign in cell for sign in others):
        return 0.3
    return 1.0 if len(parts) == 1 and "," not in cell else 0.9


# -- cutting -----------------------------------------------------------------------------------------------


def _rows(text: str, written: Written, strict: bool = True) -> list[Row]:
    """Every row that is not blank."""
    return [(line, row) for line, row in _all_rows(text, written, strict) if any(row)]


def _all_rows(text: str, written: Written, strict: bool = True) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    if written.separator == "space":
        plain = '"' not in text and "'" not in text
        for number, line in enumerate(lines, start=1):
            yield number, line.split() if plain else _tokens(line)
        return
    reader = csv.reader(
        lines,
        delimiter=SEPARATORS[written.separator],
        quotechar=written.quote or None,
        quoting=csv.QUOTE_MINIMAL if written.quote else csv.QUOTE_NONE,
        skipinitialspace=written.separator != "tab",
        strict=strict,
    )
    for row in reader:
        yield reader.line_num, [cell.strip() for cell in row]


def _tokens(line: str) -> list[str]:
    return ["".join(filter(None, found.groups())) for found in _TOKENS.finditer(line)]


def _cells(comment: str, written: Written) -> list[str]:
    """The cells of a comment, without its sign where a blank follows it: what NumPy writes as a header."""
    sign = next(sign for sign in _COMMENT if comment.startswith(sign))
    rest = comment[len(sign) :]
    named = written.separator != "space" and rest.startswith(SEPARATORS[written.separator])
    text = comment if named else rest.strip()
    try:
        return next((row for _, row in _all_rows(text, written)), [])
    except csv.Error:
        return []
