"""The commands: what each takes, and what does it. Nothing is loaded before it is called."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

from .subcommand import Subcommand, Takes

if TYPE_CHECKING:
    from gradtui_engine.core.options import Option

    from .invocation import Invocation


def later(module: str, function: str) -> Callable[..., Any]:
    """A function of a module, such as "model.presets", that is loaded when it is called."""

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"gradtui.{module}"), function)(*arguments)

    return call


def _own(table: str) -> dict[str, Any]:
    """rows and complete of a command whose options are a dataclass of `own_options`."""

    def rows() -> Sequence[Option]:
        from gradtui_engine.core.options import options_of

        return tuple(options_of(_table()).values())

    def complete(experiment: Any, words: Any) -> tuple[Any, Any]:
        return later("cli.reading", "options_in")(_table(), words), None

    def _table() -> Any:
        return getattr(import_module("gradtui.cli.own_options"), table)

    return {"rows": rows, "complete": complete}


def _screen(invocation: Invocation[Any], out: TextIO) -> int:
    from gradtui_engine.core.message import Message
    from gradtui_engine.core.problems import ExperimentError, Problem

    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        message = Message("the screen needs a terminal; without one use: gradtui run")
        raise ExperimentError([Problem("terminal", message)])
    return _leave(later("cli.launch", "launch")(invocation))


def _leave(status: int) -> int:
    """The end of a program that had a screen."""
    if threading.active_count() > 1:
        # A computation is still under way, and Python would wait for it. The terminal is restored already.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _open_screen(experiment: Any, words: Any) -> tuple[Any, Any]:
    return None, later("cli.launch", "opening")(experiment, words)


def _rows_without_b() -> Sequence[Option]:
    from ..share.address import OPTIONS

    return OPTIONS


def _open_recordings(experiment: Any, words: Any) -> tuple[Any, Any]:
    return None, later("cli.opening_files", "opening")(words)


def _check_lessons(experiment: Any, words: Any) -> tuple[Any, Any]:
    from .own_options import LessonsOptions

    later("lessons.check", "readable")(words.files)
    return LessonsOptions(words.files), None


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


_OTHERS = {
    "run": Subcommand(
        "gradtui run",
        "prints the numbers without a screen",
        "Run one iteration and print a table with a bar per stage.",
        later("cli.headless", "run"),
        **_own("RunOptions"),
    ),
    "open": Subcommand(
        "gradtui open",
        "shows again what run has written",
        "Show again what `gradtui run --save` (RUN.npz, with every pane) and `gradtui run --json` (RUN.json, with the "
        "panes that numbers are enough for) have written. Two files are compared as A and B.",
        _screen,
        rows=_rows_without_b,
        complete=_open_recordings,
        takes=Takes.FILES,
        files=("RUN.npz|RUN.json", "what run --save or run --json has written"),
        has_screen=True,
        settings=None,
    ),
    "doctor": Subcommand(
        "gradtui doctor",
        "tries remedies",
        "Diagnose, try every remedy on the same seed, data and random numbers, and print what was measured. "
        "Exit status 1 when unhealthy, 0 when healthy.",
        later("cli.reports", "doctor"),
        **_own("DoctorOptions"),
    ),
    "check": Subcommand(
        "gradtui check",
        "checks the gradient",
        "Check the recorded gradient of every parameter against central differences. Exit status 1 when one is wrong.",
        later("cli.reports", "check"),
    ),
    "theory": Subcommand(
        "gradtui theory",
        "prints reference figures",
        "Print the literature's reference figures beside what this engine computes.",
        lambda invocation, out: later("cli.reports", "theory")(out),
        takes=Takes.NOTHING,
    ),
    "presets": Subcommand(
        "gradtui presets",
        "lists the presets",
        "List the presets: experiments that make one point each. gradtui NAME opens one.",
        lambda invocation, out: later("model.presets", "listing")(out, _columns()),
        takes=Takes.NOTHING,
    ),
    "lessons": Subcommand(
        "gradtui lessons",
        "checks lessons",
        "Check lessons: that each can be read, and that every question has exactly one true answer. Without a file, "
        "all that the program finds. Exit status 1 where one is broken, 2 where a file cannot be read.",
        lambda invocation, out: later("lessons.check", "report")(invocation.options.files, out),
        complete=_check_lessons,
        takes=Takes.FILES,
        files=("LESSON.md", "lessons to check"),
    ),
    "config": Subcommand(
        "gradtui config",
        "shows the settings",
        "Print where the file of settings is, and the settings in force as TOML that can be fed back.",
        lambda invocation, out: later("cli.config", "config")(invocation, out, os.environ),
        takes=Takes.NOTHING,
        settings=None,
        needs_settings=False,
        **_own("ConfigOptions"),
    ),
    "serve": Subcommand(
        "gradtui serve",
        "lets visitors in over SSH",
        "Let visitors in over SSH, each to the program in a process of its own and to nothing else of this host. "
        "The experiment and its options are what they land on.",
        lambda invocation, out: _leave(later("serve.command", "serve")(invocation, out)),
        rows=later("serve.command", "rows"),
        complete=later("serve.command", "plan"),
        complete_acts=True,
        has_screen=True,
        settings=None,
    ),
    "kiosk": Subcommand(
        "gradtui kiosk",
        "is the screen for a visitor of this machine",
        "The screen for visitors of a machine that is not theirs: every way out of the program is closed. It reads and "
        "writes no files, starts no programs, and reads no settings but those given here. See docs/serving.md.",
        lambda invocation, out: later("serve.kiosk.kiosk", "run")(invocation),
        rows=later("serve.kiosk.kiosk", "rows"),
        complete=later("serve.kiosk.kiosk", "complete"),
        complete_acts=True,
        takes=Takes.PRESET,
        has_screen=True,
        settings=None,
        enter=later("serve.kiosk.kiosk", "enter"),
    ),
}

SUBCOMMANDS = {
    "": Subcommand(
        "gradtui",
        "",
        "See where the gradient goes: backpropagation through a deep MLP or an unrolled LSTM, step by step. "
        "Other commands (each has --help): "
        + "; ".join(f"{command.prog} {command.brief}" for command in _OTHERS.values())
        + ".",
        _screen,
        rows=later("share.address", "rows"),
        complete=_open_screen,
        has_screen=True,
        tells_version=True,
        settings=None,
    ),
    **_OTHERS,
}
