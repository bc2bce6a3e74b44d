"""`gradtui data`: how a table is read, at length."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from rich.cells import cell_len

from gradtui_engine import Experiment, ExperimentError, Problem
from gradtui_engine.analysis.json_document import strict
from gradtui_engine.core.fields import Switch
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Option, option, options_of
from gradtui_engine.core.options import read as read_options
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import understood
from gradtui_engine.experiment.data_fields import OF_FILES
from gradtui_engine.experiment.experiment import options

from ..text import table_words as words_of
from ..text.language import tr
from .columns import GAP, widths_of

if TYPE_CHECKING:
    from .invocation import Invocation
    from .words import Words

#: The fields of an experiment that say how a file is read.
_FIELDS = (*OF_FILES, "loss")
#: Width where the output is not a terminal; the least width of a column of the preview.
_COLUMNS, _LEAST = 120, 12


@dataclass(frozen=True)
class DataReport:
    """What `gradtui data` was asked for."""

    json: bool = option(False, "print one JSON document instead", Switch())
    experiment: Experiment = dataclasses.field(default_factory=Experiment)


def rows() -> Sequence[Option]:
    """Its options: its own, and the experiment's that say how a file is read."""
    return (*options_of(DataReport).values(), *(options()[name] for name in _FIELDS))


def asked(words: Words) -> DataReport:
    """What was typed. Raises ExperimentError with every problem."""
    problems: list[Problem] = []
    given: dict[str, Any] = read_options(rows(), words.given, problems)
    as_json = given.pop("json", False)
    if len(words.files) != 1:
        message = Message("{count} given; needed: one table, as in gradtui data FILE", count=len(words.files))
        problems.append(Problem("FILE", message))
    file = words.files[0] if words.files else "?"
    try:
        experiment = Experiment(data=PREFIX + file.removeprefix(PREFIX), **given)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise ExperimentError(problems)
    return DataReport(json=as_json, experiment=experiment)


def data(invocation: Invocation[DataReport], out: TextIO) -> int:
    """Print what a table was understood as. Raises ExperimentError where it cannot be used."""
    resolved = invocation.options.experiment.resolved
    about = understood(resolved.request())
    assert about is not None
    if invocation.options.json:
        json.dump(strict(dataclasses.asdict(about)), out, allow_nan=False)
        out.write("\n")
        return 0
    width = shutil.get_terminal_size((_COLUMNS, 24)).columns
    lines = list(words_of.table_notes(resolved, scaled=True))
    if about.classes:
        lines.append(tr("classes: {list}", list=words_of.classes(about)))
    elif about.std:
        lines.append(words_of.guessed(about))
    lines += ["", *_left(words_of.rows_of_columns(about), width)]
    lines += ["", tr("the first rows"), *_left(words_of.preview(about, max(3, width // _LEAST)), width)]
    out.write("\n".join(lines) + "\n")
    return 0


def _left(table: Sequence[Sequence[str]], width: int) -> list[str]:
    """The rows as lines, every column from one place on; the last one as far as the line goes."""
    widths = widths_of(table)
    lines = []
    for row in table:
        cells = [cell + " " * (room - cell_len(cell)) for cell, room in zip(row, widths, strict=True)]
        line = (" " * GAP).join(cells).rstrip()
        lines.append(line if cell_len(line) <= width else line[: width - 1] + "…")
    return lines
