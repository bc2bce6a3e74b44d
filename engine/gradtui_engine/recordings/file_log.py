"""The lines of a file, which may grow while they are read."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from ..core.message import Message
from ..core.problems import ExperimentError, Problem
from .header import NewerSchema
from .run_lines import RunLines, take

#: Bytes that are read at a time.
_CHUNK = 2**22
#: By its first bytes (of the run's line, with its time and id) a file is known that was written anew in its place.
_BEGINNING = 512
#: A longer line is none of ours: 100,000 parameters and modules have 10 MB.
MOST_LINE = 2**26
#: So many lines in a row that are none, before any that is one, and it is no recording.
_ALIEN = 100
_OURS = re.compile(rb'\s*\{\s*"k"\s*:')
NO_RUN = Message("is no recording: it has no line of a run")
CUT = Message("is cut off in its first line, so that nothing can be read of it")
STEP = b'{"k":"step"'
_RING, _ROWS = b',"ring":', b',"a":['


def is_ours(path: Path) -> bool:
    """Whether a file begins as a recording does: other programs, too, write a JSON object a line.

    Of one that cannot be read `FileLog` says why.
    """
    try:
        if path.is_dir():
            return False
        if not path.is_file():  # to open a pipe would wait for who writes into it
            return True
        with path.open("rb") as file:
            return _OURS.match(file.read(_BEGINNING)) is not None
    except (OSError, ValueError):
        return True


def parsed(raw: bytes) -> Mapping[str, Any]:
    """The object of a line. Raises ValueError."""
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError:
        # NaN, as Python's own module writes it, is no JSON, but says what is meant.
        try:
            line = json.loads(raw)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    if not isinstance(line, dict):
        raise ValueError("no object")
    return line


def head_of(raw: bytes) -> Mapping[str, Any]:
    """What stands at the head of a line, before anything long; the whole where it is short, or ordered otherwise."""
    if raw.startswith(STEP):
        for mark in (_RING, _ROWS):
            end = raw.find(mark)
            if end > 0:
                try:
                    head = orjson.loads(raw[:end] + b"}")
                except orjson.JSONDecodeError:
                    break
                if "n" in head:
                    return head  # type: ignore[no-any-return]
    return parsed(raw)


class FileLog:
    """See `Log`. The file is opened again at each reading: it may have been replaced."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self.began_anew = 0
        self.complete = False
        self.file = self._open()
        self._start_anew()

    def _start_anew(self) -> None:
        self.runs: list[RunLines] = []
        self.passed_over = 0
        self._position = 0
        self._rest = b""
        self._skipping = False
        self._beginning = b""

    def _open(self) -> int:
        """Raises ExperimentError for what is no regular file, or cannot be read."""
        try:
            # Asked before it is opened: who opens a pipe waits for who writes into it.
            if not stat.S_ISREG(self._path.stat().st_mode):
                file = -1
            else:
                file = os.open(self._path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise self.problem(Message("cannot be read: {reason}", reason=error.strerror)) from None
        except ValueError:
            raise self.problem(Message("is no path")) from None
        if file < 0:
            raise self.problem(Message("is no file that can be read as a record: a folder, or a pipe, say"))
        return file

    def problem(self, message: str) -> ExperimentError:
        return ExperimentError([Problem(self.name, message)])

    def close(self) -> None:
        os.close(self.file)

    # -- reading -------------------------------------------------------------------------------------------

    def read(self, until: float) -> bool:
        self._follow()
        before = (self._position, self.began_anew)
        self.complete = False
        while True:
            chunk = os.pread(self.file, _CHUNK, self._position)
            if not chunk:
                self.complete = True
                break
            self._take(chunk)
            for run in self.runs[-2:]:
                run.settle()
            if time.monotonic() > until:
                break
        return (self._position, self.began_anew) != before

    def _follow(self) -> None:
        """Look whether the file is still the same one, and no shorter."""
        try:
            there, here = self._path.stat(), os.fstat(self.file)
        except OSError:
            return  # it was deleted: what was read stays
        if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
            old, self.file = self.file, self._open()
            os.close(old)
        elif here.st_size >= self._position and os.pread(self.file, len(self._beginning), 0) == self._beginning:
            return
        self.began_anew += 1
        self._start_anew()

    @property
    def is_cut(self) -> bool:
        return self._skipping or bool(self._rest.strip())

    @property
    def share(self) -> float:
        size = os.fstat(self.file).st_size
        return self._position / size if size else 1.0

    def _take(self, chunk: bytes) -> None:
        if not self._position:
            self._beginning = chunk[:_BEGINNING]
        data = self._rest + chunk
        first = self._position - len(self._rest)
        self._position += len(chunk)
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            if self._skipping:
                self._skipping = False
                self.passed_over += 1
            else:
                self._line(data[start:end], first + start)
            start = end + 1
        self._rest = data[start:]
        if len(self._rest) > MOST_LINE or self._skipping:
            self._skipping, self._rest = True, b""

    def _line(self, raw: bytes, offset: int) -> None:
        if not raw.strip():
            return
        try:
            self.passed_over += not take(self.runs, head_of(raw), (offset, len(raw)))
        except NewerSchema as error:
            raise self.problem(error.message) from None
        except ValueError:
            self.passed_over += 1
        if not self.runs and self.passed_over >= _ALIEN:
            raise self.problem(NO_RUN)

    def line(self, place: Sequence[int]) -> tuple[Mapping[str, Any], bool]:
        offset, length = (int(each) for each in place)
        raw = os.pread(self.file, length, offset)
        return parsed(raw), b'"nan"' in raw or b"NaN" in raw
