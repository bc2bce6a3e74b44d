"""The zygote: a process that has loaded the program and run it once, and forks itself for each session.

`python -m gradtui.serve.session.zygote DESCRIPTOR PARENT ARGUMENTS [cold] [lecture]`: the descriptor is that of a
SOCK_SEQPACKET socket. A request is one JSON packet; beside it (SCM_RIGHTS) come the slave of a PTY and, in a lecture, a
link to the presenter. There is one thread, because a fork keeps only the thread that forks, and no event loop, whose
registrations in the kernel the fork would share.

Nothing is imported after the fork, and most of a session's memory stays shared: its first frame is there in 0.1 s
instead of 0.4 s. `cold`: load nothing, and leave that to each fork.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..kiosk.crash import CRASHED
from .parent_death import die_with_parent

#: Bytes of a packet, and of what a session that crashed may leave for the log.
PACKET, LOG = 1 << 16, 1 << 14
#: Words of the command line: load nothing; visitors follow a lecture.
COLD, LECTURE = "cold", "lecture"


@dataclass
class Fork:
    """A session's process, as the zygote keeps it: the number of its request, and the pipe with its log."""

    number: int
    log: int


class Zygote:
    """Takes requests and reports ends until the socket is closed."""

    def __init__(self, link: socket.socket, computed: Mapping[Any, Any]) -> None:
        """computed: results by need that every session begins with."""
        from .frame_rate import FrameRate

        self._link, self._computed = link, computed
        self._forks: dict[int, Fork] = {}
        self._frame_rate = FrameRate()

    def serve(self) -> None:
        """Serve until the server has gone; then end every session."""
        signalled, signals = os.pipe()
        for end in (signalled, signals):
            os.set_blocking(end, False)
        # The kernel interrupts no wait for a signal that is ignored, as SIGCHLD is without a handler.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(signals, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        poll.register(signalled, select.POLLIN)
        self._send({"ready": os.getpid()})
        serving = True
        while serving:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if signalled in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(signalled, 1 << 12)
                self._reap()
            if self._link.fileno() in ready:
                serving = self._take_request()
        for pid in self._forks:
            _kill(pid, signal.SIGKILL)

    def _take_request(self) -> bool:
        """Take one request; False where the server has gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._link, PACKET, 2)
        except ConnectionResetError:
            return False
        if not data:
            return False
        request = json.loads(data)
        if "frames" in request:
            self._frame_rate.value = request["frames"]
        elif "kill" in request:
            # Only what has not been reaped: the number may be another process's by now.
            if request["kill"] in self._forks:
                _kill(request["kill"], request["signal"])
        else:
            self._fork(request, *descriptors)
        return True

    def _fork(self, request: dict[str, Any], slave: int, link: int | None = None) -> None:
        zygote = os.getpid()
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            for descriptor in (slave, reading, writing, link):
                if descriptor is not None:
                    os.close(descriptor)
            self._send({"number": request["number"], "failed": error.strerror})
            return
        if not pid:
            self._be_session(request, slave, writing, zygote, link)
        os.close(slave)
        os.close(writing)
        if link is not None:
            os.close(link)
        self._forks[pid] = Fork(request["number"], reading)
        self._send({"number": request["number"], "pid": pid})

    def _be_session(self, request: dict[str, Any], slave: int, log: int, zygote: int, link: int | None) -> NoReturn:
        """In the forked process: run the program for one visitor, and end with its exit status."""
        try:
            from .forked_session import run, take_over

            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._link.detach()  # closed by its number with all the others
            take_over(request["limits"], slave, log, zygote, link)
            log = 2
            _exit(run(request, self._computed, self._frame_rate, link is not None))
        except BaseException:
            _write_traceback(log)
            # Not sys.exit: what the zygote has registered for its own end is not the session's.
            os._exit(CRASHED)

    def _reap(self) -> None:
        """Report every process that has ended."""
        while self._forks:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            fork = self._forks.pop(pid, None)
            if fork is None:
                continue
            os.set_blocking(fork.log, False)
            log = b""
            with contextlib.suppress(BlockingIOError):
                log = os.read(fork.log, LOG)
            os.close(fork.log)
            # What a session may have started itself.
            _kill(pid, signal.SIGKILL)
            self._send(
                {
                    "number": fork.number,
                    "ended": os.waitstatus_to_exitcode(status),
                    "log": log.decode(errors="replace"),
                    "memory": usage.ru_maxrss,
                    "cpu": usage.ru_utime + usage.ru_stime,
                }
            )

    def _send(self, message: dict[str, Any]) -> None:
        # A server that has gone is noticed by the next read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._link.send(json.dumps(message).encode())


def _write_traceback(log: int) -> None:
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


def main() -> None:
    """Load everything, and serve."""
    die_with_parent(int(sys.argv[2]))
    _ignore_signals()
    link = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(link.fileno(), False)
    arguments, words = json.loads(sys.argv[3]), sys.argv[4:]
    computed: Mapping[Any, Any] = {}
    if COLD not in words:
        from . import forked_session  # noqa: F401  nothing is imported after the fork
        from .warm_up import ShowsNothing, warm_up

        try:
            computed = warm_up(arguments, LECTURE in words)
        except ShowsNothing as error:
            link.send(json.dumps({"wrong": str(error)}).encode())
            return
        _ignore_signals()  # the rehearsal has listened to them
        gc.collect()
        # What is frozen is never looked at again by the collector, whose marks would copy every page.
        gc.freeze()
    Zygote(link, computed).serve()


def _ignore_signals() -> None:
    """ctrl+c and the service manager speak to the whole group; the server decides, and this ends with its socket."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
