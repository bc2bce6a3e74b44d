"""What a single cell of a table can be: a gap, a number in one of the ways in which numbers are written."""

from __future__ import annotations

import re

#: How programs and people write that there is nothing.
MISSING = frozenset(
    {
        "", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null", "None", "-",
        "--", "—", ".", "..", "...", "#N/A", "#NA", "#N/A N/A", "#VALUE!", "#DIV/0!", "#NULL!", "<NA>", "NaT", "\\N",
        "nil", "(null)", "missing", "Missing", "MISSING", "n.a.", "N.A.", "NIL",
    }
)  # fmt: skip

_NUMBER = re.compile(
    r"[+-]?[$€£¥₹]?\s?[+-]?(?:\d+(?:[.,'’\u00a0\u202f]\d+)*[.,]?|[.,]\d+)(?:[eEdD][+-]?\d+)?\s?[%€$£¥₹]?"
)
#: A number with a point, its thousands parted by commas; and with a comma, its thousands parted by points.
_EXPONENT = r"(?:[eE][+-]?\d+)?"
WITH_POINT = re.compile(rf"[+-]?(?:\d{{1,3}}(?:[,'’ \u00a0\u202f]\d{{3}})+|\d*)(?:\.\d*)?{_EXPONENT}")
WITH_COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:[.'’ \u00a0\u202f]\d{{3}})+|\d*)(?:,\d*)?{_EXPONENT}")
_GROUPS = re.compile(r"['’ \u00a0\u202f]")


def is_missing(cell: str) -> bool:
    return cell in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell looks like one number, with a point or a comma, with a sign of a currency or per cent."""
    return _NUMBER.fullmatch(minus(cell)) is not None


def minus(cell: str) -> str:
    """A cell with the minus that Python reads instead of a typesetter's."""
    return cell.replace("\u2212", "-").replace("\u2013", "-") if not cell.isascii() else cell


def plain(cell: str, comma: bool) -> str:
    """A number that is written with groups of thousands, or with a comma (comma), as Python reads it."""
    cell = _GROUPS.sub("", cell)
    return cell.replace(".", "").replace(",", ".") if comma else cell.replace(",", "")
