"""The host key: made once, for its owner alone, and never made again in silence."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem

#: What others than the owner may do with the file: nothing.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def usual_path() -> Path:
    """Where the key is kept without --host-key."""
    import platformdirs

    return Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / "host_key"


def host_key(path: Path) -> Any:
    """The key in the file, made there if there is none. Raises ExperimentError where it cannot be used."""
    import asyncssh

    try:
        if not _exists(path):
            _make(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            # Of the file that has been opened, not of one that may take its place.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _problem(Message("{file} is not a file", file=str(path)))
            if status.st_uid != os.geteuid():
                raise _problem(Message("{file} belongs to another user", file=str(path)))
            text = file.read(1 << 16)
            if b"PRIVATE KEY" not in text:
                raise _no_key(path)
            if status.st_mode & _OTHERS:
                mode = f"{status.st_mode & 0o777:04o}"
                raise _problem(
                    Message(
                        "{file} can be used by others (mode {mode}); try: chmod 600 {file}", file=str(path), mode=mode
                    )
                )
    except OSError as error:
        raise _problem(Message("{file} cannot be used: {reason}", file=str(path), reason=error.strerror)) from None
    try:
        return asyncssh.import_private_key(text)
    except asyncssh.KeyImportError as error:
        if "passphrase" in str(error).lower():
            message = Message(
                "{file} has a passphrase; a server's key has none: ssh-keygen -p -f {file}", file=str(path)
            )
            raise _problem(message) from None
        raise _no_key(path) from None


def fingerprint(key: Any) -> str:
    """SHA256:…, as ssh shows it."""
    return str(key.get_fingerprint())


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _make(path: Path) -> None:
    import asyncssh

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
    # O_EXCL: two servers that start at once do not write the same file; 0600 from its first byte on.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def _no_key(path: Path) -> ExperimentError:
    return _problem(Message("{file} is not a private key; remove it, and a new one is made", file=str(path)))


def _problem(message: str) -> ExperimentError:
    return ExperimentError([Problem("host key", message)])
