"""The commands: what each takes, and what does it. Nothing is loaded before it is called."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TextIO

from .. import __version__

Switches = Sequence[tuple[str, dict[str, Any]]]

#: Settings that a command without a screen has.
_PRINTED = ("lang",)


@dataclass(frozen=True)
class Command:
    """A command: its switches beside the experiment's options, and what it does."""

    prog: str
    #: What the command does, as the help of `gradtui` lists it after the command's name.
    brief: str
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
    #: Whether check does more than read (asks for a password, opens a log): then not where a slip is known.
    check_acts: bool = False
    #: Further switches, made when the command is called: they cost imports.
    more: Callable[[], Switches] = tuple
    #: Called before anything is read; why the command cannot go on, empty where it can.
    enter: Callable[[], str] = str
    #: Whether an experiment may come out of a file.
    opens_files: bool = True


def later(module: str, function: str) -> Callable[..., Any]:
    """A function of a module, such as "model.presets", that is loaded when it is called."""

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"gradtui.{module}"), function)(*arguments)

    return call


def _screen(experiment: Any, switches: Any, out: TextIO) -> int:
    from gradtui_engine.core.message import Message
    from gradtui_engine.core.problems import ExperimentError, Problem

    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        message = Message("the screen needs a terminal; without one use: gradtui run")
        raise ExperimentError([Problem("terminal", message)])
    return _leave(later("cli.launch", "launch")(switches))


def _leave(status: int) -> int:
    """The end of a program that had a screen."""
    if threading.active_count() > 1:
        # A computation is still under way, and Python would wait for it. The terminal is restored already.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _check_screen(experiment: Any, switches: Any) -> None:
    switches.opening = later("cli.launch", "opening")(experiment, switches)


def _check_serve(experiment: Any, switches: Any) -> None:
    switches.plan = later("serve.command", "plan")(experiment, switches)


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


_OTHERS = {
    "run": Command(
        "gradtui run",
        "prints the numbers without a screen",
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
        later("cli.headless", "run"),
    ),
    "doctor": Command(
        "gradtui doctor",
        "tries remedies",
        "Diagnose, try every remedy on the same seed, data and random numbers, and print what was measured. "
        "Exit status 1 when unhealthy, 0 when healthy.",
        [("--json", {"action": "store_true", "help": "print one JSON document instead"})],
        later("cli.reports", "doctor"),
    ),
    "check": Command(
        "gradtui check",
        "checks the gradient",
        "Check the recorded gradient of every parameter against central differences. Exit status 1 when one is wrong.",
        [],
        later("cli.reports", "check"),
    ),
    "theory": Command(
        "gradtui theory",
        "prints reference figures",
        "Print the literature's reference figures beside what this engine computes.",
        [],
        lambda experiment, switches, out: later("cli.reports", "theory")(out),
        of_experiment=False,
    ),
    "presets": Command(
        "gradtui presets",
        "lists the presets",
        "List the presets: experiments that make one point each. gradtui NAME opens one.",
        [],
        lambda experiment, switches, out: later("model.presets", "listing")(out, _columns()),
        of_experiment=False,
    ),
    "lessons": Command(
        "gradtui lessons",
        "checks lessons",
        "Check lessons: that each can be read, and that every question has exactly one true answer. Without a file, "
        "all that the program finds. Exit status 1 where one is broken, 2 where a file cannot be read.",
        [("files", {"nargs": "*", "metavar": "LESSON.md", "help": "lessons to check"})],
        lambda experiment, switches, out: later("lessons.check", "report")(switches.files, out),
        of_experiment=False,
        check=later("lessons.check", "readable"),
    ),
    "config": Command(
        "gradtui config",
        "shows the settings",
        "Print where the file of settings is, and the settings in force as TOML that can be fed back.",
        [
            ("--path", {"action": "store_true", "help": "print the path alone"}),
            ("--show", {"action": "store_true", "help": "print the settings alone"}),
        ],
        lambda experiment, switches, out: later("cli.config", "config")(switches, out, os.environ),
        of_experiment=False,
        settings=None,
        reads_settings=False,
    ),
    "serve": Command(
        "gradtui serve",
        "lets visitors in over SSH",
        "Let visitors in over SSH, each to the program in a process of its own and to nothing else of this host. "
        "The experiment and its options are what they land on.",
        [],
        lambda experiment, switches, out: _leave(later("serve.command", "serve")(switches, out)),
        settings=None,
        check=_check_serve,
        check_acts=True,
        more=later("serve.command", "switches"),
    ),
    "kiosk": Command(
        "gradtui kiosk",
        "is the screen for a visitor of this machine",
        "The screen for visitors of a machine that is not theirs: every way out of the program is closed. It reads and "
        "writes no files, starts no programs, and reads no settings but those given here. See docs/serving.md.",
        [
            (
                "--log-fd",
                {"metavar": "N", "help": "open file descriptor that is told of a crash, one line of JSON for each"},
            )
        ],
        lambda experiment, switches, out: later("serve.kiosk.kiosk", "run")(switches),
        settings=None,
        check=later("serve.kiosk.kiosk", "check"),
        check_acts=True,
        more=later("share.address", "switches"),
        enter=later("serve.kiosk.kiosk", "enter"),
        opens_files=False,
    ),
}

COMMANDS = {
    "": Command(
        "gradtui",
        "",
        "See where the gradient goes: backpropagation through a deep MLP or an unrolled LSTM, step by step. "
        "Other commands (each has --help): "
        + "; ".join(f"{each.prog} {each.brief}" for each in _OTHERS.values())
        + ".",
        [("--version", {"action": "version", "version": f"gradtui {__version__}"})],
        _screen,
        settings=None,
        check=_check_screen,
        more=later("share.address", "switches"),
    ),
    **_OTHERS,
}
