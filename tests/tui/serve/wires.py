"""What no visitor may ever read: of the program's failures, of the host, of what the server is made of."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[3]
_WORDS = (
    "Traceback", 'File "', ".py", "site-packages", "asyncssh", "textual", "secret",
    str(_REPOSITORY), sys.prefix, sys.base_prefix, str(Path.home()),
)  # fmt: skip
_SECRET = re.compile("|".join([*map(re.escape, _WORDS), rf"\b{re.escape(socket.gethostname())}\b"]))


def betrayed(wire: bytes) -> list[str]:
    """What of it is on the wire: nothing, if all is well."""
    return _SECRET.findall(wire.decode("utf-8", "replace"))
