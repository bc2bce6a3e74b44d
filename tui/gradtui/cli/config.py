"""`gradtui config`: the settings in force, each with where it came from, as TOML that can be fed back."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.options import toml_value

from ..text.complaints import complaint
from ..text.language import tr
from .keymap import spelled
from .printed import exactly, of_language, settle, toml
from .settings import COMMAND_LINE, DEFAULT, FILE, KEYS, SETTINGS, SettingsInForce, config_path, survey

if TYPE_CHECKING:
    from ..model.commands import Command
    from .invocation import Invocation
    from .own_options import ConfigOptions


def config(invocation: Invocation[ConfigOptions], out: TextIO, environment: Mapping[str, str]) -> int:
    """Print the path alone, or the settings alone, or (asked for neither or both) the settings under their path.

    What cannot be used is said on stderr, what can be is shown, and the exit status is 2: whoever is told of a fault
    in the file is sent here. A file that is not there yet is none: what is printed may become it.
    """
    options = invocation.options
    if options.path and not options.show:
        exactly(out).write(f"{config_path(environment)}\n")
        return 0
    loaded, problems = survey(invocation.words.settings, environment)
    settle(loaded.settings.lang, loaded.settings.glyphs)
    for problem in problems:
        print(f"gradtui config: {complaint(problem)}", file=sys.stderr)
    if not options.show or options.path:
        out.write("".join(f"# {line}\n" for line in _heading(loaded.path)))
    out.write("".join(f"# {line}\n" for line in of_language(loaded, environment)))
    out.write(toml(show(loaded)))
    return 2 if problems else 0


def _heading(path: Path) -> Iterator[str]:
    # A comment of TOML holds no control characters; a path may.
    shown = "".join(character if character.isprintable() else "?" for character in str(path))
    yield shown if path.exists() else tr("{path} (there is no such file yet)", path=shown)


def show(loaded: SettingsInForce, commands: Sequence[Command] | None = None) -> str:
    """Every setting with its source and meaning, and the keys: those that differ, and as comments all others."""
    if commands is None:
        from ..model.commands import COMMANDS

        commands = COMMANDS
    rows = []
    for setting in SETTINGS.values():
        value = getattr(loaded.settings, setting.name)
        note = f"{_source(loaded.sources[setting.name])} · {tr(setting.help)}: {setting.kind.allowed}"
        rows.append((setting.toml(value), note))
    lines = [f"# {tr('gradtui: command line before GRADTUI_… before this file before the default')}", *_aligned(rows)]
    lines += ["", f"[{KEYS}]", f"# {tr('a key, or a list of keys; an empty list leaves the command without one')}"]
    rows = []
    for command in commands:
        keys = loaded.settings.keys.get(command.id)
        if keys is None or keys == command.keys:
            rows.append((f"# {command.id} = {toml_value(_spelled(command.keys))}", tr(command.help)))
        else:
            note = f"{_source(loaded.sources[command.id])} · {tr(command.help)}"
            rows.append((f"{command.id} = {toml_value(_spelled(keys))}", note))
    return "\n".join([*lines, *_aligned(rows)]) + "\n"


def _source(source: str) -> str:
    named = {DEFAULT: tr("default"), FILE: tr("file"), COMMAND_LINE: tr("command line")}
    return named.get(source, source)


def _spelled(keys: Sequence[str]) -> list[str]:
    return [spelled(key) for key in keys]


def _aligned(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Settings with their comments from one column on. Keys may be double width; then the column bends."""
    width = min(max(len(text) for text, _ in rows), 36)
    return (f"{text.ljust(width)}  # {note}" for text, note in rows)
