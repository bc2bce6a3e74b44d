"""Gaps in a table: how each rule of --missing closes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..core.message import English, Message, Verbatim
from ..core.numerics import Array
from ..core.table import Table
from .cells import MISSING
from .columns import Column
from .csv_file import failed
from .dialect import Row
from .roles import Roles, naming


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to close gaps; fill makes whole numbers of a column's, nan where there are gaps; None leaves rows out."""

    name: str
    fill: Callable[[Array], Array] | None
    note: English


def _previous(values: Array) -> Array:
    """The last value that is known; the first that is known, before it."""
    known = ~np.isnan(values)
    before = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return values[np.where(before < 0, int(np.argmax(known)), before)]


MISSING_RULES = Table(
    "missing",
    (
        Rule(
            "mean", lambda values: np.where(np.isnan(values), _mean(values), values), "the mean of what the column has"
        ),
        Rule(
            "median", lambda values: np.where(np.isnan(values), np.nanmedian(values), values),
            "the median of what the column has",
        ),
        Rule("previous", _previous, "the value of the row before, as in a series"),
        Rule("drop", None, "the rows with a gap are left out"),
    ),
)  # fmt: skip


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    exponent = np.frexp(np.abs(known).max())[1]
    return float(np.ldexp(np.ldexp(known, -exponent).mean(), exponent))


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
    for column in gaps:
        place = int(np.argmax(~_known(column)))
        line, row = body[place]
        messages.append(
            Message(
                "column {column} has {count} gaps in {rows} rows (line {line}: {cell}): --missing mean fills them, "
                "--missing drop leaves the rows out, --drop {name} the column",
                column=repr(column.name), count=column.missing, rows=len(body), line=line,
                cell=repr(row[column.number - 1]), name=naming([column]),
            )
        )  # fmt: skip
    if target.missing:
        place = int(np.argmax(~_known(target)))
        message = Message(
            "the target {column} has {count} gaps in {rows} rows (line {line}): --missing drop leaves the rows out",
            column=repr(target.name), count=target.missing, rows=len(body), line=body[place][0],
        )  # fmt: skip
        messages.append(message)
    return messages
