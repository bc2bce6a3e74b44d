"""`gradtui serve`: its options, and the server from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import importlib.util
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from gradtui_engine import Experiment
from gradtui_engine.options import Choice, Integer, Rejected
from gradtui_engine.problems import ExperimentError, Problem
from gradtui_engine.spelling import flag

from .. import address, presets
from ..language import tr
from ..launch import opening
from ..settings import SETTINGS, Boolean, given_of
from . import limits as limits_of
from .launcher import LaunchError
from .limits import Limits
from .report import FORMS, TABLE

_PORT = 2222
_LOOPBACK = "127.0.0.1"
#: Seconds between two looks of the live table.
_LOOK = 1.0
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
        ("--web", {"metavar": "PORT", "help": "serve the same sessions to browsers on this port (0 any)"}),
        ("--web-name", {"metavar": "NAME", "action": "append", "default": [], "help": "a name by which browsers may "
                        "ask for this host, such as a proxy's; may be repeated"}),
        ("--metrics", {"metavar": "PORT", "help": "serve figures for Prometheus on this port of loopback"}),
        ("--allow-root", {"action": "store_true", "help": "run as root all the same"}),
        *limits_of.switches(),
        *address.switches(),
    ]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What was asked for, checked."""

    host: str
    port: int
    key_file: Path
    password: str | None
    authorized_keys: Path | None
    form: str
    metrics: int | None
    #: The browsers' port, and the names by which they may ask for it.
    web: int | None
    names: tuple[str, ...]
    limits: Limits
    #: What each visitor's program is started with.
    arguments: tuple[str, ...]


def plan(experiment: Experiment, given: Any) -> Plan:
    """Read the options. Raises ExperimentError with every problem."""
    from .hostkey import usual_path

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
    form = read("log", Choice(lambda: FORMS), given.log)
    limits = Limits()
    try:
        limits = limits_of.read(vars(given), given.lifted)
    except ExperimentError as error:
        problems += error.problems
    if sys.platform != "linux":
        problems.append(Problem("serve", f"needs Linux, and this is {sys.platform}"))
    elif os.geteuid() == 0 and not given.allow_root:
        problems.append(Problem("serve", "root is not to serve visitors; use another account, or --allow-root"))
    try:
        opening(experiment, given)
    except ExperimentError as error:
        problems += error.problems
    keys = Path(given.authorized_keys) if given.authorized_keys is not None else None
    if keys is not None:
        problems += _unreadable_keys(keys)
    if given.password == "":
        problems.append(Problem("--password", "is empty; leave it out, and everybody may come in"))
    if (experiment.data or "").startswith("csv:"):
        problems.append(Problem("data", "visitors have no files; use one of the built-in data sets"))
    try:
        import asyncssh  # noqa: F401
    except ImportError:
        problems.append(Problem("serve", "needs asyncssh; try: pip install 'gradtui[serve]'"))
    problems += _no_web(given)
    if problems:
        raise ExperimentError(problems)
    password = getpass.getpass(tr("password for visitors: ")) if given.password == "-" else given.password
    names = (given.host, *given.web_name)
    key_file = Path(given.host_key) if given.host_key is not None else usual_path()
    arguments = (*experiment.to_arguments(), *_opening(vars(given)), *_settings(given_of(given)))
    return Plan(given.host, port, key_file, password, keys, form, metrics, web, names, limits, arguments)


def _no_web(given: Any) -> list[Problem]:
    """Why browsers cannot be served as well."""
    if given.web is None:
        return [Problem("--web-name", "says nothing without --web PORT")] if given.web_name else []
    problems: list[Problem] = []
    for option, value in (("--password", given.password), ("--authorized-keys", given.authorized_keys)):
        if value is not None:
            problems.append(Problem("--web", f"lets everybody in, and {option} does not; one of both has to go"))
    if any(importlib.util.find_spec(name) is None for name in ("aiohttp", "textual_serve")):
        problems.append(Problem("--web", "needs textual-serve; try: pip install 'gradtui[serve]'"))
    return problems


def _unreadable_keys(path: Path) -> list[Problem]:
    try:
        import asyncssh

        asyncssh.read_authorized_keys(str(path))
    except ImportError:
        return []
    except OSError as error:
        return [Problem("--authorized-keys", f"{path} cannot be read: {error.strerror}")]
    except ValueError:
        return [Problem("--authorized-keys", f"{path} holds no keys; one a line, as ssh-keygen writes them")]
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
    from .hostkey import fingerprint, host_key

    key = host_key(found.key_file)
    _many_files()
    return asyncio.run(_Server(found, out).run(key, fingerprint(key)))


def _many_files() -> None:
    """As many open files as the system lets this process have: each visitor takes two."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 1 << 16) if most > 0 else 1 << 16, most))


class _Server:
    """The parts, put together."""

    def __init__(self, plan: Plan, out: TextIO) -> None:
        from .front import Admission, Front
        from .launcher import Launcher
        from .metrics import Metrics
        from .report import Report
        from .sessions import Sessions

        self.plan, self._out = plan, out
        self.report = Report(out, plan.form)
        self.launcher = Launcher(plan.limits, self.report.note, plan.arguments)
        self.metrics = Metrics(lambda: self.sessions.live.values())
        self.sessions = Sessions(plan.limits, self.launcher, Watchers((self.report, self.metrics)))
        admission = Admission(plan.password, plan.authorized_keys)
        self.front = Front(self.sessions, plan.limits, admission, lambda: plan.arguments)
        self.web: Any = None
        if plan.web is not None:
            from .web import Web

            self.web = Web(self.sessions, plan.limits, lambda: plan.arguments, self.report.note, plan.names)

    async def run(self, key: Any, fingerprint: str) -> int:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        loop.set_exception_handler(lambda loop, context: self._fault(context))
        counting: asyncio.Server | None = None
        try:
            try:
                await self.launcher.start()
            except LaunchError as error:
                raise ExperimentError([Problem("serve", str(error))]) from None
            port = await self._listen(self.plan.port, lambda host, port: self.front.listen(host, port, key))
            page = await self._listen(self.plan.web, self.web.listen) if self.plan.web is not None else None
            if self.plan.metrics is not None:
                counting = await self.metrics.listen(self.plan.metrics)
            self._announce(port, fingerprint, page, counting)
            while not stop.is_set():
                self.report.refresh(self.sessions.live.values(), self.plan.limits.sessions)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOOK)
        finally:
            await self.sessions.close()
            await self.front.close()
            if self.web is not None:
                await self.web.close()
            if counting is not None:
                counting.close()
            await self.launcher.close()
            self.report.close()
        return 0

    async def _listen(self, port: int, listen: Callable[[str, int], Awaitable[int]]) -> int:
        host = self.plan.host
        try:
            return await listen(host, port)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ExperimentError([Problem("serve", f"cannot listen on {host} port {port}: {reason}")]) from None

    def _announce(self, port: int, fingerprint: str, page: int | None, counting: asyncio.Server | None) -> None:
        host = socket.gethostname() if self.plan.host in ("0.0.0.0", "::", "") else self.plan.host
        most = self.plan.limits
        told: dict[str, Any] = {
            "address": f"ssh -C -p {port} demo@{host}",
            "fingerprint": fingerprint,
            "limits": f"{most.sessions} sessions, {most.per_address} of one address, {most.total:g} s each, "
            f"{most.idle:g} s without a key",
        }
        if page is not None:
            told["web"] = f"http://{f'[{host}]' if ':' in host else host}:{page}/"
        if counting is not None:
            told["metrics"] = f"http://127.0.0.1:{counting.sockets[0].getsockname()[1]}/metrics"
        self.report.event("serving", port=port, **told)

    def _fault(self, context: Mapping[str, Any]) -> None:
        """What nobody has caught: for the log, never for a visitor."""
        error = context.get("exception")
        self.report.note(f"{context.get('message', '')}: {error!r}" if error is not None else str(context["message"]))


class Watchers:
    """Tells each of several what happens."""

    def __init__(self, each: Sequence[Any]) -> None:
        self._each = each

    def __getattr__(self, name: str) -> Callable[..., None]:
        def tell(*what: Any) -> None:
            for watcher in self._each:
                getattr(watcher, name)(*what)

        return tell
