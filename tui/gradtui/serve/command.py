"""`gradtui serve`: its options, and the server from its start to its end."""

from __future__ import annotations

import getpass
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gradtui_engine import Experiment
from gradtui_engine.core.fields import Choice, Integer, Switch, Text
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Option, option, options_of, read
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.run import size

from ..cli.invocation import Invocation
from ..cli.launch import opening, screen_texts
from ..cli.settings import SETTINGS
from ..cli.words import Words
from ..model.changes import other
from ..model.opening import Opening
from ..model.permissions import largest_trace
from ..model.state import State
from ..share import address
from ..text.language import current, tr
from .report import FORMS, TABLE
from .server_options import ServerOptions
from .session.limits import LIMITS, Limits
from .session.limits import read as limits_of

_INSTALL = "pip install 'gradtui[serve]'"
_PORT = 2222
_LOOPBACK = "127.0.0.1"
_PORTS = Integer(0, 65535)


@dataclass(frozen=True)
class ServeOptions:
    """The server's own options, as they were typed and checked one by one."""

    host: str = option(
        _LOOPBACK, f"address to listen on (default {_LOOPBACK}; 0.0.0.0 opens it to the network)", Text("ADDRESS")
    )
    port: int = option(_PORT, f"port to listen on (default {_PORT}; 0 any)", _PORTS)
    host_key: str | None = option(None, "the host key; made when missing (default: a state directory)", Text("FILE"))
    password: str | None = option(None, "visitors need this password; - asks for it", Text("WORD"))
    authorized_keys: str | None = option(None, "visitors need one of these keys", Text("FILE"))
    a_class: bool = option(
        False, "a class comes, all from one address: no limit for each address", Switch(), flag="--class"
    )
    log: str = option(TABLE, f"{', '.join(FORMS)} (default {TABLE})", Choice(lambda: FORMS))
    present: bool = option(False, "a lecture: visitors see what the program in this terminal shows", Switch())
    log_file: str | None = option(
        None, "with --present, where the log goes (default: beside the host key)", Text("FILE")
    )
    web: int | None = option(None, "serve the same sessions to browsers on this port (0 any)", _PORTS, form="PORT")
    web_name: tuple[str, ...] = option(
        (),
        "a name by which browsers may ask for this host, such as a proxy's; may be repeated",
        Text("NAME"),
        many=True,
    )
    metrics: int | None = option(None, "serve figures for Prometheus on this port of loopback", _PORTS, form="PORT")
    allow_root: bool = option(False, "run as root all the same", Switch())


OPTIONS = options_of(ServeOptions)


def rows() -> tuple[Option, ...]:
    """The options beside the experiment's: the server's, the limits', and those of the opening."""
    return (*OPTIONS.values(), *LIMITS.values(), *address.rows())


def plan(experiment: Experiment, words: Words) -> tuple[ServerOptions, Opening]:
    """Read the options, and ask for a password where that is wanted. Raises ExperimentError with every problem."""
    from .ssh.hostkey import usual_path

    problems: list[Problem] = []
    given = ServeOptions(**read(OPTIONS.values(), words.given, problems))
    if given.web and given.web == given.port and not any(problem.field == "--port" for problem in problems):
        problems.append(Problem("--web", Message("{port} is --port's already; 0 takes a free one", port=given.web)))
    limits = Limits()
    try:
        limits = limits_of(words.given, given.a_class, given.present)
    except ExperimentError as error:
        problems += error.problems
    if sys.platform != "linux":
        problems.append(Problem("system", Message("Linux is needed, and this is {system}", system=sys.platform)))
    elif os.geteuid() == 0 and not given.allow_root:
        problems.append(Problem("root", Message("is not to serve visitors; use another account, or --allow-root")))
    opens: Opening | None = None
    try:
        opens = opening(experiment, words)
        _check_size(opens.state, limits.memory << 20)
    except ExperimentError as error:
        problems += error.problems
    keys = Path(given.authorized_keys) if given.authorized_keys is not None else None
    if keys is not None:
        problems += _unreadable_keys(keys)
    if given.password == "":
        problems.append(Problem("--password", Message("is empty; leave it out, and everybody may come in")))
    if experiment.resolved.data.startswith("csv:"):
        problems.append(Problem("data", Message("visitors have no files; use one of the built-in data sets")))
    if importlib.util.find_spec("asyncssh") is None:  # importing it here would take 0.1 s of every start
        problems.append(Problem("asyncssh", Message("is missing; try: {command}", command=_INSTALL)))
    problems += _no_web(given, "web" in words.given) + _no_lecture(given)
    if problems or opens is None:
        raise ExperimentError(problems)
    password = _typed() if given.password == "-" else given.password
    if not password and given.password == "-":
        raise ExperimentError([Problem("--password", Message("nothing was typed"))])
    key_file = Path(given.host_key) if given.host_key is not None else usual_path()
    log = Path(given.log_file) if given.log_file is not None else key_file.with_name("lecture.log")
    return ServerOptions(
        host=given.host,
        port=given.port,
        key_file=key_file,
        password=password,
        authorized_keys=keys,
        form=given.log,
        metrics=given.metrics,
        web=given.web,
        names=(given.host, *given.web_name),
        limits=limits,
        arguments=(*experiment.to_arguments(), *_opening(words), *_settings(words)),
        language=current(),
        lecture_log=log if given.present else None,
    ), opens


def _check_size(state: State, memory: int) -> None:
    """Whether a session has room for what visitors land on, A and B. Raises ExperimentError."""
    for experiment in (state.experiment, other(state.experiment, state.changes) or state.experiment):
        size.check_size(experiment.resolved, largest_trace(memory))


def _typed() -> str:
    """A password, without its letters on the screen; from a pipe, its first line."""
    if sys.stdin.isatty():
        return getpass.getpass(tr("password for visitors: "))
    return sys.stdin.readline().rstrip("\n")


def _no_lecture(given: ServeOptions) -> list[Problem]:
    """Why nothing can be presented."""
    if not given.present:
        printed = Message("is for --present; without it the log is printed")
        return [Problem("--log-file", printed)] if given.log_file else []
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return [Problem("--present", Message("needs a terminal, whose screen the visitors see"))]
    return []


def _no_web(given: ServeOptions, wanted: bool) -> list[Problem]:
    """Why browsers cannot be served as well."""
    if not wanted:
        return [Problem("--web-name", Message("says nothing without --web PORT"))] if given.web_name else []
    problems: list[Problem] = []
    for flag, value in (("--password", given.password), ("--authorized-keys", given.authorized_keys)):
        if value is not None:
            message = Message("lets everybody in, and {option} does not; one of both has to go", option=flag)
            problems.append(Problem("--web", message))
    if any(importlib.util.find_spec(name) is None for name in ("aiohttp", "textual_serve")):
        problems.append(Problem("textual-serve", Message("is missing; try: {command}", command=_INSTALL)))
    return problems


def _unreadable_keys(path: Path) -> list[Problem]:
    try:
        import asyncssh

        asyncssh.read_authorized_keys(str(path))
    except ImportError:
        return []
    except OSError as error:
        message = Message("{file} cannot be read: {reason}", file=str(path), reason=error.strerror)
        return [Problem("--authorized-keys", message)]
    except ValueError:
        message = Message("{file} holds no keys; one a line, as ssh-keygen writes them", file=str(path))
        return [Problem("--authorized-keys", message)]
    return []


def _opening(words: Words) -> list[str]:
    """The options of the opening view again, a preset's among them, as a visitor's program reads them."""
    texts = screen_texts(words)
    return [word for row in address.rows() for word in row.arguments(texts.get(row.name))]


def _settings(words: Words) -> list[str]:
    """The settings of the command line again."""
    return [word for name in words.settings for word in SETTINGS[name].arguments(words.given[name])]


def serve(invocation: Invocation[ServerOptions], out: TextIO) -> int:
    """Serve until a signal ends it."""
    if invocation.options.lecture_log is not None:
        from .present import present
        from .ssh.hostkey import fingerprint, host_key

        key = host_key(invocation.options.key_file)
        return present(invocation, key, fingerprint(key), out)
    from .process import become

    return become(invocation.options)
