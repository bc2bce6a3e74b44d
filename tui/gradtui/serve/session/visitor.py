"""Who comes, and what of their own environment reaches the program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: The variables that a visitor's side may send, and what a value may look like.
WELCOME = ("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "COLORTERM", "NO_COLOR", "TERM_PROGRAM")
_VALUE = re.compile(r"[A-Za-z0-9@._-]{0,64}")
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")
_LOCALE = ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG")


@dataclass(frozen=True)
class Visitor:
    """An address, the kind of terminal, and what of the environment came along."""

    address: str
    term: str = "xterm-256color"
    environment: Mapping[str, str] = field(default_factory=dict)

    def clean(self) -> dict[str, str]:
        """The program's whole environment."""
        told = {name: text for name, text in self.environment.items() if name in WELCOME and _VALUE.fullmatch(text)}
        term = self.term if _TERM.fullmatch(self.term) else "xterm-256color"
        # Only for who says nothing: LC_ALL wins over LANG, and LANG alone is what most send.
        locale = {} if any(name in told for name in _LOCALE) else {"LC_ALL": "C.UTF-8"}
        return locale | {"HOME": "/nonexistent", "PATH": "/nonexistent"} | told | {"TERM": term}
