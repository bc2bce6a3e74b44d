"""The command `gradtui`: which command, its arguments, its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import __version__
from .subcommand import Subcommand, Takes, nothing_of_its_own
from .subcommands import SUBCOMMANDS

# One BLAS thread is faster at terminal sizes and fair to neighbours on a shared host. Has to stand before NumPy
# loads; a user's own setting wins.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

#: With these a command that was misspelt would print the help of another, and nothing of the slip.
#: What people type who look for the help.
_WORDS_FOR_HELP = ("help", "usage", "man")
_PRINT_AND_STOP = ("-h", "--help", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 2 for what cannot be used, 70 where the program itself has failed."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        print(f"gradtui {__version__}")
        return 0
    name = arguments.pop(0) if arguments and arguments[0] in SUBCOMMANDS and arguments[0] else ""
    from .printed import printing

    with printing(os.environ):
        return _enter(name, arguments)


def _enter(name: str, arguments: list[str]) -> int:
    """Run the command of this name, and tell of what ends it."""
    command = SUBCOMMANDS[name]
    slips: list[Any] = []
    if not name and _is_misspelt(arguments):
        command, slips = _meant(arguments[0])
        arguments = [word for word in arguments[1:] if word not in _PRINT_AND_STOP]
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
        from gradtui_engine.recordings.clean import cleaned

        from ..text.language import tr

        # What is printed has no name.
        if error.filename is not None:
            problem = tr(
                "{file}: cannot be read: {reason}", file=cleaned(str(error.filename), 60), reason=error.strerror
            )
        else:
            problem = tr("output: cannot be written: {reason}", reason=error.strerror)
        print(f"{command.prog}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if sys.excepthook is not sys.__excepthook__:  # a visitor's machine tells its log
            raise
        from ..share import failures

        _drop_output()
        print(failures.note(error, command.prog), file=sys.stderr)
        return failures.FAILED


def _is_misspelt(arguments: Sequence[str]) -> bool:
    """Whether the first word is neither a command nor a preset nor a file but looks like a command."""
    word = arguments[0] if arguments else ""
    if not word.replace("-", "").isalpha() or word.startswith("-") or Path(word).exists():
        return False
    from ..model.presets import PRESETS

    return word not in PRESETS


def _meant(word: str) -> tuple[Subcommand[Any], list[Any]]:
    """The command whose options are read with such a word, so that their problems come with the word's own."""
    from gradtui_engine.core.message import Message
    from gradtui_engine.core.problems import Problem, nearest

    from ..model.presets import PRESETS

    commands = tuple(filter(None, SUBCOMMANDS))
    names = (*commands, *PRESETS)
    if word.lower() in _WORDS_FOR_HELP:
        problem = Message("{given} is unknown; the help is gradtui --help", given=repr(word))
        return replace(SUBCOMMANDS[""], enter=str, complete=nothing_of_its_own), [Problem("command", problem)]
    match = nearest(word, names)
    command = SUBCOMMANDS.get(match or "", SUBCOMMANDS[""])
    # What the files are that it would be given nobody knows.
    acts = command.complete_acts or command.takes is Takes.FILES
    complete = nothing_of_its_own if acts else command.complete
    meant = replace(command, prog="gradtui", enter=str, complete=complete)
    return meant, [Problem("command", _no_command(word, match, commands))]


def _no_command(word: str, match: str | None, commands: Sequence[str]) -> Any:
    """What is said of such a word: the likeliest first."""
    from gradtui_engine.core.message import Message

    values = {"given": repr(word) if len(word) <= 60 else f"{word[:40]!r}…", "commands": ", ".join(commands)}
    if match is None:
        return Message("{given} is unknown; commands: {commands}; gradtui presets lists the presets", **values)
    return Message(
        "{given} is unknown; did you mean {match}? Commands: {commands}; gradtui presets lists the presets",
        **values, match=repr(match),
    )  # fmt: skip


def _drop_output() -> None:
    """Send what is left in the output's buffer nowhere: it would fail again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return


def _dispatch(command: Subcommand[Any], arguments: list[str], slips: Sequence[Any] = ()) -> int:
    from gradtui_engine import ExperimentError

    from ..model.ineffective_options import left_to_screen, without_effect
    from ..text.complaints import complaint
    from ..text.language import tr
    from .printed import of_language
    from .reading import read
    from .settings_error import SettingsError

    try:
        invocation = read(command, arguments, slips)
        notes = [*map(tr, invocation.notes), *without_effect(invocation.experiment, invocation.words.fields)]
        if not command.has_screen:
            notes += of_language(invocation.loaded, os.environ)
        if not (command.has_screen or command.takes_b):
            notes += left_to_screen(invocation.experiment, invocation.words.file)
        if command.of_experiment and not command.has_screen:
            from ..text.table_words import table_notes

            notes += table_notes(invocation.experiment.resolved, command.scales_target)
        for note in notes:
            print(f"{command.prog}: {note}", file=sys.stderr)
        status = command.call(invocation, sys.stdout)
        sys.stdout.flush()
    except (ExperimentError, SettingsError) as error:
        for problem in error.problems:
            print(f"{command.prog}: {complaint(problem)}", file=sys.stderr)
        return 2
    return status
