"""Which recorded trainings `gradtui why` was given: files, the run of a folder, what comes through a pipe."""

from __future__ import annotations

import contextlib
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.recordings.imports.importers import is_run_folder
from gradtui_engine.recordings.opening import trainings

from ..model.runs import runs_in

#: What stands for the standard input.
STDIN = "-"
#: So many runs of a folder are named.
_NAMED = 8


def runs_of(files: Sequence[Path]) -> list[list[Path]]:
    """The files of each run; of a folder those of the run in it. Raises ExperimentError where several are in one."""
    return trainings(path for file in files for path in (_in_folder(file) if _is_folder(file) else [file]))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not is_run_folder(path)


def _in_folder(folder: Path) -> list[Path]:
    runs = runs_in(folder).runs
    if len(runs) == 1:
        return [Path(file) for file in runs[0].files]
    names = ", ".join(run.files[0] for run in runs[:_NAMED])
    values = {"count": len(runs), "names": Verbatim(names)}
    if len(runs) > _NAMED:
        message = Message("has {count} runs in it; give one of them: {names} and others", **values)
    else:
        message = Message("has {count} runs in it; give one of them: {names}", **values)
    raise ExperimentError([Problem(str(folder), message)])


@contextlib.contextmanager
def whole(files: Sequence[str]) -> Iterator[tuple[list[Path], Mapping[str, str]]]:
    """The files, in place of each pipe a copy of all that comes through it; and by a copy's name what was given."""
    with tempfile.TemporaryDirectory(prefix="gradtui-") as folder:
        paths: list[Path] = []
        names: dict[str, str] = {}
        for index, file in enumerate(files):
            if not is_pipe(file):
                paths.append(Path(file))
                continue
            copy = Path(folder, f"{index}.jsonl")
            with copy.open("wb") as out:
                if file == STDIN:
                    shutil.copyfileobj(sys.stdin.buffer, out)
                else:
                    with Path(file).open("rb") as pipe:
                        shutil.copyfileobj(pipe, out)
            names[str(copy)] = file
            paths.append(copy)
        yield paths, names


def is_pipe(file: str) -> bool:
    """Whether this is the standard input, or a pipe: what can be read once."""
    if file == STDIN:
        return not Path(file).exists()
    try:
        return stat.S_ISFIFO(Path(file).stat().st_mode)
    except (OSError, ValueError):
        return False
