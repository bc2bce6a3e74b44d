"""`gradtui sweep`: a plane of experiments, computed cell by cell, without a screen."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.figures import counted
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.sweeps.cell import Cell
from gradtui_engine.sweeps.document import columns_of, document, in_order, rows_of
from gradtui_engine.sweeps.run import run
from gradtui_engine.sweeps.sweep import Sweep

from ..text import glyphs
from ..text.language import tr
from .escape import Escape
from .output_files import check_writable, not_written
from .printed import toml
from .stop import Stop, leave
from .sweep_executors import executor_of, still_busy
from .sweep_plan import SweepPlan
from .sweep_progress import progress
from .sweep_report import Swept, report

if TYPE_CHECKING:
    from .invocation import Invocation

#: Width where the output is not a terminal.
_COLUMNS = 80
#: The exit status of a process that a signal has ended is this and its number.
_OF_SIGNALS = 128
_PROG = "gradtui sweep"


def sweep(invocation: Invocation[SweepPlan], out: TextIO) -> int:
    """Sweep what was asked for, and print what came of it; 0, 1 where not one cell has a number, 130 after ctrl+C and
    escape, 143 after SIGTERM."""
    options, asked = invocation.options.options, invocation.options.sweep
    if options.csv is not None:
        check_writable(Path(options.csv), "--csv", ".csv", opened=False)
    if options.print_config:
        out.write(toml(asked.to_toml()))
        return 0
    with contextlib.ExitStack() as executors:
        # What there is is told before the executor is closed: Dask's takes a second, and a thread ends its cell first.
        swept, status, problems = _swept(invocation.options, executors)
        _tell(invocation.options, swept, problems, out)
    if problems:
        raise ExperimentError(problems)
    if status:
        return leave(status) if still_busy() else status
    return int(all(cell.failed for cell in swept.cells.values()))


def _tell(plan: SweepPlan, swept: Swept, problems: list[Problem], out: TextIO) -> None:
    """Write and print what came of it; what goes wrong with that is added to the problems."""
    options, asked = plan.options, plan.sweep
    problems += _written(options.csv, asked, swept)
    if options.store is not None:
        _tell_of_store(swept, options.store)
    if options.json:
        if swept.interrupted:
            print(f"{_PROG}: {_interrupted(swept)}", file=sys.stderr)
        json.dump(document(asked, swept.cells.values()), out, allow_nan=False)
        out.write("\n")
    else:
        width = shutil.get_terminal_size((_COLUMNS, 24)).columns
        out.write("\n".join(report(swept, width)) + "\n")
        if options.plot:
            from .sweep_plot import plots

            colour, blocks = out.isatty(), glyphs.current() != glyphs.ASCII
            out.write("\n" + "\n".join(plots(swept, width, colour, blocks)) + "\n")
        if options.csv is not None and not any(problem.field == "--csv" for problem in problems):
            out.write("\n" + tr("saved {path}", path=options.csv) + "\n")
    out.flush()


def _swept(plan: SweepPlan, executors: contextlib.ExitStack) -> tuple[Swept, int, list[Problem]]:
    """The cells, as far as somebody has waited for them; 0, or the exit status of who has not; what ended it besides,
    such as a store's disk that is full. Raises ExperimentError where that was before the first cell."""
    columns, rows = plan.sweep.shape
    cells: dict[tuple[int, int], Cell] = {}
    problems: list[Problem] = []
    start = time.monotonic()
    with Stop() as stop, Escape() as escape, progress(columns * rows) as tell:

        def ended() -> bool:
            tell(None)
            return stop.asked or escape.pressed()

        try:
            executor = executors.enter_context(executor_of(plan.options))
            for cell in run(plan.sweep, executor, plan.options.store, stop=ended):
                cells[cell.i, cell.j] = cell
                tell(cell)
        except ExperimentError as error:  # the executor's, or the store's
            problems += (Problem(f"--{each.field.lstrip('-')}", each.message) for each in error.problems)
            if not cells:
                raise ExperimentError(problems) from None
        escaped = escape.pressed()
    number = stop.signal if stop.signal is not None else signal.SIGINT if escaped else None
    interrupted = (number is not None or bool(problems)) and len(cells) < columns * rows
    swept = Swept(plan.sweep, cells, time.monotonic() - start, interrupted)
    return swept, _OF_SIGNALS + number if number is not None else 0, problems


def _tell_of_store(swept: Swept, folder: str) -> None:
    known = sum(cell.known for cell in swept.cells.values())
    if known:
        text = tr(
            "{count} of {all} cells were known from {folder}",
            count=counted(known), all=counted(swept.total), folder=folder,
        )  # fmt: skip
        print(f"{_PROG}: {text}", file=sys.stderr)


def _interrupted(swept: Swept) -> str:
    return tr(
        "interrupted after {count} of {all} cells: this is what there is",
        count=counted(len(swept.cells)), all=counted(swept.total),
    )  # fmt: skip


def _written(path: str | None, asked: Sweep, swept: Swept) -> list[Problem]:
    """Write the table; what was wrong with that is told behind the report: hours may be in it."""
    if path is None:
        return []
    try:
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns_of(asked))
            writer.writerows(rows_of(asked, in_order(swept.cells.values())))
    except OSError as error:
        return [Problem("--csv", not_written(Path(path), error))]
    return []
