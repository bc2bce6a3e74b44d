"""A session's own process: takes its terminal after the fork, gives up everything else, and runs the program."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import resource
import signal
import sys
import termios
from collections.abc import Mapping
from typing import Any, TextIO

from gradtui_engine.core.figures import exact

from ...text.language import tr
from ..lecture.follow import follow
from .frame_rate import FrameRate
from .parent_death import die_with_parent

#: Seconds between two looks how many frames a second are a session's share.
_LOOK = 1.0
#: The number of the link's descriptor in a session of a lecture.
_LINK = 3


def take_over(limits: dict[str, int], slave: int, log: int, zygote: int, link: int | None) -> None:
    """Take the terminal and the log by their descriptors, and close every other but the link's."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for target in (0, 1):
        os.dup2(slave, target)
    # What the C library and stray prints have to say goes to the log, never to the visitor.
    os.dup2(log, 2)
    os.set_blocking(2, False)
    if link is not None:
        os.dup2(link, _LINK)
        # The presenter and the server come first, whatever all followers together compute and draw.
        os.nice(5)
    os.closerange(_LINK + (link is not None), 4096)
    die_with_parent(zygote)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # The warning of the end may come before the program listens to it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.chdir("/")
    _limit(limits)
    random.seed()


def run(request: dict[str, Any], computed: Mapping[Any, Any], frame_rate: FrameRate, lecture: bool) -> int:
    """Make the program for this visitor, and run it in the terminal that was taken; its exit status.

    computed: results by need that are there already.
    """
    from ...model.permissions import FOLLOWER, VISITOR
    from ..kiosk.kiosk import kiosk_app

    permissions = FOLLOWER if lecture else VISITOR
    app = kiosk_app(request["arguments"], request["environment"], _take_streams(), permissions, computed)

    async def ready(pilot: object) -> None:
        if lecture:
            follow(app, _LINK)

    async def session() -> int:
        _attend(app, frame_rate, request["limits"]["warning"])
        left_with = await app.run_async(mouse=app.mouse, auto_pilot=ready)
        return int(app.return_code or left_with or 0)

    # Not asyncio.run: it would wait for a computation that is still under way.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(session())


def _limit(limits: dict[str, int]) -> None:
    """The kernel's limits. Data instead of address space: a thread alone reserves 136 MB of addresses."""
    for kind, most in (
        (resource.RLIMIT_DATA, limits["memory"] << 20),
        (resource.RLIMIT_NOFILE, limits["files"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # The soft one alone is a signal that says why; the hard one follows for who ignores it.
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 5))


def _take_streams() -> TextIO:
    """Python's streams: the terminal for the driver, which takes the original ones, the log for all others."""
    terminal = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.__stdin__ = sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.__stdout__ = sys.__stderr__ = terminal  # type: ignore[misc]
    log = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr = log
    return log


#: Tasks that run as long as their process does.
_tasks: list[asyncio.Task[None]] = []


def _attend(app: Any, frame_rate: FrameRate, warning: float) -> None:
    """Listen to the server: how many frames a second are this session's share, and when it is about to end."""
    app.pacer.fps = min(app.pacer.fps, frame_rate.value)
    own = app.pacer.fps
    told = {"seconds": exact(warning), "key": "w"}

    def warn() -> None:
        text = tr("this session ends in {seconds} s; {key} copies the command that shows the same elsewhere", **told)
        app.notify(text, severity="warning", timeout=20)

    async def share() -> None:
        while True:
            await asyncio.sleep(_LOOK)
            app.pacer.fps = min(own, frame_rate.value)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, warn)
    _tasks.append(loop.create_task(share()))
