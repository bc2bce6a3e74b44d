"""The warm parent: has the program loaded and run once, and forks a child for each session.

`python -m gradtui.serve.session.zygote FD PARENT ARGUMENTS [cold] [lecture]`, FD being a SOCK_SEQPACKET socket.
A request is one JSON packet with the slave of a PTY and, in a lecture, a link to the presenter beside it
(SCM_RIGHTS). It has one thread, because a fork keeps only the thread that forks. A session's first frame is there in
0.05 s instead of 0.4 s, and most of its memory stays shared: nothing is imported after the fork, and most visitors'
program is asleep here already. `cold`: load nothing, and leave that to each child.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from .prerendered import Sleeper

#: Bytes of a packet, and of what a child that crashed may leave for the log.
PACKET, LOG = 1 << 16, 1 << 14
#: Words of the command line: load nothing; visitors follow a lecture.
COLD, LECTURE = "cold", "lecture"
_PR_SET_PDEATHSIG = 1
#: The exit status of a child that has failed (EX_SOFTWARE).
_CRASHED = 70


class Loop(asyncio.SelectorEventLoop):
    """An event loop that a process may be forked from, in the middle of a callback: asyncio (3.11) does not foresee it.

    It asks by poll, which has nothing in the kernel: epoll's registrations would be the parent's as well.
    """

    def __init__(self) -> None:
        super().__init__(selectors.PollSelector())

    def leave(self, *readers: int) -> None:
        """In the forked process: wait no longer for what the parent waits for.

        Before any descriptor is closed by its number, or it would be closed again when that is another's.
        """
        signal.set_wakeup_fd(-1)
        for each in readers:
            self.remove_reader(each)
        self._close_self_pipe()  # type: ignore[attr-defined]

    def go_on(self) -> None:
        """After `leave`, when the descriptors are in order: this process's own loop from now on."""
        self._make_self_pipe()  # type: ignore[attr-defined]
        asyncio._set_running_loop(self)


@dataclass
class Child:
    """A session's process: its request's number, and the pipe with what it has to tell the log."""

    number: int
    log: int


class Parent:
    """Takes requests and reports ends until the socket is closed."""

    def __init__(self, link: socket.socket, loop: Loop) -> None:
        from .forked_session import Frames

        self._link, self._loop = link, loop
        self._children: dict[int, Child] = {}
        self._frames = Frames()
        self._sleeper: Sleeper | None = None
        self._over = asyncio.Event()
        #: Whether this is a child of it by now, in which none of this is to happen.
        self._left = False

    def offer(self, sleeper: Sleeper, running: asyncio.Task[int]) -> None:
        """Fork from this program, which is running, where it is what a visitor would see."""
        self._sleeper = sleeper
        running.add_done_callback(self._ran)

    async def run(self) -> None:
        self._loop.add_reader(self._link.fileno(), self._read)
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)
        self._send({"ready": os.getpid()})
        await self._over.wait()
        for pid in self._children:
            _kill(pid, signal.SIGKILL)

    def _read(self) -> None:
        if not self._left and not self._serve():
            self._over.set()

    def _ran(self, running: asyncio.Task[int]) -> None:
        """The program has ended: in a child that is its end."""
        if self._left:
            try:
                _exit(running.result())
            except BaseException:
                _tell(2)
                os._exit(_CRASHED)
        self._sleeper = None

    def _serve(self) -> bool:
        """Take one request; False where the front has gone."""
        data, descriptors, _, _ = socket.recv_fds(self._link, PACKET, 2)
        if not data:
            return False
        request = json.loads(data)
        if "frames" in request:
            self._frames.rate = request["frames"]
        elif "kill" in request:
            # Only what has not been reaped: the number may be another process's by now.
            if request["kill"] in self._children:
                _kill(request["kill"], request["signal"])
        else:
            self._start(request, *descriptors)
        return True

    def _start(self, request: dict[str, Any], slave: int, link: int | None = None) -> None:
        colours = self._sleeper.fits(request["arguments"], request["environment"]) if self._sleeper else None
        parent = os.getpid()
        ours, theirs = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            for each in (slave, ours, theirs, link):
                if each is not None:
                    os.close(each)
            self._send({"number": request["number"], "failed": error.strerror})
            return
        if not pid:
            self._be_child(request, (slave, theirs, parent, link), colours)
            return
        os.close(slave)
        os.close(theirs)
        if link is not None:
            os.close(link)
        self._children[pid] = Child(request["number"], ours)
        self._send({"number": request["number"], "pid": pid})

    def _be_child(self, request: dict[str, Any], given: tuple[int, int, int, int | None], colours: Any) -> None:
        """Wake the program that is asleep in this process, and return to its loop; or make one, and run it."""
        slave, log, parent, link = given
        try:
            from .forked_session import run, take_over, wake

            self._left = True
            self._loop.leave(self._link.fileno())
            self._link.detach()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            take_over(request, slave, log, parent, link)
            log = 2
            if self._sleeper is None or colours is None:
                _exit(run(request, self._frames, link is not None))
            self._loop.go_on()
            wake(self._sleeper, colours, request, self._frames, link is not None)
        except BaseException:
            _tell(log)
            # Not sys.exit: what the parent has registered for its own end is not the child's.
            os._exit(_CRASHED)

    def _reap(self) -> None:
        while self._children and not self._left:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self._children.pop(pid, None)
            if child is None:
                continue
            os.set_blocking(child.log, False)
            text = b""
            with contextlib.suppress(BlockingIOError):
                text = os.read(child.log, LOG)
            os.close(child.log)
            # What a child may have started itself.
            _kill(pid, signal.SIGKILL)
            self._send(
                {
                    "number": child.number,
                    "ended": os.waitstatus_to_exitcode(status),
                    "log": text.decode(errors="replace"),
                    "memory": usage.ru_maxrss,
                    "cpu": usage.ru_utime + usage.ru_stime,
                }
            )

    def _send(self, message: dict[str, Any]) -> None:
        # A front that has gone is noticed by the next read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._link.send(json.dumps(message).encode())


def _tell(log: int) -> None:
    """Leave the traceback in the log."""
    import traceback

    with contextlib.suppress(OSError):
        os.write(log, traceback.format_exc().encode()[-LOG:])


def _exit(status: int) -> NoReturn:
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _kill(pid: int, number: int) -> None:
    """A signal to a session's whole group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however that comes about (Linux)."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Load everything, and serve."""
    die_with_parent(int(sys.argv[2]))
    _be_deaf()
    link = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(link.fileno(), False)
    arguments, words = json.loads(sys.argv[3]), sys.argv[4:]
    if COLD not in words:
        from .forked_session import warm_up

        wrong = warm_up(arguments)
        if wrong:
            link.send(json.dumps({"wrong": wrong}).encode())
            return
    _be_deaf()  # the rehearsal has listened
    loop = Loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_serve(Parent(link, loop), None if COLD in words else arguments, LECTURE in words))


def _be_deaf() -> None:
    """ctrl+c and the service manager speak to the whole group; the front decides, and this ends with its socket."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


async def _serve(parent: Parent, arguments: list[str] | None, lecture: bool) -> None:
    """Serve, with a program asleep where arguments are given."""
    if arguments is not None:
        from .forked_session import fall_asleep

        parent.offer(*await fall_asleep(arguments, lecture))
    await parent.run()


if __name__ == "__main__":
    main()
