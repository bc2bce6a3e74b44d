"""A user's table, read: text → rows → columns → inputs and target, and what was understood on the way."""

from __future__ import annotations

import csv
import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.fields import given
from ..core.figures import rounded
from ..core.message import Message, Verbatim
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem
from . import csv_file
from .columns import KINDS, WAYS, Column, understood
from .dates import fall
from .dialect import Written, cut
from .layout import Layout, taken_apart
from .missing import filled
from .reading import PARTS, Reading
from .roles import FEW, LEFT_OUT, Roles, naming, roles_of
from .understood import ColumnAbout, TabularData, Understood

# A file with a wrong separator is wrong in every line: a few say enough.
MOST_PROBLEMS = 5
#: Classes that are counted; rows and words that are kept to be shown.
MOST_CLASSES, _PREVIEW, _WORDS = 1000, 8, 6
#: A class that is so many times rarer than another is said to be.
_UNEVEN = 10


def read(source: str, reading: Reading | None = None) -> TabularData:
    """The table at csv:PATH. Raises ExperimentError with line and column of what is wrong."""
    return _read(source, csv_file.stamp(source), reading or Reading())


@functools.lru_cache(maxsize=4)
def _read(source: str, stamped: tuple[int, int], reading: Reading) -> TabularData:
    path = csv_file.path_of(source)
    text, encoding = csv_file.text_of(path)
    file = csv_file.quoted(path)
    try:
        found = cut(text, reading.separator)
    except csv.Error as error:
        raise csv_file.failed(Message("{file} is not CSV: {reason}", file=file, reason=str(error))) from None
    layout = taken_apart(found, reading.header)
    _check(layout, file)
    raw = _columns(layout)
    names = [name or f"column {number}" for number, name in enumerate(layout.names, start=1)]
    columns = understood(names, layout.named, raw, found.written.separator == "semicolon")
    columns = [
        replace(column, named=layout.named and bool(name), nameless=layout.named and not name)
        for column, name in zip(columns, layout.names, strict=True)
    ]
    roles = roles_of(columns, reading.target, reading.drop, reading.window is not None)
    notes = [
        *([encoding] if encoding is not None else []),
        *layout.notes,
        *_written(found.written, columns),
        *roles.notes,
    ]
    return _assembled(layout, columns, roles, reading, file, found.written.separator, notes)


def _check(layout: Layout, file: str) -> None:
    """Raises ExperimentError for a table without data, or with lines of another number of columns."""
    body, width = layout.body, len(layout.names)
    if not body or (len(body) < 2 and not layout.named):
        count = len(body) + layout.named
        message = Message(
            "{file} has {count} rows; needed: at least one row of data under a header", file=file, count=count
        )
        raise csv_file.failed(message)
    ragged = [(line, len(row)) for line, row in body if len(row) != width]
    if ragged:
        raise csv_file.failed(
            *(
                Message("line {line} has {count} columns; the table has {width}", line=line, count=count, width=width)
                for line, count in ragged[:MOST_PROBLEMS]
            )
        )


def _columns(layout: Layout) -> list[tuple[str, ...]]:
    return list(zip(*(row for _, row in layout.body), strict=True))


# -- inputs and target -------------------------------------------------------------------------------------


def _assembled(
    layout: Layout,
    columns: Sequence[Column],
    roles: Roles,
    reading: Reading,
    file: str,
    separator: str,
    notes: list[Message],
) -> TabularData:
    series = reading.window is not None
    numeric_target = roles.target.values is not None and roles.target.kind != "truth"
    if not roles.inputs and not (series and numeric_target):
        raise csv_file.failed(_no_inputs(columns, roles, file))
    _check_inputs(layout, roles)
    used, target, kept, more = filled(roles, reading.missing, layout.body)
    notes += more
    if not len(kept):
        raise csv_file.failed(Message("{file} has no row without gaps; --missing mean fills them", file=file))
    if series and any(column.kind == "date" and fall([*filter(None, column.cells)]) for column, _ in roles.left_out):
        kept = kept[::-1]
        notes.append(Message("the dates fall: the rows are read from the last to the first"))
    inputs: dict[str, Array] = {}
    words = []
    for column in used:
        if column.kind == "words":
            words.append(column)
            inputs |= _one_hot(column)
        elif column.values is not None:
            inputs[_free(column.name, inputs)] = column.values
    if words:
        counts = ", ".join(f"{column.name} ({len(_one_hot(column))})" for column in words)
        notes.append(
            Message(
                "words become an input for each: {columns}; --drop {names}",
                columns=Verbatim(counts),
                names=naming(words),
            )
        )
    values, classes = _target(target, kept, reading, layout.classes, file)
    if series and classes is None:
        inputs[_free(target.name, inputs)] = values
    if not inputs:
        raise csv_file.failed(_no_inputs(columns, roles, file))
    features = np.column_stack([each[kept] for each in inputs.values()])
    values = values[kept]
    if reading.window is not None and len(kept) <= reading.window:
        message = Message("{given} given; allowed: 1 to {most}, as there are {rows} rows",
            given=reading.window, most=len(kept) - 1, rows=len(kept))  # fmt: skip
        raise ExperimentError([Problem("window", message)])
    numbers = [
        (name, int(count))
        for name, count in zip(classes or (), np.bincount(values.astype(int)) if classes else (), strict=False)
    ]
    notes += _of_target(target, values, numbers, reading)
    mean, std = _moments(values)
    about = Understood(
        rows=len(kept),
        inputs=tuple(inputs),
        target=target.name,
        classes=tuple(numbers),
        mean=mean,
        std=std,
        low=float(values.min()),
        high=float(values.max()),
        window=reading.window,
        separator=separator,
        columns=tuple(_about(column, roles, classes) for column in columns),
        preview=tuple(tuple(row) for _, row in layout.body[:_PREVIEW]),
        notes=tuple(notes),
    )
    return TabularData(features, values, classes, about)


def _no_inputs(columns: Sequence[Column], roles: Roles, file: str) -> Message:
    values = {"file": file, "count": len(columns), "target": Verbatim(roles.target.name)}
    if any(column.kind == "date" for column in columns) or len(columns) == 1:
        return Message(
            "{file} has no input beside the target {target}; --window N makes a series of it: N rows as the steps, "
            "the next as the target",
            **values,
        )
    return Message("{file} has {count} columns: no input beside the target {target}; --target, --drop decide", **values)


def _check_inputs(layout: Layout, roles: Roles) -> None:
    """Raises ExperimentError for inputs that cannot be read, each column once."""
    messages = []
    names = [column for column in roles.inputs if column.kind == "names"]
    for column in names:
        messages.append(
            Message(
                "column {column} holds {count} different texts, as {example}: it is no input; --drop {name}",
                column=repr(column.name), count=column.distinct, example=given(next(iter(column.counts))),
                name=naming([column]),
            )
        )  # fmt: skip
    if len(names) > 1:
        messages.append(Message("all of them: --drop {names}", names=naming(names)))
    for column in (*roles.inputs, roles.target):
        if column.wrong is None or (column is roles.target and column.kind == "unclear" and column.distinct <= FEW):
            continue
        line, row = layout.body[column.wrong]
        messages.append(
            Message(
                "line {line}, column {column}: {cell} is not a finite number; correct it, or --drop {name}",
                line=line, column=repr(column.name), cell=given(row[column.number - 1]), name=naming([column]),
            )
        )  # fmt: skip
    if messages:
        raise csv_file.failed(*messages)


def _one_hot(column: Column) -> dict[str, Array]:
    """An input of 0 and 1 for every word, and one for gaps."""
    cells = np.array(column.cells)
    made = {f"{column.name}={word}": (cells == word).astype(np.float64) for word in column.counts}
    if column.missing:
        made[f"{column.name}="] = np.array([float(cell not in column.counts) for cell in column.cells])
    return made


def _free(name: str, taken: dict[str, Array]) -> str:
    """The name, with a number behind it where it is taken."""
    count = 2
    while name in taken:
        name, count = f"{name.rpartition(' ')[0] if count > 2 else name} {count}", count + 1
    return name


def _target(
    target: Column, kept: Array, reading: Reading, named: Sequence[str], file: str
) -> tuple[Array, tuple[str, ...] | None]:
    """The target of all rows: numbers, or class numbers with the names of the classes; of the kept rows it is varied.

    Raises ExperimentError where there is nothing to be learnt.
    """
    if target.kind == "date":
        message = Message("{column} holds dates: no target", column=repr(target.name))
        raise ExperimentError([Problem("target", message)])
    values, classes = target.values, None
    if target.values is None or target.kind == "truth":
        known = [target.cells[row] for row in kept]
        classes = tuple(sorted(set(known)))
        if len(classes) > MOST_CLASSES or (
            target.kind == "names" and len(classes) > FEW and 2 * len(classes) > len(kept)
        ):
            message = Message(
                "{column} holds {count} different texts: too many to be classes",
                column=repr(target.name),
                count=len(classes),
            )
            raise ExperimentError([Problem("target", message)])
        numbers = {name: number for number, name in enumerate(classes)}
        values = np.array([numbers.get(cell, 0) for cell in target.cells], dtype=np.int64)
    elif reading.loss == "cross_entropy" or named:
        values, classes = _as_classes(target, kept, named, file)
    assert values is not None
    # Of one row alone the number is none that could vary.
    if len({*values[kept].tolist()}) < 2 and (len(kept) > 1 or classes is not None):
        only = given(target.cells[kept[0]])
        message = Message(
            "the target {column} is {value} in all {rows} rows: nothing to learn; --target COLUMN takes another",
            column=repr(target.name), value=only, rows=len(kept),
        )  # fmt: skip
        raise csv_file.failed(message)
    return values, classes


def _as_classes(target: Column, kept: Array, named: Sequence[str], file: str) -> tuple[Array, tuple[str, ...]]:
    """Whole numbers as classes: as many as there are different ones in the file."""
    assert target.values is not None
    found = np.unique(target.values[kept])
    if not (np.mod(found, 1) == 0).all() or len(found) > MOST_CLASSES:
        message = Message(
            "'cross_entropy' needs classes: words, or up to {most} whole numbers; {data} has others; allowed: mse",
            most=MOST_CLASSES, data=file,
        )  # fmt: skip
        raise ExperimentError([Problem("loss", message)])
    # Between two that are kept a row that is left out may stand: any number will do for it.
    classes = tuple(named) if len(named) == len(found) else tuple(str(int(value)) for value in found)
    return np.searchsorted(found, np.nan_to_num(target.values)).clip(0, len(found) - 1), classes


# -- what is said ------------------------------------------------------------------------------------------


def _written(written: Written, columns: Sequence[Column]) -> list[Message]:
    """How the table is written, where that is not the usual way."""
    notes = []
    if written.separator != "comma":
        notes.append(Message("columns are parted by {what}; --separator decides", what=PARTS[written.separator]))
    for way, text in WAYS.items():
        names = [column.name for column in columns if column.way == way]
        if names:
            notes.append(Message("{what}: {columns}", what=text, columns=Verbatim(", ".join(names))))
    return notes


def _of_target(target: Column, values: Array, classes: Sequence[tuple[str, int]], reading: Reading) -> list[Message]:
    """What is to be said of the target: numbers that may be classes, classes that are rare."""
    if not classes:
        found = np.unique(values)
        # Numbers that come again and again, or 1, 2, 3: a price of 3 or 6 is none.
        again = 2 * len(found) <= len(values) or (found[0] in (0, 1) and bool((np.diff(found) == 1).all()))
        asks = reading.loss is None and reading.window is None and target.is_whole and len(found) <= FEW
        if asks and again:
            message = Message(
                "target {column}: {count} whole numbers: classes? --loss cross_entropy",
                column=Verbatim(target.name), count=len(found),
            )  # fmt: skip
            return [message]
        return []
    least, most = min(classes, key=lambda row: row[1]), max(classes, key=lambda row: row[1])
    if most[1] < _UNEVEN * least[1]:
        return []
    return [
        Message(
            "uneven classes: {few} times {rare}, {many} times {common}: always to answer {common} is right in {share}",
            rare=Verbatim(least[0]), few=least[1], common=Verbatim(most[0]), many=most[1],
            share=f"{rounded(100 * most[1] / len(values), 3)} %",
        )
    ]  # fmt: skip


def _moments(values: Array) -> tuple[float, float]:
    """Mean and standard deviation."""
    exponent = np.frexp(max(abs(float(values.min())), abs(float(values.max()))))[1]
    scaled = np.ldexp(values.astype(np.float64), -exponent)
    return float(np.ldexp(scaled.mean(), exponent)), float(np.ldexp(scaled.std(), exponent))


def _about(column: Column, roles: Roles, classes: Sequence[str] | None) -> ColumnAbout:
    why = next((reason for other, reason in roles.left_out if other is column), None)
    becomes: str
    if column is roles.target:
        becomes = Message("target: {count} classes", count=len(classes)) if classes else Message("target: numbers")
    elif why is not None:
        becomes = LEFT_OUT[why]
    elif column.kind == "words":
        becomes = Message("{count} inputs of 0 and 1", count=len(column.counts) + bool(column.missing))
    else:
        becomes = Message("input")
    known = None if column.values is None else column.values[~np.isnan(column.values)]
    has = known is not None and len(known) > 0
    counts = Counter(column.counts) if column.counts and column.kind != "names" else Counter()
    return ColumnAbout(
        column.number,
        column.name,
        KINDS[column.kind],
        becomes,
        column.missing,
        float(known.min()) if has and known is not None else None,
        float(known.max()) if has and known is not None else None,
        column.unit,
        column.distinct,
        tuple(counts.most_common(_WORDS)),
    )
