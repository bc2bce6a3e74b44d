"""`gradtui serve`: its options, and the server from its start to its end."""

from __future__ import annotations

import getpass
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from gradtui_engine import Experiment
from gradtui_engine.core.fields import Choice, Integer, Rejected
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem
from gradtui_engine.experiment.spelling import flag
from gradtui_engine.run import network

from ..cli.launch import opening
from ..cli.setting_kinds import Boolean
from ..cli.settings import SETTINGS, given_of
from ..model import presets
from ..model.needs import other
from ..model.permissions import largest_trace
from ..model.state import State
from ..share import address
from ..text.language import current, tr
from .report import FORMS, TABLE
from .server_options import Plan
from .session import limits as limits_of
from .session.limits import Limits

_INSTALL = "pip install 'gradtui[serve]'"
_PORT = 2222
_LOOPBACK = "127.0.0.1"
_PORTS = Integer(0, 65535)


def switches() -> list[tuple[str, dict[str, Any]]]:
    """The options for argparse, beside the experiment's: the server's, the limits', and those of the opening."""
    return [
        ("--host", {"metavar": "ADDRESS", "default": _LOOPBACK, "help": f"address to listen on (default {_LOOPBACK}; "
                    "0.0.0.0 opens it to the network)"}),
        ("--port", {"metavar": "N", "default": str(_PORT), "help": f"port to listen on (default {_PORT}; 0 any)"}),
        ("--host-key", {"metavar": "FILE", "help": "the host key; made when missing (default: a state directory)"}),
        ("--password", {"metavar": "WORD", "help": "visitors need this password; - asks for it"}),
        ("--authorized-keys", {"metavar": "FILE", "help": "visitors need one of these keys"}),
        ("--class", {"action": "store_true", "dest": "lifted", "help": "a class comes, all from one address: no "
                     "limit for each address"}),
        ("--log", {"metavar": "NAME", "default": TABLE, "help": f"{', '.join(FORMS)} (default {TABLE})"}),
        ("--present", {"action": "store_true", "help": "a lecture: visitors see what the program in this terminal "
                       "shows"}),
        ("--log-file", {"metavar": "FILE", "help": "with --present, where the log goes (default: beside the host "
                        "key)"}),
        ("--web", {"metavar": "PORT", "help": "serve the same sessions to browsers on this port (0 any)"}),
        ("--web-name", {"metavar": "NAME", "action": "append", "default": [], "help": "a name by which browsers may "
                        "ask for this host, such as a proxy's; may be repeated"}),
        ("--metrics", {"metavar": "PORT", "help": "serve figures for Prometheus on this port of loopback"}),
        ("--allow-root", {"action": "store_true", "help": "run as root all the same"}),
        *limits_of.switches(),
        *address.switches(),
    ]  # fmt: skip


def plan(experiment: Experiment, given: Any) -> Plan:
    """Read the options. Raises ExperimentError with every problem."""
    from .ssh.hostkey import usual_path

    problems: list[Problem] = []

    def read(name: str, kind: Any, text: str | None) -> Any:
        try:
            return None if text is None else kind.parse(text)
        except Rejected as error:
            problems.append(Problem(flag(name), error.message))
            return None

    port = read("port", _PORTS, given.port)
    metrics = read("metrics", _PORTS, given.metrics)
    web = read("web", _PORTS, given.web)
    if web and web == port:
        problems.append(Problem("--web", Message("{port} is --port's already; 0 takes a free one", port=web)))
    form = read("log", Choice(lambda: FORMS), given.log)
    limits = Limits()
    try:
        limits = limits_of.read(vars(given), given.lifted, given.present)
    except ExperimentError as error:
        problems += error.problems
    if sys.platform != "linux":
        problems.append(Problem("system", Message("Linux is needed, and this is {system}", system=sys.platform)))
    elif os.geteuid() == 0 and not given.allow_root:
        problems.append(Problem("root", Message("is not to serve visitors; use another account, or --allow-root")))
    try:
        given.opening = opening(experiment, given)
        _check_size(given.opening[0], limits.memory << 20)
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
    problems += _no_web(given) + _no_lecture(given)
    if problems:
        raise ExperimentError(problems)
    password = _typed() if given.password == "-" else given.password
    if not password and given.password == "-":
        raise ExperimentError([Problem("--password", Message("nothing was typed"))])
    names = (given.host, *given.web_name)
    key_file = Path(given.host_key) if given.host_key is not None else usual_path()
    arguments = (*experiment.to_arguments(), *_opening(vars(given)), *_settings(given_of(given)))
    log = Path(given.log_file) if given.log_file is not None else key_file.with_name("lecture.log")
    return Plan(
        given.host, port, key_file, password, keys, form, metrics, web, names, limits, arguments, current(),
        log if given.present else None,
    )  # fmt: skip


def _check_size(state: State, memory: int) -> None:
    """Whether a session has room for what visitors land on, A and B. Raises ExperimentError."""
    network.allow(largest_trace(memory))
    try:
        for each in (state.experiment, other(state.experiment, state.changes) or state.experiment):
            network.check_size(each.resolved)
    finally:
        network.allow(network.MOST_BYTES)


def _typed() -> str:
    """A password, without its letters on the screen; from a pipe, its first line."""
    if sys.stdin.isatty():
        return getpass.getpass(tr("password for visitors: "))
    return sys.stdin.readline().rstrip("\n")


def _no_lecture(given: Any) -> list[Problem]:
    """Why nothing can be presented."""
    if not given.present:
        printed = Message("is for --present; without it the log is printed")
        return [Problem("--log-file", printed)] if given.log_file else []
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return [Problem("--present", Message("needs a terminal, whose screen the visitors see"))]
    return []


def _no_web(given: Any) -> list[Problem]:
    """Why browsers cannot be served as well."""
    if given.web is None:
        return [Problem("--web-name", Message("says nothing without --web PORT"))] if given.web_name else []
    problems: list[Problem] = []
    for option, value in (("--password", given.password), ("--authorized-keys", given.authorized_keys)):
        if value is not None:
            message = Message("lets everybody in, and {option} does not; one of both has to go", option=option)
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


def _opening(given: Mapping[str, Any]) -> list[str]:
    """The options of the opening view again, a preset's among them, as a visitor's program reads them."""
    if given["file"] is not None and presets.named(given["file"], given["opens_files"]):
        given = presets.screen_values(given["file"]) | {key: value for key, value in given.items() if value}
    found: list[str] = []
    for row in address.ROWS:
        value = given.get(row.name.replace("-", "_"))
        if value is True:
            found.append(f"--{row.name}")
        elif value not in (None, False):
            found += [f"--{row.name}", str(value)]
    for change in given.get(address.B.removeprefix("--")) or ():
        found += [address.B, change]
    return found


def _settings(given: Mapping[str, str]) -> Iterable[str]:
    """The settings of the command line again."""
    for name, value in given.items():
        if isinstance(SETTINGS[name].kind, Boolean):
            yield flag(name) if value == "true" else f"--no-{flag(name).removeprefix('--')}"
        else:
            yield from (flag(name), value)


def serve(given: Any, out: TextIO) -> int:
    """Serve until a signal ends it. `given.plan` is what `plan` has made of the options."""
    found: Plan = given.plan
    if found.lecture_log is not None:
        from .lecture.present import present
        from .ssh.hostkey import fingerprint, host_key

        key = host_key(found.key_file)
        return present(given, key, fingerprint(key), out)
    from .process import become

    return become(found)
