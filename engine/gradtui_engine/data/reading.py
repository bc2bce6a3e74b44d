"""How a file is to be read: the fields of an experiment that overrule what is found out about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.fields import Rejected, Text
from ..core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is read; None is found out. The names are those of the Experiment's fields."""

    header: str | None = None
    separator: str | None = None
    missing: str | None = None
    target: str | None = None
    drop: str | None = None
    window: int | None = None
    loss: str | None = None


@dataclass(frozen=True)
class Columns(Text):
    """Names or numbers of columns: any text but an empty one; a file may give a number as one."""

    def check(self, value: Any) -> str:
        whole = isinstance(value, int) and not isinstance(value, bool)
        text = super().check(str(value) if whole else value).strip()
        if not text:
            raise Rejected(Message("{given} names no column; give its name, or its number from 1", given=repr(value)))
        return text
