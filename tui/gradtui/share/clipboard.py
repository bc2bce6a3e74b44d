"""Copying: through the terminal where it can (OSC 52), else into a file that the person is told of."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from ..text.language import tr

OSC52, FILE = "osc52", "file"
#: Terminals without OSC 52, by TERM: no terminal emulator at all, the Linux console, and those of before it.
_WITHOUT = frozenset(("", "dumb", "unknown", "linux", "ansi", "cons25", "vt52", "vt100", "vt102", "vt220"))
#: TERM_PROGRAM of a browser's page that has none: browsers give it to pages over HTTPS or of the reader's own machine.
PAGE = "page-without-clipboard"

#: Seconds for tmux's answer, which takes 5 ms.
_PATIENCE = 0.3


def way(environment: Mapping[str, str]) -> str:
    """How this terminal copies: "osc52" or "file"."""
    without = environment.get("TERM", "") in _WITHOUT or environment.get("TERM_PROGRAM") == PAGE
    return FILE if without else OSC52


def copy(text: str, environment: Mapping[str, str], write_osc52: Callable[[str], None], files: bool = True) -> str:
    """Copy the text; what to tell the person. write_osc52 hands a text to the terminal's clipboard.

    files: whether a file may be written where the terminal has none.
    """
    why = tr("this terminal has no clipboard")
    if way(environment) == OSC52:
        kept = _kept_by_tmux(environment) if files else ""
        if not kept:
            write_osc52(text)
            # There is no answer to OSC 52: whether it has arrived, only the person sees.
            return tr("sent to the terminal's clipboard; if it does not arrive: {command}", command=text)
        why = tr("tmux lets nothing through to the clipboard (set-clipboard {value}, not on)", value=kept)
    if not files:
        return tr("{why}: {command}", why=why, command=text)
    try:
        path = _write(text)
    except OSError as error:
        return tr(
            "{why}, and no file could be written ({reason}): {command}",
            why=why,
            reason=error.strerror or str(error),
            command=text,
        )
    return tr("{why}: written to {path}", why=why, path=_shortened(path))


def _kept_by_tmux(environment: Mapping[str, str]) -> str:
    """tmux's set-clipboard where it drops what programs inside send (external is its default); else empty.

    A visitor's TMUX would be the server's: only asked where files may be written.
    """
    if not environment.get("TMUX"):
        return ""
    ask = ("tmux", "show", "-gv", "set-clipboard")
    try:
        done = subprocess.run(
            ask, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    value = done.stdout.decode(errors="replace").strip()
    return "" if value == "on" else value


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
