"""Tables of numbers by the step: metrics.csv of Lightning, Keras' CSVLogger, anyone's step,loss,lr, JSON lines."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.fields import Rejected
from ...core.message import Message
from ...data import csv_file
from ...data.cells import MISSING
from ...data.columns import numbers
from ...data.dialect import cut
from ...data.layout import taken_apart
from ..clean import cleaned
from .hugging_face import number
from .log import LACKS, Log
from .names import Chosen, chosen

#: How programs write what is no number, which a log has to tell from what was not logged.
_NAN = frozenset({"nan", "NaN", "NAN", "-nan", "-NaN", "+nan"})
#: What a tensor that was written as a text is: tensor(2.3026, device='cuda:0').
_TENSOR = re.compile(r"tensor\(\s*([-+0-9.eE]+|nan|inf|-inf)[,)].*")
#: Names in a message, at the most.
_MOST_NAMES = 8

Columns = Mapping[str, Sequence[float | None]]


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text."""
    return bool(head.strip()) and b"\0" not in head and not head.startswith(b"\x80")


def log_of(path: Path, is_table: bool) -> Log | None:
    """What a table says; None where it is none, or none of a training. is_table: its name says that it is one.

    Raises Rejected where it is one and has no loss, ExperimentError where it cannot be read.
    """
    text, encoding = csv_file.text_of(path)
    if text.lstrip()[:1] == "{":
        columns, notes = _of_json_lines(text)
    else:
        columns, notes = _of_table(text)
    if encoding is not None:
        notes.append(str(encoding))
    if columns is None or not any(map(len, columns.values())):
        return None
    found = chosen({name: sum(value is not None for value in values) for name, values in columns.items()})
    if found.loss is None and found.gradient is None:
        if not is_table:
            return None
        names = ", ".join(list(columns)[:_MOST_NAMES])
        raise Rejected(
            Message("has no column that is a loss or a gradient's norm by its name; its columns: {names}", names=names)
        )
    return log_of_columns(columns, found, notes)


def log_of_columns(columns: Columns, found: Chosen, notes: Sequence[str], lacks: str = LACKS) -> Log:
    """What columns say, of which it is known what they hold."""
    steps, numbered = _steps(columns, found)
    log = Log(notes=[lacks, "taken by their names – " + "; ".join(found.used), *notes])
    if numbered:
        log.notes.append(numbered)
    if found.others:
        log.notes.append(f"other losses, which are not used: {', '.join(found.others[:_MOST_NAMES])}")

    def series(name: str | None) -> dict[int, float]:
        if name is None:
            return {}
        return {step: value for step, value in zip(steps, columns[name], strict=True) if value is not None}

    log.losses, log.gradients, log.held_out = map(series, (found.loss, found.gradient, found.held_out))
    log.scales, log.rates = series(found.scale), [series(name) for name in found.rates]
    times = series(found.time)
    # Seconds since 1970, not since the beginning.
    log.times = times if all(value > 1e8 for value in times.values()) else {}
    return log


def _steps(columns: Columns, found: Chosen) -> tuple[list[int], str]:
    """The number of each row, and what is to be said of it."""
    count = len(next(iter(columns.values())))
    if found.step is not None:
        known = [_whole(value) for value in columns[found.step]]
        filled = [value for value in known if value is not None]
        if len(filled) == count and all(b >= a for a, b in itertools.pairwise(filled)):
            return filled, ""
        why = f"{found.step} begins anew" if len(filled) == count else f"{found.step} is not known of every row"
        return list(range(count)), f"steps are the numbers of the rows, as {why}"
    if found.epoch is not None:
        known = [_whole(value) for value in columns[found.epoch]]
        filled = [value for value in known if value is not None]
        if len(filled) == count and all(b > a for a, b in itertools.pairwise(filled)):
            return filled, "a row for each epoch: a loss is a mean over it, and what goes wrong within is not seen"
    return list(range(count)), "steps are the numbers of the rows: no column says them"


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None and value == value and 0 <= value < 2**53 and value % 1 == 0 else None


# -- CSV ---------------------------------------------------------------------------------------------------


def _of_table(text: str) -> tuple[Columns | None, list[str]]:
    """The columns of a table that are numbers."""
    try:
        found = cut(text)
    except csv.Error:
        return None, []
    if len(found.rows) < 2:
        return None, []
    layout = taken_apart(found, "yes")
    names = [cleaned(name) for name in layout.names]
    # A logger that is started again writes its header again; one that is at work has not written its last line whole.
    rows = [row for _, row in layout.body if len(row) == len(names) and row != layout.names]
    left = len(layout.body) - len(rows)
    notes = [f"{left} lines were left out: headers within, or another number of columns"] if left else []
    comma = found.written.separator == "semicolon"
    columns: dict[str, list[float | None]] = {}
    for place, name in enumerate(names):
        values = _numbers([row[place] for row in rows], comma)
        if values is not None and name:
            columns.setdefault(name, values)
    return columns or None, notes


def _numbers(cells: Sequence[str], comma: bool) -> list[float | None] | None:
    """The numbers of a column, None where nothing was logged; None for a column of something else."""
    plain = [_TENSOR.sub(r"\1", cell) if cell.startswith("tensor(") else cell for cell in cells]
    known = [cell for cell in plain if cell in _NAN or cell not in MISSING]
    read = numbers([cell for cell in known if cell not in _NAN], comma)
    if read is None:
        return None
    values = iter(read[0].tolist())
    return [float("nan") if cell in _NAN else next(values) if cell not in MISSING else None for cell in plain]


# -- JSON lines --------------------------------------------------------------------------------------------


def _of_json_lines(text: str) -> tuple[Columns | None, list[str]]:
    """An object a line, each with the numbers of one step."""
    rows: list[dict[str, Any]] = []
    left = 0
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            left += 1
            if not rows:
                return None, []
            continue
        if "k" in row and "schema" in row:  # a recording of ours, behind something else
            return None, []
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name, value in row.items() if number(value) is not None)
    columns = {cleaned(name): [number(row.get(name)) for row in rows] for name in names}
    return columns or None, [f"{left} lines could not be read"] if left else []
