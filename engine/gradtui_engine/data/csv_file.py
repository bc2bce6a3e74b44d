"""A user's own data: one CSV file with a header row, the last column the target."""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core import allowances
from ..core.fields import Rejected
from ..core.message import Message
from ..core.numerics import Array
from ..core.problems import ExperimentError, Problem, nearest

PREFIX = "csv:"
MOST_BYTES = 256 * 2**20
# A file with a wrong separator is wrong in every line: a few say enough.
MOST_PROBLEMS = 5


def allowed() -> bool:
    """Whether this process reads files at all: one that serves other people's visitors does not."""
    return allowances.current().tables


def check_allowed(source: str) -> None:
    """Raises Rejected for csv:PATH where no files are read, whatever the path."""
    if not allowed() and source.startswith(PREFIX):
        raise Rejected(Message("{prefix} files are not read here; take one of the data sets by name", prefix=PREFIX))


@dataclass(frozen=True, slots=True)
class TabularData:
    """features (rows, columns); target (rows,): numbers, or class numbers where `classes` names them."""

    features: Array
    target: Array
    classes: tuple[str, ...] | None


def _failed(*messages: str) -> ExperimentError:
    return ExperimentError(Problem("data", message) for message in messages)


def path_of(source: str) -> Path:
    path = Path(source.removeprefix(PREFIX))
    try:
        return path.expanduser()
    except RuntimeError:  # ~nobody: there is no such user
        return path


def stamp(source: str) -> tuple[int, int]:
    """(modification time, size) of the file: what says that a remembered reading is stale."""
    try:
        check_allowed(source)
    except Rejected as error:
        raise _failed(error.message) from None
    path = path_of(source)
    try:
        status = path.stat()
    except OSError as error:
        match = nearest(path.name, _tables_beside(path))
        if match is None:
            raise _failed(_unreadable(path, error.strerror)) from None
        message = Message(
            "{file} cannot be read: {reason}; did you mean {match}?",
            file=_quoted(path), reason=error.strerror, match=_quoted(path.with_name(match)),
        )  # fmt: skip
        raise _failed(message) from None
    except ValueError as error:  # a NUL in the name
        raise _failed(_unreadable(path, str(error))) from None
    if not path.is_file():
        raise _failed(Message("{file} is not a file; give a CSV file as csv:PATH", file=_quoted(path)))
    if status.st_size > MOST_BYTES:
        message = Message(
            "{file} has {size} MiB; allowed: up to {most} MiB",
            file=_quoted(path), size=status.st_size >> 20, most=MOST_BYTES >> 20,
        )  # fmt: skip
        raise _failed(message)
    return status.st_mtime_ns, status.st_size


def _quoted(path: Path) -> str:
    return repr(str(path))


def _unreadable(path: Path, reason: str | None) -> Message:
    return Message("{file} cannot be read: {reason}", file=_quoted(path), reason=reason)


def _tables_beside(path: Path) -> list[str]:
    try:
        return [path_beside.name for path_beside in path.parent.glob("*.csv")]
    except OSError:
        return []


def read(source: str) -> TabularData:
    """The table at csv:PATH. Raises ExperimentError with line and column of what is wrong."""
    return _read(source, stamp(source))


@functools.lru_cache(maxsize=4)
def _read(source: str, stamped: tuple[int, int]) -> TabularData:
    path = path_of(source)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(reader.line_num, row) for reader in [csv.reader(file, strict=True)] for row in reader if row]
    except OSError as error:
        raise _failed(_unreadable(path, error.strerror)) from None
    except UnicodeDecodeError as error:
        message = Message(
            "{file} is not UTF-8 text (byte {number}); save it as UTF-8 CSV", file=_quoted(path), number=error.start
        )
        raise _failed(message) from None
    except csv.Error as error:
        raise _failed(Message("{file} is not CSV: {reason}", file=_quoted(path), reason=str(error))) from None
    if len(rows) < 2:
        message = Message(
            "{file} has {count} rows; needed: a header row and at least one row of data",
            file=_quoted(path), count=len(rows),
        )  # fmt: skip
        raise _failed(message)
    (_, header), body = rows[0], rows[1:]
    if len(header) < 2:
        raise _failed(_one_column(path, header[0]))
    ragged = [(line, len(row)) for line, row in body if len(row) != len(header)]
    if ragged:
        raise _failed(*(_ragged(line, count, len(header)) for line, count in ragged[:MOST_PROBLEMS]))
    features = _numbers(header[:-1], [(line, row[:-1]) for line, row in body])
    return _with_target(features, [row[-1].strip() for _, row in body], header[-1])


def _one_column(path: Path, heading: str) -> Message:
    if ";" in heading or "\t" in heading:
        return Message(
            "{file} has 1 column; needed: at least one input and the target; columns are separated by commas",
            file=_quoted(path),
        )
    return Message("{file} has 1 column; needed: at least one input and the target", file=_quoted(path))


def _ragged(line: int, count: int, header: int) -> Message:
    return Message("line {line} has {count} columns; the header has {header}", line=line, count=count, header=header)


def _numbers(header: list[str], body: list[tuple[int, list[str]]]) -> Array:
    try:
        values = np.array([row for _, row in body], dtype=np.float64)
    except ValueError:
        values = np.array([[_number(cell) for cell in row] for _, row in body])
    if np.isfinite(values).all():
        return values
    problems = []
    for row, column in np.argwhere(~np.isfinite(values))[:MOST_PROBLEMS]:
        line, cells = body[row]
        problems.append(_no_number(line, header[column], cells[column]))
    raise _failed(*problems)


def _no_number(line: int, column: str, cell: str) -> Message:
    if not cell.strip():
        return Message("line {line}, column {column} is empty", line=line, column=repr(column))
    return Message(
        "line {line}, column {column}: {cell} is not a finite number", line=line, column=repr(column), cell=repr(cell)
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _with_target(features: Array, cells: list[str], name: str) -> TabularData:
    if "" in cells:
        row = cells.index("") + 1
        raise _failed(Message("row {row} of the data: the target {name} is empty", row=row, name=repr(name)))
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        classes = tuple(sorted(set(cells)))
        numbers = {label: number for number, label in enumerate(classes)}
        return TabularData(features, np.array([numbers[cell] for cell in cells], dtype=np.int64), classes)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        message = Message(
            "row {row} of the data: the target {cell} is not a finite number", row=row + 1, cell=repr(cells[row])
        )
        raise _failed(message)
    return TabularData(features, values, None)
