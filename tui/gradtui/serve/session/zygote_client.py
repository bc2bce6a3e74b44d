"""The front's side of the warm parent: starts it, asks it for children, hears of their ends, starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .limits import Limits, frames
from .zygote import COLD, LECTURE, PACKET

#: Seconds that the warm parent may take to load (it takes 1), and that an answer may take.
_LOADING, _ANSWER = 60.0, 10.0
#: Seconds between two starts of one that dies at once.
_PATIENCE = 1.0
_ENVIRONMENT = ("PATH", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")


class LaunchError(Exception):
    """No process could be started."""


@dataclass(frozen=True)
class End:
    """How a session's process ended: exit status (negative: the signal), log, kB of memory, CPU seconds."""

    status: int
    log: str = ""
    memory: int = 0
    cpu: float = 0.0


#: Of a process whose warm parent has died: the kernel has killed it.
_ORPHAN = End(-signal.SIGKILL, "the process that starts sessions has ended")
_ANOTHER = "the process that starts sessions has ended; another is started"
_COLD_START = (
    "the process that starts sessions has ended before it was ready; another is started that prepares nothing: "
    "visitors will wait longer, and each takes more memory"
)


@dataclass
class Process:
    """A session's process."""

    pid: int
    ended: asyncio.Future[End]


class Launcher:
    """Starts session processes. `note` gets what the log should know."""

    def __init__(
        self, limits: Limits, note: Callable[[str], None], arguments: Sequence[str] = (), lecture: bool = False
    ) -> None:
        """arguments: what most sessions are started with; the warm parent runs the program with them once.

        lecture: sessions follow one.
        """
        self._arguments, self._lecture = list(arguments), lecture
        self._limits, self._note = limits, note
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._ends: dict[int, asyncio.Future[End]] = {}
        self._warm: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._again: asyncio.TimerHandle | None = None
        self._born = 0.0
        #: Whether warm parents die before they are ready: then one that loads nothing, whose children load it all
        #: themselves (a first frame after 0.5 s instead of 0.05, and 10 MB more for each).
        self._cold = False
        #: What was wrong with the first warm parent; empty where nothing was.
        self._first: asyncio.Future[str] | None = None

    async def start(self) -> None:
        """Start the warm parent, and wait until it has loaded. Raises LaunchError."""
        self._first = asyncio.get_running_loop().create_future()
        self._spawn()
        try:
            wrong = await asyncio.wait_for(self._first, _LOADING)
        except TimeoutError:
            wrong = "the process that starts sessions is not ready"
        if wrong:
            self._closed = True
            raise LaunchError(wrong)

    @property
    def pid(self) -> int | None:
        """The warm parent's, while there is one."""
        return self._warm.pid if self._warm is not None else None

    async def launch(
        self, slave: int, arguments: Sequence[str], environment: dict[str, str], link: socket.socket | None = None
    ) -> Process:
        """A new process with this terminal and, in a lecture, this link. Both are the caller's to close.

        Raises LaunchError.
        """
        await self._until_ready(_ANSWER)
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        asked: asyncio.Future[int] = loop.create_future()
        ended: asyncio.Future[End] = loop.create_future()
        self._asked[number], self._ends[number] = asked, ended
        bounds = {name: getattr(self._limits, name) for name in ("memory", "cpu", "files", "warning")}
        request = {"number": number, "arguments": list(arguments), "environment": environment, "limits": bounds}
        try:
            self._send(request, slave, *([link.fileno()] if link is not None else []))
            pid = await asyncio.wait_for(asyncio.shield(asked), _ANSWER)
        except (TimeoutError, OSError) as error:
            self._abandon(asked)
            raise LaunchError(str(error) or "no answer") from None
        except asyncio.CancelledError:
            self._abandon(asked)
            raise
        except LaunchError:
            self._ends.pop(number, None)
            raise
        return Process(pid, ended)

    def _abandon(self, asked: asyncio.Future[int]) -> None:
        """Nobody waits for this process any more: it is killed as soon as it is there, or at once."""

        def kill(done: asyncio.Future[int]) -> None:
            if not done.cancelled() and done.exception() is None:
                self.kill(done.result(), signal.SIGKILL)

        asked.add_done_callback(kill)

    def kill(self, pid: int, number: int) -> None:
        """A signal to a session's group; nothing where it has ended."""
        with contextlib.suppress(OSError, LaunchError):
            self._send({"kill": pid, "signal": int(number)})

    def share(self, sessions: int) -> None:
        """So many sessions share the cores from now on."""
        with contextlib.suppress(OSError, LaunchError):
            self._send({"frames": frames(sessions)})

    async def close(self) -> None:
        """End the warm parent, and with it what is left of its children."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
        warm = self._warm
        self._lost()
        if warm is not None:
            for _ in range(100):
                if warm.poll() is not None:
                    return
                await asyncio.sleep(0.02)
            warm.kill()
            warm.wait()

    # -- the warm parent -------------------------------------------------------------------------------

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "HOME": "/nonexistent"}
        environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        with theirs:
            self._warm = subprocess.Popen(
                # -P: what lies in the folder where the server was started is not imported.
                [sys.executable, "-P", "-m", "gradtui.serve.session.zygote", str(theirs.fileno()), str(os.getpid()),
                 json.dumps(self._arguments), *([COLD] if self._cold else []), *([LECTURE] if self._lecture else [])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
            )  # fmt: skip
        self._link = ours
        loop = asyncio.get_running_loop()
        self._born = loop.time()
        loop.add_reader(ours.fileno(), self._receive)

    async def _until_ready(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            raise LaunchError("the process that starts sessions is not ready") from None

    def _send(self, message: dict[str, Any], *descriptors: int) -> None:
        if self._link is None:
            raise LaunchError("the process that starts sessions has ended")
        socket.send_fds(self._link, [json.dumps(message).encode()], descriptors)

    def _receive(self) -> None:
        assert self._link is not None
        try:
            data = self._link.recv(PACKET)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        message = json.loads(data)
        number = message.get("number")
        if "ready" in message:
            self._ready.set()
            self._begin("")
        elif "wrong" in message:
            self._begin(message["wrong"])
        elif "pid" in message:
            self._settle(number, message["pid"])
        elif "failed" in message:
            asked = self._asked.pop(number, None)
            if asked is not None and not asked.done():
                asked.set_exception(LaunchError(message["failed"]))
        elif "ended" in message:
            end = End(message["ended"], message["log"], message["memory"], message["cpu"])
            ended = self._ends.pop(number, None)
            if ended is not None and not ended.done():
                ended.set_result(end)

    def _begin(self, wrong: str) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_result(wrong)

    def _settle(self, number: int, pid: int) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None and not asked.done():
            asked.set_result(pid)

    def _lost(self) -> None:
        """The warm parent has gone, and with it all that it had started."""
        if self._link is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._link.fileno())
        self._link.close()
        self._link = None
        stillborn = not self._ready.is_set()
        self._ready.clear()
        warm, self._warm = self._warm, None
        asked, self._asked = self._asked, {}
        ends, self._ends = self._ends, {}
        for future in asked.values():
            if not future.done():
                future.set_exception(LaunchError("the process that starts sessions has ended"))
        for ended in ends.values():
            if not ended.done():
                ended.set_result(_ORPHAN)
        if self._cold:
            self._begin("the process that starts sessions has ended while it was starting")
        if self._closed:
            return
        self._note(_COLD_START if stillborn else _ANOTHER)
        self._cold = self._cold or stillborn
        if warm is not None:
            warm.kill()
            warm.wait()
        wait = max(0.0, _PATIENCE - (loop.time() - self._born))
        self._again = loop.call_later(wait, self._spawn)
