"""The file: one JSON object a line, each by one write, so that whoever is killed leaves whole lines behind.

What goes wrong with the file (a full disk, a path that cannot be written) is said once as a warning of Python's, and
nothing is recorded any more: a log file never stops a training.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .schema import MOST, THINNED

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]


def warn(text: str) -> None:
    """A warning, also where warnings are errors: there it is left out, as the training goes on."""
    with contextlib.suppress(Warning):
        warnings.warn(f"gradtui: {text}", RuntimeWarning, stacklevel=3)


def ranked(path: str | os.PathLike[str], rank: int) -> Path:
    """The file of one of several processes: gradtui-run.rank1.jsonl beside gradtui-run.jsonl."""
    whole = Path(path)
    return whole if rank == 0 else whole.with_name(f"{whole.stem}.rank{rank}{whole.suffix}")


#: So many processes that are given the same path have files of their own.
_PROCESSES: Final = 1000
_FLAGS: Final = os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


def _is_free(file: int) -> bool:
    """Whether no other process records to a file: two trainings that are started in one folder are given one path.

    It is locked as long as this process lives, and not in a process that is forked. Where a file system knows no locks
    it counts as free.
    """
    if fcntl is None:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True


#: What closes the recorder of a file: one file has one.
_CLAIMS: Final[dict[Path, Callable[[], None]]] = {}


def claim(path: Path, close: Callable[[], None] | None) -> None:
    """A file is being recorded to, and close() ends it; None: it is no more."""
    if close is None:
        _CLAIMS.pop(path, None)
    else:
        _CLAIMS[path] = close


def release(path: Path) -> None:
    """Ends the recording of a file, where there is one."""
    close = _CLAIMS.get(path)
    if close is not None:
        close()


class Writer:
    """Appends lines to a file; `on` is false as soon as that is over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._process = os.getpid()
        self._file: int | None = None
        try:
            for number in range(1, _PROCESSES):
                self.path = path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")
                self._file = os.open(self.path, _FLAGS, 0o644)
                if _is_free(self._file):
                    break
                os.close(self._file)
                self._file = None
            if self.path != path:
                warn(f"{path} is being recorded to by another process: this one records to {self.path}")
            self._mend()
        except OSError as error:
            self._over(f"{path} cannot be written ({error.strerror or error}), and nothing is recorded")

    @property
    def on(self) -> bool:
        """Whether lines are still written: not in a process that was forked, which has the file of its parent."""
        return self._file is not None and os.getpid() == self._process

    @property
    def thinned(self) -> int:
        """Of how many step lines one is written: 2 from THINNED bytes of this run on, 4 from twice as many on."""
        return 1 << max(0, (self.bytes // THINNED).bit_length())

    @property
    def full(self) -> bool:
        return self.bytes >= MOST

    def write(self, line: dict[str, Any]) -> bool:
        """Whether the line is in the file now. Raises ValueError for a number that JSON does not know."""
        if not self.on:
            return False
        data = (json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n").encode()
        assert self._file is not None
        try:
            done = os.write(self._file, data)
            # A disk that is all but full takes a part: what is missing is tried once more.
            if done < len(data):
                done += os.write(self._file, data[done:])
            if os.fstat(self._file).st_nlink == 0:
                self._over(f"{self.path} was deleted: recording ends")
                return False
        except OSError as error:
            self._over(f"{self.path} cannot be written any more ({error.strerror or error}): recording ends")
            return False
        self.bytes += len(data)
        if done < len(data):
            self._over(f"{self.path} cannot be written any more (no space left): recording ends")
            return False
        return True

    def close(self) -> None:
        if self._file is not None and os.getpid() == self._process:
            with contextlib.suppress(OSError):
                os.close(self._file)
        self._file = None

    def _mend(self) -> None:
        """Ends the last line of a run that was killed by a full disk: else this one's first would be a part of it."""
        assert self._file is not None
        size = os.fstat(self._file).st_size
        if size and os.lseek(self._file, size - 1, os.SEEK_SET) and os.read(self._file, 1) != b"\n":
            os.write(self._file, b"\n")

    def _over(self, why: str) -> None:
        self.close()
        warn(why)
