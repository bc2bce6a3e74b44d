"""What files are to be opened as: recorded trainings, each of one file or of several; or what gradtui itself saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .grouping import grouped, with_ranks
from .imports.importers import is_checkpoint_file

#: One iteration each: `analysis.opening` reads them.
_SAVED = (".npz", ".json")
#: What a trainer_state.json has, and what `run --json` writes has not.
_HISTORY = b'"log_history"'


def is_saved(path: Path) -> bool:
    """Whether a file is what `run --save` or `run --json` writes, by its name: of other JSON a trainer_state.json alone
    can be opened, which has its history near its end."""
    if path.suffix.lower() not in _SAVED or not path.is_file():
        return path.suffix.lower() in _SAVED
    try:
        return _HISTORY not in path.read_bytes()
    except OSError:
        return True  # who reads it says why it cannot be read


def trainings(paths: Iterable[Path]) -> list[list[Path]]:
    """The files of each recorded training: ranks (those beside a first one along) and resumed parts are one, and so are
    two checkpoints."""
    given = list(dict.fromkeys(paths))
    if len(given) == 2 and all(map(is_checkpoint_file, given)):
        return [given]
    return grouped(list(dict.fromkeys(file for path in given for file in with_ranks(path))))
