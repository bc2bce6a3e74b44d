"""What happens beside the screen: computations in one worker thread, and the signals that end the program."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from gradtui_engine import Cancelled
from gradtui_engine.run import size

from ..model.needs import NOTHING, Computed, Failed, Known, Need

#: Results that no view needs any more are kept up to so many bytes and so many, in case a person goes back; and up to
#: this share of the largest trace, where that is less: a visitor's session has 512 MB for everything.
_MOST_BYTES = 256 * 2**20
_MOST_RESULTS, _SHARE = 40, 8

Deliver = Callable[[Need, Any], None]


class Jobs:
    """One worker thread (a trace may take 2 GiB) that computes what is wanted, the first of it first.

    What nobody wants any more is cancelled; where it is done all the same, its result is kept but not delivered.
    spawn runs a coroutine in the event loop, where deliver(need, result) is called.
    """

    def __init__(
        self, spawn: Callable[[Coroutine[Any, Any, None]], object], deliver: Deliver, known: Known = NOTHING
    ) -> None:
        """known: results that are there already."""
        self.results: dict[Need, Any] = dict(known)
        self._spawn, self._deliver = spawn, deliver
        self._wanted: tuple[Need, ...] = ()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compute")
        self._running: Need | None = None
        self._stop = threading.Event()
        #: Bytes of the results, found out in the worker: the arrays of a deep trace take 5 ms to look through.
        self._sizes: dict[Need, int] = {}
        self.idle = True
        self._share = 0.0
        self._since = 0.0

    def want(self, needs: Sequence[Need]) -> None:
        """Compute these, and nothing else."""
        before, self._wanted = self._wanted, tuple(needs)
        for need in self._wanted:
            if need not in before and isinstance(self.results.get(need), Failed):
                del self.results[need]  # asked for again: a file may have been mended, memory may be free
            if need in self.results:  # used again: of what is kept, the last to be dropped
                self.results[need] = self.results.pop(need)
        if self._running is not None and self._running not in self._wanted:
            self._stop.set()
        else:
            self._stop.clear()  # it may be wanted again before it has noticed
        if self.idle and self._missing() is not None:
            self.idle = False
            self._spawn(self._work())

    def progress(self) -> tuple[float, float]:
        """(share done of what is being computed, seconds since it began); (0, 0) where nothing is."""
        return (self._share, time.monotonic() - self._since) if self._running is not None else (0.0, 0.0)

    def close(self) -> None:
        """Compute no more, and wait for the worker's thread to end."""
        self._executor.shutdown()

    def _missing(self) -> Need | None:
        return next((need for need in self._wanted if need not in self.results), None)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while (need := self._missing()) is not None:
            self._running, self._share, self._since = need, 0.0, time.monotonic()
            self._stop.clear()
            self._forget()
            try:
                result, size = await loop.run_in_executor(self._executor, self._compute, need)
            except Cancelled:
                self._running = None
                continue
            self._running = None
            self.results[need], self._sizes[need] = result, size
            self._forget()
            if need in self._wanted:
                self._deliver(need, result)
        self.idle = True

    def _compute(self, need: Need) -> tuple[Any, int]:
        """In the worker thread: a result and its bytes."""
        result = need.compute(self._watch, self.results)
        return result, _size(result)

    def _watch(self, share: float) -> None:
        """In the worker thread: note how far it is; stop where nobody wants it any more."""
        self._share = share
        if self._stop.is_set():
            raise Cancelled
        # Gives the event loop its turn: a thread that only runs Python holds the interpreter for 5 ms at a time.
        time.sleep(0)

    def _forget(self) -> None:
        """Drop the oldest results that are not wanted, where they are too many or too large."""
        old = [need for need in self.results if need not in self._wanted]
        total = sum(self._bytes_of(need) for need in old)
        most = min(_MOST_BYTES, size.largest() / _SHARE)
        while old and (total > most or len(old) > _MOST_RESULTS):
            need = old.pop(0)
            total -= self._sizes.pop(need)
            del self.results[need]

    def _bytes_of(self, need: Need) -> int:
        if need not in self._sizes:  # put there by the app, under another name
            self._sizes[need] = _size(self.results[need])
        return self._sizes[need]


def _size(result: Any) -> int:
    """Bytes of a record's arrays; other results are small."""
    listed = result.record.listed if isinstance(result, Computed) else None
    if listed is None:
        return 0
    groups = (listed.values, listed.gradients, listed.parameters, listed.parameter_gradients)
    # Rows of a stack are views of one array: each array counts once.
    wholes = {id(whole): whole.nbytes for arrays in groups for whole in map(_whole, arrays.values())}
    return sum(wholes.values())


def _whole(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


#: Seconds after which a thread that runs Python lets another have its turn. Python's own 5 ms are waited for three
#: or four times for a key while the worker is busy: reader, event loop and writer each wait for their turn.
_TURN = 1e-3


def prepare(leave: Callable[[int], object]) -> None:
    """Set up the running event loop: its turn beside the worker, `leave(status)` on signals."""
    sys.setswitchinterval(_TURN)
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        # Not on Windows, nor outside of the main thread; there the terminal is left as the signal leaves it.
        with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, leave, 128 + number)
