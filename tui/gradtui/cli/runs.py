"""`gradtui open DIR`: the runs of a folder, as a list to choose from, or without a terminal as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gradtui_engine import ExperimentError, Problem
from gradtui_engine.core.figures import counted, loss_text
from gradtui_engine.core.message import Message
from gradtui_engine.recordings.imports.importers import is_run_folder

from ..model.run_list import RunList, RunRow
from ..model.runs import judged, looked_at, runs_in
from ..text.amounts import age, size
from ..text.language import tr
from ..text.sparkline import sparkline
from ..views.run_list import SPARKS, verdict
from .tables import console_on, table_of

if TYPE_CHECKING:
    from .invocation import Invocation
    from .words import Words


@dataclass(frozen=True)
class RunsOptions:
    """Of `gradtui open DIR`: the runs that are there."""

    runs: RunList


def listed(words: Words) -> RunsOptions | None:
    """The runs of the folder that is to be opened; None where files are, or the folder of one run of another tool.

    Raises ExperimentError.
    """
    folders = [file for file in words.files if Path(file).is_dir() and not is_run_folder(Path(file))]
    if not folders:
        return None
    if len(words.files) > 1:
        message = Message("is a folder, whose runs are listed: it is opened alone")
        raise ExperimentError([Problem(folders[0], message)])
    return RunsOptions(runs_in(Path(folders[0])))


def choose(invocation: Invocation[Any]) -> int:
    """Let one of the runs be chosen, or two, and open them."""
    from .launch import choosing_of, launch, status_of
    from .opening_files import opening

    app = choosing_of(invocation, invocation.options.runs)
    status = status_of(app, invocation.loaded.settings.mouse)
    if not app.chosen:
        return status
    words = replace(invocation.words, files=tuple(file for files in app.chosen for file in files))
    return launch(replace(invocation, words=words, opening=opening(words)))


def show(invocation: Invocation[Any], out: TextIO) -> int:
    """Print them all, a line a run."""
    runs: RunList = invocation.options.runs
    table = table_of(
        tr("run"), tr("last step"), tr("loss"), tr("written"), tr("size"), tr("what is wrong")
    )  # fmt: skip
    for run in map(judged, map(looked_at, runs.runs)):
        table.add_row(run.name, *_cells(run), _wrong(run))
    console_on(out).print(table)
    return 0


def _cells(run: RunRow) -> Sequence[str]:
    steps = counted(run.steps) if run.steps is not None else "–"
    last = f" {loss_text(run.losses[-1])}" if run.losses else ""
    return steps, f"{sparkline(run.losses, SPARKS)}{last}", age(run.age), size(run.size)


def _wrong(run: RunRow) -> str:
    if run.problem:
        return f"{verdict(run)}: {tr(run.problem)}"
    if not run.verdict:
        return tr("nothing recorded yet")
    return tr("{kind} in {layer}", kind=verdict(run), layer=run.layer) if run.layer else verdict(run)
