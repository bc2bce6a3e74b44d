"""The commands' keys: those of the table or the user's own, what a key means in a view, and what permissions allow."""

from __future__ import annotations

from collections.abc import Mapping

from ..text import process
from ..text.language import tr
from .commands import BROUGHT, COMMANDS, GROUPS, Command
from .permissions import OPEN, Permissions

_SYMBOLS = {
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "colon": ":",
    "asterisk": "*",
    "ampersand": "&",
    "exclamation_mark": "!",
    "number_sign": "#",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
}

_TABLE_KEYS = {command.id: command.keys for command in COMMANDS}


def rebind(keys: Mapping[str, tuple[str, ...]], permissions: Permissions = OPEN) -> None:
    """Let these keys work from now on; commands that are not named keep the table's,
    or those that the permissions move them to.

    What the permissions bring along takes only keys that are free.
    """
    own = {name: own for name, own in (dict(permissions.moves) | dict(keys)).items() if own != _TABLE_KEYS.get(name)}
    taken = {key for bound in (_TABLE_KEYS | own).values() for key in bound}
    for command in brought(permissions):
        own[command.id] = tuple(key for key in command.keys if key not in taken)
    process.change(keys=own)


def brought(permissions: Permissions) -> list[Command]:
    """The commands that these permissions bring along."""
    return [command for command in BROUGHT if command.id in permissions.brings]


def keys_of(command: str) -> tuple[str, ...]:
    """The keys that work in this process: the table's, or the user's own."""
    return process.current().keys.get(command, _TABLE_KEYS.get(command, ()))


def command_of(key: str, view: str, permissions: Permissions = OPEN) -> Command | None:
    """The command that a key means in a view (or in a QUESTION): one that has a meaning there alone comes first."""
    bound = [command for command in (*COMMANDS, *brought(permissions)) if key in keys_of(command.id)]
    own = (command for command in bound if view in command.where)
    return next(own, None) or next((command for command in bound if not command.where), None)


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return _SYMBOLS.get(key, key)


def shown_keys(command: str, all: bool = False) -> str:
    """A command's effective key as a person reads it (all: every one of them); empty where it has none."""
    keys = [key_name(key) for key in keys_of(command)]
    return " ".join(keys) if all else (keys[0] if keys else "")


def offered(permissions: Permissions = OPEN) -> list[Command]:
    """The commands that these permissions allow; the keys of the others say why not."""
    return [command for command in (*COMMANDS, *brought(permissions)) if not permissions.refusal(command.needs)]


def refusal(command: Command, permissions: Permissions) -> str:
    """Why these permissions do not allow a command, as a person reads it; empty where it does."""
    text = permissions.refusal(command.needs)
    return tr(text, **{command.id: shown_keys(command.id) for command in COMMANDS}) if text else ""


def groups(permissions: Permissions = OPEN) -> dict[str, list[Command]]:
    """The commands by group, in the table's order."""
    return {group: [command for command in offered(permissions) if command.group == group] for group in GROUPS}


def key_table(permissions: Permissions = OPEN) -> str:
    """The commands as a Markdown table, for the README."""
    lines = ["| key | what it does |", "|---|---|"]
    for group, commands in groups(permissions).items():
        lines.append(f"| **{tr(group)}** | |")
        for command in commands:
            lines.append(f"| {' '.join(f'`{key_name(key)}`' for key in command.keys)} | {tr(command.help)} |")
    return "\n".join(lines)
