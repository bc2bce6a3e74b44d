"""How settings that cannot be used are told of: every problem at once, each with its source."""

from __future__ import annotations

from collections.abc import Iterable

from gradtui_engine.core.fields import given
from gradtui_engine.core.problems import Problem


class SettingsError(ValueError):
    """Settings that cannot be used. Holds every problem, each with its source."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def shown(name: str) -> str:
    """A name out of the file for a message of one line."""
    return name if name.isprintable() and 0 < len(name) <= 60 else given(name)
