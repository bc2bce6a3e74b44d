"""Which rows of a table are its header and its body: titles, footers, units, names of rows, columns that are empty."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.message import Message
from .cells import is_missing, is_number
from .dates import is_date
from .dialect import Cut, Row

#: Rows of a header, at the most: names, units, and what some programs write in between.
_MOST_HEADERS = 3
#: Lines above and below a table that are none of it, at the most.
_MOST_ABOVE, _MOST_BELOW = 20, 5
#: So many numbers that go up by 1 may be data.
_FEW = 4
#: Rows of the body that a header is compared with.
_COMPARED = 1000


@dataclass(frozen=True, slots=True)
class Layout:
    """A table taken apart: the names of its columns ("" for none), the rows beneath, and what was left out.

    classes are the names of the classes that the first line of scikit-learn's own files holds.
    """

    names: list[str]
    #: Whether the names are the file's own.
    named: bool
    body: list[Row]
    notes: list[Message]
    classes: tuple[str, ...] = ()


def taken_apart(found: Cut, header: str | None) -> Layout:
    """The layout of a table. header: yes or no, where it is given."""
    notes: list[Message] = []
    rows, columns = found.rows, _columns(found.rows)
    counted = _scikit_learns(rows)
    if counted is not None:
        classes, body = counted
        names = [""] * len(body[0][1])
        notes.append(Message("the first line counts rows and inputs, and names the classes"))
        return Layout(names, False, body, notes, classes)
    rows, left = _without_surroundings(rows, columns)
    if left:
        notes.append(Message("lines left out: {lines}", lines=", ".join(map(str, left))))
    if found.attributes:
        return Layout(list(found.attributes), True, rows, notes)
    count = _headers([row for _, row in rows], columns) if header is None else int(header == "yes")
    above = [row for _, row in rows[:count]]
    body = rows[count:]
    commented = _commented(found.comments, columns) if not count and header is None else None
    if commented is not None:
        names = commented
    elif above:
        names = _best(above)
        if count > 1:
            notes.append(Message("{count} lines of header; --header yes takes the first alone", count=count))
    else:
        names = [""] * columns
        if header is None:
            notes.append(Message("no header: the first line is data; --header yes makes it the names"))
    names, body = _trimmed(names, body)
    return Layout(names, commented is not None or bool(above), body, notes)


def _columns(rows: Sequence[Row]) -> int:
    counts = Counter(len(row) for _, row in rows)
    return max(counts, key=lambda columns: (counts[columns], columns), default=0)


def _scikit_learns(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[Row]] | None:
    """(classes, body) where the first line is: number of rows, of inputs, names of the classes."""
    if len(rows) < 3:
        return None
    first, body = rows[0][1], list(rows[1:])
    widths = {len(row) for _, row in body}
    if len(first) < 2 or len(widths) != 1 or first[:2] != [str(len(body)), str(widths.pop() - 1)]:
        return None
    return tuple(first[2:]), body


def _without_surroundings(rows: list[Row], columns: int) -> tuple[list[Row], list[int]]:
    """The rows without those above and below that have far fewer cells, and the lines that these are."""

    def is_none(row: Row) -> bool:
        filled = [cell for cell in row[1] if cell]
        # A number may be the beginning of a row that was cut off.
        return columns > 1 and len(row[1]) != columns and len(filled) == 1 and not is_number(filled[0])

    above = list(itertools.takewhile(is_none, rows))
    below = list(itertools.takewhile(is_none, reversed(rows)))
    if len(above) > _MOST_ABOVE or len(below) > _MOST_BELOW or len(above) + len(below) + 2 > len(rows):
        return rows, []
    kept = rows[len(above) : len(rows) - len(below)]
    return kept, [line for line, _ in (*above, *reversed(below))]


# -- the header --------------------------------------------------------------------------------------------


def _headers(rows: Sequence[list[str]], columns: int) -> int:
    """How many of the first rows are no data."""
    count = 0
    while count < min(_MOST_HEADERS, len(rows) - 1) and _is_header(rows[count], rows[count + 1 :], columns, count):
        count += 1
    return count


def _is_header(row: Sequence[str], body: Sequence[Sequence[str]], columns: int, before: int) -> bool:
    """Whether a row is another kind than those beneath it: a vote of its columns. before: how many headers are above.

    A word over numbers or dates speaks for a header, a number over numbers against it. A further one has to be plain.
    """
    if len(row) == columns and not before and _counts_on(row) and not _counts_on(body[0]):
        return True
    beneath = [each for each in body[_MOST_HEADERS - 1 : _COMPARED] if len(each) == columns] or body[:_COMPARED]
    shift = 1 if len(row) == columns - 1 else 0
    votes = recur = texts = 0
    for place, cell in enumerate(row):
        cells = [each[place + shift] for each in beneath if place + shift < len(each)]
        known = [each for each in cells if not is_missing(each)]
        if not known:
            continue
        numbers = sum(map(is_number, known)) > 0.8 * len(known)
        if numbers or is_date(known[0]):
            same = is_number(cell) if numbers else is_date(cell)
            votes += 0 if is_missing(cell) else -1 if same else 1
        elif not is_missing(cell):
            texts += 1
            recur += cell in known
    if votes or before:
        return votes > 0
    # Words alone: a name of a column is not one of its values.
    return texts > 0 and 3 * recur < texts and (len(body) > 1 or recur == 0)


def _counts_on(row: Sequence[str]) -> bool:
    """Whether the numbers of a row go up by 1: what pandas writes for columns without a name, and years."""
    values = [int(cell) for cell in row if cell.isascii() and cell.isdigit() and len(cell) < 10]
    others = [cell for cell in row if is_number(cell) and not cell.isdigit()]
    if len(values) < 3 or others or any(b - a != 1 for a, b in itertools.pairwise(values)):
        return False
    # 1, 2, 3 may be data.
    return values[0] == 0 or values[0] > 1000 or len(values) > _FEW


def _best(above: Sequence[list[str]]) -> list[str]:
    """Of several rows of header the one with the most names of its own; units stand beneath the names."""
    names = [len({cell for cell in row if cell}) for row in above]
    bracketed = [sum(cell.startswith(("(", "[")) for cell in row) for row in above]
    best = max(range(len(above)), key=lambda row: (names[row] - 2 * bracketed[row], row))
    return list(above[best])


def _commented(comments: Sequence[Row], columns: int) -> list[str] | None:
    """Names out of the last comment above the table: NumPy writes its header so."""
    for _, row in reversed(comments):
        if len(row) == columns and columns > 1 and not any(map(is_number, row)):
            return row
    return None


# -- columns that are none -----------------------------------------------------------------------------------


def _trimmed(names: list[str], body: list[Row]) -> tuple[list[str], list[Row]]:
    """Names and rows of one width: without empty columns at the end, with an empty name over names of rows."""
    widths = Counter(len(row) for _, row in body)
    usual = max(widths, key=lambda width: (widths[width], width), default=len(names))
    if usual == len(names) + 1 and ((len(widths) == 1 and len(body) > 1) or all(not row[-1] for _, row in body)):
        if all(len(row) < usual or not row[-1] for _, row in body):
            body = [(line, row[:-1] if len(row) == usual else row) for line, row in body]
        else:
            names = ["", *names]  # R leaves out the name of the column that names the rows
    while len(names) > 1 and not names[-1] and all(len(row) < len(names) or not row[-1] for _, row in body):
        width = len(names)
        names, body = names[:-1], [(line, row[:-1] if len(row) == width else row) for line, row in body]
    return names, body
