"""What is left of a crash: one line for the visitor, and all of it for the host's log, under the same number."""

from __future__ import annotations

import contextlib
import json
import secrets
import traceback
from typing import TextIO

from gradtui_engine.core.message import English

from ...text.language import tr

#: The exit status after a crash (EX_SOFTWARE).
CRASHED = 70
FAILED: English = "the program has failed; the host finds what happened under the number {id}"


def note(error: BaseException | None, log: TextIO | None) -> str:
    """Tell the log of a crash; the sentence for the visitor, without anything of the machine in it."""
    number = secrets.token_hex(4)
    if log is not None:
        text = "".join(traceback.format_exception(error)) if error is not None else ""
        line = {"event": "crash", "id": number, "error": repr(error), "traceback": text}
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            log.write(json.dumps(line) + "\n")
            log.flush()
    return tr(FAILED, id=number)
