"""`gradtui open`: what `gradtui run --save` and `gradtui run --json` have written is on the screen again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradtui_engine import Experiment, ExperimentError, Problem
from gradtui_engine.analysis.opening import read
from gradtui_engine.analysis.record import Record
from gradtui_engine.core.message import Message

from ..model.needs import Computed, Need, Recording
from ..model.opening import Opening
from ..model.panes_of import cell_of
from ..model.timeline import Timeline
from ..share import address
from .launch import screen_texts

if TYPE_CHECKING:
    from .words import Words

#: A and B.
_MOST = 2


def opening(words: Words) -> Opening:
    """What the screen opens with: one record as A, or two as A and B. Raises ExperimentError with every problem."""
    records, problems = _records(words.files)
    given = dict(screen_texts(words))
    if len(records) == _MOST:
        given.setdefault("view", "compare")
    sources = tuple(record.source for record in records)
    known = sources[0].experiment if sources else None
    cell = "" if known is not None or not records else cell_of(records[0].axis)
    try:
        state, cursor = address.read(known or Experiment(), given, sources, cell)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise ExperimentError(problems)
    results: dict[Need, Computed] = {
        Recording(record.source): Computed(record, Timeline.of(record)) for record in records
    }
    return Opening(state, cursor, results)


def _records(files: Sequence[str]) -> tuple[list[Record], list[Problem]]:
    """The records of all files that can be read, and what is wrong with the others, or with how many there are."""
    records: list[Record] = []
    problems: list[Problem] = []
    for file in files:
        try:
            records += read(Path(file))
        except ExperimentError as error:
            problems += error.problems
    if not files:
        problems.append(Problem("FILE", Message("needs a file that run --save or run --json has written")))
    elif len(records) > _MOST:
        message = Message("{count} records; two at the most, as A and B", count=len(records))
        problems.append(Problem("FILE", message))
    return records[:_MOST], problems
