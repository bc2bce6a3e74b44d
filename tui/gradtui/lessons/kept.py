"""The file in which progress is kept: `lessons.json` in the user's state directory.

    {"gradtui lessons": 1, "lessons": {"03-relu-and-he": {"step": 2, "answers": {"0": 1}, "done": true}}}

Steps count from 0, and so do answers (of choices); a number that was predicted stands as it is. What is in the file
and not understood (a lesson of another machine, a key of a later version) is written again as it was. What is no such
file is put aside under another name before a new one is written; a file of a later version is left alone.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradtui_engine.core.message import Message

from ..model.progress import Answer
from ..model.studies import Studies, Study, merged

NAME = "lessons.json"
_HEAD, _VERSION = "gradtui lessons", 1
#: Progress is some kilobytes; whatever is larger is something else.
_MOST_BYTES = 1_000_000
#: Steps that a lesson may have, at the most: a larger number is a mistake.
_MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file has: progress, the whole document, and what is to be said of it.

    broken: it is no such file, and makes way for one; foreign: it cannot be read, and is not to be written over.
    """

    studies: Studies = ()
    document: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    broken: bool = False
    foreign: bool = False


def file() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / NAME


def read(path: Path) -> Kept:
    """What is kept; a missing file is nothing, and nothing in it can make this fail."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        problem = Message("progress is not kept: {file}: {problem}", file=str(path), problem=error.strerror or "")
        return Kept(problem=problem, foreign=True)
    try:
        document = json.loads(raw) if len(raw) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    version = document.get(_HEAD) if isinstance(document, dict) else None
    if isinstance(version, int) and version > _VERSION:
        return Kept(problem=Message("progress is not kept: {file} is of a later gradtui", file=str(path)), foreign=True)
    if not isinstance(document, dict) or version != _VERSION or not isinstance(document.get("lessons"), dict):
        problem = Message("{file} is no file of progress; it is kept beside a new one", file=str(path))
        return Kept(problem=problem, broken=True)
    return Kept(tuple(_study(name, row) for name, row in sorted(document["lessons"].items())), document)


def write(path: Path, own: Studies) -> str:
    """Keep what this session did, beside what another has kept meanwhile. What is wrong, empty where nothing is."""
    kept = read(path)
    if kept.foreign:
        return kept.problem
    lessons = dict(kept.document.get("lessons", {}))
    for study in merged(kept.studies, own):
        known = lessons.get(study.lesson)
        lessons[study.lesson] = {**(known if isinstance(known, dict) else {}), **_row(study)}
    document = {**kept.document, _HEAD: _VERSION, "lessons": lessons}
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kept.broken:
            path.replace(_aside(path))
        # A whole file takes the place of a whole file, however the program ends.
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        return Message("progress is not kept: {file}: {problem}", file=str(path), problem=error.strerror or "")
    return ""


def _aside(path: Path) -> Path:
    """A name beside it that is free."""
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.stem}.broken-{number}{path.suffix}")):
        number += 1
    return aside


def _row(study: Study) -> dict[str, Any]:
    return {"step": study.step, "answers": {str(step): value for step, value in study.answers}, "done": study.done}


def _study(name: str, row: Any) -> Study:
    """One lesson's row; what in it makes no sense counts as not given."""
    row = row if isinstance(row, dict) else {}
    step, answers = row.get("step"), row.get("answers")
    given = sorted(
        (int(key), value)
        for key, value in (answers.items() if isinstance(answers, dict) else ())
        if key.isascii() and key.isdecimal() and int(key) < _MOST_STEPS and _is_answer(value)
    )
    return Study(name, step if _is_step(step) else 0, tuple(given), row.get("done") is True)


def _is_step(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_STEPS


def _is_answer(value: Any) -> bool:
    return isinstance(value, Answer) and not isinstance(value, bool) and math.isfinite(value)
