"""What sweeps beside the screen: a thread of its own, which hands the cells to processes, or computes them itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtui_engine import ExperimentError
from gradtui_engine.core import allowances
from gradtui_engine.core.problems import in_one

from ..model.needs import Need
from ..model.sweep_cells import Place, SweepCells
from ..model.sweeps import CellsOf
from ..text import process

if TYPE_CHECKING:
    from gradtui_engine.sweeps.cell import Cell
    from gradtui_engine.sweeps.sweep import Sweep

#: Cells that are kept by what decides them, the latest: another sweep that has them too need not compute them.
_KEPT = 20_000
#: Sweeps whose planes are kept: undo leads back to one that is there still.
_PLANES = 8


class Sweeps:
    """The sweeps of the screen, by what they are. `results` has the cells that there are of each.

    A coarse grid of A is computed first, then B's, then finer ones. Told to stop, no further cell is begun, and what is
    under way is let go within a second: the screen has the cells that are there.
    """

    def __init__(self, store: Path | None = None) -> None:
        self.results: dict[Need, Any] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sweep")
        self._wanted: tuple[Sweep, ...] = ()
        self._on = False
        self._work: Future[None] | None = None
        self._stop = threading.Event()
        self._store = store
        self._pool: Executor | None = None
        #: Both threads change these: each holds the lock.
        self._lock = threading.Lock()
        self._cells: dict[Sweep, dict[Place, Cell]] = {}
        self._known: dict[str, Cell] = {}
        self._since, self._made = 0.0, 0
        self._closed = False
        #: What is wrong with the store, once it has been found out; "" where nothing is.
        self.problem = ""

    @property
    def wanted(self) -> tuple[Sweep, ...]:
        return self._wanted

    @property
    def busy(self) -> bool:
        return self._work is not None and not self._work.done()

    @property
    def going(self) -> bool:
        """Whether cells are computed, and nobody has said that they should not be."""
        return self.busy and not self._stop.is_set()

    def want(self, sweeps: Sequence[Sweep], on: bool) -> tuple[int, bool]:
        """Look at these, A's first; on: compute their cells, else rest. Gives what there is of them: see `look`."""
        wanted = tuple(dict.fromkeys(sweeps))
        if wanted != self._wanted or on != self._on:
            self._stop.set()
        self._wanted, self._on = wanted, on
        with self._lock:
            for sweep in wanted:
                self._cells[sweep] = self._cells.pop(sweep, {})
            while len(self._cells) > max(_PLANES, len(wanted)):
                oldest = next(iter(self._cells))
                del self._cells[oldest]
                self.results.pop(CellsOf(oldest), None)
        idle = self._stop.is_set() or not self.busy
        if idle and on and self._left() and not self._closed:
            self._stop = threading.Event()
            self._work = self._thread.submit(self._sweep, wanted, self._stop)
        return self.look()

    def _left(self) -> int:
        """Cells of what is wanted that are not there."""
        with self._lock:
            there = {sweep: len(self._cells.get(sweep, ())) for sweep in self._wanted}
        return sum(sweep.shape[0] * sweep.shape[1] - count for sweep, count in there.items())

    def look(self) -> tuple[int, bool]:
        """Take the latest cells: (how many are there of all that is wanted, whether those are all).

        Raises what nobody has foreseen in the thread: there it would be lost, and begun anew again and again.
        """
        if self._work is not None and self._work.done() and not self._work.cancelled():
            self._work.result()
        count, left = 0, self.left()
        for sweep in self._wanted:
            with self._lock:
                cells = dict(self._cells.get(sweep, {}))
            count += len(cells)
            known = self.results.get(CellsOf(sweep))
            whole = len(cells) == sweep.shape[0] * sweep.shape[1]
            going = self.going and not whole
            if known is None or (len(known.cells), known.going) != (len(cells), going):
                self.results[CellsOf(sweep)] = SweepCells(sweep, cells, going, left)
        return count, not self._left()

    def left(self) -> float | None:
        """Seconds until all cells are there, at the pace so far; None where nothing is computed or known yet."""
        with self._lock:
            made, since = self._made, self._since
        if not self.going or not made:
            return None
        return self._left() * (time.monotonic() - since) / made

    def close(self) -> None:
        """Compute no more; what is under way is let go."""
        self._closed = True
        self._stop.set()
        pool, self._pool = self._pool, None
        self._thread.shutdown(wait=False, cancel_futures=True)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    # -- in the thread ---------------------------------------------------------------------------------------

    def _sweep(self, sweeps: tuple[Sweep, ...], stop: threading.Event) -> None:
        with self._lock:
            self._since, self._made = time.monotonic(), 0
        # By turns: coarse cells of A and of B come before fine ones of either.
        going = [self._cells_of(sweep, stop) for sweep in sweeps]
        while going and not stop.is_set():
            for cells in tuple(going):
                if next(cells, None) is None:
                    going.remove(cells)
                if stop.is_set():
                    break
        for cells in going:
            cells.close()

    def _cells_of(self, sweep: Sweep, stop: threading.Event) -> Generator[Cell]:
        """The cells of a sweep that are not there yet, each as soon as it is."""
        from gradtui_engine.sweeps.run import run

        with self._lock:
            known = frozenset(self._cells.get(sweep, ()))
        keys: dict[Place, str] = {}
        missing: set[Place] = set()
        for place in sweep.cells():
            if place in known:
                continue
            key = keys[place] = sweep.key(*place)
            with self._lock:
                found = self._known.get(key)
                if found is not None:
                    self._cells.setdefault(sweep, {})[place] = replace(found, i=place[0], j=place[1])
            if found is None:
                missing.add(place)
        try:
            for cell in run(sweep, self._executor(), self._store, stop=stop.is_set, only=missing):
                with self._lock:
                    self._made += 1
                    self._keep(sweep, cell, keys.get((cell.i, cell.j), ""))
                yield cell
        except ExperimentError as error:
            if self._store is None:
                raise
            # A folder that cannot be used: without it everything else goes on.
            self.problem, self._store = in_one(error.problems), None
            yield from self._cells_of(sweep, stop)

    def _keep(self, sweep: Sweep, cell: Cell, key: str) -> None:
        cells = self._cells.get(sweep)
        if cells is not None:
            cells[cell.i, cell.j] = cell
        if key and not cell.reason:
            self._known[key] = cell
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]

    def _executor(self) -> Executor | None:
        """Processes where they are allowed; None: the cells are computed in this thread, one by one."""
        if not allowances.current().processes or self._closed:
            return None
        if self._pool is None:
            from gradtui_engine.sweeps.pool import Pool

            self._pool = Pool()
        return self._pool


def store() -> Path | None:
    """Where cells are kept from one session to the next; None where they are not."""
    folder = process.current().sweep_store
    return Path(folder).expanduser() if folder else None
