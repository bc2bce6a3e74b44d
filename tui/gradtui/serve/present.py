"""`gradtui serve --present`: the program in this terminal, and beside it the server, which shows its state to visitors.

The server is a process of its own, in a session of its own: neither a stopped program nor ctrl+c stops what the
visitors see, and a slow visitor never holds up the presenter. Each hears of the other's end by their socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem

from ..cli.invocation import Invocation
from ..cli.launch import app_of, status_of
from ..model import events as e
from ..model.opening import Opening
from ..model.permissions import PRESENTER
from ..model.state import Audience
from ..text.language import tr
from .lecture.link import MOST_BYTES, Link, Words, pair
from .lecture.relay import Relay
from .lecture.state_words import words
from .report import told_lines
from .server_options import ServerOptions

if TYPE_CHECKING:
    from ..screen.app import GradtuiApp

#: Seconds that the server may take to listen (it takes 1.5), and to end: farewells to all take 1.
_BEGIN, _END = 60.0, 15.0


def present(invocation: Invocation[ServerOptions], key: Any, fingerprint: str, out: TextIO) -> int:
    """Present until the program is left; its exit status. Raises ExperimentError where nothing can be served."""
    plan = invocation.options
    assert plan.lecture_log is not None
    log = _opened(plan.lecture_log)
    ours, theirs = pair()
    # Before a thread or a loop is there; the options, a password among them, need no way over any command line.
    server = os.fork()
    if not server:
        ours.close()
        _serve(plan, key, fingerprint, theirs, log)
    theirs.close()
    log.close()
    try:
        told = begun(ours)
        told |= {"log": str(plan.lecture_log)}
        for line in told_lines(told):
            print(line, file=out, flush=True)
        return _run(invocation, ours, told)
    finally:
        ours.close()
        _await(server)


def _opened(path: Path) -> TextIO:
    """The log, for its owner alone: it has the visitors' addresses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        message = Message("{path} cannot be written: {reason}", path=str(path), reason=error.strerror)
        raise ExperimentError([Problem("--log-file", message)]) from None
    return os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)


# -- the server's process ------------------------------------------------------------------------------------


def _serve(plan: ServerOptions, key: Any, fingerprint: str, end: socket.socket, log: TextIO) -> NoReturn:
    """In the fork: serve until the presenter has gone."""
    status = 1
    try:
        os.setsid()
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        for target in (1, 2):
            os.dup2(log.fileno(), target)
        from .server import Server, many_files

        many_files()
        try:
            status = asyncio.run(Server(plan, log, Relay(end)).run(key, fingerprint))
        except ExperimentError as error:
            end.send(refusal(error.problems))
    except BaseException:
        traceback.print_exc(file=log)
    finally:
        # Not sys.exit: what the presenter's process has registered for its end is not ours.
        os._exit(status)


def refusal(problems: Iterable[Problem]) -> bytes:
    """Why there is no server, for the presenter's process. In the language of both: JSON keeps no templates."""
    return json.dumps({"wrong": [[problem.field, tr(problem.message)] for problem in problems]}).encode()


def begun(end: socket.socket) -> Words:
    """Wait until the server listens; what it tells. Raises ExperimentError where it cannot."""
    ready, _, _ = select.select([end], [], [], _BEGIN)
    data = end.recv(MOST_BYTES, socket.MSG_PEEK) if ready else b""
    if not data:
        raise ExperimentError([Problem("serve", Message("the server has not started; the log says more"))])
    told: Words = json.loads(data)
    if "wrong" in told:
        raise ExperimentError([Problem(field, message) for field, message in told["wrong"]])
    return told


def _await(server: int) -> None:
    """Wait until the server has said farewell to everybody; it has heard already that the presenter has gone."""
    end = time.monotonic() + _END
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(server, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.kill(server, signal.SIGKILL)
                os.waitpid(server, 0)
                return
            time.sleep(0.02)


# -- the presenter's program ---------------------------------------------------------------------------------


def _run(invocation: Invocation[ServerOptions], end: socket.socket, told: Words) -> int:
    assert invocation.opening is not None
    state, cursor = invocation.opening.state, invocation.opening.cursor
    audience = Audience(told["address"], page=told.get("web", ""))
    opens = Opening(replace(state, audience=audience), (*cursor, e.Invite()))
    app = app_of(replace(invocation, opening=opens), permissions=PRESENTER)

    async def show(pilot: object) -> None:
        drive(app, end)

    return status_of(app, invocation.loaded.settings.mouse, show)


def drive(app: GradtuiApp, end: socket.socket) -> Link:
    """Show the program's state to the server from now on, and the server's counts in the program."""

    def take(heard: Words) -> None:
        counts = {name: heard[name] for name in ("visitors", "following")}
        app.send(e.Audience(Audience(heard["address"], page=heard.get("web", ""), **counts)))

    def lost() -> None:
        if app.is_running and app.state.audience is not None:
            app.send(e.Audience(replace(app.state.audience, visitors=0, following=0, ended=True)))
            app.send(e.Invite())

    link = Link(end, take, lost)
    spell = spelling(app)
    app.followed_by.append(lambda: link.offer(spell))
    link.offer(spell)
    return link


def spelling(app: GradtuiApp) -> Callable[[], Words]:
    """What the program shows; of a table of the presenter's, what it showed before, and the presenter is told."""
    last: Words = {}
    private = False

    def spell() -> Words:
        nonlocal last, private
        shown = words(app.state, app.timeline)
        if shown is None and not private:
            app.call_later(app.notify, tr("visitors do not see a table of yours; they stay where they were"))
        private = shown is None
        last = last if shown is None else shown
        return last

    return spell
