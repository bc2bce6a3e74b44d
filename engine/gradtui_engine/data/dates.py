"""Dates and times in a table: which cells are some, and in which order they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_CLOCK = (
    r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:[ap]\.?m\.?)?)\s?(?:z|utc|gmt|[+-]\d{2}:?\d{2}|cet|cest)?"
)
_BOTH = rf"(?:[t ,]\s*{_CLOCK}(?:\[[\w/]+\])?)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # 2020-01-31, 2020/1/31 12:30, 2020-01, 2020-Jan
        rf"(?P<year>[12]\d{{3}})[-/.](?P<month>\d{{1,2}}|{_MONTH})(?:[-/.](?P<day>\d{{1,2}}))?{_BOTH}",
        # 31.1.2020, 1/31/20, 31-Jan-2020, 31 January 2020
        rf"(?P<first>\d{{1,2}})[-/. ](?P<month>\d{{1,2}}|{_MONTH})[-/., ]\s?(?P<year>\d{{4}}|\d{{2}}){_BOTH}",
        # Jan 31, 2020; Apr-1-1995; January 2020; Jan-20
        rf"(?:\w{{3}}\s)?(?P<month>{_MONTH})[- ](?P<first>\d{{1,2}})(?:,?\s|-)(?P<year>\d{{4}}){_BOTH}",
        rf"(?P<month>{_MONTH})[-/ ,]\s?(?P<year>\d{{4}}|\d{{2}})",
        # 2020Q1, 2020-W05, 2020M01, 1950:1
        r"(?P<year>[12]\d{3})(?:[- ]?[QWM]|:)(?P<month>\d{1,2})",
        # 12:30, 12:30:05 pm
        _CLOCK,
    )
)
#: A year of a series and a month or day in it: 1-01. As "2-3" is many other things, a name has to say so.
_SHORT = re.compile(r"(?P<year>\d{1,2})-(?P<month>\d{2})")
NAMES = re.compile(r"(?:^|[^a-z])(?:date|time|month|day|year|week|period|quarter|datum)s?(?:$|[^a-z])|time$|date$|^ds$")


def is_date(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in _FORMS)


def are_dates(cells: Sequence[str], name: str) -> bool:
    """Whether all of the cells, of which there is one at least, are dates or times. name: the column's."""
    if not cells:
        return False
    if NAMES.search(name.lower()) and all(map(_SHORT.fullmatch, cells)):
        return len(set(cells)) == len(cells)
    return is_date(cells[0]) and all(map(is_date, cells))


def fall(cells: Sequence[str]) -> bool:
    """Whether dates come the latest first, as some exchanges write them."""
    moments = [_moment(cell) for cell in (cells[0], cells[len(cells) // 2], cells[-1])]
    return len(cells) > 1 and moments[0] > moments[1] >= moments[2]


def _moment(cell: str) -> tuple[int, ...]:
    """Year, month, day as they can be compared; which of two numbers is the day does not matter within a year."""
    for form in (*_FORMS, _SHORT):
        found = form.fullmatch(cell)
        if found is not None:
            parts = found.groupdict()
            month, first = _number(parts.get("month")), _number(parts.get("first"))
            day = _number(parts.get("day"))
            if first > 12 or not (parts.get("month") or "0").isdigit():
                day = first
            elif first:
                month, day = first, month  # 1/31/20; where it was 1.12.20 the year decides all the same
            clock = re.findall(r"\d+", parts.get("clock") or "")
            return (_number(parts.get("year")), month, day, *map(int, clock))
    return ()


def _number(text: str | None) -> int:
    if not text:
        return 0
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1
