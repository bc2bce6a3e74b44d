"""`gradtui why --watch`: a record is followed while it grows, and each finding is said once, as it happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gradtui_engine.core.problems import ExperimentError
from gradtui_engine.findings.diagnosis import diagnose
from gradtui_engine.findings.finding import Diagnosis
from gradtui_engine.recordings.recording import Recording, open_recording

from ..text.finding_words import line
from ..text.language import tr
from .stop import Stop

#: Seconds between two looks at the file.
_PAUSE = 0.5
#: A diagnosis of a long record takes a tenth of a second and more: not more than a tenth of the time goes into it.
_SHARE = 10.0
BELL = "\a"


def watched(paths: Sequence[Path], bell: bool) -> tuple[Recording | None, Diagnosis]:
    """Follow the files of one run until its `end` line, ctrl+C or SIGTERM; what there is then. None where there was
    nothing to read yet. Raises ExperimentError.
    """
    with Stop() as stop:
        recording = _opened(paths, stop)
        said: set[tuple[str, bool]] = set()
        if recording is None:
            return None, Diagnosis(())
        diagnosis, news = Diagnosis(()), True
        while True:
            if news:
                started = time.monotonic()
                diagnosis = diagnose(recording, experiments=False, growing=True)
                _say_new(diagnosis, said, bell)
                stop.wait((time.monotonic() - started) * _SHARE)
            if stop.asked or (recording.complete and recording.ended is not None and not news):
                return recording, diagnose(recording)
            if not news:
                stop.wait(_PAUSE)
            news = recording.refresh(_PAUSE)


def _opened(paths: Sequence[Path], stop: Stop) -> Recording | None:
    """The recording, as soon as all of its files are there with a first line; None where it was stopped before."""
    told = False
    while not stop.asked:
        if all(path.exists() for path in paths):
            try:
                return open_recording(paths)
            except ExperimentError:
                # A file that was just made has no whole line yet.
                if any(path.stat().st_size and b"\n" in _head(path) for path in paths if path.is_file()) or any(
                    path.is_dir() for path in paths
                ):
                    raise
        if not told:
            say(tr("waiting for {path}", path=", ".join(map(str, paths))))
            told = True
        stop.wait(_PAUSE)
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1 << 20)


def _say_new(diagnosis: Diagnosis, said: set[tuple[str, bool]], bell: bool) -> None:
    """Each kind once, and once more where a note has become a fault. A bell for faults alone."""
    for finding in diagnosis.findings:
        key = (finding.kind, finding.is_fault)
        if key in said or (finding.kind, True) in said:
            continue
        said.add(key)
        say(line(finding) + (BELL if bell and finding.is_fault else ""))


def say(text: str) -> None:
    """A line for the person who waits."""
    print(text, file=sys.stderr, flush=True)
