"""What happens beside the screen: computations in one worker thread, and the signals that end the program."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections import ChainMap
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gradtui_engine import Cancelled
from gradtui_engine.run import size

from ..model.needs import NOTHING, Failed, Known, Need
from ..text import process
from .held import Held, blocks_of

#: Results that no view needs any more are kept, in case a person goes back: so many, as long as all results together
#: take no more than the setting `kept_results` allows, and no more than this share of the largest trace: a visitor's
#: session has 512 MB for everything.
_MOST_RESULTS, _SHARE = 40, 8
_MB = 2**20

Deliver = Callable[[Need, Any], None]


class Jobs:
    """One worker thread (a trace may take 2 GiB) that computes what is wanted, the first of it first.

    What nobody wants any more is cancelled; where it is done all the same, its result is kept but not delivered.
    spawn runs a coroutine in the event loop, where deliver(need, result) is called.
    """

    def __init__(
        self,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        deliver: Deliver,
        known: Known = NOTHING,
        beside: Known = NOTHING,
    ) -> None:
        """known: results that are there already; beside: those of others, which computing may read."""
        self.results: dict[Need, Any] = dict(known)
        self._all = ChainMap(self.results, beside)  # type: ignore[arg-type]
        self._spawn, self._deliver = spawn, deliver
        self._wanted: tuple[Need, ...] = ()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compute")
        self._running: Need | None = None
        self._stop = threading.Event()
        #: Memory of the results, found out in the worker: the arrays of a deep trace take 5 ms to look through.
        self._held = Held()
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

    def again(self) -> None:
        """Compute anew, when it is wanted next, what could not be computed so far."""
        for need in self._wanted:
            if isinstance(self.results.get(need), Failed):
                del self.results[need]

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
                result, blocks = await loop.run_in_executor(self._executor, self._compute, need)
            except Cancelled:
                self._running = None
                continue
            self._running = None
            self.results[need] = result
            self._held.add(need, blocks)
            self._forget()
            if need in self._wanted:
                self._deliver(need, result)
        self.idle = True

    def _compute(self, need: Need) -> tuple[Any, dict[int, int]]:
        """In the worker thread: a result and its blocks of memory."""
        result = need.compute(self._watch, self._all)
        return result, blocks_of(result)

    def _watch(self, share: float) -> None:
        """In the worker thread: note how far it is; stop where nobody wants it any more."""
        self._share = share
        if self._stop.is_set():
            raise Cancelled
        # Gives the event loop its turn: a thread that only runs Python holds the interpreter for 5 ms at a time.
        time.sleep(0)

    def _forget(self) -> None:
        """Drop results that are not wanted, the one that was used longest ago first, while there are too many or all
        results together are too large."""
        self._held.keep_only(self.results)
        for need in self.results.keys() - self._wanted:
            if need not in self._held:  # put there by the app, under another name
                self._held.add(need, blocks_of(self.results[need]))
        most = min(process.current().kept_results * _MB, size.largest() / _SHARE)
        old = [need for need in self.results if need not in self._wanted]
        while old and (self._held.total > most or len(old) > _MOST_RESULTS):
            need = old.pop(0)
            self._held.drop(need)
            del self.results[need]


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
