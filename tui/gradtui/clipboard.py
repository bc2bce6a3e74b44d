"""Copying: through the terminal where it can (OSC 52), else into a file that the person is told of."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from .language import tr

OSC52, FILE = "osc52", "file"
#: Terminals without OSC 52, by TERM: no terminal emulator at all, the Linux console, and those of before it.
_WITHOUT = frozenset(("", "dumb", "unknown", "linux", "ansi", "cons25", "vt52", "vt100", "vt102", "vt220"))
#: TERM_PROGRAM of a browser's page that has none: browsers give it to pages over HTTPS or of the reader's own machine.
PAGE = "page-without-clipboard"


def way(environment: Mapping[str, str]) -> str:
    """How this terminal copies: "osc52" or "file"."""
    without = environment.get("TERM", "") in _WITHOUT or environment.get("TERM_PROGRAM") == PAGE
    return FILE if without else OSC52


def copy(text: str, environment: Mapping[str, str], write_osc52: Callable[[str], None], files: bool = True) -> str:
    """Copy the text; what to tell the person. write_osc52 hands a text to the terminal's clipboard.

    files: whether a file may be written where the terminal has none.
    """
    if way(environment) == OSC52:
        write_osc52(text)
        return tr("copied: {command}", command=text)
    if not files:
        return tr("this terminal has no clipboard: {command}", command=text)
    try:
        path = _write(text)
    except OSError as error:
        return tr(
            "this terminal has no clipboard, and no file could be written ({reason}): {command}",
            reason=error.strerror or str(error),
            command=text,
        )
    return tr("this terminal has no clipboard: written to {path}", path=_shortened(path))


def command_file() -> Path:
    """Where the text goes without a clipboard: each copy takes the place of the one before, as in a clipboard."""
    return Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / "command.txt"


def _write(text: str) -> Path:
    path = command_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(".command.txt.part")
    # For its owner alone: a command can name files.
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    draft.replace(path)
    return path


def _shortened(path: Path) -> str:
    """With ~ for the home folder: it has to fit into a toast."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
