"""A user's own data: one CSV file with a header row, the last column the target."""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .numerics import Array
from .problems import ExperimentError, Problem, nearest

PREFIX = "csv:"
MOST_BYTES = 256 * 2**20
# A file with a wrong separator is wrong in every line: a few say enough.
MOST_PROBLEMS = 5


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
    path = path_of(source)
    try:
        found = path.stat()
    except OSError as error:
        match = nearest(path.name, _tables_beside(path))
        hint = f"; did you mean {str(path.with_name(match))!r}?" if match else ""
        raise _failed(f"{str(path)!r} cannot be read: {error.strerror}{hint}") from None
    except ValueError as error:  # a NUL in the name
        raise _failed(f"{str(path)!r} cannot be read: {error}") from None
    if not path.is_file():
        raise _failed(f"{str(path)!r} is not a file; give a CSV file as csv:PATH")
    if found.st_size > MOST_BYTES:
        raise _failed(f"{str(path)!r} has {found.st_size >> 20} MiB; allowed: up to {MOST_BYTES >> 20} MiB")
    return found.st_mtime_ns, found.st_size


def _tables_beside(path: Path) -> list[str]:
    try:
        return [each.name for each in path.parent.glob("*.csv")]
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
        raise _failed(f"{str(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _failed(f"{str(path)!r} is not UTF-8 text (byte {error.start}); save it as UTF-8 CSV") from None
    except csv.Error as error:
        raise _failed(f"{str(path)!r} is not CSV: {error}") from None
    if len(rows) < 2:
        raise _failed(f"{str(path)!r} has {len(rows)} rows; needed: a header row and at least one row of data")
    (_, header), body = rows[0], rows[1:]
    if len(header) < 2:
        hint = "; columns are separated by commas" if ";" in header[0] or "\t" in header[0] else ""
        raise _failed(f"{str(path)!r} has {len(header)} column; needed: at least one input and the target{hint}")
    ragged = [
        f"line {line} has {len(row)} columns; the header has {len(header)}"
        for line, row in body
        if len(row) != len(header)
    ]
    if ragged:
        raise _failed(*ragged[:MOST_PROBLEMS])
    features = _numbers(header[:-1], [(line, row[:-1]) for line, row in body])
    return _with_target(features, [row[-1].strip() for _, row in body], header[-1])


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
        what = f": {cells[column]!r} is not a finite number" if cells[column].strip() else " is empty"
        problems.append(f"line {line}, column {header[column]!r}{what}")
    raise _failed(*problems)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _with_target(features: Array, cells: list[str], name: str) -> TabularData:
    if "" in cells:
        raise _failed(f"row {cells.index('') + 1} of the data: the target {name!r} is empty")
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        classes = tuple(sorted(set(cells)))
        numbers = {label: number for number, label in enumerate(classes)}
        return TabularData(features, np.array([numbers[cell] for cell in cells], dtype=np.int64), classes)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise _failed(f"row {row + 1} of the data: the target {cells[row]!r} is not a finite number")
    return TabularData(features, values, None)
