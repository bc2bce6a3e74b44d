"""What a footer offers: hints of keys, each view's in its row."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.core.message import English

from ...model.commands import BY_ID
from ...model.keys import shown_keys


@dataclass(frozen=True, slots=True)
class Hint:
    """One or two commands (up and down) under one label; without a label the command's own. shown are the keys where
    they are not those of the commands.
    """

    commands: tuple[str, ...]
    label: English = ""
    shown: str = ""

    @property
    def words(self) -> str:
        return self.label or BY_ID[self.commands[0]].label

    @property
    def keys(self) -> str:
        return self.shown or "".join(shown_keys(command) for command in self.commands)


def plain(*commands: str) -> tuple[Hint, ...]:
    """Commands under their own labels."""
    return tuple(Hint((command,)) for command in commands)


HELP, PLAY, STEP, LESSONS = plain("help", "play", "step", "view_lessons")
