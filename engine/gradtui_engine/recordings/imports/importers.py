"""What files other tools write, in a table: each row knows its own by the content, and reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.fields import Rejected
from ...core.message import Message
from ...core.problems import ExperimentError, Problem
from ..checkpoints.checkpoint import is_checkpoint
from . import event_file, hugging_face, table_file, tensorboard, wandb_file
from .log import Log, lines_of
from .pair import lines_of_pair

#: Enough to tell what a file is.
_HEAD = 4096
_LARGEST_JSON = 512 * 2**20
#: What is looked for in a folder without event files, and then a run of wandb.
_IN_FOLDER = ("trainer_state.json", "metrics.csv")
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file. is_one is asked with the first 4 kB and the path; log_of may still find that it is another."""

    name: str
    is_one: Callable[[bytes, Path], bool]
    log_of: Callable[[Path], Log | None]


def _hugging_face(path: Path) -> Log | None:
    if path.stat().st_size > _LARGEST_JSON:
        return None
    return hugging_face.log_of(path.read_bytes())


#: In the order in which they are asked: the last takes any text.
IMPORTERS = (
    Importer(
        "TensorBoard", lambda head, path: event_file.is_one(head),
        lambda path: tensorboard.log_of([path], path.parent),
    ),
    Importer("wandb", lambda head, path: wandb_file.is_one(head), wandb_file.log_of),
    Importer("trainer_state.json", lambda head, path: hugging_face.is_one(head), _hugging_face),
    Importer(
        "table", lambda head, path: table_file.is_text(head),
        lambda path: table_file.log_of(path, path.suffix.lower() in _TABLES),
    ),
)  # fmt: skip


def imported(paths: Sequence[Path]) -> list[dict[str, Any]] | None:
    """What another tool has written, as lines of a recording: one file, the folder of one run, or two checkpoints.

    None where it is nothing of the kind. Raises ExperimentError where it is, and cannot be read.
    """
    if len(paths) == 2 and all(map(is_checkpoint_file, paths)):
        return list(lines_of_pair(*paths))
    if len(paths) != 1:
        return None
    (path,) = paths
    try:
        log = _log_of(path)
        return None if log is None else list(lines_of(log))
    except Rejected as error:
        raise ExperimentError([Problem(str(path), error.message)]) from None
    except ExperimentError as error:
        raise ExperimentError(Problem(str(path), problem.message) for problem in error.problems) from None
    except OSError as error:
        message = Message("cannot be read: {reason}", reason=error.strerror or str(error))
        raise ExperimentError([Problem(str(path), message)]) from None


def _log_of(path: Path) -> Log | None:
    if path.is_dir():
        files = tensorboard.files_of(path)
        if files:
            return tensorboard.log_of(files, path)
        inside = _inside(path)
        return None if inside is None else _log_of(inside)
    if is_checkpoint_file(path):
        raise Rejected(Message("is a checkpoint: gradtui model looks at one, or at what changed between two"))
    head = _head(path)
    for row in IMPORTERS:
        if row.is_one(head, path):
            log = row.log_of(path)
            if log is not None:
                return log
    return None


def _inside(folder: Path) -> Path | None:
    """The log of a run in its folder."""
    named = (folder / name for name in _IN_FOLDER if (folder / name).is_file())
    return next(named, None) or next(iter(sorted(folder.glob("run-*.wandb"))), None)


def is_run_folder(path: Path) -> bool:
    """Whether a folder is that of one run of another tool, and no folder of recordings."""
    try:
        if not path.is_dir() or any(path.glob("*.jsonl")):
            return False
        return bool(tensorboard.files_of(path)) or _inside(path) is not None
    except (OSError, Rejected):
        return False


def is_checkpoint_file(path: Path) -> bool:
    """Whether this is a checkpoint, by its content: two of them are one recording."""
    try:
        return path.is_file() and is_checkpoint(path)
    except OSError:
        return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
