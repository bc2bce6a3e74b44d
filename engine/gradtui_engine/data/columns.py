"""What the columns of a table are: numbers, yes and no, words, dates, a count of the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.message import English
from ..core.numerics import Array
from .cells import MISSING, WITH_COMMA, WITH_POINT, minus, plain
from .dates import are_dates

#: Kind → what it is called. "names" are texts of which there are too many to be inputs.
KINDS: dict[str, English] = {
    "number": "numbers",
    "truth": "yes or no",
    "words": "words",
    "names": "texts",
    "date": "dates",
    "count": "counts the rows",
    "key": "number of a row",
    "empty": "empty",
    "unclear": "numbers and texts",
}
#: How numbers are written, where Python does not read them so → what is said of it.
WAYS: dict[str, English] = {
    "comma": "a comma is the decimal point",
    "groups": "thousands are parted, as in 1,200",
}
#: So many different words become inputs of their own, at the most.
MOST_WORDS = 50
#: Up to so many numbers may be codes for words, where one of them is no number ("5more").
_FEW = 10
_TRUTHS = (("false", "true"), ("no", "yes"), ("off", "on"), ("f", "t"), ("n", "y"))
_UNIT = re.compile(
    r"([+-]?[$€£¥₹]?[+-]?)\s?([\d.,'’ \u00a0\u202f]*\d[.,]?(?:[eE][+-]?\d+)?)\s?([%€$£¥₹]|[A-Za-zµ°²³/]{0,6})"
)
#: Letters behind a number that make it larger.
_POWERS = {"": 1.0, "K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9}
#: Names of a column that numbers the rows.
_INDEX = re.compile(
    r"(?:unnamed.*|index|idx|row.?(?:names?|id|num|no)?|no\.?|nr\.?|num|number|#|obs\.?|observation|case|instant|"
    r"sample.?(?:id|no)|s\.?no\.?|sl\.?no\.?|(?:.*[_ -])?id|id[_ -].*|rec(?:ord)?(?:.?id)?|.*code.?number|serial.*)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was understood.

    number counts from 1, as --target and --drop do. values are the numbers (of yes and no 0 and 1), nan where there is
    none; counts how often each word is there. wrong is the place of a cell among the rows that does not fit, or None.
    """

    number: int
    name: str
    kind: str
    cells: tuple[str, ...]
    missing: int
    values: Array | None = None
    unit: str = ""
    #: One of WAYS, or "".
    way: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    wrong: int | None = None
    #: Whether the file says its name; nameless: whether it names the others and not this one.
    named: bool = True
    nameless: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all of its numbers are whole."""
        if self.values is None:
            return False
        known = self.values[np.isfinite(self.values)]
        return bool((np.mod(known, 1) == 0).all())

    @property
    def distinct(self) -> int:
        """How many different values there are, gaps aside."""
        return len(self.counts) if self.counts else len({*self.cells} - MISSING)

    @property
    def is_constant(self) -> bool:
        return self.distinct == 1 and not self.missing


def understood(names: Sequence[str], named: bool, columns: Sequence[tuple[str, ...]], semicolons: bool) -> list[Column]:
    """Every column of a table. semicolons: its columns are parted so, as they are where a comma is a decimal point."""
    comma = _decimal_comma(columns, semicolons)
    return [
        _column(number, name, named and bool(name), cells, comma)
        for number, (name, cells) in enumerate(zip(names, columns, strict=True), start=1)
    ]


def _column(number: int, name: str, named: bool, cells: tuple[str, ...], comma: bool) -> Column:
    def made(kind: str, **more: object) -> Column:
        return Column(number, name, kind, cells, missing, named=named, **more)  # type: ignore[arg-type]

    known = [cell for cell in cells if cell not in MISSING]
    missing = len(cells) - len(known)
    if not known:
        return made("empty")
    if "-" in cells and {*known} == {"+"}:
        known, missing = [cell for cell in cells if cell == "-" or cell not in MISSING], cells.count("")
    read = numbers(known, comma)
    if read is not None:
        values, unit, how = read
        if missing:
            spread = np.full(len(cells), np.nan)
            spread[[cell not in MISSING for cell in cells]] = values
            values = spread
        if np.isinf(values).any():
            return made("number", values=values, wrong=int(np.argmax(np.isinf(values))))
        if number == 1 and _counts_rows(values):
            return made("count", values=values)
        if number == 1 and _numbers_rows(name, named, values):
            return made("key", values=values)
        return made("number", values=values, unit=unit, way=how)
    if are_dates(known, name):
        return made("date")
    counts = dict(sorted(Counter(known).items()))
    truth = _truth(counts)
    if truth is not None and not missing:
        values = np.array([float(cell.lower() == truth[1]) for cell in cells])
        return made("truth", values=values, counts=counts)
    wrong_at = _mostly_numbers(cells, counts, comma)
    if wrong_at is not None:
        return made("unclear", counts=counts, wrong=wrong_at)
    few = len(counts) <= 2 or (len(counts) <= MOST_WORDS and 4 * len(counts) <= 3 * len(known))
    return made("words" if few else "names", counts=counts)


# -- numbers -----------------------------------------------------------------------------------------------


def numbers(known: Sequence[str], comma: bool) -> tuple[Array, str, str] | None:
    """The numbers of cells, their unit and the way they are written, or None where one is no number.

    comma: what could be read either way has a comma as its decimal point.
    """
    if not (comma and all(map(_could_be_thousands, known))):
        try:
            return np.array(known, dtype=np.float64), "", ""
        except ValueError:
            pass
    known = [minus(cell) for cell in known]
    unit = ""
    found = [_UNIT.fullmatch(cell) for cell in known[:1]]
    if found[0] is None:
        return None
    parts = [_UNIT.fullmatch(cell) for cell in known]
    units = {(part[1].strip("+-"), part[3]) for part in parts if part is not None}
    if None in parts:
        return None
    powers = np.ones(1)
    if {before for before, _ in units} == {""} and {after for _, after in units} <= {*_POWERS} and units != {("", "")}:
        # 850, 12.5K, 1.2M: one of them has a point, or they are names, as 2B is.
        if not any("." in cell for cell in known):
            return None
        powers = np.array([_POWERS[part[3]] for part in parts if part is not None])
        units = {("", "")}
    if len(units) > 1:
        return None
    ((before, after),) = units
    unit = before or after
    texts = [part[1].replace(before, "") + part[2].strip() for part in parts if part is not None]
    ways = [way for way, form in ((False, WITH_POINT), (True, WITH_COMMA)) if all(map(form.fullmatch, texts))]
    if not ways:
        return None
    way = comma if len(ways) > 1 else ways[0]
    try:
        values = np.array([float(plain(text, way)) for text in texts]) * powers
    except ValueError:
        return None
    grouped = any("," in text for text in texts)
    return values, unit, "comma" if way and grouped else "groups" if grouped else ""


def _could_be_thousands(cell: str) -> bool:
    return "." in cell and WITH_COMMA.fullmatch(cell) is not None


def _decimal_comma(columns: Sequence[tuple[str, ...]], semicolons: bool) -> bool:
    """Whether a comma is the decimal point, as far as the columns say it; where they do not, semicolons do."""
    points = commas = unclear = 0
    for cells in columns:
        known = [cell for cell in cells if cell not in MISSING]
        if not any("," in cell for cell in known):
            continue
        point, comma = (all(map(form.fullmatch, known)) for form in (WITH_POINT, WITH_COMMA))
        points += point and not comma
        commas += comma and not point
        unclear += comma and point
    return commas > 0 or (unclear > 0 and not points and semicolons)


def _counts_rows(values: Array) -> bool:
    """0, 1, 2, … or 1, 2, 3, …, and at least three of them."""
    return len(values) > 2 and values[0] in (0.0, 1.0) and bool((np.diff(values) == 1).all())


def _numbers_rows(name: str, named: bool, values: Array) -> bool:
    """Whether they are persons' or things' numbers: whole, hardly ever the same, so called or very large."""
    if len(values) < 3 or not (np.mod(values, 1) == 0).all() or len({*values.tolist()}) < 0.9 * len(values):
        return False
    if named:
        return is_index_name(name)
    return len(values) >= 20 and float(np.median(values)) >= 100_000


def is_index_name(name: str) -> bool:
    """Whether a column's name says that it numbers the rows; none at all says so too."""
    text = name.strip()
    # R's read.csv makes an X of a name that is empty, readr "...1".
    return text in ("", "X", "...1") or _INDEX.fullmatch(text.lower()) is not None or text.endswith(("Id", "ID"))


# -- texts -------------------------------------------------------------------------------------------------


def _truth(counts: dict[str, int]) -> tuple[str, str] | None:
    found = {word.lower() for word in counts}
    for pair in _TRUTHS:
        if found <= {*pair} and (len(pair[0]) > 1 or len(found) == 2):
            return pair
    return None


def _mostly_numbers(cells: Sequence[str], counts: dict[str, int], comma: bool) -> int | None:
    """Where the first cell stands that is no number, in a column of numbers with a few others."""
    strange = [word for word in counts if numbers([word], comma) is None]
    share = sum(counts[word] for word in strange) / sum(counts.values())
    if len(counts) <= _FEW and 2 * len(counts) <= len(cells):
        return None
    return cells.index(next(cell for cell in cells if cell in strange)) if 0 < share <= 0.5 else None
