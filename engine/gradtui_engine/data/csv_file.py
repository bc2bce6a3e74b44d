"""A user's own file: where it is, whether it may be read, and its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..core import allowances
from ..core.fields import Rejected
from ..core.message import English, Message
from ..core.problems import ExperimentError, Problem, nearest
from ..core.text_files import UTF_16

PREFIX = "csv:"
MOST_BYTES = 256 * 2**20
#: What a file is that begins so, and no text.
_NO_TEXT: Mapping[bytes, English] = {
    b"PK\x03\x04": "it is a ZIP file, as those of Excel are",
    b"\xd0\xcf\x11\xe0": "it is an older Excel file",
    b"PAR1": "it is a Parquet file",
    b"\x89HDF": "it is an HDF5 file",
    b"\x93NUMPY": "it is a NumPy file",
    b"%PDF": "it is a PDF file",
    b"SQLite": "it is an SQLite file",
}


def allowed() -> bool:
    """Whether this process reads files at all: one that serves other people's visitors does not."""
    return allowances.current().tables


def check_allowed(source: str) -> None:
    """Raises Rejected for csv:PATH where no files are read, whatever the path."""
    if not allowed() and source.startswith(PREFIX):
        raise Rejected(Message("{prefix} files are not read here; take one of the data sets by name", prefix=PREFIX))


def failed(*messages: str) -> ExperimentError:
    """What is wrong with the data."""
    return ExperimentError(Problem("data", message) for message in messages)


def path_of(source: str) -> Path:
    path = Path(source.removeprefix(PREFIX))
    try:
        return path.expanduser()
    except RuntimeError:  # ~nobody: there is no such user
        return path


def stamp(source: str) -> tuple[int, int]:
    """(modification time, size) of the file: what says that a remembered reading is stale."""
    try:
        check_allowed(source)
    except Rejected as error:
        raise failed(error.message) from None
    path = path_of(source)
    try:
        status = path.stat()
    except OSError as error:
        match = nearest(path.name, _tables_beside(path))
        if match is None:
            raise failed(_unreadable(path, error.strerror)) from None
        message = Message(
            "{file} cannot be read: {reason}; did you mean {match}?",
            file=quoted(path), reason=error.strerror, match=quoted(path.with_name(match)),
        )  # fmt: skip
        raise failed(message) from None
    except ValueError as error:  # a NUL in the name
        raise failed(_unreadable(path, str(error))) from None
    if not path.is_file():
        raise failed(Message("{file} is not a file; give a CSV file as csv:PATH", file=quoted(path)))
    if status.st_size > MOST_BYTES:
        message = Message(
            "{file} has {size} MiB; allowed: up to {most} MiB",
            file=quoted(path), size=status.st_size >> 20, most=MOST_BYTES >> 20,
        )  # fmt: skip
        raise failed(message)
    return status.st_mtime_ns, status.st_size


def quoted(path: Path) -> str:
    return repr(str(path))


def _unreadable(path: Path, reason: str | None) -> Message:
    return Message("{file} cannot be read: {reason}", file=quoted(path), reason=reason)


def _tables_beside(path: Path) -> list[str]:
    try:
        return [path_beside.name for path_beside in path.parent.glob("*.csv")]
    except OSError:
        return []


# -- its text ----------------------------------------------------------------------------------------------


def text_of(path: Path) -> tuple[str, Message | None]:
    """The text of a file, and how it was read, where that is not plain UTF-8. Raises ExperimentError."""
    try:
        raw = path.read_bytes()
        if raw.startswith(b"\x1f\x8b"):
            raw = _unzipped(path)
    except OSError as error:
        raise failed(_unreadable(path, error.strerror or str(error))) from None
    except (EOFError, MemoryError):
        raise failed(_unreadable(path, "gzip")) from None
    for beginning, what in _NO_TEXT.items():
        if raw.startswith(beginning):
            raise failed(_no_text(path, what))
    if raw.startswith(UTF_16):
        return _decoded(path, raw, "utf-16")
    if b"\0" in raw[:1000]:
        # UTF-16 without a byte order mark has a zero in every other byte.
        evens, odds = raw[:1000:2].count(0), raw[1:1000:2].count(0)
        if not min(evens, odds) and max(evens, odds) > len(raw[:1000]) // 4:
            return _decoded(path, raw, "utf-16-be" if evens else "utf-16-le")
    if b"\0" in raw:
        raise failed(_no_text(path, Message("it has bytes that are 0")))
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        pass
    # Letters of Latin-1 stand alone between ASCII, Chinese ones in pairs of bytes.
    if all(len(run) % 2 == 0 for run in re.findall(rb"[\x80-\xff]+", raw)):
        try:
            return raw.decode("gb18030"), _read_as("GB 18030")
        except UnicodeDecodeError:
            pass
    try:
        return raw.decode("cp1252"), _read_as("Windows-1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1"), _read_as("Latin-1")


def _unzipped(path: Path) -> bytes:
    import gzip  # few files need it

    with gzip.open(path) as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        message = Message("{file} has more than {most} MiB", file=quoted(path), most=MOST_BYTES >> 20)
        raise failed(message)
    return raw


def _decoded(path: Path, raw: bytes, encoding: str) -> tuple[str, Message | None]:
    try:
        return raw.decode(encoding).removeprefix("\ufeff"), _read_as("UTF-16")
    except UnicodeDecodeError:
        raise failed(_no_text(path, Message("it begins like UTF-16 and is none"))) from None


def _read_as(encoding: str) -> Message:
    return Message("read as {encoding}: it is not UTF-8", encoding=encoding)


def _no_text(path: Path, what: str) -> Message:
    return Message("{file} is no text: {what}; save the table as CSV", file=quoted(path), what=what)
