"""The warm parent: has the program loaded and run once, and forks a child for each session.

`python -m gradtui.serve.warm FD PARENT ARGUMENTS [cold]`, FD being a SOCK_SEQPACKET socket. A request is one JSON
packet with the slave of a PTY and, in a lecture, a link to the presenter beside it (SCM_RIGHTS). It has one thread,
because a fork keeps only the thread that forks. A session's first frame is there in 0.05 s instead of 0.4 s, and half
of its memory stays shared: nothing is imported after the fork. `cold`: load nothing, and leave that to each child.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

#: Bytes of a packet, and of what a child that crashed may leave for the log.
PACKET, LOG = 1 << 16, 1 << 14
COLD = "cold"
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A session's process: its request's number, and the pipe with what it has to tell the log."""

    number: int
    log: int


class Parent:
    """Takes requests and reports ends until the socket is closed."""

    def __init__(self, link: socket.socket) -> None:
        from .child import Frames

        self._link = link
        self._children: dict[int, Child] = {}
        self._frames = Frames()
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._wake = wake

    def run(self) -> None:
        self._send({"ready": os.getpid()})
        while True:
            link = self._link.fileno()
            readable, _, _ = select.select([link, self._woken], [], [])
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._reap()
            if link in readable and not self._serve():
                break
        for pid in self._children:
            _kill(pid, signal.SIGKILL)

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
            self._be_child(request, slave, theirs, parent, link)
        os.close(slave)
        os.close(theirs)
        if link is not None:
            os.close(link)
        self._children[pid] = Child(request["number"], ours)
        self._send({"number": request["number"], "pid": pid})

    def _be_child(self, request: dict[str, Any], slave: int, log: int, parent: int, link: int | None) -> NoReturn:
        status = 70  # EX_SOFTWARE
        try:
            from .child import run

            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status = run(request, slave, log, self._frames, parent, link)
        except BaseException:
            import traceback

            with contextlib.suppress(OSError):
                os.write(log, traceback.format_exc().encode()[-LOG:])
        finally:
            # Not sys.exit: what the parent has registered for its own end is not the child's.
            os._exit(status)

    def _reap(self) -> None:
        while self._children:
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
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # ctrl+c and the service manager speak to the whole group; the front decides, and this ends with its socket.
        signal.signal(number, signal.SIG_IGN)
    link = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(link.fileno(), False)
    from .child import warm_up

    wrong = "" if COLD in sys.argv[4:] else warm_up(json.loads(sys.argv[3]))
    if wrong:
        link.send(json.dumps({"wrong": wrong}).encode())
    else:
        Parent(link).run()


if __name__ == "__main__":
    main()
