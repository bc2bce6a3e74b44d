"""The server's side of the zygote: starts it, asks it for forks, hears of their ends, starts it again."""

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

#: Seconds that the zygote may take to load (it takes 1), and that an answer may take.
_LOADING, _ANSWER = 60.0, 10.0
#: Seconds between two starts of one that dies at once.
_PATIENCE = 1.0
_INHERITED = ("PATH", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")


class LaunchError(Exception):
    """No process could be started."""


@dataclass(frozen=True)
class End:
    """How a session's process ended: exit status (negative: the signal), log, kB of memory, CPU seconds."""

    status: int
    log: str = ""
    memory: int = 0
    cpu: float = 0.0


#: Of a process whose zygote has died: the kernel has killed it.
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


#: glibc gives back what a session no longer needs, and keeps one heap for all of its threads: with its own settings 20
#: sessions take 20.5 MB each of private memory, with these 19.8.
_MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "16384",
    "MALLOC_MMAP_THRESHOLD_": "65536",
}


class ZygoteClient:
    """Starts session processes. `note` gets what the log should know."""

    def __init__(
        self, limits: Limits, note: Callable[[str], None], arguments: Sequence[str] = (), lecture: bool = False
    ) -> None:
        """arguments: what most sessions are started with; the zygote runs the program with them once.

        lecture: sessions follow one.
        """
        self._arguments, self._lecture = list(arguments), lecture
        self._limits, self._note = limits, note
        self._numbers = itertools.count(1)
        self._births: dict[int, asyncio.Future[int]] = {}
        self._ends: dict[int, asyncio.Future[End]] = {}
        self._zygote: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._again: asyncio.TimerHandle | None = None
        self._started = 0.0
        #: Whether zygotes die before they are ready: then one that loads nothing, whose forks load it all themselves (a
        #: first frame after 0.5 s instead of 0.1, and 10 MB more for each).
        self._cold = False
        #: What was wrong with the first zygote; empty where nothing was.
        self._first_start: asyncio.Future[str] | None = None

    async def start(self) -> None:
        """Start the zygote, and wait until it has loaded. Raises LaunchError."""
        self._first_start = asyncio.get_running_loop().create_future()
        self._spawn()
        try:
            problem = await asyncio.wait_for(self._first_start, _LOADING)
        except TimeoutError:
            problem = "the process that starts sessions is not ready"
        if problem:
            self._closed = True
            raise LaunchError(problem)

    @property
    def pid(self) -> int | None:
        """The zygote's process, while there is one."""
        return self._zygote.pid if self._zygote is not None else None

    async def launch(
        self, slave: int, arguments: Sequence[str], environment: dict[str, str], link: socket.socket | None = None
    ) -> Process:
        """A new process with this terminal and, in a lecture, this link. Both are the caller's to close.

        Raises LaunchError.
        """
        await self._until_ready(_ANSWER)
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        born: asyncio.Future[int] = loop.create_future()
        ended: asyncio.Future[End] = loop.create_future()
        self._births[number], self._ends[number] = born, ended
        limits = {name: getattr(self._limits, name) for name in ("memory", "cpu", "files", "warning")}
        request = {"number": number, "arguments": list(arguments), "environment": environment, "limits": limits}
        try:
            self._send(request, slave, *([link.fileno()] if link is not None else []))
            pid = await asyncio.wait_for(asyncio.shield(born), _ANSWER)
        except (TimeoutError, OSError) as error:
            self._abandon(born)
            raise LaunchError(str(error) or "no answer") from None
        except asyncio.CancelledError:
            self._abandon(born)
            raise
        except LaunchError:
            self._ends.pop(number, None)
            raise
        return Process(pid, ended)

    def _abandon(self, born: asyncio.Future[int]) -> None:
        """Nobody waits for this process any more: it is killed as soon as it is there, or at once."""

        def kill(done: asyncio.Future[int]) -> None:
            if not done.cancelled() and done.exception() is None:
                self.kill(done.result(), signal.SIGKILL)

        born.add_done_callback(kill)

    def kill(self, pid: int, number: int) -> None:
        """A signal to a session's group; nothing where it has ended."""
        with contextlib.suppress(OSError, LaunchError):
            self._send({"kill": pid, "signal": int(number)})

    def share(self, sessions: int) -> None:
        """So many sessions share the cores from now on."""
        with contextlib.suppress(OSError, LaunchError):
            self._send({"frames": frames(sessions)})

    async def close(self) -> None:
        """End the zygote, and with it what is left of its forks."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
        zygote = self._zygote
        self._lost()
        if zygote is not None:
            for _ in range(100):
                if zygote.poll() is not None:
                    return
                await asyncio.sleep(0.02)
            zygote.kill()
            zygote.wait()

    # -- the zygote ------------------------------------------------------------------------------------

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment |= {"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **_MALLOC}
        environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        with theirs:
            self._zygote = subprocess.Popen(
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
        self._started = loop.time()
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
            self._first_done("")
        elif "wrong" in message:
            self._first_done(message["wrong"])
        elif "pid" in message:
            self._settle(number, message["pid"])
        elif "failed" in message:
            born = self._births.pop(number, None)
            if born is not None and not born.done():
                born.set_exception(LaunchError(message["failed"]))
        elif "ended" in message:
            end = End(message["ended"], message["log"], message["memory"], message["cpu"])
            ended = self._ends.pop(number, None)
            if ended is not None and not ended.done():
                ended.set_result(end)

    def _first_done(self, problem: str) -> None:
        if self._first_start is not None and not self._first_start.done():
            self._first_start.set_result(problem)

    def _settle(self, number: int, pid: int) -> None:
        born = self._births.pop(number, None)
        if born is not None and not born.done():
            born.set_result(pid)

    def _lost(self) -> None:
        """The zygote has gone, and with it all that it had started."""
        if self._link is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._link.fileno())
        self._link.close()
        self._link = None
        stillborn = not self._ready.is_set()
        self._ready.clear()
        zygote, self._zygote = self._zygote, None
        births, self._births = self._births, {}
        ends, self._ends = self._ends, {}
        for born in births.values():
            if not born.done():
                born.set_exception(LaunchError("the process that starts sessions has ended"))
        for ended in ends.values():
            if not ended.done():
                ended.set_result(_ORPHAN)
        if self._cold:
            self._first_done("the process that starts sessions has ended while it was starting")
        if self._closed:
            return
        self._note(_COLD_START if stillborn else _ANOTHER)
        self._cold = self._cold or stillborn
        if zygote is not None:
            zygote.kill()
            zygote.wait()
        wait = max(0.0, _PATIENCE - (loop.time() - self._started))
        self._again = loop.call_later(wait, self._spawn)
