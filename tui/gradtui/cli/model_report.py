"""`gradtui model`: what a checkpoint says of a model, and what has changed between two."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from rich.console import Console

from gradtui_engine.core.figures import NONE, percent, short, times
from gradtui_engine.core.message import English, Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.recordings.checkpoints.changes import Change, changes, remarks_of
from gradtui_engine.recordings.checkpoints.checkpoint import Checkpoint, open_checkpoint
from gradtui_engine.recordings.checkpoints.json_document import of_changes, of_look
from gradtui_engine.recordings.checkpoints.look import Look, Weight, look
from gradtui_engine.recordings.checkpoints.roles import KINDS, WEIGHTS
from gradtui_engine.recordings.checkpoints.told import Remark, badness, called, remarks

from ..text.language import tr
from .columns import GAP, aligned, widths_of
from .printed import exactly

if TYPE_CHECKING:
    from .invocation import Invocation
    from .own_options import ModelOptions

#: Rows of the table where not all are asked for; the width where the output is not a terminal.
_ROWS, _COLUMNS = 20, 120
Row = TypeVar("Row")
#: A column: its heading, and its text for a row.
_Column = tuple[English, Callable[[Row], str]]


def model(invocation: Invocation[ModelOptions], out: TextIO) -> int:
    """Look at one checkpoint, or compare two. Raises ExperimentError for a file that cannot be read."""
    files, options = invocation.words.files, invocation.options
    if not 1 <= len(files) <= 2:
        message = Message("{count} given; needed: one checkpoint, or two to compare", count=len(files))
        raise ExperimentError([Problem("CHECKPOINT", message)])
    checkpoints = _opened(files)
    # Shown on a terminal only, on stderr: a large model takes a while.
    with Console(stderr=True).status(tr("reading …")) as line:

        def told(share: float) -> None:
            line.update(tr("{share} read …", share=percent(share)))

        first, last = checkpoints[0], checkpoints[-1]
        seen = look(first, told) if len(files) == 1 else changes(first, last, told)
    if options.json:
        json.dump(of_look(seen) if isinstance(seen, Look) else of_changes(seen), exactly(out), allow_nan=False)
        out.write("\n")
        return 0
    for checkpoint in checkpoints:
        for note in checkpoint.notes:
            out.write(f"{checkpoint.file}: {tr(note)}\n" if len(files) > 1 else f"{tr(note)}\n")
    sentences, table = (
        (remarks(seen), _weights(seen, options.all))
        if isinstance(seen, Look)
        else (remarks_of(seen), _changes(seen.rows, options.all))
    )
    out.write("\n".join([*_sentences(sentences), *([""] if table else []), *table]) + "\n")
    return 0


def _opened(files: Sequence[str]) -> list[Checkpoint]:
    """All of them; what is wrong with any is told at once."""
    checkpoints, problems = [], list[Problem]()
    for file in files:
        try:
            checkpoints.append(open_checkpoint(Path(file)))
        except ExperimentError as error:
            problems += error.problems
    if problems:
        raise ExperimentError(problems)
    return checkpoints


def _sentences(rows: Sequence[Remark]) -> Iterator[str]:
    for row in rows:
        text = tr(row.message)
        yield tr("{sentence}.", sentence=text[:1].upper() + text[1:] if not row.names or _is_word(text) else text)


def _is_word(text: str) -> bool:
    """Whether a sentence begins with a word, and not with a tensor's name."""
    first = text.partition(" ")[0]
    return not first.endswith(":")


# -- one checkpoint ----------------------------------------------------------------------------------------


def _weights(seen: Look, everything: bool) -> list[str]:
    chosen = sorted(seen.weights, key=badness)
    if not everything:
        chosen = [row for row in chosen if row.kind in WEIGHTS or row.dead_count or row.non_finite]
    rows = chosen if everything else chosen[:_ROWS]
    if not rows:
        return []
    lines = _table(_OF_WEIGHTS, rows, _SPARE)
    if any(row.spectrum is not None and not row.spectrum.exact for row in rows):
        lines.append(tr("≈ of large matrices the largest singular value alone is looked for, within some per cent"))
    return [*lines, *_left_out(len(chosen) - len(rows))]


def _left_out(count: int) -> list[str]:
    return [tr("{count} more: --all", count=count)] if count > 0 else []


def _table(columns: Sequence[_Column[Row]], rows: Sequence[Row], spare: Sequence[English] = ()) -> list[str]:
    """The rows under headings; where the terminal is too narrow, columns that are spare are left out, the first of them
    first, and those in which nothing stands."""
    room = shutil.get_terminal_size((_COLUMNS, 24)).columns
    while True:
        cells = [[tr(head) for head, _ in columns], *([cell(row) for _, cell in columns] for row in rows)]
        empty = [head for place, (head, _) in enumerate(columns) if all(line[place] == NONE for line in cells[1:])]
        out = empty if empty and rows else [head for head in spare if head in [one for one, _ in columns]][:1]
        if not out or (not empty and sum(width + GAP for width in widths_of(cells)) <= room + GAP):
            return [line.rstrip() for line in aligned(cells, left=1)]
        columns = [column for column in columns if column[0] not in out]


def _nearest(weight: Weight) -> str:
    if weight.nearest is None:
        return NONE
    return f"{tr(called(weight.nearest.initialiser))} {times(weight.nearest.times)}"


def _singular(read: Callable[[Any], float | None]) -> Callable[[Weight], str]:
    def text(weight: Weight) -> str:
        return NONE if weight.spectrum is None else short(read(weight.spectrum))

    return text


def _largest(weight: Weight) -> str:
    if weight.spectrum is None:
        return NONE
    return ("" if weight.spectrum.exact else "≈") + short(weight.spectrum.largest)


def _factor(activation: str) -> Callable[[Weight], str]:
    def text(weight: Weight) -> str:
        return NONE if weight.theory is None else times(math.sqrt(weight.theory[activation].chi))

    return text


def _depth_scale(weight: Weight) -> str:
    return NONE if weight.theory is None else short(weight.theory["tanh"].depth_scale)


_OF_WEIGHTS: tuple[tuple[English, Callable[[Weight], str]], ...] = (
    ("weight", lambda row: row.name),
    ("kind", lambda row: tr(KINDS[row.kind])),
    ("shape", lambda row: "×".join(map(str, row.shape)) or "1"),
    ("not finite", lambda row: str(row.non_finite) if row.non_finite else NONE),
    ("rms", lambda row: short(row.rms)),
    ("PyTorch's ×", lambda row: NONE if row.times is None else short(row.times)),
    ("nearest", _nearest),
    ("dead", lambda row: str(row.dead_count) if row.dead_count else NONE),
    ("copies", lambda row: str(row.copies) if row.copies else NONE),
    ("σ largest", _largest),
    ("median", _singular(lambda spectrum: spectrum.median)),
    ("smallest", _singular(lambda spectrum: spectrum.smallest)),
    ("condition", _singular(lambda spectrum: spectrum.condition)),
    ("stable rank", _singular(lambda spectrum: spectrum.stable_rank)),
    ("effective rank", _singular(lambda spectrum: spectrum.effective_rank)),
    ("√χ tanh", _factor("tanh")),
    ("ξ tanh", _depth_scale),
    ("√χ ReLU", _factor("relu")),
)
#: The columns that give way in a narrow terminal, in this order.
_SPARE: tuple[English, ...] = (
    "effective rank", "kind", "median", "smallest", "ξ tanh", "PyTorch's ×", "√χ ReLU", "stable rank", "shape",
)  # fmt: skip


# -- two ---------------------------------------------------------------------------------------------------


def _changes(found: Sequence[Change], everything: bool) -> list[str]:
    if not found:
        return []
    chosen = sorted(
        found, key=lambda row: (-row.non_finite, -row.relative if math.isfinite(row.relative) else -math.inf)
    )
    rows = chosen if everything else chosen[:_ROWS]
    return [*_table(_OF_CHANGES, rows), *_left_out(len(chosen) - len(rows))]


_OF_CHANGES: tuple[tuple[English, Callable[[Change], str]], ...] = (
    ("parameter", lambda row: row.name),
    ("shape", lambda row: "×".join(map(str, row.shape)) or "1"),
    ("not finite", lambda row: str(row.non_finite) if row.non_finite else NONE),
    ("norm of A", lambda row: short(row.before)),
    ("norm of B", lambda row: short(row.after)),
    ("‖ΔW‖ / ‖W‖", lambda row: tr("unchanged") if row.is_unchanged else short(row.relative)),
    ("the same", lambda row: NONE if row.is_unchanged or not row.same else percent(row.same)),
)
