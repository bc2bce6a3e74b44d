"""A pool of worker processes for cells: an Executor that loses nothing but the cell whose worker dies.

Each worker is a new interpreter (as `spawn` makes one) with one BLAS thread, joined by a pair of pipes. It imports the
module of what it is to call and never the program's own `__main__`: the pool works from a script without a guard, from
Jupyter and under pytest. Which call a worker is at is known, so that of several none but the one that ended it fails;
the worker is made anew. A worker ends by itself when its program does, however that ends.

Memory: a worker's address space may grow by `memory` bytes beyond what an idle one has (RLIMIT_AS, where the system has
it): what asks for more gets a MemoryError, and the worker lives.
"""

from __future__ import annotations

import atexit
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ..core import allowances
from ..core.message import Message
from . import worker
from .worker import LENGTH

P = ParamSpec("P")
T = TypeVar("T")

#: The libraries' own numbers of threads: beside as many processes as there are cores, one each.
ONE_THREAD = dict.fromkeys(
    (
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
        "BLIS_NUM_THREADS",
    ),
    "1",
)  # fmt: skip


#: What a container may take, on Linux.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
#: Bytes that every call may take: what is imported on the way alone has 100 MB.
_LEAST_MEMORY = 2**29


class WorkerDied(BrokenExecutor):
    """The worker ended while it was at this call, and at no other one."""


class _Call(Future[Any]):
    """A call that is waiting or under way: to cancel it ends the worker that is at it."""

    def __init__(self, work: bytes) -> None:
        super().__init__()
        self.work = work
        self.given_up = False
        self.worker: _Worker | None = None

    def cancel(self) -> bool:
        """Also while it is under way: then its worker is ended, and another one is made for the next call."""
        if super().cancel():
            return True
        if self.done():
            return False
        self.given_up = True
        at = self.worker
        if at is not None:
            at.kill()
        return True


class Pool(Executor):
    """Worker processes, made when there is work for them, and made anew when one dies.

    workers: as many at the most, without a number one for each core that this program may use. memory: bytes that a
    call may take; without a number a worker's share of the machine's (or the container's), inf: no limit.
    """

    def __init__(self, workers: int | None = None, memory: float | None = None) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"workers: {workers} given; allowed: 1 or more")
        self.workers = workers or cores()
        self.memory = max(_LEAST_MEMORY, machine_memory() / self.workers) if memory is None else memory
        #: Calls under way at a time that keep every worker busy, with few that wait.
        self.window = 2 * self.workers
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        #: Calls that wait or are under way.
        self._open = 0
        self._lock = threading.Lock()
        self._closed = False
        _alive.add(self)
        self._running: set[_Worker] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """fn(*args, **kwargs), by a worker: fn is a function of a module that can be imported."""
        call = _Call(pickle.dumps((fn, args, kwargs), protocol=pickle.HIGHEST_PROTOCOL))
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._calls.put(call)
            self._open += 1
            if len(self._threads) < min(self._open, self.workers):
                thread = threading.Thread(target=self._serve, name="gradtui pool", daemon=True)
                self._threads.append(thread)
                thread.start()
        return call

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more calls. cancel_futures: those that wait and those under way are given up, and their workers ended."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                while not self._calls.empty():
                    call = self._calls.get()
                    if call is not None:
                        call.cancel()
                for at in list(self._running):
                    at.kill()
            for _ in self._threads:
                self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the workers that run."""
        return tuple(at.process.pid for at in list(self._running) if at.process.poll() is None)

    # -- one worker ----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """A thread for each worker: hands it calls, and makes another one when it has died."""
        at: _Worker | None = None
        try:
            while True:
                call = self._calls.get()
                if call is None:
                    return
                if call.set_running_or_notify_cancel():
                    if at is None or at.process.poll() is not None:
                        self._forget(at)
                        at = self._worker(call)
                    if at is not None:
                        _do(call, at)
                with self._lock:
                    self._open -= 1
        finally:
            self._forget(at)

    def _worker(self, call: _Call) -> _Worker | None:
        """A new worker; None where the system has none to give, which is what the call then comes to."""
        try:
            at = _Worker(self.memory)
        except OSError as error:
            call.set_exception(WorkerDied(Message("no worker process: {problem}", problem=str(error))))
            return None
        self._running.add(at)
        return at

    def _forget(self, at: _Worker | None) -> None:
        if at is not None:
            at.end()
            self._running.discard(at)


class _Worker:
    """A worker process, and the pipes to it."""

    def __init__(self, memory: float) -> None:
        # The same paths as here, whatever way they came to be known; -P: no other ones.
        allowed = pickle.dumps(allowances.current())
        limit = int(memory) if math.isfinite(memory) else None
        serve = f"from {worker.__name__} import serve; serve({limit!r}, {allowed!r})"
        script = f"import sys; sys.path[:] = {sys.path!r}; {serve}"
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD},
            # ctrl+C is for the program, which ends what it wants ended.
            start_new_session=True,
        )  # fmt: skip

    def send(self, work: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(LENGTH.pack(len(work)) + work)
        self.process.stdin.flush()

    def answer(self) -> Any:
        """What the call has come to: (True, value) or (False, exception). Raises EOFError where the worker ended."""
        assert self.process.stdout is not None
        head = self.process.stdout.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise EOFError
        (length,) = LENGTH.unpack(head)
        body = self.process.stdout.read(length)
        if len(body) < length:
            raise EOFError
        return pickle.loads(body)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        """End it, and wait for that: nothing of it stays behind."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        self.process.wait()


def _do(call: _Call, at: _Worker) -> None:
    """Have a call done, and tell what it has come to."""
    call.worker = at
    if call.given_up:
        at.kill()
    try:
        at.send(call.work)
        done, value = at.answer()
    except (EOFError, OSError, pickle.UnpicklingError):
        at.kill()
        call.set_exception(WorkerDied(_ended(at.process.wait())))
        return
    except Exception as error:  # what cannot be unpickled here
        call.set_exception(error)
        return
    finally:
        call.worker = None
    if done:
        call.set_result(value)
    else:
        call.set_exception(value)


def _ended(status: int) -> Message:
    if status >= 0:
        return Message("it ended with status {status}", status=status)
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return Message("it was ended by {signal}", signal=name)


def cores() -> int:
    """The cores that this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def machine_memory() -> float:
    """Bytes of memory that there are for all programs here: of the machine, or of a container, if that has less."""
    try:
        machine = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf
    try:
        return min(machine, float(_CONTAINER.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or "max"
        return machine


_alive: weakref.WeakSet[Pool] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """A program that ends without closing its pools leaves no worker behind."""
    for pool in list(_alive):
        pool.shutdown(wait=False, cancel_futures=True)
        for at in list(pool._running):
            at.end()
