"""Gaps in a table: how each rule of --missing closes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.message import Message, Verbatim
from ..core.numerics import Array
from .cells import MISSING
from .columns import Column
from .csv_file import failed
from .dialect import Row
from .reading import MISSING_RULES
from .roles import Roles, naming

#: Columns with gaps that are told one by one, and names of the others.
_MOST_COLUMNS, _MOST_NAMES = 3, 6


def filled(roles: Roles, rule: str | None, body: Sequence[Row]) -> tuple[list[Column], Column, Array, list[Message]]:
    """(inputs, target, the numbers of the rows that are used, notes).

    Raises ExperimentError where there are gaps and no rule for them. Gaps among words are a value of their own, unless
    rows with gaps are left out.
    """
    rows = np.arange(len(body))
    words = [column for column in roles.inputs if column.kind == "words" and column.missing]
    gaps = [column for column in roles.inputs if column.kind != "words" and column.missing]
    target = roles.target
    if rule is None and (gaps or target.missing):
        raise failed(*_refused(gaps, target, body))
    kept = np.ones(len(body), dtype=bool)
    notes: list[Message] = []
    if target.missing:
        kept &= _known(target)
        notes.append(Message("rows without a target left out: {count}", count=target.missing))
    if rule is None or not (gaps or words):
        inputs = list(roles.inputs)
    elif MISSING_RULES[rule].fill is None:
        for column in (*gaps, *words):
            kept &= _known(column)
        inputs = [replace(column, missing=0) for column in roles.inputs]
        notes.append(Message("rows with gaps left out: {count} of {rows}", count=int((~kept).sum()), rows=len(body)))
        words = []
    else:
        fill = MISSING_RULES[rule].fill
        assert fill is not None
        inputs = [
            replace(column, values=fill(column.values)) if column in gaps and column.values is not None else column
            for column in roles.inputs
        ]
        if gaps:
            counts = ", ".join(f"{column.name} {column.missing}" for column in gaps)
            notes.append(
                Message("gaps filled, {rule}: {columns}", rule=MISSING_RULES[rule].note, columns=Verbatim(counts))
            )
    if words:
        names = ", ".join(column.name for column in words)
        notes.append(
            Message(
                "gaps are a value of their own in {columns}; --missing drop leaves the rows out",
                columns=Verbatim(names),
            )
        )
    return inputs, target, rows[kept], notes


def _known(column: Column) -> Array:
    if column.values is not None:
        return ~np.isnan(column.values)
    return np.array([cell in column.counts or cell not in MISSING for cell in column.cells])


def _refused(gaps: Sequence[Column], target: Column, body: Sequence[Row]) -> list[Message]:
    messages = []
    for column in gaps[:_MOST_COLUMNS]:
        line, cell = _first_gap(column, body)
        messages.append(
            Message(
                "column {column} has gaps in {count} of {rows} rows (line {line}: {cell}): --missing mean fills them, "
                "--missing drop leaves the rows out, --drop {name} the column",
                column=repr(column.name), count=column.missing, rows=len(body), line=line, cell=repr(cell),
                name=naming([column]),
            )
        )  # fmt: skip
    more = gaps[_MOST_COLUMNS:]
    if more:
        counts = ", ".join(f"{column.name} {column.missing}" for column in more[:_MOST_NAMES])
        counts += ", …" if len(more) > _MOST_NAMES else ""
        messages.append(
            Message("further columns with gaps ({count}): {columns}", count=len(more), columns=Verbatim(counts))
        )
    if target.missing:
        message = Message(
            "the target {column} has gaps in {count} of {rows} rows (line {line}): --missing drop leaves the rows out",
            column=repr(target.name), count=target.missing, rows=len(body), line=_first_gap(target, body)[0],
        )  # fmt: skip
        messages.append(message)
    return messages


def _first_gap(column: Column, body: Sequence[Row]) -> tuple[int, str]:
    """The line of a column's first gap, and what stands there."""
    line, row = body[int(np.argmax(~_known(column)))]
    return line, row[column.number - 1]
