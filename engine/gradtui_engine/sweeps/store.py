"""The store of a sweep: a line of JSON for each finished cell, by the hash of what decides it.

Lines are only ever added, each with one write at the end of the file: several programs may write to one store, and one
that is killed leaves the last line cut off at worst. A line that cannot be read, and those of other sweeps, are passed
over.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from .plain import Plain

try:
    import fcntl
except ImportError:  # Windows: there an append is one write as well, and nothing else is locked
    fcntl = None  # type: ignore[assignment]

#: The file in the store's folder.
FILE = "cells.jsonl"


class Store:
    """The lines of a folder. Raises ExperimentError where the folder cannot be made or its file not be opened."""

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / FILE
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not self.path.is_file():  # a device is read for ever
                raise OSError(errno.EINVAL, Message("{file} is not a file", file=FILE))
            self._file: IO[bytes] = self.path.open("a+b", buffering=0)
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> ExperimentError:
        values = {"path": repr(str(self.path.parent)), "reason": str(error.strerror)}
        return ExperimentError([Problem("store", Message("{path} cannot be used: {reason}", **values))])

    def results(self) -> dict[str, dict[str, Any]]:
        """What was kept, by key; of two lines of a cell the later one."""
        return {row["key"]: row for row in self._rows()}

    def _rows(self) -> Iterator[dict[str, Any]]:
        with self.path.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    row = json.loads(line)
                    if isinstance(row, dict) and isinstance(row.get("key"), str):
                        yield row

    def add(self, key: str, plain: Plain, result: Mapping[str, Any]) -> None:
        """Keep a finished cell, with what it is of."""
        about = {name: plain[name] for name in ("experiment", "training", "measures")}
        row = {"key": key, **about, **result}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        with self._alone():
            # What another program was killed in the middle of stays a line of its own.
            end = self._file.seek(0, os.SEEK_END)
            if end:
                self._file.seek(end - 1)
                line = line if self._file.read(1) == b"\n" else b"\n" + line
            try:
                self._file.write(line)
            except OSError as error:  # a full disk: to go on would lose what comes
                raise self._refused(error) from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else adds meanwhile. Where a file system has no locks the write alone has to do."""
        locked = False
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX)
                locked = True
        try:
            yield
        finally:
            if locked:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()
