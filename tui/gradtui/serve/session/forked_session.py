"""A session's own process: what is loaded before the fork, and what the child does with its terminal after it."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import mmap
import os
import random
import resource
import signal
import struct
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from ...text.language import tr
from .follow import follow
from .limits import MOST_FRAMES

if TYPE_CHECKING:
    from .prerendered import Sleeper

#: Seconds between two looks how many frames a second are a session's share.
_LOOK = 1.0
#: Seconds that the rehearsal waits for its numbers; sessions wait for as long as they live.
_PATIENCE = 20.0
#: The link's number in a session of a lecture.
_LINK = 3


#: What the rehearsal has computed. Visitors land on the same experiment: it is on their screen sooner, and computing it
#: again would take 7 MB of each one's own memory (25 instead of 18 MB).
_computed: dict[Any, Any] = {}


class Frames:
    """Frames per second of each session: one number in memory that the warm parent shares with its children."""

    _FORM = struct.Struct("d")

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self.rate = MOST_FRAMES

    @property
    def rate(self) -> float:
        return float(self._FORM.unpack_from(self._page)[0])

    @rate.setter
    def rate(self, value: float) -> None:
        self._FORM.pack_into(self._page, 0, value)


def warm_up(arguments: list[str]) -> str:
    """Import all that a session may need, and run the program once without a terminal.

    Returns why these arguments show nothing; empty where they do.
    """
    import ctypes  # noqa: F401  for die_with_parent in the child
    import traceback  # noqa: F401

    from ...text import language, plot

    for code in language.LANGUAGES:
        language.catalogue(code)
    wrong = asyncio.run(_rehearse(arguments))
    if wrong:
        return wrong
    plot.load()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(5)
    return ""


async def _rehearse(arguments: list[str]) -> str:
    from ...model.needs import Failed, Simulation
    from ..kiosk.kiosk import kiosk_app
    from .prerendered import ENVIRONMENT, SIZE

    app = kiosk_app(arguments, ENVIRONMENT)
    need = Simulation(app.state.experiment)
    result = await asyncio.to_thread(need.compute, lambda share: None)
    if isinstance(result, Failed):
        return result.problem
    async with app.run_test(size=SIZE) as pilot:
        end = time.monotonic() + _PATIENCE
        while app.trace is None and time.monotonic() < end:
            await pilot.pause(0.01)
        await pilot.press("space")
        await pilot.pause(0.2)
    _computed.update(app.jobs.results)
    # Its thread ends when nobody can ask for more.
    app.jobs._executor.shutdown()
    return ""


async def fall_asleep(arguments: list[str], lecture: bool) -> tuple[Sleeper, asyncio.Task[int]]:
    """The program asleep, drawn and ready to be woken in forked processes; and the task that it runs in."""
    from ...model.permissions import FOLLOWER, VISITOR
    from .prerendered import Sleeper

    sleeper = Sleeper(arguments, FOLLOWER if lecture else VISITOR, _computed, take_streams())
    running = asyncio.create_task(sleeper.run())
    await sleeper.drawn()
    gc.collect()
    # What is frozen is never looked at again: its pages stay shared.
    gc.freeze()
    return sleeper, running


def take_over(request: dict[str, Any], slave: int, log_end: int, parent: int, link: int | None) -> None:
    """In the child: take the terminal, and give up everything else."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for target in (0, 1):
        os.dup2(slave, target)
    # What the C library and stray prints have to say goes to the log, never to the visitor.
    os.dup2(log_end, 2)
    os.set_blocking(2, False)
    if link is not None:
        os.dup2(link, _LINK)
        # The presenter and the server come first, whatever all followers together compute and draw.
        os.nice(5)
    os.closerange(_LINK + (link is not None), 4096)
    from .zygote import die_with_parent

    die_with_parent(parent)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # The warning of the end may come before the program listens to it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.chdir("/")
    _bind(request["limits"])
    random.seed()


def wake(sleeper: Sleeper, colours: Any, request: dict[str, Any], frames: Frames, lecture: bool) -> None:
    """In a child that has taken over, inside the sleeper's loop: go on as this visitor's program."""
    from ..kiosk.kiosk import close

    close(request["environment"])
    # Timers and messages that come of this are the app's own, as those of its widgets.
    with sleeper.app._context():
        _attend(sleeper.app, frames, request["limits"]["warning"])
        if lecture:
            follow(sleeper.app, _LINK)
        sleeper.wake(colours)


def run(request: dict[str, Any], frames: Frames, lecture: bool) -> int:
    """In a child that has taken over: make a program for this visitor, and run it; its exit status."""
    from ...model.permissions import FOLLOWER, VISITOR
    from ..kiosk.kiosk import kiosk_app

    profile = FOLLOWER if lecture else VISITOR
    app = kiosk_app(request["arguments"], request["environment"], take_streams(), profile)
    app.jobs.results.update(_computed)

    async def ready(pilot: object) -> None:
        if lecture:
            follow(app, _LINK)

    async def session() -> int:
        _attend(app, frames, request["limits"]["warning"])
        left_with = await app.run_async(mouse=app.mouse, auto_pilot=ready)
        return int(app.return_code or left_with or 0)

    # Not asyncio.run: it would wait for a computation that is still under way.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(session())


def _bind(limits: dict[str, int]) -> None:
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


def take_streams() -> TextIO:
    """Python's streams: the terminal for the driver, which takes the original ones, the log for all others."""
    terminal = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.__stdin__ = sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.__stdout__ = sys.__stderr__ = terminal  # type: ignore[misc]
    log = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr = log
    return log


#: Tasks that run as long as their process does.
_tasks: list[asyncio.Task[None]] = []


def _attend(app: Any, frames: Frames, warning: float) -> None:
    """Listen to the server: how many frames a second are this session's share, and when it is about to end."""
    app.pacer.fps = min(app.pacer.fps, frames.rate)
    own = app.pacer.fps
    told = {"seconds": f"{warning:g}", "key": "w"}

    def warn() -> None:
        text = tr("this session ends in {seconds} s; {key} copies the command that shows the same elsewhere", **told)
        app.notify(text, severity="warning", timeout=20)

    async def share() -> None:
        while True:
            await asyncio.sleep(_LOOK)
            app.pacer.fps = min(own, frames.rate)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, warn)
    _tasks.append(loop.create_task(share()))
