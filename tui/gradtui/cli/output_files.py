"""Files that a command is to write: refused before anything is computed where they cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem


def check_writable(path: Path, option: str, ending: str, opened: bool = True) -> None:
    """Refuse a path that cannot be written, or, of what gradtui opens again, whose ending is another one.

    Raises ExperimentError.
    """
    try:
        problem = _problem(path, ending, opened)
    except (OSError, ValueError) as error:
        problem = not_written(path, error)
    if problem is not None:
        raise ExperimentError([Problem(option, problem)])


def _problem(path: Path, ending: str, opened: bool) -> Message | None:
    shown = repr(str(path))
    if path.is_dir():
        return Message("{path} is a folder; give a file such as {example}", path=shown, example=f"run{ending}")
    if opened and path.suffix.lower() != ending:
        return Message("{path} could not be opened again; give a file that ends in {ending}", path=shown, ending=ending)
    if path.exists() and not path.is_file():
        return Message("{path} is not a file, and is left as it is", path=shown)
    folder = path.absolute().parent
    if not folder.is_dir():
        return Message("the folder {path} does not exist", path=repr(str(path.parent)))
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return Message("{path} cannot be written: {reason}", path=shown, reason=os.strerror(13))
    return None


def not_written(path: Path, error: OSError | ValueError) -> Message:
    """Why a file was not written."""
    reason = getattr(error, "strerror", None) or str(error)
    return Message("{path} cannot be written: {reason}", path=repr(str(path)), reason=reason)
