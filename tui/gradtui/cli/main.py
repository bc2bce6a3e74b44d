"""The command `gradtui`: which command, its arguments, its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from .. import __version__
from .subcommands import COMMANDS, Command

__all__ = ["COMMANDS", "main", "read"]

# One BLAS thread is faster at terminal sizes and fair to neighbours on a shared host. Has to stand before NumPy
# loads; a user's own setting wins.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

#: With these a command that was misspelt would print the help of another, and nothing of the slip.
_PRINT_AND_STOP = ("-h", "--help", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 for what cannot be used."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        print(f"gradtui {__version__}")
        return 0
    name = arguments.pop(0) if arguments and arguments[0] in COMMANDS and arguments[0] else ""
    for stream in (sys.stdout, sys.stderr):
        # A terminal whose encoding lacks a symbol gets a "?" instead of a traceback.
        cast(Any, stream).reconfigure(errors="replace")
    command = COMMANDS[name]
    slips: list[Any] = []
    if not name and _is_misspelt(arguments):
        command, slips = _meant(arguments[0])
        arguments = [each for each in arguments[1:] if each not in _PRINT_AND_STOP]
    problem = command.enter()
    if problem:
        print(f"{command.prog}: {problem}", file=sys.stderr)
        return 2
    try:
        return _dispatch(command, arguments, slips)
    except BrokenPipeError:
        # The reader (head, less) has gone.
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        from ..text.language import tr

        problem = tr("output: cannot be written: {reason}", reason=error.strerror)
        print(f"{command.prog}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _is_misspelt(arguments: Sequence[str]) -> bool:
    """Whether the first word is neither a command nor a preset nor a file but looks like a command."""
    word = arguments[0] if arguments else ""
    if not word.replace("-", "").isalpha() or word.startswith("-") or Path(word).exists():
        return False
    from ..model.presets import PRESETS

    return word not in PRESETS


def _meant(word: str) -> tuple[Command, list[Any]]:
    """The command whose options are read with such a word, so that their problems come with the word's own."""
    from gradtui_engine.core.problems import Problem, nearest, unknown_name

    from ..model.presets import PRESETS

    names = (*filter(None, COMMANDS), *PRESETS)
    command = COMMANDS.get(nearest(word, names) or "", COMMANDS[""])
    check = None if command.check_acts else command.check
    return replace(command, prog="gradtui", enter=str, check=check), [Problem("command", unknown_name(word, names))]


def _drop_output() -> None:
    """Send what is left in the output's buffer nowhere: it would fail again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return


def read(command: Command, arguments: Sequence[str], slips: Sequence[Any] = ()) -> tuple[Any, Any]:
    """(experiment, usage), with the settings in force. Raises SettingsError with every problem of all, slips first."""
    from gradtui_engine import Experiment, ExperimentError

    from .arguments import Usage, UsageError, experiment_of, parse, parser
    from .settings import SettingsError, switches

    options = switches() if command.settings is None else switches(command.settings)
    own = [*command.switches, *command.more(), *options]
    made = parser(command.prog, command.description, own, command.of_experiment, command.opens_files)
    problems, unread = list(slips), False
    try:
        usage = parse(made, arguments)
    except UsageError as error:
        problems += error.problems
        usage, unread = error.usage or Usage(), error.usage is None
    acts = command.check_acts and bool(problems)
    wrong = _settle(usage.switches)
    problems += wrong if command.reads_settings else []
    if unread:
        raise SettingsError(problems)
    experiment = Experiment()  # what the rest is read with where the one that was asked for is wrong
    try:
        experiment = experiment_of(usage)
    except ExperimentError as error:
        problems += error.problems
    try:
        if command.check is not None and not acts:
            command.check(experiment, usage.switches)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise SettingsError(problems)
    return experiment, usage


def _dispatch(command: Command, arguments: list[str], slips: Sequence[Any] = ()) -> int:
    from gradtui_engine import ExperimentError

    from ..model.ineffective_options import left_to_screen, without_effect
    from ..text.complaints import complaint
    from .settings import SettingsError

    try:
        experiment, usage = read(command, arguments, slips)
        notes = [*without_effect(experiment, usage.fields)]
        if not command.more():  # it has no screen
            notes += left_to_screen(experiment, usage.file)
        for note in notes:
            print(f"{command.prog}: {note}", file=sys.stderr)
        status = command.call(experiment, usage.switches, sys.stdout)
        sys.stdout.flush()
    except (ExperimentError, SettingsError) as error:
        for problem in error.problems:
            print(f"{command.prog}: {complaint(problem)}", file=sys.stderr)
        return 2
    return status


def _settle(found: Any) -> list[Any]:
    """Put the settings that can be used into force, and beside the switches; returns what is wrong with others."""
    from ..text import glyphs, language
    from .settings import SettingsError, given_of, load

    problems: list[Any] = []
    try:
        loaded = load(given_of(found), os.environ)
    except SettingsError as error:
        problems += error.problems
        if error.usable is None:
            return problems
        loaded = error.usable
    # Where some are wrong the others count: what is wrong is told in the person's language.
    language.use(loaded.settings.lang)
    glyphs.use(loaded.settings.glyphs)
    found.loaded = loaded
    return problems
