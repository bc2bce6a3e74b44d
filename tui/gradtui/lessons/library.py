"""All lessons: those of the package, and the user's own, of which one with the same name wins.

A user's folder is `lessons` in the user's data directory, or what GRADTUI_LESSONS names. A file in it serves every
language; one in a subfolder (`zh`) serves that language. Where a language lacks a lesson, the English one is shown.
A lesson that cannot be used is listed with its faults, and hides no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Protocol

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import Problem
from gradtui_engine.core.text_files import decoded

from ..text import process
from ..text.language import ENGLISH, tr
from .format import LessonError, parse
from .lesson import Lesson

VARIABLE = "GRADTUI_LESSONS"
_ENDING = ".md"
#: A lesson is some kilobytes; whatever is larger is something else.
_MOST_BYTES = 200_000


class _File(Protocol):
    """What a folder of the package and one of the disk have in common."""

    @property
    def name(self) -> str: ...

    def is_file(self) -> bool: ...

    def is_dir(self) -> bool: ...

    def read_bytes(self) -> bytes: ...

    def iterdir(self) -> Iterable[_File]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list: a lesson, or the faults of a file that should be one."""

    id: str
    file: str
    lesson: Lesson | None
    problems: tuple[Problem, ...] = ()

    @property
    def title(self) -> str:
        return self.lesson.title if self.lesson is not None else self.id

    @property
    def summary(self) -> str:
        """Its summary, or the first thing that is wrong with it."""
        return self.lesson.summary if self.lesson is not None else self.faults[0]

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is wrong with it, each with file and line."""
        return tuple(f"{problem.field}: {tr(problem.message)}" for problem in self.problems)


def user_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a user's lessons are: what GRADTUI_LESSONS names, or `lessons` in the user's data directory."""
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE]).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("gradtui")) / "lessons"


def entries(language: str, folder: Path | None = None) -> tuple[Entry, ...]:
    """Every lesson in a language, in the order of the files' names; folder is the user's."""
    files, problems = _files(language, folder)
    broken = tuple(Entry(problem.field, problem.field, None, (problem,)) for problem in problems)
    return (*broken, *(_entry(name, *files[name]) for name in sorted(files)))


def names(language: str, folder: Path | None = None) -> tuple[str, ...]:
    """The ids of `entries`, without reading the files."""
    files, problems = _files(language, folder)
    return (*(problem.field for problem in problems), *sorted(files))


def find(name: str, language: str, folder: Path | None = None) -> Entry | None:
    """The entry of a name; None where there is no such lesson."""
    files, _ = _files(language, folder)
    return _entry(name, *files[name]) if name in files else None


def _files(language: str, folder: Path | None) -> tuple[dict[str, tuple[_File, str]], list[Problem]]:
    """The file of each lesson and how it is shown, and the folders that cannot be read."""
    package = resources.files(__package__)
    files: dict[str, tuple[_File, str]] = {}
    problems: list[Problem] = []
    # From the least to the most wanted: a later file of the same name takes the place of an earlier one.
    sources: list[tuple[_File, str]] = [(package / ENGLISH, ""), (package / language, "")]
    if process.current().own_lessons or folder is not None:
        own = user_folder() if folder is None else folder
        if folder is None and os.environ.get(VARIABLE) and not own.is_dir():
            problems.append(Problem(VARIABLE, Message("{folder} is no folder", folder=repr(str(own)))))
        sources += [(folder, str(folder)) for folder in (own / ENGLISH, own, own / language)]
    for source, shown in sources:
        try:
            paths = [path for path in source.iterdir() if path.name.endswith(_ENDING)] if source.is_dir() else []
        except OSError as error:
            problems.append(Problem(shown, Message("cannot be read: {problem}", problem=str(error.strerror))))
            continue
        for path in paths:
            where = f"{shown}/{path.name}" if shown else path.name
            files[path.name.removesuffix(_ENDING)] = path, where
    return files, problems


def entry_of(path: Path) -> Entry:
    """The entry of one file, wherever it is."""
    return _entry(path.name.removesuffix(_ENDING), path, str(path))


def _entry(name: str, file: _File, shown: str) -> Entry:
    try:
        source = file.read_bytes()
        if len(source) > _MOST_BYTES:
            message = Message("{size} bytes are no lesson; allowed: up to {most}", size=len(source), most=_MOST_BYTES)
            return Entry(name, shown, None, (Problem(shown, message),))
        return Entry(name, shown, parse(decoded(source), shown, name))
    except UnicodeDecodeError as error:
        problem = Problem(shown, Message("is not UTF-8 text (byte {place})", place=error.start))
    except OSError as error:
        problem = Problem(shown, Message("cannot be read: {problem}", problem=str(error.strerror)))
    except LessonError as error:
        return Entry(name, shown, None, error.problems)
    return Entry(name, shown, None, (problem,))
