"""`gradtui why`: what is wrong with recorded trainings, where and since when, and what to change. No Textual."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import VERDICTS, Diagnosis
from gradtui_engine.findings.json_document import document
from gradtui_engine.recordings.recording import Recording, open_recording

from .printed import exactly
from .sentences import page_width
from .why_files import is_pipe, runs_of, whole
from .why_report import report
from .why_watch import watched
from .words import Words

if TYPE_CHECKING:
    from .invocation import Invocation
    from .own_options import WhyOptions


def options(words: Words) -> WhyOptions:
    """The options of what was typed. Raises ExperimentError with every problem."""
    from .own_options import WhyOptions
    from .reading import options_in

    own = options_in(WhyOptions, words)
    problems = [] if words.files else [Problem("FILE", Message("needs a record of a training: RUN.jsonl"))]
    if own.watch and any(map(is_pipe, words.files)):
        problems.append(
            Problem("--watch", Message("a pipe cannot be followed; give the file that the training writes"))
        )
    if problems:
        raise ExperimentError(problems)
    return own


def why(invocation: Invocation[WhyOptions], out: TextIO) -> int:
    """Print what is wrong with each run; 0 where nothing is, 1 where something is, 2 where nothing was recorded."""
    with whole(invocation.words.files) as (files, names):
        return _why(runs_of(files), names, invocation.options, out)


def _why(runs: Sequence[Sequence[Path]], names: Mapping[str, str], own: WhyOptions, out: TextIO) -> int:
    """names: what a file is called that is the copy of a pipe. Raises ExperimentError."""
    if len(runs) > 1:
        text = Message("takes one run; {count} were given: one after the other", count=len(runs))
        several = [Problem(f"--{name}", text) for name in ("json", "watch") if getattr(own, name)]
        if several:
            raise ExperimentError(several)
    if own.watch:
        recording, diagnosis = watched(runs[0], own.bell)
        if recording is None:
            return 0
        _print(recording, diagnosis, own.json, out)
        return _status(diagnosis)
    status = 0
    problems: list[Problem] = []
    for index, paths in enumerate(runs):
        try:
            recording = open_recording(paths)
            recording.refresh()
        except ExperimentError as error:
            problems += (
                Problem(names.get(problem.field, problem.field), problem.message) for problem in error.problems
            )
            continue
        recording.files = tuple(names.get(file, file) for file in recording.files)
        diagnosis = diagnose(recording)
        if index:
            out.write("\n")
        _print(recording, diagnosis, own.json, out)
        status = max(status, _status(diagnosis))
    if problems:
        raise ExperimentError(problems)
    return status


def _status(diagnosis: Diagnosis) -> int:
    """0 where it is healthy, 1 where it has a fault, 2 where nothing was recorded of which that could be said."""
    if diagnosis.verdict != VERDICTS[0]:
        return 1
    return 2 if diagnosis.is_empty else 0


def _print(recording: Recording, diagnosis: Diagnosis, as_json: bool, out: TextIO) -> None:
    if as_json:
        # English, whatever is spoken: programs read it.
        json.dump(document(recording, diagnosis), exactly(out), allow_nan=False)
        out.write("\n")
        return
    out.write("\n".join(report(recording, diagnosis, page_width())) + "\n")
