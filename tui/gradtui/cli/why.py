"""`gradtui why`: what is wrong with recorded trainings, where and since when, and what to change. No Textual."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import VERDICTS, Diagnosis
from gradtui_engine.findings.json_document import document
from gradtui_engine.recordings.grouping import grouped, with_ranks
from gradtui_engine.recordings.imports.importers import is_checkpoint_file
from gradtui_engine.recordings.recording import Recording, open_recording

from .printed import exactly
from .why_report import report
from .why_watch import watched
from .words import Words

if TYPE_CHECKING:
    from .invocation import Invocation
    from .own_options import WhyOptions

#: Width where the output is not a terminal, and beyond which lines are hard to read.
_COLUMNS, _MOST_COLUMNS = 100, 110


def options(words: Words) -> WhyOptions:
    """The options of what was typed. Raises ExperimentError with every problem."""
    from .own_options import WhyOptions
    from .reading import options_in

    own = options_in(WhyOptions, words)
    problems = [] if words.files else [Problem("FILE", Message("needs a record of a training: RUN.jsonl"))]
    runs = _runs(words.files)
    if len(runs) > 1:
        for name in (name for name in ("json", "watch") if getattr(own, name)):
            text = Message("takes one run; {count} were given: one after the other", count=len(runs))
            problems.append(Problem(f"--{name}", text))
    if problems:
        raise ExperimentError(problems)
    return own


def why(invocation: Invocation[WhyOptions], out: TextIO) -> int:
    """Print what is wrong with each run; 0 where nothing is, 1 where something is."""
    own = invocation.options
    runs = _runs(invocation.words.files)
    if own.watch:
        recording, diagnosis = watched(runs[0], own.bell)
        if recording is None:
            return 0
        _print(recording, diagnosis, own.json, out)
        return int(diagnosis.verdict != VERDICTS[0])
    status = 0
    problems: list[Problem] = []
    for index, paths in enumerate(runs):
        try:
            recording = read(paths)
        except ExperimentError as error:
            problems += error.problems
            continue
        diagnosis = diagnose(recording)
        if index:
            out.write("\n")
        _print(recording, diagnosis, own.json, out)
        status = max(status, int(diagnosis.verdict != VERDICTS[0]))
    if problems:
        raise ExperimentError(problems)
    return status


def _runs(files: Sequence[str]) -> list[list[Path]]:
    """The files of each run: the ranks' beside it along, two checkpoints as one."""
    given = [Path(file) for file in files]
    if len(given) == 2 and all(path.is_file() and is_checkpoint_file(path) for path in given):
        return [given]
    paths = dict.fromkeys(path for each in given for path in with_ranks(each))
    return grouped([*paths])


def read(paths: Sequence[Path]) -> Recording:
    """All that is in the files of one run. Raises ExperimentError."""
    recording = open_recording(paths)
    while not recording.complete and recording.refresh():
        pass
    return recording


def _print(recording: Recording, diagnosis: Diagnosis, as_json: bool, out: TextIO) -> None:
    if as_json:
        # English, whatever is spoken: programs read it.
        json.dump(document(recording, diagnosis), exactly(out), allow_nan=False)
        out.write("\n")
        return
    width = min(shutil.get_terminal_size((_COLUMNS, 24)).columns, _MOST_COLUMNS)
    out.write("\n".join(report(recording, diagnosis, width)) + "\n")
