"""What is left of a failure of the program itself: one line for the person, and all of it in a file."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path

from gradtui_engine.core.message import English

from .. import __version__
from ..text.language import tr

#: With this variable the whole traceback is printed too.
DEBUG = "GRADTUI_DEBUG"
#: The exit status after a failure (EX_SOFTWARE).
FAILED = 70
#: Characters of an error's own words that are said: some hold whole arrays.
_MOST = 160
KEPT: English = "the program has failed: {error}; what happened is in {path}"
UNKEPT: English = "the program has failed: {error}; with GRADTUI_DEBUG=1 it says where"


def debugs() -> bool:
    return os.environ.get(DEBUG, "") not in ("", "0")


def failure_file() -> Path:
    """Where it is told: each failure takes the place of the one before."""
    import platformdirs

    return Path(platformdirs.user_state_dir("gradtui", appauthor=False)) / "failure.txt"


def note(error: BaseException | None, program: str = "gradtui") -> str:
    """Keep all of a failure in the file; the line for the person."""
    said = type(error).__name__ + (f": {error}" if str(error) else "") if error is not None else "?"
    said = " ".join(said.split())
    said = said if len(said) <= _MOST else f"{said[:_MOST]}…"
    whole = "".join(traceback.format_exception(error)) if error is not None else ""
    line = tr(KEPT, error=said, path=failure_file()) if _keep(whole) else tr(UNKEPT, error=said)
    return f"{whole if debugs() else ''}{program}: {line}"


def _keep(whole: str) -> bool:
    """Whether the file could be written: a full disk or a home that is closed is no reason to say nothing."""
    try:
        path = failure_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        words, when = " ".join(sys.argv[1:]), time.strftime("%Y-%m-%d %H:%M:%S")
        path.write_text(f"gradtui {__version__} {words}\n{when}\n\n{whole}", encoding="utf-8", errors="replace")
    except (OSError, RuntimeError):
        return False
    return True
