"""The options of a server, checked, and as text for the process that serves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .session.limits import Limits


@dataclass(frozen=True)
class ServerOptions:
    """The options of `gradtui serve`, checked."""

    host: str
    port: int
    key_file: Path
    password: str | None
    authorized_keys: Path | None
    form: str
    metrics: int | None
    #: The browsers' port, and the names by which they may ask for it.
    web: int | None
    names: tuple[str, ...]
    limits: Limits
    #: What each visitor's program is started with.
    arguments: tuple[str, ...]
    #: The host's own language.
    language: str
    #: The log of a lecture; None where there is none.
    lecture_log: Path | None = None

    def text(self) -> str:
        """All of it, a password included: nothing for a command line, which others may read."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of_text(cls, text: str) -> ServerOptions:
        """The options that `text` has written."""
        values: dict[str, Any] = json.loads(text)
        paths = {name: Path(values[name]) if values[name] is not None else None for name in _PATHS}
        lists = {name: tuple(values[name]) for name in ("names", "arguments")}
        return cls(**values | paths | lists | {"limits": Limits(**values["limits"])})


_PATHS = ("key_file", "authorized_keys", "lecture_log")
