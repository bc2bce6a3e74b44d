"""The command `gradtui`: which command, its arguments, its exit status."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from . import __version__

# One BLAS thread is faster at terminal sizes and fair to neighbours on a shared host. Has to stand before NumPy
# loads; a user's own setting wins.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

Switches = Sequence[tuple[str, dict[str, Any]]]

#: Settings that a command without a screen has.
_PRINTED = ("lang",)

_EPILOG = (
    "Other commands (each has --help): gradtui run prints the numbers without a screen; gradtui doctor tries remedies; "
    "gradtui check checks the gradient; gradtui theory prints reference figures; gradtui presets lists the presets; "
    "gradtui lessons checks lessons; gradtui config shows the settings; gradtui serve lets visitors in over SSH."
)


@dataclass(frozen=True)
class Command:
    """A command: its switches beside the experiment's options, and what it does."""

    prog: str
    description: str
    switches: Switches
    call: Callable[[Any, Any, TextIO], int]
    #: Whether the command takes an experiment at all.
    of_experiment: bool = True
    #: The settings that it takes as options; None for all. `config` reads them itself: a broken file must not stop it.
    settings: tuple[str, ...] | None = _PRINTED
    reads_settings: bool = True
    #: Reads what the command alone can read of its switches, so that its problems come with all the others.
    check: Callable[[Any, Any], None] | None = None
    #: Further switches, made when the command is called: they cost imports.
    more: Callable[[], Switches] = tuple
    #: Called before anything is read; why the command cannot go on, empty where it can.
    enter: Callable[[], str] = str
    #: Whether an experiment may come out of a file.
    opens_files: bool = True


def _screen(experiment: Any, switches: Any, out: TextIO) -> int:
    from gradtui_engine.problems import ExperimentError, Problem

    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        message = "the screen needs a terminal; without one use: gradtui run"
        raise ExperimentError([Problem("terminal", message)])
    from .launch import launch

    return _leave(launch(switches))


def _leave(status: int) -> int:
    """The end of a program that had a screen."""
    if threading.active_count() > 1:
        # A computation is still under way, and Python would wait for it. The terminal is restored already.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _check_screen(experiment: Any, switches: Any) -> None:
    from .launch import opening

    switches.opening = opening(experiment, switches)


def _screen_switches() -> Switches:
    from .address import switches

    return switches()


def _enter_kiosk() -> str:
    from .kiosk import enter

    return enter()


def _kiosk(experiment: Any, switches: Any, out: TextIO) -> int:
    from .kiosk import run

    return run(switches)


def _check_kiosk(experiment: Any, switches: Any) -> None:
    from .kiosk import check

    check(experiment, switches)


def _run(experiment: Any, switches: Any, out: TextIO) -> int:
    from .headless import run

    return run(experiment, switches, out)


def _doctor(experiment: Any, switches: Any, out: TextIO) -> int:
    from .reports import doctor

    return doctor(experiment, switches, out)


def _check(experiment: Any, switches: Any, out: TextIO) -> int:
    from .reports import check

    return check(experiment, switches, out)


def _theory(experiment: Any, switches: Any, out: TextIO) -> int:
    from .reports import theory

    return theory(out)


def _config(experiment: Any, switches: Any, out: TextIO) -> int:
    from .config import config

    return config(switches, out, os.environ)


def _presets(experiment: Any, switches: Any, out: TextIO) -> int:
    from .presets import listing

    return listing(out, shutil.get_terminal_size((100, 24)).columns)


def _lessons(experiment: Any, switches: Any, out: TextIO) -> int:
    from .lessons.check import report

    return report(switches.files, out)


def _serve(experiment: Any, switches: Any, out: TextIO) -> int:
    from .serve.command import serve

    return _leave(serve(switches, out))


def _check_serve(experiment: Any, switches: Any) -> None:
    from .serve.command import plan

    switches.plan = plan(experiment, switches)


def _serve_switches() -> Switches:
    from .serve.command import switches

    return switches()


COMMANDS = {
    "": Command(
        "gradtui",
        "See where the gradient goes: backpropagation through a deep MLP or an unrolled LSTM, step by step. " + _EPILOG,
        [("--version", {"action": "version", "version": f"gradtui {__version__}"})],
        _screen,
        settings=None,
        check=_check_screen,
        more=_screen_switches,
    ),
    "kiosk": Command(
        "gradtui kiosk",
        "The screen for visitors of a machine that is not theirs: every way out of the program is closed. It reads and "
        "writes no files, starts no programs, and reads no settings but those given here. See docs/serving.md.",
        [
            (
                "--log-fd",
                {"metavar": "N", "help": "open file descriptor that is told of a crash, one line of JSON for each"},
            )
        ],
        _kiosk,
        settings=None,
        check=_check_kiosk,
        more=_screen_switches,
        enter=_enter_kiosk,
        opens_files=False,
    ),
    "run": Command(
        "gradtui run",
        "Run one iteration and print a table with a bar per stage.",
        [
            ("--json", {"action": "store_true", "help": "print one JSON document instead"}),
            ("--plot", {"action": "store_true", "help": "also plot the gradient norm against the stage"}),
            (
                "--jacobian",
                {"action": "store_true", "help": "also the exact Jacobians' singular values, for the first sample"},
            ),
            ("--save", {"metavar": "RUN.npz", "help": "write every array to a file"}),
            ("--print-config", {"action": "store_true", "help": "print the experiment as TOML and stop"}),
        ],
        _run,
    ),
    "doctor": Command(
        "gradtui doctor",
        "Diagnose, try every remedy on the same seed, data and random numbers, and print what was measured. "
        "Exit status 1 when unhealthy, 0 when healthy.",
        [("--json", {"action": "store_true", "help": "print one JSON document instead"})],
        _doctor,
    ),
    "check": Command(
        "gradtui check",
        "Check the recorded gradient of every parameter against central differences. Exit status 1 when one is wrong.",
        [],
        _check,
    ),
    "theory": Command(
        "gradtui theory",
        "Print the literature's reference figures beside what this engine computes.",
        [],
        _theory,
        of_experiment=False,
    ),
    "presets": Command(
        "gradtui presets",
        "List the presets: experiments that make one point each. gradtui NAME opens one.",
        [],
        _presets,
        of_experiment=False,
    ),
    "lessons": Command(
        "gradtui lessons",
        "Check lessons: that each can be read, and that every question has exactly one true answer. Without a file, "
        "all that the program finds. Exit status 1 where one is broken.",
        [("files", {"nargs": "*", "metavar": "LESSON.md", "help": "lessons to check"})],
        _lessons,
        of_experiment=False,
    ),
    "serve": Command(
        "gradtui serve",
        "Let visitors in over SSH, each to the program in a process of its own and to nothing else of this host. "
        "The experiment and its options are what they land on.",
        [],
        _serve,
        settings=None,
        check=_check_serve,
        more=_serve_switches,
    ),
    "config": Command(
        "gradtui config",
        "Print where the file of settings is, and the settings in force as TOML that can be fed back.",
        [
            ("--path", {"action": "store_true", "help": "print the path alone"}),
            ("--show", {"action": "store_true", "help": "print the settings alone"}),
        ],
        _config,
        of_experiment=False,
        settings=None,
        reads_settings=False,
    ),
}


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
    problem = _misspelt_command(arguments) if not name else None
    if problem is not None:
        print(f"gradtui: {problem}", file=sys.stderr)
        return 2
    problem = command.enter()
    if problem:
        print(f"{command.prog}: {problem}", file=sys.stderr)
        return 2
    try:
        return _dispatch(command, arguments)
    except BrokenPipeError:
        # The reader (head, less) has gone.
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"{command.prog}: output: cannot be written: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _misspelt_command(arguments: Sequence[str]) -> str | None:
    """What to say of a first word that is neither a command nor a file but looks like a command."""
    word = arguments[0] if arguments else ""
    if not word.replace("-", "").isalpha() or word.startswith("-") or Path(word).exists():
        return None
    from gradtui_engine.problems import unknown_name

    from .presets import PRESETS

    if word in PRESETS:
        return None
    return f"command: {unknown_name(word, (*(each for each in COMMANDS if each), *PRESETS))}"


def _drop_output() -> None:
    """Send what is left in the output's buffer nowhere: it would fail again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return


def read(command: Command, arguments: Sequence[str]) -> tuple[Any, Any]:
    """(experiment, usage), with the settings in force. Raises SettingsError with every problem of all."""
    from gradtui_engine import Experiment, ExperimentError

    from .arguments import UsageError, experiment_of, parse, parser
    from .settings import SettingsError, switches

    options = switches() if command.settings is None else switches(command.settings)
    own = [*command.switches, *command.more(), *options]
    made = parser(command.prog, command.description, own, command.of_experiment, command.opens_files)
    try:
        usage = parse(made, arguments)
    except UsageError as error:
        raise SettingsError(error.problems) from None
    problems = _settle(usage.switches) if command.reads_settings else []
    experiment = Experiment()  # what the rest is read with where the one that was asked for is wrong
    try:
        experiment = experiment_of(usage)
    except ExperimentError as error:
        problems += error.problems
    try:
        if command.check is not None:
            command.check(experiment, usage.switches)
    except ExperimentError as error:
        problems += error.problems
    if problems:
        raise SettingsError(problems)
    return experiment, usage


def _dispatch(command: Command, arguments: list[str]) -> int:
    from gradtui_engine import ExperimentError

    from .complaints import complaint
    from .notes import without_effect
    from .settings import SettingsError

    try:
        experiment, usage = read(command, arguments)
        for note in without_effect(experiment, usage.fields):
            print(f"{command.prog}: {note}", file=sys.stderr)
        status = command.call(experiment, usage.switches, sys.stdout)
        sys.stdout.flush()
    except (ExperimentError, SettingsError) as error:
        for problem in error.problems:
            print(f"{command.prog}: {complaint(problem)}", file=sys.stderr)
        return 2
    return status


def _settle(found: Any) -> list[Any]:
    """Put the settings into force, and beside the switches; returns what is wrong with them."""
    from . import glyphs, language
    from .settings import SettingsError, given_of, load

    try:
        found.loaded = load(given_of(found), os.environ)
    except SettingsError as error:
        return list(error.problems)
    language.use(found.loaded.settings.lang)
    glyphs.use(found.loaded.settings.glyphs)
    return []
