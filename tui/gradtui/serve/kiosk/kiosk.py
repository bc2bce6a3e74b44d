"""`gradtui kiosk`: the screen for visitors of a machine that is not theirs, with every way out of it closed.

What closes each way: `Permissions` the commands and what is read, `ENVIRONMENT` the variables, `closed` what Textual
would do by itself. The machine's own walls (ulimit, a user without rights) are in docs/serving.md.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TextIO

from gradtui_engine.core.fields import Integer, Rejected
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Option, read
from gradtui_engine.core.problems import ExperimentError, Problem

from ...cli.subcommand import kiosk
from ...model.permissions import VISITOR, Permissions
from ...text.language import tr
from .crash import note

if TYPE_CHECKING:
    from gradtui_engine import Experiment

    from ...cli.invocation import Invocation
    from ...cli.words import Words
    from ...model.needs import Known
    from ...model.opening import Opening
    from .closed import KioskApp

#: What a command after `ssh host` is handed to a ForceCommand in.
_ASKED_FOR = "SSH_ORIGINAL_COMMAND"
#: Of a visitor's environment this reaches the program, where it is short and printable: what the terminal is like.
VARIABLES = ("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES")
_MOST_CHARACTERS = 64
#: Beside it: no settings of the account; 20 sessions on two cores have 15 frames a second each. PATH finds nothing.
ENVIRONMENT = {
    "GRADTUI_CONFIG": os.devnull,
    "GRADTUI_FPS": "15",
    "HOME": "/",
    "PATH": "",
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1"),
}
#: Keys that send a signal while the terminal is not the program's yet: ctrl+c, ctrl+\ and ctrl+z.
_KEYS_THAT_SIGNAL = ("SIGINT", "SIGQUIT", "SIGTSTP")


def environment_of(visitor: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a session, out of what the visitor's side says."""
    told = {name: visitor[name] for name in VARIABLES if name in visitor}
    fit = {name: text for name, text in told.items() if len(text) <= _MOST_CHARACTERS and text.isprintable()}
    return fit | ENVIRONMENT


def close(visitor: Mapping[str, str]) -> None:
    """Close this process, for good. Has to come before Textual is imported, or its own variables may count."""
    for name in _KEYS_THAT_SIGNAL:
        with contextlib.suppress(AttributeError, ValueError):  # Windows; not the main thread
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    kept = environment_of(visitor)
    os.environ.clear()
    os.environ.update(kept)
    VISITOR.enforce()
    # Both would be written over the screen, with paths.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def kiosk_app(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: TextIO | None = None,
    permissions: Permissions = VISITOR,
    known: Known | None = None,
) -> KioskApp:
    """The app of a session, for a server that runs it: `arguments` as after `gradtui kiosk`, environment the visitor's.

    Closes this process. log is told of a crash, one line of JSON; known are results that are there already. Raises
    SettingsError with every problem.
    """
    invocation = invocation_of(arguments, environment)
    if known is not None and invocation.opening is not None:
        invocation = replace(invocation, opening=invocation.opening._replace(results=known))
    return app_for(invocation, log, permissions)


def invocation_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Invocation[KioskOptions]:
    """Close this process, and read the arguments, whose settings are in force from then on. Raises SettingsError."""
    close(environment)
    from ...cli.reading import read as read_invocation

    return read_invocation(KIOSK, arguments)


def app_for(invocation: Invocation[KioskOptions], log: TextIO | None, permissions: Permissions = VISITOR) -> KioskApp:
    """The app of this invocation; log is told of a crash."""
    from ...cli.launch import made_by
    from .closed import KioskApp

    make = partial(KioskApp, log_file=log, mouse=invocation.loaded.settings.mouse)
    return made_by(make, invocation, permissions)


# -- the command -------------------------------------------------------------------------------------------


def enter() -> str:
    """Close the process before anything is read; why there is no session, empty where there is."""
    asked = os.environ.get(_ASKED_FOR) is not None
    close(os.environ.copy())
    _tell_crashes(None)
    sys.unraisablehook = lambda crash: None
    return tr("no commands are run here; connect without one") if asked else ""


@dataclass(frozen=True)
class KioskOptions:
    """The kiosk's own options. log is told of a crash; None where nobody is."""

    log: TextIO | None = None


_LOG = Option("log_fd", "open file descriptor that is told of a crash, one line of JSON for each", Integer(3, 10**6))


def rows() -> tuple[Option, ...]:
    """The options beside the experiment's."""
    from ...share import address

    return (_LOG, *address.rows())


def complete(experiment: Experiment, words: Words) -> tuple[KioskOptions, Opening]:
    """Open the log, which is told of crashes from now on, and read the opening. Raises ExperimentError."""
    from ...cli.launch import opening

    problems: list[Problem] = []
    number = read([_LOG], words.given, problems).get(_LOG.name)
    opens, log = None, None
    try:
        log = _opened(number) if number is not None else None
        _tell_crashes(log)
    except Rejected as error:
        problems.append(Problem(_LOG.flag, error.message))
    try:
        opens = opening(experiment, words)
    except ExperimentError as error:
        problems += error.problems
    if problems or opens is None:
        raise ExperimentError(problems)
    return KioskOptions(log), opens


def _opened(number: int) -> TextIO:
    """The log behind a file descriptor's number. Raises Rejected."""
    try:
        return os.fdopen(number, "w", encoding="utf-8", errors="replace")
    except OSError as error:
        raise Rejected(Message("{number} is no open file: {reason}", number=number, reason=error.strerror)) from None


def run(invocation: Invocation[KioskOptions], out: TextIO) -> int:
    """Run a session in this terminal; its exit status."""
    from ...cli.launch import status_of

    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise ExperimentError([Problem("terminal", Message("the screen needs a terminal; connect with: ssh -t"))])
    status = status_of(app_for(invocation, invocation.options.log))
    sys.stdout.flush()
    sys.stderr.flush()
    # Whatever is still being computed is nobody's any more, and Python would wait for it.
    os._exit(status)


KIOSK = kiosk(run, complete, rows, enter)


# -- a crash outside of the app ----------------------------------------------------------------------------


def _tell_crashes(log: TextIO | None) -> None:
    """Tell this log, from now on, of what fails before, after or beside the app."""
    sys.excepthook = lambda kind, error, trace: _last_words(error, log)
    threading.excepthook = lambda crash: _last_words(crash.exc_value, log)


def _last_words(error: BaseException | None, log: TextIO | None) -> None:
    """Of a crash before or after the app, instead of a traceback."""
    sentence = note(error, log)
    with contextlib.suppress(OSError, ValueError):
        print(sentence, file=sys.__stderr__, flush=True)
